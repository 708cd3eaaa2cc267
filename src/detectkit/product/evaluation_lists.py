"""What became of every indication and every target: the lists of an evaluation's two stages.

The response stage is everything that the sensors pointed at, the strongest first. The
discrimination stage is the same in the order of the last word, with what it would have one dig.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

from detectkit.core import Indication
from detectkit.detect.scoring.evaluation import Evaluation, Judged
from detectkit.detect.scoring.matching import Outcome
from detectkit.product.writing import naming

COLUMNS = (
    "place", "confidence", "outcome", "what", "category", "away_m", "hits_so_far", "false_so_far",
    "declared", "rank", "line", "along_track_m", "lon", "lat", "depth_m", "true_depth_m",
)  # fmt: skip
"""Of both lists; a target that was missed has no place in the order."""
HIT, DOUBLE, FALSE, UNDUG = "hit", "on a target already hit", "false alarm", "nobody dug there"
MISSED, UNSURVEYED, NOWHERE = "missed", "missed: not surveyed", "without a place"


def write_lists(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write response_stage.csv and discrimination_stage.csv; return the files."""
    files = []
    halo = evaluation.head.halo_m
    response = evaluation.of("response", halo) or evaluation.head
    for name, judged in (("response_stage", response), ("discrimination_stage", evaluation.head)):
        path = folder / f"{name}.csv"
        with naming(path), path.open("w", newline="", encoding="utf-8") as handle:
            table = csv.DictWriter(handle, COLUMNS)
            table.writeheader()
            table.writerows(stage_rows(evaluation, judged))
        files.append(path)
    return files


def stage_rows(evaluation: Evaluation, judged: Judged) -> list[dict[str, Any]]:
    """Return every indication in the order of a system, then the targets that it missed."""
    threshold = evaluation.settings.threshold
    at = -math.inf if threshold is None else threshold
    became = _became(judged)
    confidence = _confidences(judged)
    order = sorted(
        range(len(evaluation.run.indications)),
        key=lambda one: (-confidence.get(one, -math.inf), one),
    )
    rows, hits, false = [], 0, 0
    for place, number in enumerate(order, start=1):
        one = evaluation.run.indications[number]
        row = became.get(number) or {"outcome": NOWHERE if _nowhere(evaluation, number) else UNDUG}
        hits += row["outcome"] == HIT
        false += row["outcome"] == FALSE
        sure = confidence.get(number)
        rows.append(
            {
                "place": place,
                "confidence": None if sure is None else f"{sure:.6g}",
                **row,
                "hits_so_far": hits,
                "false_so_far": false,
                "declared": "yes" if sure is not None and sure >= at else "no",
                **_of(one),
            }
        )
    return rows + [_missed(one) for one in judged.scored.outcomes if one.hit is None]


def _became(judged: Judged) -> dict[int, dict[str, Any]]:
    """Return what became of each indication that took part, by its number."""
    found: dict[int, dict[str, Any]] = {}
    for outcomes, word in ((judged.scored.outcomes, HIT), (judged.scored.doubles, DOUBLE)):
        for one in outcomes:
            if one.alarm is not None:
                said = word if one.surveyed else UNSURVEYED
                found[int(one.alarm.name)] = {
                    "outcome": said, **_target(one), "away_m": f"{one.away_m:.3f}"
                }  # fmt: skip
    for wrong in judged.scored.false:
        found[int(wrong.alarm.name)] = {"outcome": FALSE, "category": wrong.lies_at}
    return found


def _confidences(judged: Judged) -> dict[int, float]:
    alarms = [one for field in judged.scored.fields for one in field.alarms]
    return {int(one.name): one.confidence for one in (*alarms, *judged.undug)}


def _nowhere(evaluation: Evaluation, number: int) -> bool:
    return evaluation.ground.places[number] is None


def _target(one: Outcome) -> dict[str, Any]:
    depth = one.target.depth_m
    return {
        "what": one.target.name,
        "category": one.target.category,
        "true_depth_m": None if depth is None else f"{depth:.3f}",
    }


def _missed(one: Outcome) -> dict[str, Any]:
    return {"outcome": MISSED if one.surveyed else UNSURVEYED, **_target(one)}


def _of(one: Indication) -> dict[str, Any]:
    return {
        "rank": one.rank,
        "line": one.line,
        "along_track_m": _text(one.along_track_m, 3),
        "lon": _text(one.longitude_deg, 8),
        "lat": _text(one.latitude_deg, 8),
        "depth_m": _text(one.depth_m, 3),
    }


def _text(value: float | None, digits: int) -> str | None:
    return None if value is None or not math.isfinite(value) else f"{value:.{digits}f}"
