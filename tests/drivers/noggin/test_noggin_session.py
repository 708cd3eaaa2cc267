from __future__ import annotations

import pytest

from detectkit.core import UsageError
from detectkit.drivers import InstrumentError, Link
from detectkit.testing.drivers import evenly
from detectkit_drivers.noggin.instrument import Noggin

QUICK = Noggin(points=40, point_offset=-4, rate_hz=20.0, pause_s=0.01)
MS = 1_000_000


class Wire:
    """A wire to something that answers at once."""

    name = "serial:/dev/ttyUSB0"

    def __init__(self, answer):
        self.answer = answer
        self.written: list[bytes] = []
        self.arrived: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.arrived += self.answer(data)

    def read(self, timeout_s: float) -> bytes:
        assert timeout_s > 0.0
        return self.arrived.pop(0) if self.arrived else b""


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose only value is the monotonic time in ns that the session sees."""
    now = [0]
    monkeypatch.setattr(
        "detectkit_drivers.noggin.instrument.time.monotonic_ns", lambda: now[0], raising=True
    )
    return now


def test_wakes_sets_points_and_offset_and_asks():
    wire = Wire(QUICK.twin().receive)
    session = QUICK.session()
    session.prepare(Link(wire))
    session.start(Link(wire))
    assert wire.written == [*3 * [b"\r"], b"XON\r", b"40 P\r", b"4-\r", b"T\r"]


def test_a_positive_offset_is_sent_with_a_plus():
    wire = Wire(QUICK.twin().receive)
    Noggin(point_offset=7, pause_s=0.01).session().prepare(Link(wire))
    assert b"7+\r" in wire.written


def test_a_radar_that_answers_the_report_only_is_on():
    twin = QUICK.twin()
    wire = Wire(lambda data: [] if data == b"XON\r" else twin.receive(data))
    session = QUICK.session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detectkit_drivers.noggin.instrument.ANSWER_S", 0.05)
        session.prepare(Link(wire))
    assert b"R\r" in wire.written


def test_a_silent_radar_is_told_to_the_operator(monkeypatch):
    monkeypatch.setattr("detectkit_drivers.noggin.instrument.ANSWER_S", 0.01)
    with pytest.raises(InstrumentError, match=r"does not report that it is on.*115200 baud"):
        QUICK.session().prepare(Link(Wire(lambda _: [])))


def test_the_next_trace_is_asked_for_when_this_one_is_whole_and_the_time_has_come(clock):
    wire = Wire(lambda _: [])
    link = Link(wire)
    session = QUICK.session()
    session.start(link)
    clock[0] = 40 * MS
    session.received(link, b"T01" + bytes(79))
    session.poll(link, 60 * MS)
    assert len(wire.written) == 1, "a byte is missing"
    clock[0] = 61 * MS
    session.received(link, b"\x00\x00\x00\x00")
    assert len(wire.written) == 2
    clock[0] = 90 * MS
    session.received(link, b"T01" + bytes(83))
    session.poll(link, 95 * MS)
    assert len(wire.written) == 2, "the next one is due at 100 ms"
    session.poll(link, 101 * MS)
    assert len(wire.written) == 3


def test_a_trace_that_does_not_come_is_asked_for_again_and_counted(clock):
    wire = Wire(lambda _: [])
    link = Link(wire)
    session = QUICK.session()
    session.start(link)
    session.poll(link, 999 * MS)
    assert len(wire.written) == 1
    session.poll(link, 1000 * MS)
    assert wire.written == 2 * [b"T\r"]
    assert session.health() == {"late_traces": 1.0}


def test_after_the_stop_nothing_is_asked(clock):
    wire = Wire(lambda _: [])
    session = QUICK.session()
    session.start(Link(wire))
    session.stop(Link(wire))
    session.poll(Link(wire), 5000 * MS)
    assert len(wire.written) == 1


def test_the_twin_speaks_only_when_it_is_asked():
    twin = QUICK.twin()
    rows = evenly([[1.0] * 40, [2.0] * 40, [3.0] * 40], rate_hz=20.0)
    twin.receive(b"T\r")
    assert twin.speak(rows) == [], "it has not found the baud rate"
    twin.receive(b"\r\r\rXON\rT\r")
    (message,) = twin.speak(rows)
    assert message.startswith(b"T01\x00\x01\x00\x01")
    assert twin.speak(rows) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points": 39}, "points = 39: allowed are 40 to 5001"),
        ({"points": 5001}, "rate_hz = 20.0: allowed are 0.1 to 1.15"),
        ({"rate_hz": 30.0}, "rate_hz = 30.0: allowed are 0.1 to 28.0"),
        ({"sample_interval_s": 1.0}, "sample_interval_s = 1.0: allowed are 1e-12 to 1e-07"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_what_is_allowed(settings, words: str):
    with pytest.raises(UsageError, match=words):
        Noggin(**settings)
