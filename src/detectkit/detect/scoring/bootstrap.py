"""What another draw of lanes would have given: bands of a curve, and two systems compared.

Lanes, or whole sites, are drawn with replacement, with all their targets, alarms and ground
(B. Efron, Ann. Statist. 7 (1979) 1; drawn by group because what lies in one lane is alike). An
interval runs between percentiles of the draws. Few groups tell little about how groups differ: the
interval is then too short, and from fewer than two there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.detect.scoring.curve import Curve, Events, partial_areas
from detectkit.detect.scoring.intervals import LEVEL
from detectkit.detect.scoring.matching import Scored

Values = npt.NDArray[np.float64]
DRAWS = 200
FEWEST_GROUPS = 2
FEW_GROUPS = 10
"""Below so many groups an interval from draws is called rough."""
AT_PD = (0.90, 0.95, 0.98)
TO_FAR_PER_M2 = 0.1
"""Useful part of the curve, where nobody says another."""
HELD_EVENTS = 2_000_000
"""Of draws that are worked on at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval by draws; infinite: not reached, NaN: not known."""

    value: float
    low: float
    high: float

    def as_numbers(self) -> dict[str, float | None]:
        """Return it for JSON; what is not finite is None."""
        pairs = (("value", self.value), ("low", self.low), ("high", self.high))
        return {name: one if math.isfinite(one) else None for name, one in pairs}

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "unknown"
        if self.value == self.low == self.high:  # no interval: draws alike tell nothing of it
            value = "not reached" if math.isinf(self.value) else f"{self.value:.3g}"
            return f"{value} in every draw"
        value, low, high = (
            "not reached" if math.isinf(one) else "unknown" if math.isnan(one) else f"{one:.3g}"
            for one in (self.value, self.low, self.high)
        )
        return f"{value} ({LEVEL:.0%} interval {low} to {high})".replace("%", " %")


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """A curve's intervals by draws.

    Parameters
    ----------
    far_per_m2, pd_low, pd_high
        (rates,): where the curve was looked at, and between what the detected share lies.
    far_at_pd
        Asked share → false alarms per m² there.
    partial_area
        Mean detected share up to `to_far_per_m2`.
    to_far_per_m2
        End of the part that counts.
    groups, draws
        How many were drawn from, how often.
    """

    far_per_m2: Values
    pd_low: Values
    pd_high: Values
    far_at_pd: dict[float, Interval]
    partial_area: Interval
    to_far_per_m2: float
    groups: int
    draws: int

    @property
    def rough(self) -> bool:
        """Whether there are too few groups to lean on."""
        return self.groups < FEW_GROUPS


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems over the same ground, drawn together.

    Parameters
    ----------
    pd
        At which detected share false alarms are compared.
    far_difference, far_ratio
        Second less first, second over first, at that share; a ratio below 1 is fewer.
    area_difference
        Partial areas, second less first.
    reached
        Share of the draws in which both systems reach `pd`; intervals of rates are over those.
    """

    pd: float
    far_difference: Interval
    far_ratio: Interval
    area_difference: Interval
    to_far_per_m2: float
    reached: float
    groups: int


def bands(
    scored: Scored,
    *,
    at_pd: Sequence[float] = AT_PD,
    to_far_per_m2: float = TO_FAR_PER_M2,
    draws: int = DRAWS,
    seed: int = 0,
) -> Bands | None:
    """Return a curve's intervals by draws of groups; None from fewer than two groups.

    Parameters
    ----------
    scored
        From `detectkit.detect.scoring.matching.score`.
    at_pd
        Detected shares at which the false alarms are wanted.
    to_far_per_m2
        End of the part of the curve that counts.
    draws, seed
        How often, and of the generator: the same seed gives the same bits.
    """
    events = Events.of(scored)
    curve = Curve.of(scored)
    if not _enough(events):
        return None
    rates = _rates(curve, to_far_per_m2)
    parts = [
        (_pd_at(drawn, rates), _far_at(drawn, at_pd), drawn.partial_areas(to_far_per_m2))
        for drawn in _draws(events, draws=draws, seed=seed)
    ]
    shares, fars, areas = (np.concatenate(one) for one in zip(*parts, strict=True))
    low, high = _between(shares)
    found = {}
    for column, pd in enumerate(at_pd):
        point = curve.at_pd(pd)
        value = point.far.count / point.far.area_m2 if point else np.inf
        found[pd] = _interval(value, fars[:, column])
    area = _interval(curve.partial_area(to_far_per_m2), areas)
    return Bands(rates, low, high, found, area, to_far_per_m2, len(events.targets), draws)


