"""Constant false-alarm rate: values in, standard deviations of the clutter around them out.

What a deviation means is learnt from the lower half of the clutter, where no target is. How
much heavier than normal the upper tail is, is learnt at one quantile, and of all depths the
median is taken: a target in the training stretch is at few depths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.detect.prescreen import LEAST_SPREAD, believed_spread, middle_and_spread
from detectkit.signal._jit import njit

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

TAIL_LEVEL = 0.9
TAIL_DEVIATE = 1.2815515655446004
"""Where a normal deviate has `TAIL_LEVEL` of its probability below it."""
MOST_TAIL = 0.3
"""Clutter heavier than with exponential tails is not believed: bodies would be taken for it."""


@njit
def tail_of(quantile: float) -> float:
    """Return the a with ``log(1 + a quantile) / a = TAIL_DEVIATE``: 0 for a normal tail.

    A shifted logarithm makes a heavy tail normal (Johnson, Biometrika 36, 1949, system S_L).

    Examples
    --------
    >>> round(tail_of(1.2815515655446004), 6), round(tail_of(1.6), 2)
    (0.0, 0.3)
    """
    low, high = 0.0, MOST_TAIL
    if quantile <= TAIL_DEVIATE:
        return 0.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if np.log1p(middle * quantile) > middle * TAIL_DEVIATE:
            low = middle
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True, eq=False)
class LocalClutter:
    """What the clutter around a tile is like, depth by depth.

    Parameters
    ----------
    middle, spread
        Median, and the spread below it, shape (delay,).
    tail
        How heavy the upper tail is at all depths, see `tail_of`.
    """

    middle: Float64s
    spread: Float64s
    tail: float

    @classmethod
    def of_energy(cls, training: Float32s) -> LocalClutter:
        """Learn from rows of `energy_root`, shape (rows, delay)."""
        middle, spread = believed_spread(training)
        return cls(middle, spread, _tail(training, middle, spread))

    @classmethod
    def of_deviates(cls, training: Float32s) -> LocalClutter:
        """Learn from rows that already count in deviations but for a factor near 1.

        A spread below the median of all delays is raised to it. Without rows nothing is known, and
        one deviation is one.
        """
        if len(training) == 0:
            return cls(np.zeros(training.shape[1]), np.ones(training.shape[1]), 0.0)
        middle, spread = middle_and_spread(training)
        spread = np.maximum(spread, max(float(np.median(spread)), LEAST_SPREAD))
        return cls(middle, spread, _tail(training, middle, spread))

    def deviates(self, values: Float32s) -> Float64s:
        """Return how far values lie above or below the clutter's middle, in deviations."""
        found = (values - self.middle) / self.spread
        if self.tail > 0.0:
            bright = np.log1p(self.tail * np.maximum(found, 0.0)) / self.tail
            found = np.where(found > 0.0, bright, found)
        return np.asarray(found, np.float64)

    def scores(self, values: Float32s) -> Float32s:
        """Return how far values lie above the clutter, in standard deviations; 0 below it."""
        return np.maximum(self.deviates(values), 0.0).astype(np.float32)


def _tail(training: Float32s, middle: Float64s, spread: Float64s) -> float:
    place = min(len(training) - 1, int(TAIL_LEVEL * len(training)))
    quantile = np.partition(training, place, axis=0)[place]
    return float(tail_of(float(np.median((quantile - middle) / spread))))
