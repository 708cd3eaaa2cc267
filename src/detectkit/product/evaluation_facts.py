"""An evaluation as numbers for JSON, and as sentences that may stand alone."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from detectkit.detect.scoring.bootstrap import AT_PD, FEW_GROUPS, Bands, Comparison
from detectkit.detect.scoring.curve import Curve, Point
from detectkit.detect.scoring.evaluation import Evaluation, Judged
from detectkit.detect.scoring.strata import Stratum


def evaluation_facts(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything for JSON; a detected share always with its count and interval."""
    settings, exact = evaluation.settings, evaluation.exactness
    return {
        "run": evaluation.run.name,
        "truth": {"file": evaluation.truth.name, "kind": evaluation.truth.kind,
                  **Counter(one.category for one in evaluation.truth.rows)},
        "surveyed": {
            "swath_m": settings.ground.swath_m,
            "highest_m": settings.ground.highest_m,
            "worst_error_m": settings.ground.worst_error_m,
            "lanes": len(evaluation.head.scored.areas_m2),
        },
        "indications": len(evaluation.run.indications),
        "without_place": evaluation.unplaced,
        "systems": {
            system.name: {
                "confidence": system.means,
                "halos": [
                    _judged(one, evaluation) for one in evaluation.judged if one.system == system
                ],
            }
            for system in evaluation.systems
        },
        "head": evaluation.head.system.name,
        "head_halo_m": evaluation.head.halo_m,
        "strata": [
            {"by": one.by, "name": one.name, "own_ground": one.own_ground, **point_facts(one.point),
             "at_pd_0.9": None if one.at_pd is None else point_facts(one.at_pd)}
            for one in evaluation.strata
        ],
        "worst": None if evaluation.worst is None else {
            "by": evaluation.worst.by, "name": evaluation.worst.name,
            **point_facts(evaluation.worst.point),
        },
        "exactness": {name: getattr(exact, name) for name in (
            "hits", "place_rmse_m", "place_median_m", "depths", "depth_bias_m", "depth_rmse_m")},
        "compared": [
            {"with": system.name, **_comparison(one)} for system, one in evaluation.compared
        ],
        "calibration": None if evaluation.calibration is None
        else evaluation.calibration.as_numbers(),
        "sentences": sentences(evaluation),
    }  # fmt: skip


def point_facts(point: Point) -> dict[str, Any]:
    """Return one threshold: what is detected, at how many false alarms."""
    threshold = point.threshold
    return {
        "threshold": threshold if math.isfinite(threshold) else None,
        "pd": point.pd.as_numbers(),
        "far": point.far.as_numbers(),
    }


def sentences(evaluation: Evaluation) -> list[str]:
    """Return what a reader must know, each with what it rests on."""
    head, settings = evaluation.head, evaluation.settings
    at = -math.inf if settings.threshold is None else settings.threshold
    said: list[str] = []
    if evaluation.truth.kind == "simulated":
        said.append("The truth is simulated: this says nothing yet of a real field.")
    for one in evaluation.judged:
        if one.system == head.system:
            point, covered = one.curve.at_threshold(at), one.covered.at_threshold(at)
            said.append(
                f"Halo {one.halo_m:.2f} m: detected {point.pd}; false alarms {point.far}."
                + ("" if covered.pd == point.pd
                   else f" Of the targets in surveyed ground: {covered.pd}.")
            )  # fmt: skip
    worst = falls_behind(evaluation)
    if worst is not None:
        said.append(f"Worst part: {worst.by} {worst.name}: detected {worst.point.pd}.")
    if head.curve.targets:
        said += _reached(head)
    else:
        said.append("No targets lie there: only the false alarms can be told.")
    said += _systems(evaluation)
    said += _cautions(evaluation)
    return said


def falls_behind(evaluation: Evaluation) -> Stratum | None:
    """Return the worst part; None where it is as good as the whole, so that no part is worse."""
    settings, worst = evaluation.settings, evaluation.worst
    at = -math.inf if settings.threshold is None else settings.threshold
    whole = evaluation.head.curve.at_threshold(at).pd
    if worst is None or worst.point.pd.hits * whole.of >= whole.hits * worst.point.pd.of:
        return None
    return worst


