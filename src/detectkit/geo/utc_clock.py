"""The computer's monotonic clock to UTC: its own idea of it first, better marks as they come."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.geo.offset_line import OffsetLine, Wander

Integers = npt.NDArray[np.int64]

OUTLIER_SIGMA = 5.0
AGREEING_MARKS = 3
SHARE_OF_BEST = 3.0
STEP_NS = 0.1e9
COMPUTER = Wander(
    rate=5e-5, rate_per_root_s=1e-7, offset_ns_per_root_s=2e3, longest_slew_ns=STEP_NS
)


class UtcClock:
    """UTC of times of the computer's monotonic clock.

    Every mark (GNSS time, SYSTEM_TIME of an autopilot, a pulse per second) counts by its stated
    error; the computer's own pair is the first and worst. A mark that lies further off than
    five standard deviations is rejected, unless three in a row agree with each other: then the
    clock was wrong (the computer was set to another day), and it steps there.

    Parameters
    ----------
    host_ns, utc_ns
        The computer's pair: its monotonic clock and its UTC at one moment.
    error_ns
        One standard deviation of it.

    Examples
    --------
    >>> clock = UtcClock(0, 1_700_000_000_000_000_000)
    >>> clock.push(1_000_000_000, 1_700_000_001_400_000_000, error_ns=1e6, source="gnss")
    >>> clock.to_utc(np.array([1_000_000_000])) // 1_000_000, clock.source
    (array([1700000001399]), 'gnss')
    """

    def __init__(self, host_ns: int, utc_ns: int, *, error_ns: float = 1e9) -> None:
        self.steps = 0
        self.rejected = 0
        self.source = "computer"
        self._apart: list[tuple[int, int, float]] = []
        self._best_ns = error_ns
        self._line = _line(host_ns, utc_ns, error_ns)

    @property
    def error_ns(self) -> float:
        """One standard deviation of UTC at the newest mark.

        Marks of one source share errors: it does not fall below a third of the best one's.
        """
        return math.hypot(self._line.error_ns, self._best_ns / SHARE_OF_BEST)

    def push(self, host_ns: int, utc_ns: int, *, error_ns: float, source: str = "marks") -> None:
        """Take one mark.

        Parameters
        ----------
        host_ns, utc_ns
            The same moment on the computer's monotonic clock and in UTC.
        error_ns
            One standard deviation of their belonging together, over 0: the arrival of an NMEA
            sentence 1e8, SYSTEM_TIME through a `PeerClock` a few 1e6, a pulse 1e3.
        source
            What it came from, for the operator.
        """
        if not error_ns > 0.0:
            msg = f"a mark with an error of {error_ns} ns; say how sure it is, e.g. 1e6 for 1 ms"
            raise UsageError(msg)
        offset = utc_ns - host_ns
        away, error = self._line.innovation(host_ns, offset)
        if abs(away) > OUTLIER_SIGMA * math.hypot(error, error_ns, self._best_ns / SHARE_OF_BEST):
            self._set_apart(host_ns, utc_ns, error_ns, source)
            return
        self._apart.clear()
        before = self._offset_at(host_ns)
        self._line.push(host_ns, offset, error_ns=error_ns)
        if error_ns <= self._best_ns:
            self.source = source
            self._best_ns = error_ns
        self.steps += abs(self._offset_at(host_ns) - before) > STEP_NS

    def to_utc(self, host_ns: Integers) -> Integers:
        """Return UTC in ns since 1970 of times of the monotonic clock, int64 (rows,)."""
        offset, _ = self._line.offset(host_ns)
        return host_ns + offset

    def _offset_at(self, host_ns: int) -> int:
        return int(self._line.offset(np.array([host_ns], np.int64))[0][0])

    def _set_apart(self, host_ns: int, utc_ns: int, error_ns: float, source: str) -> None:
        """Keep an outlier in mind; step where the last ones agree with each other."""
        self.rejected += 1
        offset = utc_ns - host_ns
        agree = all(
            abs(offset - (utc - host)) <= OUTLIER_SIGMA * math.hypot(error_ns, error)
            for host, utc, error in self._apart
        )
        self._apart = [*self._apart, (host_ns, utc_ns, error_ns)] if agree else []
        self._apart = self._apart or [(host_ns, utc_ns, error_ns)]
        if len(self._apart) == AGREEING_MARKS:
            self._apart = []
            self.steps += 1
            self.source = source
            self._best_ns = error_ns
            self._line = _line(host_ns, utc_ns, error_ns)


def _line(host_ns: int, utc_ns: int, error_ns: float) -> OffsetLine:
    return OffsetLine(host_ns, utc_ns - host_ns, error_ns=error_ns, wander=COMPUTER)
