"""The offset between two clocks as a line that drifts, from measured offsets of known error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

T = TypeVar("T", float, Values)

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
        ahead = (clock_ns - self._clock_0).astype(np.float64) - self._at
        left = np.clip(1.0 - ahead / SLEW_NS, 0.0, 1.0) * self._slew
        line = self._offset + self._rate * ahead + left
        p, _, _ = self._ahead(np.abs(ahead))
        return np.rint(line).astype(np.int64) + self._offset_0, np.sqrt(p + left * left)

    @property
    def rate(self) -> float:
        """How much the offset grows per ns of the clock."""
        return self._rate

    @property
    def error_ns(self) -> float:
        """One standard deviation of the offset at the newest measurement."""
        return math.hypot(math.sqrt(self._variance[0]), self._slew)

    def _ahead(self, ahead: T) -> tuple[T, T, T]:
        """Return the covariance after so many ns without a measurement."""
        p, c, r = self._variance
        seconds = ahead * 1e-9
        walk = self._wander.rate_per_root_s**2 * seconds
        jitter = self._wander.offset_ns_per_root_s**2 * seconds
        covariance = c + r * ahead + walk * ahead / 2.0
        variance = p + 2.0 * c * ahead + r * ahead * ahead + walk * ahead * ahead / 3.0 + jitter
        return variance, covariance, r + walk


def _left(ahead: float) -> float:
    return min(max(1.0 - ahead / SLEW_NS, 0.0), 1.0)
