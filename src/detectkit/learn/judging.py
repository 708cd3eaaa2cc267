"""Judging on a corpus: several ways to weigh the same candidates, scored by area.

Each lane is a field of its own; what no candidate stood out for is missed by all of them. Intervals
are of sites drawn anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
AT_PD = (0.5, 0.7, 0.8, 0.9)
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

    def scored(self, confidence: Values, *, halo_m: float) -> Scored:
        """Score a way to weigh the candidates; `confidence` is (rows,), NaN: no alarm."""
        return score(list(self._fields(confidence)), halo_m=halo_m)

    def _fields(self, confidence: Values) -> Sequence[Field]:
        table, targets = self.corpus.table, self.corpus.targets
        alarms: dict[int, list[Alarm]] = {}
        for row, sure in zip(self.rows.tolist(), confidence.tolist(), strict=True):
            if math.isfinite(sure):
                place = float(table["x_m"][row]), float(table["y_m"][row])
                alarms.setdefault(int(table["lane"][row]), []).append(
                    Alarm(*place, sure, name=str(row))
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


def _target(one: Any) -> Target:
    category = CATEGORIES[int(one["category"])]
    name = str(one["name"])
    return Target(
        float(one["x_m"]),
        float(one["y_m"]),
        float(one["radius_m"]),
        category,
        float(one["depth_m"]),
        name,
        {"body": name},
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
        "at_pd": {
            f"{pd:g}": None if point is None else _point(point)
            for pd in AT_PD
            for point in (curve.at_pd(pd),)
        },
        "far_at_pd_by_sites": None
        if drawn is None
        else {f"{pd:g}": str(one) for pd, one in drawn.far_at_pd.items()},
        f"mean_pd_to_{TO_FAR_PER_M2:g}_per_m2": curve.partial_area(TO_FAR_PER_M2)
        if drawn is None
        else drawn.partial_area.as_numbers(),
        "curve": {"pd": curve.pd.round(4).tolist(), "far_per_m2": curve.far_per_m2.tolist()},
    }


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
    found = calibration(said[known], target[known], group=table["site"][known].astype(str).tolist())
    return found.as_numbers()
