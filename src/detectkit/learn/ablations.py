"""Evidence with something taken away, and what must, or must not, be lost with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import GRID, SCALARS
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.intervals import Share
from detectkit.detect.scoring.matching import Outcome, Scored
from detectkit.detect.scoring.strata import strata
from detectkit.learn.examples import Examples

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
MIDDLE_M = 0.15
"""To each side of the place: what tells of a body lies here."""
OF_THE_MIDDLE = ("gpr_score", "gpr_width_m", "gpr_depth_m", "detector_snr", "detector_width_m")
PLASTIC = ("none", "minimum")
"""Metal of bodies that a detector hears hardly or not at all."""


def without_middle(examples: Examples) -> Examples:
    """Return examples as if nothing had been recorded within `MIDDLE_M` of the place.

    The scalars that tell of the middle are not known. What still works then knows the scene.
    """
    middle = np.abs(GRID.along_m) <= MIDDLE_M
    scalars = examples.scalars.copy()
    scalars[:, [SCALARS.index(name) for name in OF_THE_MIDDLE]] = np.nan
    blank = np.float32(0.0)
    return replace(
        examples,
        radar=np.where(middle, blank, examples.radar),
        radar_known=examples.radar_known & ~middle,
        detector=np.where(middle, blank, examples.detector),
        detector_known=examples.detector_known & ~middle,
        scalars=scalars,
    )


def with_silent_detector(examples: Examples, *, seed: int = 0) -> Examples:
    """Return examples as if the detector had passed and heard nothing but ground.

    Each gets the detector's evidence of a place drawn from the quieter half of those without a
    target; nothing changes where no detector passed, or where there is no such place.
    """
    snr = examples.scalars[:, SCALARS.index("detector_snr")]
    passed = np.asarray(examples.detector_known.any(axis=1), np.bool_)
    ground = passed & ~examples.is_target & np.isfinite(snr)
    if not ground.any():
        return examples
    quiet = np.flatnonzero(ground & (snr <= np.median(snr[ground])))
    donor = np.random.default_rng(seed).choice(quiet, len(examples))
    columns = np.array([SCALARS.index(name) for name in ("detector_snr", "detector_width_m")])
    scalars = examples.scalars.copy()
    scalars[np.ix_(passed, columns)] = examples.scalars[np.ix_(donor[passed], columns)]
    return replace(
        examples,
        detector=np.where(passed[:, None, None], examples.detector[donor], examples.detector),
        detector_known=np.where(
            passed[:, None], examples.detector_known[donor], examples.detector_known
        ),
        scalars=scalars,
    )


def seen_plastic(by_radar: Scored) -> Booleans:
    """Return which targets hold hardly any metal and were found by the radar, in their order.

    Parameters
    ----------
    by_radar
        With the radar's own candidates alone.
    """
    return np.array(
        [
            one.hit is not None and one.target.words.get("metal") in PLASTIC
            for one in by_radar.outcomes
        ],
        np.bool_,
    )


def no_veto(
    as_it_is: Scored, silent: Scored, away: Scored, which: Booleans, *, threshold: float
) -> dict[str, Any]:
    """Return what a silent detector takes from targets that the radar sees, at one threshold.

    Parameters
    ----------
    as_it_is, silent, away
        The same ground, weighed with what the detector heard, as if it had heard nothing, and as if
        there had been none.
    which
        (targets,): those that count; from `seen_plastic`.
    threshold
        Fixed beforehand.

    Returns
    -------
    dict
        ``holds``: with the silent detector the share is not below the interval of what it is as it
        is; what the detector heard of the little metal is lost too. ``no_worse_than_none``: nor
        below that without a detector: silence itself speaks against nothing. None without targets.
        A share is to be read with its false alarms (``far``): without a detector probabilities lie
        nearer to the prior, and more of everything may pass one threshold.
    """
    heard, quiet, none = (
        _reached(one.outcomes, which, threshold) for one in (as_it_is, silent, away)
    )
    return {
        "threshold": threshold if math.isfinite(threshold) else None,
        "far": {
            name: str(Curve.of(one).at_threshold(threshold).far)
            for name, one in (("as_it_is", as_it_is), ("silent", silent), ("none", away))
        },
        "as_it_is": heard.as_numbers(),
        "detector_silent": quiet.as_numbers(),
        "no_detector": none.as_numbers(),
        "holds": _not_below(quiet, heard),
        "no_worse_than_none": _not_below(quiet, none),
    }


def _not_below(share: Share, other: Share) -> bool | None:
    return share.hits >= other.interval()[0] * share.of if share.of else None


def _reached(outcomes: Sequence[Outcome], which: Booleans, threshold: float) -> Share:
    hits = [one.hit for one, counts in zip(outcomes, which, strict=True) if counts]
    return Share(sum(one is not None and one.confidence >= threshold for one in hits), len(hits))


def by_height(scored: Scored, *, threshold: float) -> dict[str, Any]:
    """Return the detected share by height at one threshold, and whether it can be a falling one.

    ``falls``: a share that never rises with the height lies within all the intervals; None with
    fewer than two heights.
    """
    parts = [one for one in strata(scored, threshold=threshold) if one.by == "height"]
    parts.sort(key=lambda one: float(one.name.split()[0]))
    ends = [one.point.pd.interval() for one in parts]
    return {
        "threshold": threshold if math.isfinite(threshold) else None,
        "heights": [
            {"height": one.name, "pd": str(one.point.pd), "pd_numbers": one.point.pd.as_numbers(),
             "far": str(one.point.far)}
            for one in parts
        ],
        "falls": can_fall(ends) if len(ends) > 1 else None,
    }  # fmt: skip


def can_fall(intervals: Sequence[tuple[float, float]]) -> bool:
    """Return whether values that never rise lie within all intervals, in their order.

    Examples
    --------
    >>> can_fall([(0.7, 0.9), (0.6, 0.95), (0.1, 0.3)])
    True
    >>> can_fall([(0.1, 0.3), (0.2, 0.6), (0.5, 0.9)])
    False
    """
    ceiling = np.minimum.accumulate([high for _, high in intervals])
    return bool(all(low <= top for (low, _), top in zip(intervals, ceiling, strict=True)))