def _reached(head: Judged) -> list[str]:
    """Return what the asked shares cost; shares that cost the same, as with few targets, in one."""
    asked: dict[str, list[str]] = {}
    for pd in AT_PD:
        asked.setdefault(_reach(head, pd), []).append(f"{pd:.0%}".replace("%", "").strip())
    return [f"{_listed(shares)} % of the targets {told}" for told, shares in asked.items()]


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _systems(evaluation: Evaluation) -> list[str]:
    """Return what each of the other systems gives with all that it points at, and compared."""
    head = evaluation.head
    said: list[str] = []
    drawn = {system.name: one for system, one in evaluation.compared}
    for one in evaluation.judged:
        if one.halo_m == head.halo_m and one.system != head.system:
            point = one.curve.at_threshold(-math.inf)
            sentence = (
                f"{one.system.name} ({one.system.means}): detected {point.pd}; false alarms "
                f"{point.far}."
            )
            against = drawn.get(one.system.name)
            if against is not None:
                sentence += (
                    f" Mean detected share up to {against.to_far_per_m2:g} per m², "
                    f"{head.system.name} less {one.system.name}: {against.area_difference}."
                )
            said.append(sentence)
    return said


def _reach(head: Judged, pd: float) -> str:
    point = head.curve.at_pd(pd)
    if point is None:
        reached = head.curve.at_threshold(-math.inf).pd
        return f"are reached at no threshold; all indications: {reached}."
    drawn = "" if head.bands is None else f"; by draws of lanes, per m²: {head.bands.far_at_pd[pd]}"
    return f"are reached with false alarms {point.far}{drawn}."


def _cautions(evaluation: Evaluation) -> list[str]:
    head = evaluation.head
    said: list[str] = []
    lanes = len(head.scored.areas_m2)
    said += evaluation.run.remarks
    if head.bands is None and head.curve.targets:
        said.append("From one lane alone no other draw of lanes can be made.")
    elif head.bands is not None and head.bands.rough:
        said.append(
            f"{lanes} lanes are few: intervals by draws are too short below about {FEW_GROUPS}."
        )
    if head.undug:
        said.append(
            f"{len(head.undug)} indications lie where nobody dug: they count neither way, so the "
            "false alarms are a lower bound, and targets that lie there are not counted as missed."
        )
    if evaluation.truth.kind == "dug" and evaluation.settings.undug == "unknown":
        said.append("Targets that nobody dug up are unknown: what is detected is an upper bound.")
    heard = sum(1 for one in head.scored.outcomes if one.alarm and not one.surveyed)
    if heard:
        said.append(
            f"{heard} targets outside of the surveyed ground had an indication in their halo; they "
            "count as missed."
        )
    outside = sum(1 for one in head.scored.false if not one.surveyed)
    if outside:
        said.append(f"{outside} false alarms lie outside of the surveyed ground; they count.")
    if evaluation.unplaced:
        said.append(f"{evaluation.unplaced} indications have no place and could not be judged.")
    return said


def _judged(one: Judged, evaluation: Evaluation) -> dict[str, Any]:
    settings = evaluation.settings
    return {
        "halo_m": one.halo_m,
        "targets": len(one.scored.outcomes),
        "targets_not_surveyed": sum(not each.surveyed for each in one.scored.outcomes),
        "area_less_halos_m2": one.scored.area_m2,
        "points": [
            {"asked": asked, **({"reached": False} if point is None else point_facts(point))}
            for asked, point in one.points(evaluation.threshold_of(one))
        ],
        "covered": point_facts(one.covered.at_threshold(-math.inf)),
        "false_at": dict(Counter(each.lies_at for each in one.scored.false)),
        "second_on_a_target": len(one.scored.doubles),
        "undug": len(one.undug),
        "partial_area": {
            "to_far_per_m2": settings.to_far_per_m2,
            "value": one.curve.partial_area(settings.to_far_per_m2),
            "n": one.curve.targets,
        },
        "curve": _curve(one.curve),
        "bands": None if one.bands is None else _bands(one.bands),
    }  # fmt: skip


def _curve(curve: Curve) -> dict[str, Any]:
    """Return the curve as columns; the first point is that of no alarm at all."""
    low, high = curve.pd_interval()
    return {
        "threshold": [None, *curve.threshold[1:].tolist()],
        "hits": curve.hits.tolist(),
        "n": curve.targets,
        "pd_low": low.tolist(),
        "pd_high": high.tolist(),
        "false": curve.false.tolist(),
        "area_m2": curve.area_m2,
    }


def _bands(bands: Bands) -> dict[str, Any]:
    return {
        "groups": bands.groups,
        "draws": bands.draws,
        "rough": bands.rough,
        "far_per_m2": bands.far_per_m2.tolist(),
        "pd_low": bands.pd_low.tolist(),
        "pd_high": bands.pd_high.tolist(),
        "far_at_pd": {f"{pd:g}": one.as_numbers() for pd, one in bands.far_at_pd.items()},
        "partial_area": bands.partial_area.as_numbers(),
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "at_pd": one.pd,
        "far_difference_per_m2": one.far_difference.as_numbers(),
        "far_ratio": one.far_ratio.as_numbers(),
        "partial_area_difference": one.area_difference.as_numbers(),
        "reached_in_draws": one.reached,
        "groups": one.groups,
    }
