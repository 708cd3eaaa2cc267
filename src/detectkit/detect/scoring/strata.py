"""Where it fails: detected share and false alarms by kind, depth, soil, height; and how exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from detectkit.detect.scoring.curve import Curve, Point
from detectkit.detect.scoring.fields import Field, Target
from detectkit.detect.scoring.matching import Scored

T = TypeVar("T")
DEPTHS_M = (0.0, 0.05, 0.10, 0.15, 0.20, 0.30)
"""Edges of the bands of depth."""
FEWEST = 5
"""A stratum with fewer targets is not called the worst while others have more."""
MOST_VALUES = 12
"""A word with more values than this is a name, not something to sort by."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Part of the targets, or of the ground.

    Parameters
    ----------
    by, name
        What it was sorted by, and the value.
    point
        At the threshold asked for. False alarms are those of all ground where it was sorted by
        something that only targets have: a false alarm has no depth.
    at_pd
        Where nine of ten of its targets are detected; None: no threshold does.
    own_ground
        Whether false alarms and area are its own.
    """

    by: str
    name: str
    point: Point
    at_pd: Point | None
    own_ground: bool


def strata(scored: Scored, *, threshold: float, at_pd: float = 0.9) -> list[Stratum]:
    """Return each part at one threshold, sorted by what it was sorted by.

    Parameters
    ----------
    scored
        All of it.
    threshold
        Confidence at or above which an alarm counts; -inf: all alarms.
    at_pd
        Detected share at which the false alarms of each part are wanted.
    """
    found = []
    for by, name, part, own in _parts(scored):
        if part.outcomes and part.area_m2 > 0.0:
            curve = Curve.of(part)
            found.append(Stratum(by, name, curve.at_threshold(threshold), curve.at_pd(at_pd), own))
    return found


def worst(found: list[Stratum]) -> Stratum | None:
    """Return the part with the lowest detected share, of those with enough targets if any have."""
    enough = [one for one in found if one.point.pd.of >= FEWEST] or found
    return min(
        enough,
        key=lambda one: (one.point.pd.hits / one.point.pd.of, -one.point.pd.of),
        default=None,
    )


def depth_band(depth_m: float | None) -> str:
    """Return the band of a depth in words.

    Examples
    --------
    >>> depth_band(0.07), depth_band(0.4), depth_band(None)
    ('0.05 to 0.10 m', 'below 0.30 m', 'not known')
    """
    if depth_m is None or math.isnan(depth_m):
        return "not known"
    for low, high in pairwise(DEPTHS_M):
        if depth_m < high:
            return f"{low:.2f} to {high:.2f} m"
    return f"below {DEPTHS_M[-1]:.2f} m"


def _parts(scored: Scored) -> Iterator[tuple[str, str, Scored, bool]]:
    for by, of_target in _target_keys(scored).items():
        for name in sorted({of_target(one.target) for one in scored.outcomes}):
            yield by, name, scored.of_targets(_is(of_target, name)), False
    keys = sorted({key for one in scored.fields for key in one.words})
    for by in keys:
        of_field = _field_word(by)
        values = sorted({of_field(one) for one in scored.fields})
        if len(values) <= MOST_VALUES:
            for name in values:
                yield by, name, scored.of_fields(_is(of_field, name)), True


def _target_keys(scored: Scored) -> dict[str, Callable[[Target], str]]:
    keys: dict[str, Callable[[Target], str]] = {
        "category": lambda one: one.category,
        "depth": lambda one: depth_band(one.depth_m),
    }
    for by in sorted({key for one in scored.outcomes for key in one.target.words}):
        values = {one.target.words.get(by, "not known") for one in scored.outcomes}
        if len(values) <= MOST_VALUES:
            keys[by] = _target_word(by)
    return keys


def _target_word(by: str) -> Callable[[Target], str]:
    return lambda one: one.words.get(by, "not known")


def _field_word(by: str) -> Callable[[Field], str]:
    return lambda one: one.words.get(by, "not known")


def _is(of: Callable[[T], str], name: str) -> Callable[[T], bool]:
    return lambda one: of(one) == name


@dataclass(frozen=True, slots=True)
class Exactness:
    """How far off hits are.

    Parameters
    ----------
    hits
        How many this rests on.
    place_rmse_m, place_median_m
        Distance of alarm and target's middle.
    depths
        Hits of which both depths are known.
    depth_bias_m, depth_rmse_m
        Said less true; None without any.
    """

    hits: int
    place_rmse_m: float | None
    place_median_m: float | None
    depths: int
    depth_bias_m: float | None
    depth_rmse_m: float | None


def exactness(scored: Scored, *, threshold: float = -math.inf) -> Exactness:
    """Return how far off place and depth of the hits at a threshold are."""
    hits = [
        (one.away_m, one.hit, one.target)
        for one in scored.outcomes
        if one.hit is not None and one.hit.confidence >= threshold
    ]
    away = np.array([one[0] for one in hits])
    off = np.array(
        [
            alarm.depth_m - target.depth_m
            for _, alarm, target in hits
            if alarm.depth_m is not None and target.depth_m is not None
        ]
    )
    return Exactness(
        len(hits),
        float(np.sqrt(np.mean(away**2))) if hits else None,
        float(np.median(away)) if hits else None,
        len(off),
        float(off.mean()) if len(off) else None,
        float(np.sqrt(np.mean(off**2))) if len(off) else None,
    )
