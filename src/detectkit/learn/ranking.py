"""How well scores rank targets before the rest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata


def area_under_curve(score: npt.NDArray[np.float64], target: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a target scores above what is none; ties count half.

    NaN where there are no targets, or nothing else.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    hits, misses = int(target.sum()), int((~target).sum())
    if not (hits and misses):
        return float("nan")
    return float((rankdata(score)[target].sum() - hits * (hits + 1) / 2) / (hits * misses))
