"""Telling: the mission in lines, for a pipe, a log, or a terminal that knows no cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from detectkit.live.alarms import Alarm
from detectkit.live.view import Shown, clock_words, depth_words, place_words, state_words

EVERY_S = 10.0
"""So often everything is summed up in one line."""


@dataclass(slots=True)
class Telling:
    """Tells what is new: the state of the recording, alarms, indications, and a sum at times."""

    _state: str = ""
    _alarms: dict[tuple[str, str], Alarm] = field(default_factory=dict)
    _indications: int = 0
    _next_s: float = EVERY_S

    def lines(self, shown: Shown) -> Iterator[str]:
        """Yield the lines that are due."""
        at = clock_words(shown.health.elapsed_s)
        for words in self._news(shown):
            yield f"{at} {words}"
        if shown.health.elapsed_s >= self._next_s:
            self._next_s += EVERY_S
            yield f"{at} {_sum(shown)}"

    def _news(self, shown: Shown) -> Iterator[str]:
        state = state_words(shown.health)
        if state != self._state:
            self._state = state
            yield f"{state}: {shown.name}" + (", SIMULATED" if shown.simulated else "")
        alarms = {(one.condition, one.subject): one for one in shown.alarms}
        for key, one in alarms.items():
            if key not in self._alarms:
                yield f"alarm: {one}"
        for key, one in self._alarms.items():
            if key not in alarms:
                yield f"over: {one}"
        self._alarms = alarms
        for found in shown.indications[self._indications :]:
            yield (
                f"indication, unverified: {place_words(found)}  {depth_words(found)}  "
                f"score {found.score:.1f}"
            )
        self._indications = len(shown.indications)


def _sum(shown: Shown) -> str:
    health = shown.health
    rates = ", ".join(
        f"{name} {one.rate_hz:.1f}/s" for name, one in health.streams.items() if "." not in name
    )
    lost = sum(one.dropped for one in health.streams.values())
    return (
        f"{state_words(health)} {health.written_bytes / 2**20:.1f} MiB; {rates or 'no rows'}; "
        f"{lost} rows lost, {len(shown.alarms)} alarms, {len(shown.indications)} indications"
    )
