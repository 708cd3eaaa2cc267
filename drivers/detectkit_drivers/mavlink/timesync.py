"""TIMESYNC: our clock beside the autopilot's, by questions and answers.

Written from mavlink.io/en/services/timesync.html: a request has tc1 = 0 and ts1 = the asker's ns;
the answer returns ts1 and puts the answerer's ns in tc1. A router sends answers to everybody, so an
answer counts only if its ts1 is one of ours that is out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

S = 1_000_000_000
JUMP_NS = S
MOST_OUT = 64
MOST_ANSWERS_PER_S = 20
KEPT_ROUND_TRIPS = 64


@dataclass(slots=True)
class Timesync:
    """The conversation about time; `rate_hz` requests a second."""

    rate_hz: float
    jumps: int = 0
    _next_ns: int = 0
    _out: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_OUT))
    _offset_ns: int | None = None
    _round_trips_ns: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT_ROUND_TRIPS))
    _answered: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_ANSWERS_PER_S))

    def request(self, now_ns: int) -> int | None:
        """Return the ts1 of a request that is due, None when none is."""
        if now_ns < self._next_ns:
            return None
        self._next_ns = now_ns + round(S / self.rate_hz)
        self._out.append(now_ns)
        return now_ns

    def answered(self, tc1: int, ts1: int, now_ns: int) -> bool:
        """Note an answer; return whether it shows that the peer's clock jumped: a reboot."""
        if ts1 not in self._out:
            return False
        self._out.remove(ts1)
        self._round_trips_ns.append(now_ns - ts1)
        offset = tc1 - (ts1 + now_ns) // 2
        last, self._offset_ns = self._offset_ns, offset
        jumped = last is not None and abs(offset - last) > JUMP_NS + (now_ns - ts1)
        self.jumps += jumped
        return jumped

    def may_answer(self, now_ns: int) -> bool:
        """Tell whether a foreign request is answered: at most 20 a second are."""
        if len(self._answered) == MOST_ANSWERS_PER_S and now_ns - self._answered[0] < S:
            return False
        self._answered.append(now_ns)
        return True

    @property
    def round_trip_s(self) -> float:
        """Least round trip of the last requests in s, NaN before the first answer."""
        return min(self._round_trips_ns) / S if self._round_trips_ns else float("nan")
