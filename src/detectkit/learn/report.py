"""Everything that is told of a model on test sites: by area, by candidate, and what must not work.

Only what comes from the scorer by area may be quoted as a detected share. Figures per candidate say
so in their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.indication import UNKNOWN
from detectkit.detect.rule import LogisticRule
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.matching import HALOS_M
from detectkit.detect.scoring.strata import exactness
from detectkit.learn.ablations import (
    by_height,
    no_veto,
    seen_plastic,
    with_silent_detector,
    without_middle,
)
from detectkit.learn.baselines.features import gradients, picture_statistics, rule_features
from detectkit.learn.baselines.held_out import (
    false_at,
    folds_by_group,
    folds_shuffled,
    held_out,
    separability,
)
from detectkit.learn.baselines.scores import by_index_folds, energy, fitted_scores, loudness
from detectkit.learn.decided import decided, per_candidate
from detectkit.learn.deciding import Decision
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.judging import AT_FAR_PER_M2, Judge, judged
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.making import Sites
from detectkit.learn.model.model import Model
from detectkit.learn.ranking import area_by_groups, area_under_curve

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
FUSED, RADAR, COIL = "fused", "radar only", "detector only"
OWN_RADAR, OWN_COIL = "radar only, of its own finds", "detector only, of its own alarms"
HALO_M = HALOS_M[-1]
GAP_AT_PD = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a model says of candidates, (candidates,) each."""

    probability: Values
    unknown: Booleans
    depth_m: Values

    @property
    def alarm(self) -> Values:
        """Probability; of what is unknown 1, as that counts as an alarm at every threshold."""
        return np.where(self.unknown, 1.0, self.probability)


def said_of(assessor: NetworkAssessor | LogisticRule, examples: Examples) -> Said:
    """Return what is said of examples."""
    said = assessor.assess(examples.patches())
    return Said(
        np.array([one.probability for one in said], np.float64),
        np.array([one.category == UNKNOWN for one in said], np.bool_),
        np.array([one.depth_m for one in said], np.float64),
    )


def report_of(
    model: Model, rule: LogisticRule, judge: Judge, train: Sites, decision: Decision
) -> dict[str, Any]:
    """Return the figures of every way to weigh the candidates of a judge, for JSON.

    Parameters
    ----------
    model, rule
        What weighs.
    judge
        Of test lanes.
    train
        Labelled examples of the training sites, for baselines that are fitted.
    decision
        Thresholds that were set on other sites.
    """
    examples = judge.corpus.read(judge.rows)
    site = np.asarray(judge.corpus.table["site"][judge.rows], np.int64)
    fused = said_of(NetworkAssessor(model), examples)
    systems = weighed(model, rule, examples, fused)
    systems |= _alone(judge, systems)
    systems |= {"energy": energy(examples), "loudness": loudness(examples)}
    fitted = fitted_scores(train.examples, {"test": examples})
    systems |= {name: scores["test"] for name, scores in fitted.items()}
    told = judged(judge, systems, probability=FUSED)
    told |= _by_decision(judge, fused, decision)
    told["no_veto"] = _no_veto(model, judge, examples, fused, decision)
    told |= _per_candidate(judge, systems, fused, decision)
    told["ablations_per_candidate"] = _ablations(model, examples, systems, site)
    told |= _flattery(Sites(examples, site).labelled(), train, _to_the_end_m(judge))
    told["unknown"] = _unknown_share(model, examples, fused)
    return told


def weighed(model: Model, rule: LogisticRule, examples: Examples, fused: Said) -> dict[str, Values]:
    """Return the probabilities of the model with all sensors and with each alone, and the rule's.

    What a sensor alone has no evidence for gets no alarm (NaN).
    """
    assessor = NetworkAssessor(model)
    found = {
        FUSED: fused.probability,
        RADAR: said_of(assessor, without_detector(examples)).probability,
        COIL: said_of(assessor, without_radar(examples)).probability,
        "rule": said_of(rule, examples).probability,
    }
    found[RADAR][~examples.radar_known.any(axis=1)] = np.nan
    found[COIL][~examples.detector_known.any(axis=1)] = np.nan
    if model.anomaly is not None:
        scores = model.anomaly.scores(examples.radar, examples.radar_known)
        found["autoencoder"] = np.nan_to_num(np.asarray(scores, np.float64), nan=0.0)
    return found


