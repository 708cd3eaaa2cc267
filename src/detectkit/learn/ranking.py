"""How well scores rank targets before the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from detectkit.detect.scoring.bootstrap import DRAWS, Interval

TAILS = (2.5, 97.5)


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


def area_by_groups(
    score: npt.NDArray[np.float64],
    target: npt.NDArray[np.bool_],
    group: npt.NDArray[Any],
    *,
    seed: int = 0,
) -> Interval:
    """Return the area under the curve with its interval (95 %) by draws of whole groups.

    Parameters
    ----------
    score, target
        (examples,).
    group
        (examples,): lane or site of each.
    seed
        Of the draws.
    """
    value = area_under_curve(score, target)
    members = [np.flatnonzero(group == one) for one in np.unique(group)]
    random = np.random.default_rng(seed)
    tried = []
    for _ in range(DRAWS):
        drawn = random.integers(len(members), size=len(members))
        at = np.concatenate([members[one] for one in drawn])
        tried.append(area_under_curve(score[at], target[at]))
    known = np.array(tried)[np.isfinite(tried)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(known, TAILS).tolist()
    return Interval(value, low, high)