def compare(
    first: Scored,
    second: Scored,
    *,
    pd: float = AT_PD[0],
    to_far_per_m2: float = TO_FAR_PER_M2,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison | None:
    """Compare two systems over the same ground: each draw of groups is the same for both.

    Returns None from fewer than two groups.

    Raises
    ------
    UsageError
        Groups, targets or ground are not the same.
    """
    pair = Events.of(first), Events.of(second)
    _check_same(first, second, pair)
    if not _enough(pair[0]):
        return None
    fars, areas = [], []
    for events in pair:
        drawn = list(_draws(events, draws=draws, seed=seed))
        fars.append(np.concatenate([_far_at(one, (pd,))[:, 0] for one in drawn]))
        areas.append(np.concatenate([one.partial_areas(to_far_per_m2) for one in drawn]))
    both = np.isfinite(fars[0]) & np.isfinite(fars[1])
    curves = Curve.of(first), Curve.of(second)
    at = [_far_value(curve, pd) for curve in curves]
    there = [curve.partial_area(to_far_per_m2) for curve in curves]
    kept = [one[both] for one in fars]
    ratios = np.array([_ratio(*one) for one in zip(*kept, strict=True)])
    return Comparison(
        pd,
        _interval(_difference(at[0], at[1]), kept[1] - kept[0]),
        _interval(_ratio(at[0], at[1]), ratios),
        _interval(there[1] - there[0], areas[1] - areas[0]),
        to_far_per_m2,
        float(both.mean()),
        len(pair[0].targets),
    )


@dataclass(slots=True)
class _Drawn:
    """Curves of some draws: rising counts at each different confidence, first "no alarm"."""

    pd: Values
    far: Values

    def partial_areas(self, to_far_per_m2: float) -> Values:
        return partial_areas(self.pd, self.far, to_far_per_m2)


def _draws(events: Events, *, draws: int, seed: int) -> Iterator[_Drawn]:
    """Yield the curves of the draws in portions; the portions do not change the draws."""
    if draws < 1:
        msg = f"{draws} draws: at least 1 is needed, 200 for a look, 2000 for a paper"
        raise UsageError(msg)
    generator = np.random.default_rng(seed)
    groups = len(events.targets)
    at_once = max(1, HELD_EVENTS // max(1, len(events.hit)))
    for start in range(0, draws, at_once):
        count = min(at_once, draws - start)
        times = np.array([generator.multinomial(groups, [1.0 / groups] * groups)
                          for _ in range(count)], np.float64)  # fmt: skip
        yield _curves(events, times)


def _curves(events: Events, times: Values) -> _Drawn:
    weight = times[:, events.group]
    targets, area = times @ events.targets, times @ events.area_m2
    nothing = np.zeros((len(times), 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = np.cumsum(weight * events.hit, axis=1)[:, events.last] / targets[:, None]
        false = np.cumsum(weight * ~events.hit, axis=1)[:, events.last] / area[:, None]
    pd, far = np.concatenate([nothing, hits], 1), np.concatenate([nothing, false], 1)
    pd[targets == 0.0] = np.nan
    return _Drawn(pd, far)


def _pd_at(drawn: _Drawn, rates: Values) -> Values:
    """Return the detected share at each rate, (draws, rates)."""
    found = np.empty((len(drawn.pd), len(rates)))
    for row, (pd, far) in enumerate(zip(drawn.pd, drawn.far, strict=True)):
        found[row] = pd[np.searchsorted(far, rates * (1.0 + 1e-12), side="right") - 1]
    return found


def _far_at(drawn: _Drawn, at_pd: Sequence[float]) -> Values:
    """Return the rate at which each share is reached, (draws, shares); infinite where never."""
    found = np.empty((len(drawn.pd), len(at_pd)))
    for column, pd in enumerate(at_pd):
        reached = drawn.pd >= pd - 1e-12
        at = np.argmax(reached, axis=1)
        far = np.take_along_axis(drawn.far, at[:, None], axis=1)[:, 0]
        found[:, column] = np.where(reached.any(axis=1), far, np.inf)
    return found


def _rates(curve: Curve, to_far_per_m2: float) -> Values:
    top = max(float(curve.far_per_m2[-1]), to_far_per_m2)
    even = np.linspace(0.0, top, 61)
    fine = np.geomspace(top / 1e3, top, 61)
    return np.unique(np.concatenate([even, fine]))


def _enough(events: Events) -> bool:
    return len(events.targets) >= FEWEST_GROUPS and bool((events.targets > 0).any())


def _between(values: Values) -> tuple[Values, Values]:
    """Return the percentiles of the draws that are known, each one that occurred (infinite too)."""
    tail = 50.0 * (1.0 - LEVEL)
    known = values[~np.isnan(values).any(axis=tuple(range(1, values.ndim)))]
    if not len(known):
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    low = np.percentile(known, tail, axis=0, method="lower")
    high = np.percentile(known, 100.0 - tail, axis=0, method="higher")
    return low, high


def _interval(value: float, drawn: Values) -> Interval:
    low, high = _between(drawn)
    return Interval(float(value), float(low), float(high))


def _far_value(curve: Curve, pd: float) -> float:
    point = curve.at_pd(pd)
    return point.far.count / point.far.area_m2 if point else math.inf


def _difference(first: float, second: float) -> float:
    return second - first if math.isfinite(first) and math.isfinite(second) else math.nan


def _ratio(first: float, second: float) -> float:
    """Return second over first; NaN where it means nothing."""
    if not (math.isfinite(first) and math.isfinite(second)) or first == second == 0.0:
        return math.nan
    return second / first if first > 0.0 else math.inf


def _check_same(first: Scored, second: Scored, pair: tuple[Events, Events]) -> None:
    same = list(first.areas_m2) == list(second.areas_m2) and first.halo_m == second.halo_m
    if same:
        same = np.array_equal(pair[0].targets, pair[1].targets)
        same = same and np.allclose(pair[0].area_m2, pair[1].area_m2)
    if not same:
        msg = (
            "two systems are compared over the same fields, in the same order, with the same halo: "
            f"{len(first.areas_m2)} groups, {len(first.outcomes)} targets, halo {first.halo_m} m "
            f"against {len(second.areas_m2)}, {len(second.outcomes)}, {second.halo_m} m"
        )
        raise UsageError(msg)
