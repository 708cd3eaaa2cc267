"""Exact intervals, and the two numbers that cannot be written without them.

Sources: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404; E. B. Wilson, JASA 22 (1927)
209; F. Garwood, Biometrika 28 (1936) 437.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaincinv, ndtri

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]
LEVEL = 0.95
"""Of all intervals, where no other is asked for."""


def clopper_pearson(
    hits: npt.ArrayLike, tried: npt.ArrayLike, *, level: float = LEVEL
) -> tuple[Values, Values]:
    """Return the exact binomial interval of a share; 0 and 1 where nothing was tried.

    Parameters
    ----------
    hits, tried
        Counts, of any one shape.
    level
        Share of all repetitions in which the interval holds the truth, at least.

    Examples
    --------
    >>> low, high = clopper_pearson(95, 100)
    >>> round(float(low), 3), round(float(high), 3)
    (0.887, 0.984)
    """
    found, total = np.asarray(hits, np.float64), np.asarray(tried, np.float64)
    tail = 0.5 * (1.0 - level)
    missed = total - found
    low = np.where(found > 0, betaincinv(np.maximum(found, 1), missed + 1, tail), 0.0)
    high = np.where(missed > 0, betaincinv(found + 1, np.maximum(missed, 1), 1.0 - tail), 1.0)
    return low, high


def wilson(
    hits: npt.ArrayLike, tried: npt.ArrayLike, *, level: float = LEVEL
) -> tuple[Values, Values]:
    """Return Wilson's interval of a share: shorter than the exact one, right on average.

    Examples
    --------
    >>> low, high = wilson(95, 100)
    >>> round(float(low), 3), round(float(high), 3)
    (0.888, 0.978)
    """
    found, total = np.asarray(hits, np.float64), np.asarray(tried, np.float64)
    z = float(ndtri(0.5 * (1.0 + level)))
    n = np.maximum(total, 1.0)
    share = found / n
    middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * np.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    tried_any = total > 0
    low = np.where(tried_any, np.maximum(middle - half, 0.0), 0.0)
    return low, np.where(tried_any, np.minimum(middle + half, 1.0), 1.0)


def garwood(counts: npt.ArrayLike, *, level: float = LEVEL) -> tuple[Values, Values]:
    """Return the exact interval of the mean of a Poisson count.

    Examples
    --------
    >>> low, high = garwood(0)
    >>> round(float(low), 3), round(float(high), 3)
    (0.0, 3.689)
    """
    count = np.asarray(counts, np.float64)
    tail = 0.5 * (1.0 - level)
    low = np.where(count > 0, gammaincinv(np.maximum(count, 1), tail), 0.0)
    return low, np.asarray(gammaincinv(count + 1.0, 1.0 - tail))


class _Whole:
    """A number that is written whole: with what it rests on and its interval, or not at all."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec:
            msg = (
                f"format {spec!r}: this number is only written whole, with its count and interval; "
                "use str(), or as_numbers() for a table"
            )
            raise UsageError(msg)
        return str(self)


@dataclass(frozen=True, slots=True)
class Share(_Whole):
    """Probability of detection, or any other share: so many of so many, and its interval.

    There is no float in it to be printed alone.

    Parameters
    ----------
    hits, of
        Counts.

    Examples
    --------
    >>> print(Share(9, 10))
    0.90 (9 of 10; 95 % interval 0.55 to 1.00)
    >>> print(Share(0, 0))
    unknown (0 of 0)
    """

    hits: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of:
            msg = f"{self.hits} of {self.of} is no share; hits are counted among those tried"
            raise UsageError(msg)

    def interval(self, *, level: float = LEVEL) -> tuple[float, float]:
        """Return the exact interval (Clopper and Pearson)."""
        low, high = clopper_pearson(self.hits, self.of, level=level)
        return float(low), float(high)

    def as_numbers(self) -> dict[str, Any]:
        """Return all of it for JSON: value, counts, both intervals."""
        low, high = self.interval()
        lower, upper = wilson(self.hits, self.of)
        return {
            "value": self.hits / self.of if self.of else None,
            "hits": self.hits,
            "n": self.of,
            "low": low,
            "high": high,
            "wilson_low": float(lower),
            "wilson_high": float(upper),
            "level": LEVEL,
        }

    def __str__(self) -> str:
        if not self.of:
            return "unknown (0 of 0)"
        low, high = self.interval()
        return (
            f"{self.hits / self.of:.2f} ({self.hits} of {self.of}; "
            f"{LEVEL:.0%} interval {low:.2f} to {high:.2f})"
        ).replace("%", " %")


@dataclass(frozen=True, slots=True)
class AreaRate(_Whole):
    """False alarms per square metre: so many on so much ground, and the interval.

    Parameters
    ----------
    count
        False alarms.
    area_m2
        Surveyed area less the halos.

    Examples
    --------
    >>> print(AreaRate(0, 100.0))
    0 per m² (0 in 100 m²; 95 % interval 0 to 0.0369)
    """

    count: int
    area_m2: float

    def interval(self, *, level: float = LEVEL) -> tuple[float, float]:
        """Return the exact interval (Garwood) per square metre."""
        if not self.area_m2 > 0.0:
            return 0.0, math.inf
        low, high = garwood(self.count, level=level)
        return float(low) / self.area_m2, float(high) / self.area_m2

    def as_numbers(self) -> dict[str, Any]:
        """Return all of it for JSON: rate, count, area, interval."""
        low, high = self.interval()
        return {
            "per_m2": self.count / self.area_m2 if self.area_m2 > 0.0 else None,
            "count": self.count,
            "area_m2": self.area_m2,
            "low": low,
            "high": high if math.isfinite(high) else None,
            "level": LEVEL,
        }

    def __str__(self) -> str:
        if not self.area_m2 > 0.0:
            return f"unknown ({self.count} in 0 m²)"
        low, high = self.interval()
        return (
            f"{self.count / self.area_m2:.3g} per m² ({self.count} in {self.area_m2:.3g} m²; "
            f"{LEVEL:.0%} interval {low:.3g} to {high:.3g})"
        ).replace("%", " %")
