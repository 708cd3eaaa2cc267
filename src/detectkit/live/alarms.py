"""Alarms: one rule per condition, and what each does: nothing, warn, pause, stop.

An alarm asks people; it never commands the aircraft.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from detectkit.live.health import Health, InstrumentHealth, StreamHealth
from detectkit.mission.settings import Action, AlarmSettings

DISK_LOW_BYTES = 2 << 30
ENOUGH_ROWS = 8
"""A rate is judged once so many rows should have come."""
FEWEST_LOST = 3
"""One row or two lost are no alarm, however few were told."""
START_S = 10.0
"""So long an instrument may take to come, and the processing to get going."""
SILENT_S = 2.0
PAUSED_S = 0.5
"""A stream without a row for so long is on its way to be stalled; its rate is not judged."""
WATCHED_S = 2.0
NO_ROWS_S = 5.0
"""A sensor that answers but measures nothing for so long is stalled."""
PLACE_START_S = 5.0
"""The first rows of a stream wait for the first positions."""
LARGEST_UNPLACED = 0.05
MOVING_M_PER_S = 0.3
"""Slower than that it takes off, hovers or lands, and the height is not judged."""
ENDED_S = 3.0
"""An alarm is over when its condition has not held for so long."""
KEPT_ALARMS = 50
SENSORS = frozenset({"gpr", "metal_detector", "magnetometer"})
WORDS: dict[Action, str] = {"nothing": "", "warn": "", "pause": "HOLD: ", "stop": "LAND: "}
SEVERITY: tuple[Action, ...] = ("stop", "pause", "warn")
"""The gravest first."""


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
    """Instruments whose link does not work, or that send nothing."""
    del settings
    for name, one in health.instruments.items():
        if text := _stall(name, one, health):
            yield name, text


def _stall(name: str, one: InstrumentHealth, health: Health) -> str:
    """Say what is wrong with an instrument; one that never came yet has time until `START_S`."""
    came = any(key.partition(".")[0] == name for key in health.streams)
    if one.state != "refused" and not came and health.elapsed_s < START_S:
        return ""
    if one.state != "streaming":
        told = one.fault and one.state in {"broken", "refused"}
        return f"{one.state}: {one.fault}" if told else f"{one.state}, no rows yet"
    if one.idle_s is None:
        return f"{one.bytes_in} bytes came, no message" if one.bytes_in else "nothing came yet"
    if one.idle_s > SILENT_S:
        return f"silent for {one.idle_s:.1f} s"
    age_s = health.streams[name].age_s if name in health.streams else None
    if one.kind in SENSORS and not health.overflowed and age_s is not None and age_s > NO_ROWS_S:
        return f"it answers, but measures nothing for {age_s:.1f} s"
    return ""


def rate_low(health: Health, settings: AlarmSettings) -> Found:
    """Instruments with streams below their nominal rate; what has just stopped is stalled."""
    low: dict[str, list[str]] = {}
    for name, one in health.streams.items():
        source, _, stream = name.partition(".")
        if health.instruments[source].state == "streaming" and _is_slow(one, settings):
            words = f"{one.steady_hz:.1f} rows/s of {one.nominal_hz:g}"
            low.setdefault(source, []).append(f"{stream} {words}" if stream else words)
    if not health.overflowed:
        yield from ((source, ", ".join(words)) for source, words in low.items())


def _is_slow(one: StreamHealth, settings: AlarmSettings) -> bool:
    """Tell whether rows come, but too few."""
    rate = one.nominal_hz
    if not rate or one.age_s is None or one.age_s > max(PAUSED_S, 3.0 / rate):
        return False
    judged = one.watched_s >= WATCHED_S and one.watched_s * rate > ENOUGH_ROWS
    return judged and one.steady_hz < settings.lowest_rate * rate


def rows_lost(health: Health, settings: AlarmSettings) -> Found:
    """Streams with too many rows lost in the last minute."""
    for name, one in health.streams.items():
        lost, told = one.dropped_lately, one.told_lately
        if lost >= FEWEST_LOST and lost > settings.largest_loss * told:
            yield name, f"{lost} of {told} rows lost in the last minute"


def clipped(health: Health, settings: AlarmSettings) -> Found:
    """Radars with too many samples at full scale."""
    for name, one in health.streams.items():
        if one.clipped is not None and one.clipped > settings.largest_clipping:
            yield name, f"{100.0 * one.clipped:.1f} % of the samples at full scale: lower the gain"


def no_position(health: Health, settings: AlarmSettings) -> Found:
    """Sensors whose last rows got no position."""
    del settings
    for name, one in health.streams.items():
        if one.running_s > PLACE_START_S and (one.unplaced or 0.0) > LARGEST_UNPLACED:
            share = 100.0 * (one.unplaced or 0.0)
            yield name, f"{share:.0f} % of the rows of the last seconds have no position"


def height_out(health: Health, settings: AlarmSettings) -> Found:
    """The radar is too low or too high while it moves over the ground."""
    height_m = health.platform.get("height_m", math.nan)
    speed = health.platform.get("speed_m_per_s", math.nan)
    low, high = settings.height_m
    if speed < MOVING_M_PER_S or math.isnan(height_m) or low <= height_m <= high:
        return
    yield "", f"height {height_m:.2f} m, allowed {low:g} to {high:g} m"


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
    elif health.lag_s > settings.longest_lag_s and health.elapsed_s > START_S:
        yield "", f"the live picture is {health.lag_s:.1f} s behind"


def clock_jump(health: Health, settings: AlarmSettings) -> Found:
    """Instruments whose clock jumped, or that began again, in the last seconds."""
    del settings
    jumps: dict[str, int] = {}
    for name, one in health.streams.items():
        source = name.partition(".")[0]
        if one.jumps_lately:
            jumps[source] = max(jumps.get(source, 0), one.clock_resets)
    for source, number in jumps.items():
        times = "once" if number == 1 else f"{number} times in all"
        yield source, f"its clock jumped {times}, or it began again"


Rule = Callable[[Health, AlarmSettings], Found]
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        stalled, rate_low, rows_lost, clipped, no_position, height_out, recorder_behind,
        recorder_stopped, disk_low, processing_behind, clock_jump,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """An alarm that is over, and when it began and ended, s since the start."""

    alarm: Alarm
    began_s: float
    ended_s: float


@dataclass(slots=True)
class _Held:
    """An alarm and how long it holds."""

    alarm: Alarm
    began_s: float
    seen_s: float


@dataclass(slots=True)
class Alarms:
    """Evaluates the rules; tells what is new and what has ended.

    An alarm ends when its condition has not held for `ENDED_S`, so that one that comes and goes
    is told once; what is over stays in `past`, the newest last.
    """

    settings: AlarmSettings
    past: deque[Past] = field(default_factory=lambda: deque(maxlen=KEPT_ALARMS))
    _held: dict[tuple[str, str], _Held] = field(default_factory=dict)

    @property
    def active(self) -> list[Alarm]:
        """The alarms that hold, the gravest first, of these the newest."""
        newest = sorted(self._held.values(), key=lambda one: -one.began_s)
        held = sorted(newest, key=lambda one: SEVERITY.index(one.alarm.action))
        return [one.alarm for one in held]

    def update(self, health: Health) -> tuple[list[Alarm], list[Alarm]]:
        """Return the alarms that begin and those that end with this look."""
        now_s, begun = health.elapsed_s, []
        for alarm in self._holding(health):
            key = (alarm.condition, alarm.subject)
            held = self._held.get(key)
            if held is None:
                begun.append(alarm)
            self._held[key] = _Held(alarm, now_s if held is None else held.began_s, now_s)
        over = [key for key, one in self._held.items() if now_s - one.seen_s >= ENDED_S]
        ended = [self._held.pop(key) for key in over]
        self.past.extend(Past(one.alarm, one.began_s, one.seen_s) for one in ended)
        return begun, [one.alarm for one in ended]

    def _holding(self, health: Health) -> Iterator[Alarm]:
        for condition, rule in RULES.items():
            action: Action = getattr(self.settings, condition)
            if action != "nothing":
                for subject, text in rule(health, self.settings):
                    yield Alarm(condition, subject, text, action)
