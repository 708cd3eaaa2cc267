"""The operator's screen: what must stand on it, at the smallest terminal and at a larger one."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from healths import health, indication, instrument, stream
from rich.console import Console

from detectkit.core import Block
from detectkit.live.alarms import Alarm, Past
from detectkit.live.telling import Telling
from detectkit.live.view import STRIP, Shown, Strip, screen

SIZES = [(80, 24), (120, 40)]
PLATFORM = {
    "longitude_deg": 47.0120123,
    "latitude_deg": 40.0305123,
    "fix_quality": 4.0,
    "horizontal_error_m": 0.012,
    "height_m": 0.46,
    "speed_m_per_s": 1.04,
}
BUSY = health(
    elapsed_s=754.0,
    platform=PLATFORM,
    streams={
        **{f"autopilot.s{number}": stream(nominal_hz=None) for number in range(14)},
        "coil": stream(),
        "gpr": stream(durable=123_456),
        "altimeter.distance": stream(),
    },
    instruments={
        "altimeter": instrument(kind="altimeter"),
        "autopilot": instrument(kind="autopilot"),
        "gpr": instrument(),
        "coil": instrument(kind="metal_detector"),
        "gnss": instrument(kind="gnss", state="broken", fault="cable out"),
    },
)
STOPPED = Alarm("recorder_stopped", "", "NOT RECORDING: the disk is full", "stop")
HOLD = Alarm("stalled", "gnss", "broken: " + "a long reason " * 20, "pause")


def rendered(shown: Shown, width: int, height: int) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, legacy_windows=False)
    console.print(screen(shown, width=width, height=height))
    return file.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_flight_at_work_stands_on_one_screen(width: int, height: int) -> None:
    found = [indication(score=float(score)) for score in (4, 9, 5)]
    shown = Shown("field", BUSY, indications=found, strip="▁█" * 200, behind_m=4.45, behind_s=0.2)
    lines = rendered(replace(shown, simulated=True), width, height)
    assert lines[0].startswith(" RECORDING  12:34  SIMULATED  field  5.0 MiB, 70.0 GiB left")
    assert "40.0305123 N 47.0120123 E  RTK fixed ±0.01 m  height 0.46 m  1.0 m/s" in lines[1]
    assert lines[2].strip() == "no alarm"
    names = [line[2:].split(" ")[0] for line in lines[4:9]]
    assert names == ["gpr", "coil", "altimeter", "autopilot", "gnss"]
    assert "autopilot (14)" in lines[7]
    assert "123,456" in lines[4]
    assert lines[9].rstrip().endswith("trails 4.45 m + 0.20 s")
    assert "3 indications, unverified" in lines[10]
    assert [line.split()[0] for line in lines[11:14]] == ["#2", "#1", "#3"]
    assert "score 5.0   depth 0.12 ± 0.03 m   40.0305123 S 47.0120123 E  field-003" in lines[11]


def test_what_was_weighed_in_flight_says_how_likely_and_what_is_unlike_all_known_asks() -> None:
    first = replace(indication(score=9.0), probability=0.123, assessed_by="model")
    odd = replace(first, category="unknown")
    lines = rendered(Shown("field", BUSY, indications=[first, odd, indication(score=4.0)]), 80, 24)
    title = next(at for at, line in enumerate(lines) if "3 indications" in line)
    assert lines[title].rstrip().endswith("p by model")
    assert "score 4.0           depth" in lines[title + 1]
    assert "score 9.0   p ?     depth" in lines[title + 2]
    assert "score 9.0   p 0.12  depth" in lines[title + 3]


@pytest.mark.parametrize(("width", "height"), [*SIZES, (40, 8)])
def test_nothing_ever_leaves_the_screen(width: int, height: int) -> None:
    shown = Shown(
        "field",
        replace(BUSY, instruments={f"i{n}": instrument() for n in range(60)}),
        [STOPPED, *[HOLD] * 30],
        [Past(HOLD, 1.0, 2.0)] * 9,
        [indication()] * 500,
        strip="█" * STRIP,
    )
    lines = rendered(shown, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "LAND: NOT RECORDING" in lines[2]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_wrong_stands_on_top_and_leaves_room_for_the_rest(width: int, height: int) -> None:
    alarms = [STOPPED, HOLD, *[Alarm("clipped", f"s{n}", "clips", "warn") for n in range(30)]]
    shown = Shown("field", replace(BUSY, recording=False), alarms, (), [indication()] * 9)
    lines = rendered(shown, width, height)
    assert lines[0].startswith(" NOT RECORDING  12:34")
    assert lines[2].startswith(" !! LAND: NOT RECORDING: the disk is full")
    assert lines[3].startswith(" !! HOLD: gnss: broken: a long reason")
    assert any("more lines of alarms" in line for line in lines)
    assert any(line.startswith("! gnss") and "broken" in line for line in lines)
    assert sum(line.lstrip().startswith("#") for line in lines) >= 3


def test_the_last_grave_alarm_stays_visible_behind_newer_warnings() -> None:
    past = [Past(HOLD, 61.0, 65.0)]
    past += [Past(Alarm("clipped", "gpr", f"clips {n}", "warn"), 70.0, 71.0) for n in range(5)]
    lines = rendered(Shown("field", BUSY, (), past), 80, 24)
    assert lines[3].startswith("    over, 1:01 to 1:05: HOLD: gnss: broken")
    assert lines[4].strip() == "over, 1:10 to 1:11: gpr: clips 4"


def test_before_take_off_it_says_that_nothing_is_recorded_yet() -> None:
    lines = rendered(Shown("field", replace(BUSY, recording=False, waiting=True)), 80, 24)
    assert lines[0].startswith(" NOT RECORDING YET, waits for take-off")


def test_no_position_and_no_height_are_said() -> None:
    lines = rendered(Shown("field", replace(BUSY, platform={"height_m": float("nan")})), 80, 24)
    assert lines[1].strip() == "no position  height unknown"


def test_no_indication_promises_nothing() -> None:
    text = "\n".join(rendered(Shown("field", BUSY), 80, 24))
    assert "no indication yet; that does not mean that nothing is there" in text


def test_the_state_stands_out_without_colours_by_reverse_video() -> None:
    for colours in ("standard", None):
        file = io.StringIO()
        console = Console(file=file, width=80, force_terminal=True, color_system="standard",
                          no_color=colours is None)  # fmt: skip
        console.print(screen(Shown("field", BUSY, [STOPPED])))
        first, _, third = file.getvalue().split("\n")[:3]
        assert "\x1b[1;7" in first
        assert "\x1b[1;7" in third


def test_an_instrument_of_which_nothing_came_has_its_line() -> None:
    shown = Shown("field", health(streams={}, instruments={"gpr": instrument(state="opening")}))
    assert any(line.split()[:4] == ["gpr", "opening", "–", "0"] for line in rendered(shown, 80, 24))


def test_the_strip_drops_what_it_cannot_show_and_counts_it() -> None:
    strip = Strip()
    assert strip.text() == ""
    for _ in range(3 * STRIP):
        strip.push(Block(np.zeros((4, 8), np.float32)))
    strip.push(Block(np.full((1, 8), 5.0, np.float32)))
    assert len(strip.text()) == STRIP
    assert strip.dropped == 3 * 3 * STRIP
    assert strip.text().endswith("█")


def test_on_a_pipe_what_is_new_is_told_in_lines() -> None:
    telling = Telling()
    first = Shown("field", replace(BUSY, elapsed_s=1.0), [HOLD], simulated=True)
    lines = list(telling.lines(first))
    assert lines[0] == "0:01 RECORDING: field, SIMULATED"
    assert lines[1].startswith("0:01 alarm: HOLD: gnss: broken")
    assert list(telling.lines(first)) == []
    later = replace(first, alarms=(), indications=[indication()])
    assert [line.split(":")[1][2:] for line in telling.lines(later)] == [
        " over",
        " indication, unverified",
    ]
    stopped = replace(later, health=replace(BUSY, elapsed_s=11.0, recording=False))
    lines = list(telling.lines(stopped))
    assert lines[0] == "0:11 NOT RECORDING: field, SIMULATED"
    assert lines[1].startswith("0:11 NOT RECORDING 5.0 MiB; coil 100.0/s, gpr 100.0/s; 0 rows lost")
