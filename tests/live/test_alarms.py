"""Each rule of the alarms on built healths: when it holds, when not, and what it says."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any

import pytest
from healths import health, instrument, stream

from detectkit.live.alarms import RULES, Alarms
from detectkit.live.health import Health
from detectkit.mission.settings import AlarmSettings

SETTINGS = AlarmSettings(height_m=(0.2, 0.8))


def of_stream(**changed: Any) -> Health:
    return health(streams={"gpr": stream(**changed)})


def of_link(**changed: Any) -> Health:
    return health(instruments={"gpr": instrument(**changed)})


def at_start(**changed: Any) -> Health:
    """Return the health of a mission's second second, its radar still to come."""
    known = {"idle_s": None, "state": "opening", **changed}
    return health(elapsed_s=2.0, streams={}, instruments={"gpr": instrument(**known)})


def flying(height_m: float, **changed: float) -> Health:
    return health(platform={"height_m": height_m, "speed_m_per_s": 1.0, **changed})


HOLDS: list[tuple[str, Health, str]] = [
    ("stalled", of_link(state="broken", fault="cable out"), "HOLD: gpr: broken: cable out"),
    ("stalled", of_link(state="preparing", fault="old"), "HOLD: gpr: preparing, no rows yet"),
    ("stalled", of_link(idle_s=2.3), "HOLD: gpr: silent for 2.3 s"),
    ("stalled", at_start(state="refused", fault="radar 7"), "HOLD: gpr: refused: radar 7"),
    (
        "stalled",
        health(streams={}, instruments={"gpr": instrument(idle_s=None, bytes_in=0)}),
        "HOLD: gpr: nothing came yet",
    ),
    (
        "stalled",
        health(streams={}, instruments={"gpr": instrument(idle_s=None, bytes_in=80)}),
        "HOLD: gpr: 80 bytes came, no message",
    ),
    ("stalled", of_stream(age_s=6.0), "HOLD: gpr: it answers, but measures nothing for 6.0 s"),
    ("rate_low", of_stream(steady_hz=70.0), "gpr: 70.0 rows/s of 100"),
    (
        "rate_low",
        health(streams={f"gpr.{name}": stream(steady_hz=9.0, nominal_hz=20.0) for name in "ab"}),
        "gpr: a 9.0 rows/s of 20, b 9.0 rows/s of 20",
    ),
    ("rows_lost", of_stream(dropped_lately=300), "gpr: 300 of 6000 rows lost in the last minute"),
    ("clipped", of_stream(clipped=0.02), "gpr: 2.0 % of the samples at full scale"),
    ("no_position", of_stream(unplaced=0.4), "gpr: 40 % of the rows of the last seconds"),
    ("height_out", flying(0.1), "height 0.10 m, allowed 0.2 to 0.8 m"),
    ("height_out", flying(0.9, speed_m_per_s=nan), "height 0.90 m, allowed 0.2 to 0.8 m"),
    ("recorder_behind", health(queue_fill=0.6), "the disk is slow: the queue is 60 % full"),
    ("recorder_stopped", health(recording=False, failure="full"), "LAND: NOT RECORDING: full"),
    ("recorder_stopped", health(recording=False), "LAND: NOT RECORDING: the recorder has stopped"),
    ("disk_low", health(free_bytes=100 << 20), "100 MiB left on the disk"),
    ("processing_behind", health(lag_s=3.0), "the live picture is 3.0 s behind"),
    ("processing_behind", health(overflowed=True), "the live result is given up"),
    ("processing_behind", health(processing_fault="step 2"), "no live result, recording goes on"),
    ("clock_jump", of_stream(jumps_lately=1, clock_resets=1), "gpr: its clock jumped once"),
    ("clock_jump", of_stream(jumps_lately=1, clock_resets=3), "gpr: its clock jumped 3 times"),
]
HOLDS_NOT: list[tuple[str, Health]] = [
    ("stalled", at_start()),
    ("stalled", at_start(state="broken", fault="not on yet")),
    ("stalled", at_start(state="preparing", idle_s=0.1)),
    ("stalled", of_link(idle_s=1.5)),
    (
        "stalled",
        health(
            streams={"gpr": stream(age_s=60.0)}, instruments={"gpr": instrument(kind="altimeter")}
        ),
    ),
    ("rate_low", of_stream(steady_hz=81.0)),
    ("rate_low", of_stream(steady_hz=10.0, watched_s=1.0)),
    ("rate_low", of_stream(steady_hz=0.3, nominal_hz=1.0, age_s=0.1)),
    ("rate_low", of_stream(steady_hz=40.0, age_s=1.0)),
    ("rate_low", of_stream(steady_hz=40.0, nominal_hz=None)),
    (
        "rate_low",
        health(
            streams={"gpr": stream(steady_hz=40.0)}, instruments={"gpr": instrument(state="broken")}
        ),
    ),
    ("rows_lost", of_stream(dropped=900, dropped_lately=0)),
    ("rows_lost", of_stream(dropped_lately=2, told_lately=10)),
    ("clipped", of_stream(clipped=None)),
    ("no_position", of_stream(without_position=500, unplaced=0.0)),
    ("no_position", of_stream(unplaced=1.0, running_s=3.0)),
    ("no_position", of_stream(unplaced=None)),
    ("height_out", flying(0.05, speed_m_per_s=0.1)),
    ("height_out", flying(nan)),
    ("height_out", health(platform={})),
    ("recorder_behind", health(queue_fill=0.4)),
    ("recorder_stopped", health(recording=False, waiting=True)),
    ("disk_low", health(free_bytes=None)),
    ("processing_behind", health(lag_s=6.0, elapsed_s=3.0)),
    ("clock_jump", of_stream(clock_resets=4, jumps_lately=0)),
]


