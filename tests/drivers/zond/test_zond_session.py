from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.drivers import Frame, InstrumentError, Link, Note
from detectkit.testing.drivers import evenly
from detectkit_drivers.zond.instrument import Zond

MARK = b"\x00\x7f\x00\x7f"


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
    monkeypatch.setattr("detectkit_drivers.zond.instrument.ANSWER_S", 0.02)


def begun(settings: Zond, answer) -> Wire:
    wire = Wire(answer)
    session = settings.session()
    session.prepare(Link(wire))
    session.start(Link(wire))
    return wire


@pytest.mark.parametrize(
    ("settings", "characters"),
    [
        ({}, "01110010000000001010000000000000"),  # as computed from the readers' tables
        ({"window_ns": 50, "samples": 128}, "01000000000000001010000000000000"),
        ({"window_ns": 2000, "samples": 1024}, "01111110000000001010000000000000"),
        ({"window_ns": 12}, "01000010000001001010000000000000"),
        ({"window_ns": 25}, "01000010000000101010000000000000"),
        ({"low_cut": "super-strong"}, "01110010000110001010000000000000"),
        ({"mode": "calibration", "channel": "cross"}, "01110010000000000110110000000000"),
        ({"pulse_delay": 5}, "01110010000000001010001010000000"),
    ],
)
def test_settings_become_characters(settings, characters: str):
    assert Zond(**settings).setup() == b"T " + characters.encode() + b"\n"


def test_a_lite_model_gets_p1_before_the_settings():
    settings = Zond()
    twin = settings.twin()
    assert begun(settings, twin.receive).written == [b"W\n", b"P1\n", settings.setup()]
    assert twin.running
    assert twin.setup == "01110010000000001010000000000000"


def test_other_models_get_the_settings_only():
    settings = Zond(samples=256)
    assert begun(settings, settings.twin().receive).written == [b"W\n", settings.setup()]


def test_a_cobra_is_not_asked_and_gets_p1_after_the_settings():
    settings = Zond(layout="cobra")
    assert begun(settings, settings.twin().receive).written == [settings.setup(), b"P1\n"]


def test_one_that_keeps_silent_is_spoken_to_like_a_cobra():
    settings = Zond()
    twin = Zond(layout="cobra").twin()
    assert begun(settings, twin.receive).written == [b"W\n", settings.setup(), b"P1\n"]
    assert twin.running


def test_one_that_should_answer_and_does_not_is_refused_with_a_way_out():
    with pytest.raises(InstrumentError, match=r"does not tell its model.*driver 'zgpr'"):
        begun(Zond(layout="lite"), lambda _: [])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples": 256}, "TR500_2, which has 512 samples"),
        ({"window_ns": 300}, "TR500_2 with a fixed window; set window_ns = 200"),
    ],
)
def test_settings_that_the_model_cannot_have_are_refused(settings, words: str):
    with pytest.raises(InstrumentError, match=words):
        begun(Zond(**settings), lambda _: [MARK + b"TR500_2"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"samples": 500}, "samples = 500: allowed are 128, 256, 512, 1024"),
        ({"window_ns": 60}, "window_ns = 60: allowed are 12, 25, 50, 100"),
        ({"layout": "other"}, "allowed are auto, zond, lite, cobra"),
        ({"layout": "lite", "samples": 256}, "models of layout 'lite' have 512"),
        ({"pulse_delay": 1024}, "pulse_delay = 1024: allowed are 0 to 1023"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_what_is_allowed(settings, words: str):
    with pytest.raises(UsageError, match=words):
        Zond(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        Zond(),
        Zond(samples=1024),
        Zond(layout="cobra"),
        Zond(layout="cobra", byte_order="little"),
        Zond(samples=256, layout="zond", byte_order="big"),
    ],
)
def test_a_connection_is_understood_from_its_first_byte(radar_rows, settings: Zond):
    twin = settings.twin()
    width = settings.samples * 15 // 16 if settings.layout == "cobra" else settings.samples
    rows = radar_rows(8, width)
    heard = twin.receive(b"W\nP1\n" + settings.setup())
    decoder = settings.decoder()
    items = decoder.feed(b"".join([*heard, *twin.speak(evenly(rows, rate_hz=100.0))]))
    frames = [one for one in items if isinstance(one, Frame)]
    np.testing.assert_array_equal(np.concatenate([one.values for one in frames]), rows)
    assert len({id(one.layout) for one in frames}) == 1
    assert (decoder.tally.dropped_bytes, decoder.held_bytes) == (0, 0)
    assert not any(isinstance(one, Note) and one.severity == "warning" for one in items)


def test_a_greeting_that_comes_twice_is_understood(radar_rows):
    rows = radar_rows(4, 512)
    service = np.zeros((4, 32))
    data = 2 * (MARK + b"TR500_3") + np.hstack([rows, service]).astype("<i2").tobytes()
    items = Zond().decoder().feed(data)
    found = np.concatenate([one.values for one in items if isinstance(one, Frame)])
    np.testing.assert_array_equal(found, rows)


def test_without_a_greeting_the_first_byte_begins_a_trace(radar_rows):
    rows = radar_rows(5, 256)
    first, *rest = Zond(samples=256).decoder().feed(rows.astype("<i2").tobytes())
    assert first == Note(
        "no greeting of the Zond: the first byte is taken for the beginning of a trace", "warning"
    )
    found = np.concatenate([one.values for one in rest if isinstance(one, Frame)])
    np.testing.assert_array_equal(found, rows)
