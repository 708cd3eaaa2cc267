from __future__ import annotations

import pytest

from detectkit.core import UsageError
from detectkit.drivers import InstrumentError, LinkTimeoutError, build_instrument, instrument_class
from detectkit_drivers.x4 import instrument as module
from detectkit_drivers.x4.framing import frame
from detectkit_drivers.x4.instrument import X4


def test_the_session_sets_every_parameter_and_starts_by_frame_rate(desk) -> None:
    instrument = X4(frame_start_m=0.25, frame_end_m=2.0, output="iq", frames_per_second=25.0)
    twin = instrument.twin()
    bench = desk(twin)
    session = instrument.session()
    session.prepare(bench.link)
    assert not twin.running
    assert twin.parameters == {
        "frames_per_second": (0.0,),
        "pulses_per_step": (25,),
        "iterations": (64,),
        "dac_min": (949,),
        "dac_max": (1100,),
        "downconversion": (1,),
        "frame_area_offset": (pytest.approx(0.18),),
        "frame_area": (0.25, 2.0),
    }
    session.start(bench.link)
    assert twin.running
    assert twin.rate_hz == 25.0
    assert session.health() == {"acknowledged_commands": 11.0}
    session.stop(bench.link)
    assert not twin.running


def test_the_module_is_stopped_before_it_is_set(desk) -> None:
    instrument = X4()
    bench = desk(instrument.twin())
    instrument.session().prepare(bench.link)
    assert bench.wire.written[:3] == [
        bytes.fromhex("7D01AEEAAAEE7C7E"),
        bytes.fromhex("7D20134E7E"),
        bytes.fromhex("7D20124F7E"),
    ]


def test_answers_are_found_between_frames_of_a_module_that_still_streams(desk, measured) -> None:
    instrument = X4()
    twin = instrument.twin()
    bench = desk(twin)
    bench.wire.arrived += twin.speak(measured([[0.5] * 467] * 3))
    instrument.session().prepare(bench.link)
    assert bench.wire.arrived == []


@pytest.mark.parametrize(
    ("pong", "words"),
    [("aaeeeaae", "not ready yet"), ("effeeeff", "safemode"), ("01020304", "0x04030201")],
)
def test_a_module_that_is_not_ready_is_an_error(pong, words, desk, monkeypatch) -> None:
    instrument = X4()
    twin = instrument.twin()
    monkeypatch.setattr(twin, "receive", lambda _: [frame(b"\x01" + bytes.fromhex(pong))])
    with pytest.raises(InstrumentError, match=words):
        instrument.session().prepare(desk(twin).link)


def test_a_refused_command_says_which(desk, monkeypatch) -> None:
    instrument = X4()
    twin = instrument.twin()
    monkeypatch.setattr(twin, "_set", lambda _: False)
    with pytest.raises(InstrumentError, match="refused 0 frames/s: not recognised"):
        instrument.session().prepare(desk(twin).link)


def test_a_module_that_is_silent_times_out(desk, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    instrument = X4()
    twin = instrument.twin()
    monkeypatch.setattr(twin, "receive", lambda _: [])
    with pytest.raises(LinkTimeoutError, match="ping"):
        instrument.session().prepare(desk(twin).link)


def test_the_twin_takes_commands_cut_anywhere_and_refuses_strange_ones() -> None:
    twin = X4().twin()
    wire = frame(b"\x20\x12") + frame(b"\x66") + frame(b"\x22")
    answers = [one for at in range(len(wire)) for one in twin.receive(wire[at : at + 1])]
    assert answers == [frame(b"\x10"), frame(bytes.fromhex("20 01000000")), frame(b"\x10")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pulses_per_step": 0}, "pulses_per_step = 0"),
        ({"iterations": 63}, "multiple of 4"),
        ({"dac_min": 1100}, "dac_min = 1100"),
        ({"dac_max": 2048}, "dac_max = 2048"),
        ({"frame_end_m": 0.0}, "frame_end_m = 0"),
        ({"frame_start_m": -7.0}, "9.9 m"),
        ({"frames_per_second": 0.0}, "frames_per_second = 0"),
        ({"frames_per_second": 0.5}, "give 1 or more"),
        ({"frames_per_second": 60.0}, "at most 59.3"),
    ],
)
def test_settings_out_of_range_are_refused_with_what_is_allowed(change, words) -> None:
    with pytest.raises(UsageError, match=words):
        X4(**change)


def test_the_allowed_frame_rate_agrees_with_the_vendors_examples() -> None:
    """XTAN-13, 3.3: 17 and 255 frames/s with 64 iterations at DAC 949 to 1100."""
    slow = X4(pulses_per_step=87, frames_per_second=17.0)
    assert slow.most_frames_per_second == pytest.approx(17.0, rel=0.01)
    fast = X4(pulses_per_step=5, frames_per_second=255.0)
    assert 255.0 < fast.most_frames_per_second < 310.0


def test_it_is_registered_and_builds_from_toml() -> None:
    assert instrument_class("x4") is X4
    assert build_instrument("x4", {"output": "iq"}, where="test") == X4(output="iq")