def _alone(judge: Judge, systems: Mapping[str, Values]) -> dict[str, Values]:
    """Return each sensor weighing only what it found itself, as if the other had not flown.

    Where it may weigh the other's finds too, these are places for it to be right by chance.
    """
    table = judge.corpus.table[judge.rows]
    return {
        OWN_RADAR: np.where(table["by_radar"], systems[RADAR], np.nan),
        OWN_COIL: np.where(table["by_detector"], systems[COIL], np.nan),
    }


def _to_the_end_m(judge: Judge) -> Values:
    """Return how far each labelled candidate lies from the nearer end of its lane."""
    table = judge.corpus.table[judge.rows]
    table = table[table["category"] >= 0]
    lanes = judge.corpus.lanes[table["lane"]]
    return np.asarray(np.minimum(table["x_m"] - lanes["x0_m"], lanes["x1_m"] - table["x_m"]))


def _by_decision(judge: Judge, fused: Said, decision: Decision) -> dict[str, Any]:
    """Return what the thresholds give by area, by height, and how exact hits are."""
    scored = judge.scored(fused.alarm, halo_m=HALO_M, depth_m=fused.depth_m)
    return {
        "decision": decided(scored, decision),
        "by_height": by_height(scored, threshold=decision.threshold),
        "exactness": asdict(exactness(scored, threshold=decision.threshold)),
    }


def _no_veto(
    model: Model, judge: Judge, examples: Examples, fused: Said, decision: Decision
) -> dict[str, Any]:
    table = judge.corpus.table[judge.rows]
    by_radar = np.where(table["by_radar"], np.nan_to_num(table["gpr_score"]), np.nan)
    seen = seen_plastic(judge.scored(by_radar.astype(np.float64), halo_m=HALO_M))
    assessor = NetworkAssessor(model)
    quiet = said_of(assessor, with_silent_detector(examples))
    hidden = said_of(assessor, without_detector(examples))
    as_it_is, silent, away = (
        judge.scored(one.alarm, halo_m=HALO_M) for one in (fused, quiet, hidden)
    )
    high = Curve.of(as_it_is).at_far(AT_FAR_PER_M2[-1]).threshold
    return {
        name: no_veto(as_it_is, silent, away, seen, threshold=threshold)
        for name, threshold in (
            ("threshold set before", decision.threshold),
            (f"threshold of {AT_FAR_PER_M2[-1]:g} per m2 here", high),
        )
    }


def _per_candidate(
    judge: Judge, systems: Mapping[str, Values], fused: Said, decision: Decision
) -> dict[str, Any]:
    category = judge.corpus.table["category"][judge.rows]
    known, target = category >= 0, (category >= 0) & (category < 2)
    return {
        "per_candidate": per_candidate(fused.alarm[known] >= decision.threshold, target[known]),
        "area_under_curve_per_candidate": {
            name: round(area_under_curve(np.nan_to_num(one)[known], target[known]), 4)
            for name, one in systems.items()
        },
    }


