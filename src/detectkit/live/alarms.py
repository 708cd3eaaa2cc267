"""Alarms: one rule per condition, and what each does: nothing, warn, pause, stop.

An alarm asks people; it never commands the aircraft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from detectkit.live.health import Health
from detectkit.mission.settings import Action, AlarmSettings

DISK_LOW_BYTES = 2 << 30
ENOUGH_ROWS = 8
"""A rate is judged once so many rows should have come."""
WORDS: dict[Action, str] = {"nothing": "", "warn": "", "pause": "HOLD: ", "stop": "LAND: "}


@dataclass(frozen=True, slots=True)
class Alarm:
    """A condition that holds.

    Parameters
    ----------
    condition
        Name of the rule, a field of `AlarmSettings`.
    subject
        Stream or instrument, empty for the whole mission.
    text
        What is wrong, with numbers.
    action
        What the rule does.
    """

    condition: str
    subject: str
    text: str
    action: Action

    def __str__(self) -> str:
        where = f"{self.subject}: " if self.subject else ""
        return f"{WORDS[self.action]}{where}{self.text}"


Found = Iterator[tuple[str, str]]
"""(subject, text) of each place where a condition holds."""


def stalled(health: Health, settings: AlarmSettings) -> Found:
    """Instruments whose link is not streaming, or that send nothing."""
    for name, one in health.instruments.items():
        if one.state != "streaming":
            yield name, f"{one.state}: {one.fault}" if one.fault else one.state
        else:
            ages = [
                stream.age_s
                for key, stream in health.streams.items()
                if key.partition(".")[0] == name and stream.age_s is not None
            ]
            if ages and min(ages) > 2.0:
                yield name, f"no rows for {min(ages):.1f} s"
            elif not ages and health.elapsed_s > 5.0 and one.bytes_in == 0:
                yield name, "nothing came yet"
    del settings


def rate_low(health: Health, settings: AlarmSettings) -> Found:
    """Streams below their nominal rate."""
    for name, one in health.streams.items():
        if one.nominal_hz and one.watched_s * one.nominal_hz > ENOUGH_ROWS and one.watched_s > 2.0:
            share = one.rate_hz / one.nominal_hz
            if share < settings.lowest_rate:
                yield name, f"{one.rate_hz:.1f} rows/s of {one.nominal_hz:g}"


def rows_lost(health: Health, settings: AlarmSettings) -> Found:
    """Streams with too many rows lost."""
    for name, one in health.streams.items():
        told = one.decoded + one.dropped
        if told and one.dropped / told > settings.largest_loss:
            yield name, f"{one.dropped} of {told} rows lost"


def clipped(health: Health, settings: AlarmSettings) -> Found:
    """Radars with too many samples at full scale."""
    for name, one in health.streams.items():
        if one.clipped is not None and one.clipped > settings.largest_clipping:
            yield name, f"{100.0 * one.clipped:.1f} % of the samples at full scale: lower the gain"


def no_position(health: Health, settings: AlarmSettings) -> Found:
    """Sensors whose rows get no position."""
    del settings
    for name, one in health.streams.items():
        without = one.without_position
        if without and one.decoded and without / one.decoded > 0.02:
            yield name, f"{without} of {one.decoded} rows have no position"


def height_out(health: Health, settings: AlarmSettings) -> Found:
    """The sensor is too low or too high."""
    height, (low, high) = health.platform.get("height_m"), settings.height_m
    if height is not None and not low <= height <= high and height == height:  # noqa: PLR0124
        yield "", f"height {height:.2f} m, allowed {low:g} to {high:g} m"


def recorder_behind(health: Health, settings: AlarmSettings) -> Found:
    """The disk does not keep up."""
    del settings
    if health.queue_fill > 0.5:
        yield "", f"the disk is slow: the queue is {100.0 * health.queue_fill:.0f} % full"


def recorder_stopped(health: Health, settings: AlarmSettings) -> Found:
    """Nothing is recorded any more."""
    del settings
    if not health.recording and not health.waiting:
        yield "", f"NOT RECORDING: {health.failure or 'the recorder has stopped'}"


def disk_low(health: Health, settings: AlarmSettings) -> Found:
    """The disk is nearly full."""
    del settings
    if health.free_bytes is not None and health.free_bytes < DISK_LOW_BYTES:
        yield "", f"{health.free_bytes / 2**20:.0f} MiB left on the disk"


def processing_behind(health: Health, settings: AlarmSettings) -> Found:
    """The live picture trails or has been given up."""
    if health.processing_fault:
        yield "", f"no live result, recording goes on: {health.processing_fault}"
    elif health.overflowed:
        yield "", "the live result is given up, recording goes on; replay the flight"
    elif health.lag_s > settings.longest_lag_s:
        yield "", f"the live picture is {health.lag_s:.1f} s behind"


def clock_jump(health: Health, settings: AlarmSettings) -> Found:
    """A clock jumped or an instrument began again."""
    del settings
    for name, one in health.streams.items():
        if one.clock_resets:
            yield name, f"its clock jumped {one.clock_resets} times"


Rule = Callable[[Health, AlarmSettings], Found]
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        stalled, rate_low, rows_lost, clipped, no_position, height_out, recorder_behind,
        recorder_stopped, disk_low, processing_behind, clock_jump,
    )
}  # fmt: skip


@dataclass(slots=True)
class Alarms:
    """Evaluates the rules; tells what is new and what has ended."""

    settings: AlarmSettings
    active: dict[tuple[str, str], Alarm] = field(default_factory=dict)
    last: Alarm | None = None

    def update(self, health: Health) -> tuple[list[Alarm], list[Alarm]]:
        """Return the alarms that begin and those that end with this look."""
        now = {(one.condition, one.subject): one for one in self._holding(health)}
        begun = [one for key, one in now.items() if key not in self.active]
        ended = [one for key, one in self.active.items() if key not in now]
        self.active = now
        self.last = begun[-1] if begun else self.last
        return begun, ended

    def _holding(self, health: Health) -> Iterator[Alarm]:
        for condition, rule in RULES.items():
            action: Action = getattr(self.settings, condition)
            if action != "nothing":
                for subject, text in rule(health, self.settings):
                    yield Alarm(condition, subject, text, action)
