"""Message rates: asked for one by one, their answers checked, what arrives measured.

SET_MESSAGE_INTERVAL holds for the link it came over and until the autopilot reboots. The answer
does not name the message, so one question is out at a time. Rules from a real ArduCopter: after a
reboot nothing comes but heartbeats, so silence asks anew; parameter transfers slow all rates to a
quarter, so a low rate is only asked for again after a while.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from detectkit_drivers.mavlink.decoder import ACCEPTED, IN_PROGRESS, REFUSALS

S = 1_000_000_000
WINDOW_NS = 4 * S
ANSWER_NS = S
TRIES = 4
SILENCE_NS = 3 * S
SLOW_SHARE = 0.6
LONGEST_WAIT_NS = 60 * S


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that we want: its number, a name for the operator, how many a second."""

    ident: int
    name: str
    rate_hz: float


@dataclass(slots=True)
class _State:
    wanted: Wanted
    arrivals: deque[int]
    since_ns: int = 0
    wait_ns: int = SILENCE_NS
    refusal: str = ""
    tries: int = 0

    def achieved_hz(self, now_ns: int) -> float:
        while self.arrivals and self.arrivals[0] < now_ns - WINDOW_NS:
            self.arrivals.popleft()
        span_ns = min(WINDOW_NS, max(now_ns - self.since_ns, 1))
        return len(self.arrivals) * S / span_ns

    def is_missing(self, now_ns: int) -> bool:
        """Tell whether the message is silent or slow, and it is time to ask again."""
        patience_ns = max(self.wait_ns, round(5 * S / self.wanted.rate_hz))
        if self.refusal or now_ns - self.since_ns < patience_ns:
            return False
        last = self.arrivals[-1] if self.arrivals else self.since_ns
        is_silent = now_ns - last > max(SILENCE_NS, round(5 * S / self.wanted.rate_hz))
        if is_silent or self.achieved_hz(now_ns) < SLOW_SHARE * self.wanted.rate_hz:
            return True
        self.wait_ns = SILENCE_NS
        return False


@dataclass(slots=True)
class Rates:
    """The wanted messages of one autopilot. Sans I/O: it tells what to ask, and when."""

    wanted: Sequence[Wanted]
    requests: int = 0
    _states: dict[int, _State] = field(default_factory=dict)
    _queue: deque[int] = field(default_factory=deque)
    _out: int | None = None
    _out_until_ns: int = 0

    def __post_init__(self) -> None:
        for one in self.wanted:
            room = math.ceil(one.rate_hz * WINDOW_NS / S * 2) + 8
            self._states[one.ident] = _State(one, deque(maxlen=room))

    def ask_all(self, now_ns: int) -> None:
        """Ask for everything anew: at the start, and after a reboot, which forgot all."""
        self._out = None
        self._queue.clear()
        for ident, state in self._states.items():
            state.arrivals.clear()
            state.since_ns, state.wait_ns, state.refusal = now_ns, SILENCE_NS, ""
            self._enqueue(ident)

    def heard(self, ident: int, now_ns: int) -> None:
        """Note a message that arrived."""
        state = self._states.get(ident)
        if state is not None:
            state.arrivals.append(now_ns)

    def acknowledged(self, result: int) -> None:
        """Note the answer to the question that is out."""
        if self._out is None or result == IN_PROGRESS:
            return
        state = self._states[self._out]
        if result in REFUSALS:
            state.refusal = REFUSALS[result]
        elif result != ACCEPTED:
            self._again(self._out)
        self._out = None

    def due(self, now_ns: int) -> Wanted | None:
        """Return the message to ask for now, None when nothing is to be asked."""
        if self._out is not None and now_ns >= self._out_until_ns:
            self._again(self._out)
            self._out = None
        if self._out is not None:
            return None
        if not self._queue:
            self._look_for_missing(now_ns)
        if not self._queue:
            return None
        self._out = self._queue.popleft()
        self._out_until_ns = now_ns + ANSWER_NS
        self.requests += 1
        return self._states[self._out].wanted

    def achieved_hz(self, now_ns: int) -> dict[str, float]:
        """Return the measured rates by name, over the last 4 s."""
        return {one.wanted.name: one.achieved_hz(now_ns) for one in self._states.values()}

    def refused(self) -> dict[str, str]:
        """Return what the autopilot does not send, and its reason, by name."""
        return {one.wanted.name: one.refusal for one in self._states.values() if one.refusal}

    def _look_for_missing(self, now_ns: int) -> None:
        for ident, state in self._states.items():
            if state.is_missing(now_ns):
                state.since_ns = now_ns
                state.wait_ns = min(2 * state.wait_ns, LONGEST_WAIT_NS)
                self._enqueue(ident)

    def _enqueue(self, ident: int) -> None:
        self._states[ident].tries = 0
        self._queue.append(ident)

    def _again(self, ident: int) -> None:
        """Ask once more, after the others; give up after some tries until it is missed again."""
        self._states[ident].tries += 1
        if self._states[ident].tries < TRIES:
            self._queue.append(ident)


CATALOGUE: Final = (
    Wanted(2, "system_time", 2.0),
    Wanted(24, "gps", 5.0),
    Wanted(30, "attitude", 50.0),
    Wanted(32, "local", 20.0),
    Wanted(33, "position", 20.0),
    Wanted(42, "mission", 2.0),
    Wanted(124, "gps2", 5.0),
    Wanted(127, "rtk", 1.0),
    Wanted(128, "rtk2", 1.0),
    Wanted(132, "range", 20.0),
    Wanted(136, "terrain", 1.0),
    Wanted(173, "rangefinder", 20.0),
    Wanted(193, "estimator", 2.0),
    Wanted(241, "vibration", 1.0),
)
"""What a survey wants; some autopilots lack some of it and say so."""