@pytest.mark.parametrize(("condition", "at", "words"), HOLDS)
def test_a_condition_that_holds_is_said(condition: str, at: Health, words: str) -> None:
    begun, _ = Alarms(SETTINGS).update(at)
    assert [one.condition for one in begun] == [condition]
    assert str(begun[0]).startswith(words)


@pytest.mark.parametrize(("condition", "at"), HOLDS_NOT)
def test_a_condition_that_does_not_hold_is_not_said(condition: str, at: Health) -> None:
    begun, _ = Alarms(SETTINGS).update(at)
    assert condition not in {one.condition for one in begun}


def test_every_rule_is_tested_both_ways_and_has_a_setting() -> None:
    assert set(RULES) == {one[0] for one in HOLDS} == {one[0] for one in HOLDS_NOT}
    assert all(hasattr(SETTINGS, name) for name in RULES)


def test_all_is_well_without_alarms() -> None:
    assert Alarms(SETTINGS).update(health()) == ([], [])


@pytest.mark.parametrize(
    ("action", "words"), [("warn", "gpr: "), ("pause", "HOLD: gpr: "), ("stop", "LAND: gpr: ")]
)
def test_the_setting_says_what_an_alarm_does(action: Any, words: str) -> None:
    begun, _ = Alarms(AlarmSettings(clipped=action)).update(of_stream(clipped=0.5))
    assert begun[0].action == action
    assert str(begun[0]).startswith(words)


def test_an_action_of_nothing_says_nothing() -> None:
    assert Alarms(AlarmSettings(clipped="nothing")).update(of_stream(clipped=0.5)) == ([], [])


def looks(alarms: Alarms, holding: str) -> list[tuple[int, int]]:
    """Look once a second, an x where the radar clips; return how many begin and end each time."""
    told = []
    for second, mark in enumerate(holding):
        at = replace(of_stream(clipped=0.5 if mark == "x" else 0.0), elapsed_s=float(second))
        begun, ended = alarms.update(at)
        told.append((len(begun), len(ended)))
    return told


def test_an_alarm_that_comes_and_goes_is_told_once() -> None:
    told = looks(Alarms(SETTINGS), "x-x--xx-x")
    assert told[0] == (1, 0)
    assert set(told[1:]) == {(0, 0)}


def test_what_is_over_stays_as_the_past_with_its_times() -> None:
    alarms = Alarms(SETTINGS)
    assert looks(alarms, "-xx-----")[5] == (0, 1)
    assert alarms.active == []
    assert [(one.began_s, one.ended_s) for one in alarms.past] == [(1.0, 2.0)]


def test_the_gravest_alarm_stands_first_and_of_equals_the_newest() -> None:
    alarms = Alarms(SETTINGS)
    alarms.update(health(queue_fill=0.9, elapsed_s=60.0))
    clipping = {"gpr": stream(clipped=0.5)}
    alarms.update(health(queue_fill=0.9, elapsed_s=61.0, streams=clipping))
    alarms.update(health(queue_fill=0.9, elapsed_s=61.5, recording=False, streams=clipping))
    conditions = [one.condition for one in alarms.active]
    assert conditions == ["recorder_stopped", "clipped", "recorder_behind"]


def test_the_words_of_a_lasting_alarm_are_the_latest() -> None:
    alarms = Alarms(SETTINGS)
    alarms.update(of_link(idle_s=2.1))
    alarms.update(replace(of_link(idle_s=3.1), elapsed_s=61.0))
    assert [str(one) for one in alarms.active] == ["HOLD: gpr: silent for 3.1 s"]