def _ablations(
    model: Model, examples: Examples, systems: Mapping[str, Values], site: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """Return areas under the curve with something taken away, with intervals by draws of sites."""
    assessor = NetworkAssessor(model)
    known = examples.category >= 0
    tried = {
        "all of it": systems[FUSED],
        "detector silent": said_of(assessor, with_silent_detector(examples)).probability,
        "detector hidden": systems[RADAR],
        "radar hidden": systems[COIL],
        "middle 0.3 m hidden": said_of(assessor, without_middle(examples)).probability,
        "air only": systems["air only"],
        "surface only": systems["surface only"],
    }
    return {
        name: area_by_groups(
            np.nan_to_num(one)[known], examples.is_target[known], site[known]
        ).as_numbers()
        for name, one in tried.items()
    }


def _flattery(test: Sites, train: Sites, to_the_end_m: Values) -> dict[str, Any]:
    """Return what a split by patch would flatter, what a place knows, and how new this ground is.

    Folds are of the test's own examples, so that nothing but the split differs. All of it is None
    with fewer than two sites to hold one out of.
    """
    if min(len(np.unique(one.site)) for one in (test, train)) < 2:
        return dict.fromkeys(
            ("shuffled_and_by_site", "index_only", "lane_end_only", "told_apart_from_training")
        )
    examples, target, site = test.examples, test.examples.is_target, test.site
    folds = {"shuffled": folds_shuffled(len(site)), "by site": folds_by_group(site)}
    features = np.concatenate([gradients(examples), rule_features(examples)], axis=1)
    place = np.arange(len(site), dtype=np.float64)
    figures = {
        name: _figures(held_out(features, target, fold), test) for name, fold in folds.items()
    }
    index = {
        name: area_by_groups(by_index_folds(place, target, fold), target, site).as_numbers()
        for name, fold in folds.items()
    }
    end = by_index_folds(to_the_end_m, target, folds["by site"])
    apart = separability(
        picture_statistics(train.examples), picture_statistics(examples), groups=(train.site, site)
    )
    return {
        "shuffled_and_by_site": {
            "what": "a linear machine on gradients and the rule's numbers, five folds of these "
            "examples: what it gains where relatives are in both sets",
            **figures,
            "false_alarms_flattered": _more(figures["by site"], figures["shuffled"]),
        },
        "index_only": {
            "what": "a forest that sees nothing but the place in the file",
            **index,
        },
        "lane_end_only": {
            "what": "a forest that sees nothing but how far the lane's end is, sites held out",
            "area_under_curve": area_by_groups(end, target, site).as_numbers(),
        },
        "told_apart_from_training": {
            "what": "a linear machine on the pictures' statistics, sites held out",
            "area_under_curve": apart.area.as_numbers(),
            "chance": apart.chance,
            "sites": apart.groups,
        },
    }


def _figures(scores: Values, test: Sites) -> dict[str, Any]:
    target = test.examples.is_target
    return {
        "area_under_curve": area_by_groups(scores, target, test.site).as_numbers(),
        "at_pd": GAP_AT_PD,
        "false_at_pd": false_at(scores, target, GAP_AT_PD),
    }


def _more(honest: Mapping[str, Any], flattering: Mapping[str, Any]) -> float | None:
    pair = honest["false_at_pd"], flattering["false_at_pd"]
    return None if None in pair else pair[0] - pair[1]


def _unknown_share(model: Model, examples: Examples, fused: Said) -> Mapping[str, float]:
    """Return how often evidence is called unknown: as it is, and changed beyond what is known."""
    assessor = NetworkAssessor(model)

    def share(changed: Examples) -> float:
        return round(float(said_of(assessor, changed).unknown.mean()), 4)

    noisy = np.random.default_rng(0).normal(0.0, 3.0, examples.radar.shape).astype(np.float32)
    stripes = np.asarray(examples.radar * 0.0 + np.sin(0.9 * np.arange(examples.radar.shape[-1])))
    return {
        "as they are": round(float(fused.unknown.mean()), 4),
        "noise of three clutter levels added": share(
            replace(examples, radar=examples.radar + noisy)
        ),
        "interference: stripes of six clutter levels added": share(
            replace(examples, radar=(examples.radar + 6.0 * stripes).astype(np.float32))
        ),
        "another band: pictures stretched to three times the size": share(
            replace(examples, radar=_stretched(examples.radar, 3))
        ),
    }


def _stretched(radar: npt.NDArray[np.float32], times: int) -> npt.NDArray[np.float32]:
    rows, columns = radar.shape[-2:]
    top, left = 0, (columns - columns // times) // 2
    part = radar[..., top : top + rows // times, left : left + columns // times]
    return np.asarray(part.repeat(times, axis=-2).repeat(times, axis=-1), np.float32)
