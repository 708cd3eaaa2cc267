from __future__ import annotations

import pytest

from detectkit.core import UsageError
from detectkit.drivers import InstrumentError, Link
from detectkit_drivers.zgpr.instrument import Zgpr, delay_range
from detectkit_drivers.zgpr.virtual import ZgprTwin

QUICK = Zgpr(pause_s=0.0)


class Wire:
    """A wire to something that answers at once."""

    name = "tcp://192.168.0.10:23"

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


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr("detectkit_drivers.zgpr.instrument.TIMEOUT_S", 0.15)


def test_the_settings_go_out_as_the_vendors_partner_sends_them():
    twin = QUICK.twin()
    wire = Wire(twin.receive)
    session = QUICK.session()
    session.prepare(Link(wire))
    session.start(Link(wire))
    assert b"".join(wire.written).decode().split("\r\n") == [
        "$whois",
        "$antenna",
        "$stop #1",
        "$tune #2 set time 7",
        "$tune #3 set txfreq 300",
        "$tune #4 set stacking 512",
        "$tune #5 set delay 174 7000",
        "$tune #6 set samples 512",
        "$start #7 ",
        "",
    ]
    assert twin.running
    assert session.health() == {"firmware": "zGPR twin", "antenna": "Zond Aero LF"}


def test_traces_still_under_way_do_not_disturb_the_questions():
    noise = b"$trace +64 1_1 32_8 \r\n" + bytes(range(64))
    twin = QUICK.twin()
    QUICK.session().prepare(Link(Wire(lambda data: [noise, *twin.receive(data), noise])))


def test_a_lost_answer_is_asked_for_again():
    twin = QUICK.twin()
    heard: list[bytes] = []

    def forgetful(data: bytes) -> list[bytes]:
        heard.append(data)
        return twin.receive(data) if heard.count(data) == 2 else []

    QUICK.session().prepare(Link(Wire(forgetful)))
    assert len(heard) == 16


def test_an_instrument_that_does_not_know_the_question_is_refused_with_a_way_out():
    with pytest.raises(InstrumentError, match=r"does not answer \$whois.*driver 'zond'"):
        QUICK.session().prepare(Link(Wire(lambda _: [b"\x00\x7f\x00\x7fTR500_0"])))


def test_another_instrument_is_refused():
    with pytest.raises(InstrumentError, match=r"is a 'Toaster 2', not a zGPR"):
        QUICK.session().prepare(Link(Wire(lambda _: [b"$iam Toaster 2\r\n"])))


def test_a_refused_setting_is_named():
    def answer(data: bytes) -> list[bytes]:
        twin = ZgprTwin(stacking=1, rate_hz=1.0)
        return [b"$error #4\r\n"] if b"stacking" in data else twin.receive(data)

    with pytest.raises(InstrumentError, match="refuses '\\$tune #4 set stacking 512'"):
        QUICK.session().prepare(Link(Wire(answer)))


@pytest.mark.parametrize(
    ("select", "scale"), [(0, 56000), (1, 28000), (2, 18700), (7, 7000), (12, 4300)]
)
def test_the_delay_scale_follows_the_time_selection(select: int, scale: int):
    assert delay_range(select) == scale


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"time_select": 13}, "time_select = 13: allowed are 0 to 12"),
        ({"delay": 7001}, "delay = 7001: allowed are 0 to 7000"),
        ({"samples": 1}, "samples = 1: allowed are 16 to 32767"),
        ({"window_s": 0.0}, "window_s = 0.0: allowed are 1e-09 to 0.0001"),
        ({"stacking": 0}, "stacking = 0: allowed are 1 to 65535"),
        ({"antenna_hz": 500.0}, r"antenna_hz = 500.0: allowed are 1e\+06 to 1e\+10"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_what_is_allowed(settings, words):
    with pytest.raises(UsageError, match=words):
        Zgpr(**settings)


def test_the_twin_stops_starts_and_tunes():
    twin = QUICK.twin()
    assert not twin.running
    assert twin.receive(b"$tune #4 set stac") == []
    assert twin.receive(b"king 64\r\n$start #7 \r\n") == [b"$ok #4\r\n", b"$ok #7\r\n"]
    assert twin.running
    twin.receive(b"$stop #1\r\n")
    assert not twin.running
