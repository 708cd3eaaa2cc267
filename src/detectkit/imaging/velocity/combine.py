"""One velocity from many measurements that differ by more than their own errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.imaging.velocity.robust import quantile

Float64s = npt.NDArray[np.float64]
HUBER = 1.5
"""Deviations beyond which a measurement's weight falls."""
FEW_SCATTER = 0.05
"""Relative scatter between places that is taken where fewer than `FEW` measurements tell it."""
FEW = 4


@dataclass(frozen=True, slots=True)
class Combined:
    """A mean with its error.

    Parameters
    ----------
    value, error
        The mean and one standard deviation of it.
    between
        Standard deviation between the measurements beyond their own errors.
    count
        Of measurements.
    """

    value: float
    error: float
    between: float
    count: int

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of this level."""
        reach = quantile(level, max(1, self.count - 1) if self.count >= FEW else FEW) * self.error
        return self.value - reach, self.value + reach


def combine(values: Float64s, errors: Float64s, *, common_error: float = 0.0) -> Combined:
    """Return the robust random-effects mean.

    Each measurement deviates by its own error and by a scatter between places (the model of
    DerSimonian and Laird, Controlled Clinical Trials 7, 1986); the scatter is what the median
    absolute deviation shows beyond the errors, and the mean is Huber's, so that a few wrong
    measurements neither move the mean nor blow up its error.

    Parameters
    ----------
    values, errors
        (n,), n at least 1; errors one standard deviation, independent of each other.
    common_error
        Error that all share and that no number of measurements takes out.

    Examples
    --------
    >>> one = combine(np.array([1.0, 1.1, 0.9, 1.02, 3.0]), np.full(5, 0.05))
    >>> round(one.value, 1), one.error < 0.12
    (1.0, True)
    """
    own = np.maximum(errors, 1e-6 * np.abs(values))
    middle = float(np.median(values))
    between = 0.0
    for _ in range(30):
        spread = np.sqrt(own**2 + between**2)
        deviation = np.abs(values - middle) / spread
        huber = np.minimum(1.0, HUBER / np.maximum(deviation, 1e-12))
        weight = huber / spread**2
        middle = float((weight * values).sum() / weight.sum())
        between = _between(values, own, middle)
    spread = np.sqrt(own**2 + between**2)
    deviation = np.abs(values - middle) / spread
    huber = np.minimum(1.0, HUBER / np.maximum(deviation, 1e-12))
    error = float(1.0 / np.sqrt((huber / spread**2).sum()))
    return Combined(middle, float(np.hypot(error, common_error)), between, values.size)


def _between(values: Float64s, own: Float64s, middle: float) -> float:
    """Return the scatter between measurements that their own errors leave unexplained."""
    floor = FEW_SCATTER * abs(middle) if values.size < FEW else 0.0
    if values.size < 2:
        return floor
    seen = 1.4826 * float(np.median(np.abs(values - middle)))
    return max(floor, float(np.sqrt(max(0.0, seen**2 - float(np.median(own)) ** 2))))
