"""The offset between two clocks as a line that drifts, from measured offsets of known error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.geo._jit import jit

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

SLEW_NS = 1e9
DOUBT_SIGMA = 4.0


@dataclass(frozen=True, slots=True)
class Wander:
    """How clocks behave: what the filter expects of them beside its measurements.

    Parameters
    ----------
    rate
        One standard deviation of the rate's difference from 1, before anything was measured.
    rate_per_root_s
        Random walk of the rate, per square root of a second.
    offset_ns_per_root_s
        Random walk of the offset itself.
    longest_slew_ns
        Larger corrections are jumps; less than a second.
    """

    rate: float
    rate_per_root_s: float
    offset_ns_per_root_s: float
    longest_slew_ns: float = 5e8


class OffsetLine:
    """Kalman filter of (offset, rate) over one clock, continuous where it is corrected.

    The state is the offset at the newest measurement and its rate, with their covariance. A
    correction of less than `Wander.longest_slew_ns` is not jumped but worked off within the next
    second of the clock, so that times converted with it never turn back.

    Parameters
    ----------
    clock_ns, offset_ns
        The first measurement: the clock, and the other clock less this one.
    error_ns
        One standard deviation of it.
    wander
        How the two clocks behave.
    """

    def __init__(self, clock_ns: int, offset_ns: int, *, error_ns: float, wander: Wander) -> None:
        self._clock_0, self._offset_0 = clock_ns, offset_ns
        self._wander = wander
        self._at = 0.0
        self._offset, self._rate = 0.0, 0.0
        self._variance = (error_ns**2, 0.0, wander.rate**2)
        self._slew = 0.0

    def innovation(self, clock_ns: int, offset_ns: int) -> tuple[float, float]:
        """Return how far a measured offset lies from the line, and the line's error there."""
        ahead = float(clock_ns - self._clock_0) - self._at
        predicted = self._offset + self._rate * ahead
        error = math.sqrt(self._ahead(max(ahead, 0.0))[0])
        return float(offset_ns - self._offset_0) - predicted, error

    def push(self, clock_ns: int, offset_ns: int, *, error_ns: float) -> None:
        """Let a measured offset bear on the line; one that lies far off bears less."""
        innovation, error = self.innovation(clock_ns, offset_ns)
        ahead = max(float(clock_ns - self._clock_0) - self._at, 0.0)
        doubt = max(1.0, abs(innovation) / (DOUBT_SIGMA * math.hypot(error, error_ns)))
        before = self._offset + self._rate * ahead + self._slew * _left(ahead)
        p, c, r = self._ahead(ahead)
        total = p + (error_ns * doubt) ** 2
        gain, rate_gain = p / total, c / total
        self._at += ahead
        self._offset += self._rate * ahead + gain * innovation
        self._rate += rate_gain * innovation
        self._variance = (p - gain * p, c - gain * c, r - rate_gain * c)
        slew = before - self._offset
        self._slew = slew if abs(slew) < self._wander.longest_slew_ns else 0.0

    def offset(self, clock_ns: Integers) -> tuple[Integers, Values]:
        """Return the offset in ns at times of the clock, and one standard deviation of it."""
        offset, error = np.empty(clock_ns.size, np.int64), np.empty(clock_ns.size)
        wander = (self._wander.rate_per_root_s, self._wander.offset_ns_per_root_s)
        line = (self._at, self._offset, self._rate, self._slew)
        origins = (self._clock_0, self._offset_0)
        _read(clock_ns, origins, line, self._variance, wander, (offset, error))
        return offset, error

    @property
    def rate(self) -> float:
        """How much the offset grows per ns of the clock."""
        return self._rate

    @property
    def error_ns(self) -> float:
        """One standard deviation of the offset at the newest measurement."""
        return math.hypot(math.sqrt(self._variance[0]), self._slew)

    def _ahead(self, ahead: float) -> Triple:
        """Return the covariance after so many ns without a measurement."""
        wander = (self._wander.rate_per_root_s, self._wander.offset_ns_per_root_s)
        return _grown(self._variance, ahead, wander)


@jit
def _left(ahead: float) -> float:
    """Return the share of a correction that is still to be worked off."""
    return min(max(1.0 - ahead / SLEW_NS, 0.0), 1.0)


@jit
def _grown(variance: Triple, ahead: float, wander: tuple[float, float]) -> Triple:
    """Return the covariance of (offset, rate) grown by the wander of so many ns."""
    p, c, r = variance
    walk = wander[0] ** 2 * ahead * 1e-9
    jitter = wander[1] ** 2 * ahead * 1e-9
    variance_of_offset = p + 2.0 * c * ahead + (r + walk / 3.0) * ahead * ahead + jitter
    return variance_of_offset, c + (r + walk / 2.0) * ahead, r + walk


@jit
def _read(
    clock: Integers,
    origins: tuple[int, int],
    line: tuple[float, float, float, float],
    variance: Triple,
    wander: tuple[float, float],
    out: tuple[Integers, Values],
) -> None:
    at, offset, rate, slew = line
    for row in range(clock.size):
        ahead = float(clock[row] - origins[0]) - at
        left = _left(ahead) * slew
        out[0][row] = origins[1] + math.floor(offset + rate * ahead + left + 0.5)
        grown = _grown(variance, abs(ahead), wander)
        out[1][row] = math.sqrt(grown[0] + left * left)
