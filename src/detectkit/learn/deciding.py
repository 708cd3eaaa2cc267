"""Thresholds that are set before a test is read: for a stated miss rate, and by what it costs.

The threshold for a miss rate is split-conformal by site: each validation site counts alike, however
many targets it has, and one further site, on which everything may be missed, counts with them (Lee,
Barber & Willett, Distribution-free inference with hierarchical data, arXiv 2306.06342). Of sites
that are drawn like those, the share of found targets below it is then on average no higher than
asked; on a single site it may be. What no sensor pointed at is missed at every threshold, and told
beside it.

The threshold by cost is Bayes' rule for two costs: an alarm where the probability is above
C_fa / (C_fa + C_miss).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.matching import Scored

Values = npt.NDArray[np.float64]
EVERY_CANDIDATE = 0.0
"""A threshold that every probability reaches."""


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """What thresholds are set for.

    Parameters
    ----------
    miss_rate
        Share of found targets of a further site that may lie below the threshold.
    cost_ratio
        What a missed target costs, in false alarms.
    """

    miss_rate: float = 0.1
    cost_ratio: float = 1000.0

    def __post_init__(self) -> None:
        if not (0.0 < self.miss_rate < 1.0 and 0.0 < self.cost_ratio < math.inf):
            msg = (
                f"miss_rate = {self.miss_rate}, cost_ratio = {self.cost_ratio}: the first lies "
                "between 0 and 1, the second is above 0"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Decision:
    """Thresholds of a model, set on its validation sites.

    Parameters
    ----------
    miss_rate
        That was asked for.
    threshold
        Probability from which a place counts; 0: every candidate, as so few sites promise nothing
        else. What is unknown counts always.
    sites, targets
        Validation sites and found targets that it rests on.
    cost_ratio
        What a missed target costs, in false alarms.
    prior
        Share of targets that the probabilities rest on.
    """

    miss_rate: float
    threshold: float
    sites: int
    targets: int
    cost_ratio: float
    prior: float

    @property
    def cost_threshold(self) -> float:
        """Probability above which an alarm is cheaper than silence."""
        return 1.0 / (1.0 + self.cost_ratio)


def decide(validation: Scored, settings: DecisionSettings, *, prior: float) -> Decision:
    """Return the thresholds that validation sites give.

    Parameters
    ----------
    validation
        Candidates weighed by probability, scored on the validation sites; groups are sites.
    settings
        What is asked for.
    prior
        Share of targets that the probabilities rest on.
    """
    found = [(one.hit.confidence, one.group) for one in validation.outcomes if one.hit is not None]
    said = np.array([one[0] for one in found], np.float64)
    site = np.unique([one[1] for one in found], return_inverse=True)[1]
    return Decision(
        settings.miss_rate,
        threshold_by_site(said, site, miss_rate=settings.miss_rate),
        len(np.unique(site)),
        len(found),
        settings.cost_ratio,
        prior,
    )


def threshold_by_site(said: Values, site: npt.NDArray[np.integer], *, miss_rate: float) -> float:
    """Return the highest threshold that keeps a miss rate at a further site.

    Parameters
    ----------
    said
        (targets,): probability of each target that was found.
    site
        (targets,): number of its site.
    miss_rate
        That is asked for.

    Returns
    -------
    float
        One of `said`; `EVERY_CANDIDATE` with fewer than 1 / miss_rate - 1 sites.

    Examples
    --------
    >>> said = np.linspace(0.05, 0.95, 19)
    >>> round(threshold_by_site(said, np.arange(19), miss_rate=0.1), 2)
    0.1
    >>> threshold_by_site(said[:8], np.arange(8), miss_rate=0.1)
    0.0
    """
    if not len(said):
        return EVERY_CANDIDATE
    place, sizes = np.unique(site, return_inverse=True, return_counts=True)[1:]
    order = np.argsort(said, kind="stable")
    further = 1.0 / (len(sizes) + 1.0)
    weight = further / sizes[place][order]
    ranked = said[order]
    below = np.concatenate([[0.0], np.cumsum(weight)[:-1]])
    first = np.searchsorted(ranked, ranked, side="left")  # equals lie below together or not at all
    kept = below[first] + further <= miss_rate + 1e-12
    return float(ranked[kept][-1]) if kept.any() else EVERY_CANDIDATE
