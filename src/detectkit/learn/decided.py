"""What thresholds that were set beforehand give on sites that nothing was set by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.intervals import Share
from detectkit.detect.scoring.matching import Outcome, Scored
from detectkit.detect.scoring.strata import FEWEST
from detectkit.learn.deciding import Decision

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def decided(scored: Scored, decision: Decision) -> dict[str, Any]:
    """Return what a decision gives on scored test sites, for JSON.

    Parameters
    ----------
    scored
        Weighed by probability, what is unknown by 1; groups are sites.
    decision
        Set on other sites.
    """
    curve = Curve.of(scored)
    point = curve.at_threshold(decision.threshold)
    return {
        "threshold": decision.threshold,
        "asked_miss_rate": decision.miss_rate,
        "missed_of_found": missed_by_site(scored, decision.threshold),
        "pd": str(point.pd),
        "far": str(point.far),
        "pd_numbers": point.pd.as_numbers(),
        "far_numbers": point.far.as_numbers(),
        "by_cost": _by_cost(scored, curve, decision),
    }


def missed_by_site(scored: Scored, threshold: float) -> dict[str, Any]:
    """Return the realised miss rate among found targets: of all, the sites' mean, the worst site.

    A site with fewer than five found targets is not called the worst while others have more.
    """
    found: dict[str, list[Outcome]] = {}
    for one in scored.outcomes:
        if one.hit is not None:
            found.setdefault(one.group, []).append(one)
    shares = {site: _missed(ours, threshold) for site, ours in found.items()}
    enough = {site: one for site, one in shares.items() if one.of >= FEWEST} or shares
    worst = max(enough, key=lambda site: _value(enough[site]), default=None)
    every = Share(sum(one.hits for one in shares.values()), sum(one.of for one in shares.values()))
    return {
        "all": str(every),
        "all_numbers": every.as_numbers(),
        "mean_of_sites": float(np.mean([_value(one) for one in shares.values()]))
        if shares
        else None,
        "worst": None if worst is None else {"site": worst, **shares[worst].as_numbers()},
        "sites": {site: [one.hits, one.of] for site, one in sorted(shares.items())},
        "never_found": len(scored.outcomes) - every.of,
    }


def _missed(ours: list[Outcome], threshold: float) -> Share:
    below = sum(one.hit is not None and one.hit.confidence < threshold for one in ours)
    return Share(below, len(ours))


def _value(share: Share) -> float:
    return share.hits / share.of


def _by_cost(scored: Scored, curve: Curve, decision: Decision) -> dict[str, Any]:
    """Return what the decision by cost costs per m², in false alarms, beside other decisions."""
    missed = curve.targets - curve.hits
    costs = (decision.cost_ratio * missed + curve.false) / scored.area_m2
    point = curve.at_threshold(decision.cost_threshold)
    at = int(np.count_nonzero(curve.threshold >= decision.cost_threshold)) - 1
    best = int(np.argmin(costs))
    return {
        "ratio": decision.cost_ratio,
        "threshold": decision.cost_threshold,
        "pd": str(point.pd),
        "far": str(point.far),
        "per_m2": float(costs[at]),
        "every_candidate_per_m2": float(costs[-1]),
        "no_alarm_per_m2": float(costs[0]),
        "best_in_hindsight": {
            "per_m2": float(costs[best]),
            "threshold": float(curve.threshold[best])
            if math.isfinite(curve.threshold[best])
            else None,
        },
    }


def per_candidate(alarm: Booleans, target: Booleans) -> dict[str, Any]:
    """Return accuracies per candidate beside those of saying always the same; no figures by area.

    Examples
    --------
    >>> lazy = per_candidate(np.zeros(10, bool), np.arange(10) < 2)
    >>> lazy["accuracy"], lazy["balanced_accuracy"], lazy["constant"]["accuracy"]
    (0.8, 0.5, 0.8)
    """
    found, passed = Share(int((alarm & target).sum()), int(target.sum())), ~alarm & ~target
    quiet = Share(int(passed.sum()), int((~target).sum()))
    usual = max(float(target.mean()), 1.0 - float(target.mean())) if len(target) else math.nan
    both = found.of and quiet.of
    return {
        "accuracy": float((alarm == target).mean()),
        "balanced_accuracy": 0.5 * (_value(found) + _value(quiet)) if both else None,
        "alarm_at_targets": found.as_numbers(),
        "none_at_others": quiet.as_numbers(),
        "constant": {"accuracy": usual, "balanced_accuracy": 0.5},
    }
