"""Judging on a corpus: several ways to weigh the same candidates, scored by area.

Each lane is a field of its own; what no candidate stood out for is missed by all of them. Intervals
are of sites drawn anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.indication import CATEGORIES
from detectkit.detect.scoring.bootstrap import bands, compare
from detectkit.detect.scoring.calibration import calibration
from detectkit.detect.scoring.curve import Curve, Point
from detectkit.detect.scoring.fields import Alarm, Field, Rectangle, Target
from detectkit.detect.scoring.matching import HALOS_M, Scored, score
from detectkit.detect.scoring.strata import strata, worst
from detectkit.learn.corpus import Corpus
from detectkit.learn.corpus.settings import SPLITS, Split

Values = npt.NDArray[np.float64]
AT_PD = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
AT_FAR_PER_M2 = (0.02, 0.1, 0.5)
TO_FAR_PER_M2 = 0.5
DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """The lanes of a split of a corpus, as they were simulated.

    Parameters
    ----------
    corpus
        With candidates, lanes and targets.
    split
        Which lanes.
    source
        Of the dataset; None: all.
    """

    corpus: Corpus
    split: Split
    source: int | None = None

    @property
    def lanes(self) -> npt.NDArray[np.int64]:
        """Rows of the lanes' table."""
        table = self.corpus.lanes
        chosen = (table["split"] == SPLITS.index(self.split)) & (table["copy"] == 0)
        if self.source is not None:
            chosen &= table["source"] == self.source
        return np.flatnonzero(chosen)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Examples of those lanes, known or not."""
        return np.flatnonzero(np.isin(self.corpus.table["lane"], self.lanes))

    def scored(self, confidence: Values, *, halo_m: float, depth_m: Values | None = None) -> Scored:
        """Score a way to weigh the candidates.

        Parameters
        ----------
        confidence
            (rows,); NaN: no alarm.
        halo_m
            Beyond a target's radius.
        depth_m
            (rows,): that it says; NaN: none.
        """
        depths = np.full(len(confidence), np.nan) if depth_m is None else depth_m
        return score(list(self._fields(confidence, depths)), halo_m=halo_m)

    def _fields(self, confidence: Values, depths: Values) -> Sequence[Field]:
        table, targets = self.corpus.table, self.corpus.targets
        alarms: dict[int, list[Alarm]] = {}
        said = zip(self.rows.tolist(), confidence.tolist(), depths.tolist(), strict=True)
        for row, sure, depth in said:
            if math.isfinite(sure):
                place = float(table["x_m"][row]), float(table["y_m"][row])
                told = depth if math.isfinite(depth) else None
                alarms.setdefault(int(table["lane"][row]), []).append(
                    Alarm(*place, sure, depth_m=told, name=str(row))
                )
        there: dict[int, list[Target]] = {}
        for one in targets:
            there.setdefault(int(one["lane"]), []).append(_target(one))
        return [
            self._field(lane, alarms.get(lane, []), there.get(lane, []))
            for lane in self.lanes.tolist()
        ]

    def _field(self, lane: int, alarms: Sequence[Alarm], targets: Sequence[Target]) -> Field:
        told = self.corpus.lanes[lane]
        half = 0.5 * float(told["swath_m"])
        ground = Rectangle(float(told["x0_m"]), -half, float(told["x1_m"]), half)
        height = round(float(told["height_m"]), 1)
        words = {
            "terrain": str(told["terrain"]),
            "height": f"{height:.1f} m",
            "soil": str(told["soil"]),
        }
        return Field(str(lane), alarms, targets, ground, group=str(told["site_name"]), words=words)


@cache
def _metal_of(body: str) -> str:
    """Return the metal of a body of the library in one word, "" of any other."""
    from detectkit.sim.bodies import load_library

    library = load_library()
    return library[body].metal_content if body in library else ""


def _target(one: Any) -> Target:
    category = CATEGORIES[int(one["category"])]
    name = str(one["name"])
    words = {"body": name}
    if metal := _metal_of(name):
        words["metal"] = metal
    return Target(
        float(one["x_m"]),
        float(one["y_m"]),
        float(one["radius_m"]),
        category,
        float(one["depth_m"]),
        name,
        words,
    )


def judged(
    judge: Judge, systems: Mapping[str, Values], *, probability: str = "", draws: int = DRAWS
) -> dict[str, Any]:
    """Return how several systems do on the same lanes, for JSON.

    Parameters
    ----------
    judge
        The lanes.
    systems
        Name → confidence of each of `judge.rows`; NaN: it has no alarm there. The first is
        compared with all others, and told by strata.
    probability
        The system whose confidences are probabilities, for the calibration.
    """
    first = next(iter(systems))
    told: dict[str, Any] = {
        "lanes": len(judge.lanes),
        "sites": len(np.unique(judge.corpus.lanes["site"][judge.lanes])),
        "candidates": len(judge.rows),
        "systems": {},
    }
    for halo_m in HALOS_M:
        scored = {name: judge.scored(one, halo_m=halo_m) for name, one in systems.items()}
        for name, one in scored.items():
            entry = told["systems"].setdefault(name, {})
            entry[f"halo {halo_m:.2f} m"] = _system(one, draws)
            if name != first:
                entry[f"halo {halo_m:.2f} m"] |= _compared(scored[first], one, draws)
        if halo_m == HALOS_M[-1]:
            told["strata"] = _strata(scored[first])
    if probability:
        told["calibration"] = _calibration(judge, systems[probability])
    return told


def _system(one: Scored, draws: int) -> dict[str, Any]:
    curve = Curve.of(one)
    drawn = bands(one, at_pd=AT_PD, to_far_per_m2=TO_FAR_PER_M2, draws=draws)
    return {
        "targets": len(one.outcomes),
        "area_less_halos_m2": round(one.area_m2, 2),
        "all candidates": _point(curve.at_threshold(-math.inf)),
        "at_far": {f"{far:g} per m2": _point(curve.at_far(far)) for far in AT_FAR_PER_M2},
        "at_pd": {f"{pd:g}": _at_pd(curve, pd) for pd in AT_PD},
        "far_at_pd_by_sites": None
        if drawn is None
        else {f"{pd:g}": str(one) for pd, one in drawn.far_at_pd.items()},
        f"mean_pd_to_{TO_FAR_PER_M2:g}_per_m2": curve.partial_area(TO_FAR_PER_M2)
        if drawn is None
        else drawn.partial_area.as_numbers(),
        "curve": {"pd": curve.pd.round(4).tolist(), "far_per_m2": curve.far_per_m2.tolist()},
    }


def _at_pd(curve: Curve, pd: float) -> dict[str, Any]:
    """Return where a share is reached, or the highest that is."""
    point = curve.at_pd(pd)
    if point is None:
        return {"not_reached": True, "highest": _point(curve.at_threshold(-math.inf))}
    return _point(point)


def _point(point: Point) -> dict[str, Any]:
    return {
        "pd": str(point.pd),
        "far": str(point.far),
        "pd_numbers": point.pd.as_numbers(),
        "far_numbers": point.far.as_numbers(),
    }


def _compared(head: Scored, other: Scored, draws: int) -> dict[str, Any]:
    """Return what the first system saves beside another, in the same draws of sites."""
    found = {}
    for pd in (0.5, 0.7, 0.9):
        drawn = compare(other, head, pd=pd, to_far_per_m2=TO_FAR_PER_M2, draws=draws)
        if drawn is not None:
            found[f"first_over_this_far_at_pd_{pd:g}"] = str(drawn.far_ratio)
            found["first_less_this_mean_pd"] = str(drawn.area_difference)
    return found


def _strata(scored: Scored) -> dict[str, Any]:
    curve = Curve.of(scored)
    point = curve.at_far(AT_FAR_PER_M2[-1])
    parts = strata(scored, threshold=point.threshold)
    lowest = worst(parts)
    return {
        "at": f"at most {AT_FAR_PER_M2[-1]:g} false alarms per m2 over all",
        "all": str(point.pd),
        "parts": [
            {"by": one.by, "name": one.name, "pd": str(one.point.pd),
             "pd_numbers": one.point.pd.as_numbers()}
            for one in parts
        ],
        "worst": None if lowest is None else f"{lowest.by} {lowest.name}: {lowest.point.pd}",
    }  # fmt: skip


def _calibration(judge: Judge, said: Values) -> dict[str, Any]:
    table = judge.corpus.table[judge.rows]
    known = (table["category"] >= 0) & np.isfinite(said)
    target = (table["category"] < 2) & known
    sites = judge.corpus.lanes["site_name"][table["lane"][known]].tolist()
    found = calibration(said[known], target[known], group=sites)
    return found.as_numbers()
