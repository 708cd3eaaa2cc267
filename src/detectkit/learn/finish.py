"""From a trained network to a model with figures: calibrated, judged on sites it never saw, packed.

Test sites are looked at once, at the end; nothing is chosen by them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.detect.rule import LogisticRule
from detectkit.learn.baselines.rule import fit_rule
from detectkit.learn.baselines.scores import by_index, energy, fitted_scores, loudness
from detectkit.learn.corpus import Corpus
from detectkit.learn.corpus.settings import SPLITS, Split
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.judging import Judge, judged
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.files import save_model
from detectkit.learn.model.making import Sites, make_model, measured
from detectkit.learn.model.manifest import Facts
from detectkit.learn.model.model import Model
from detectkit.learn.ranking import area_under_curve
from detectkit.learn.training.experiment import Trained

Values = npt.NDArray[np.float64]
Say = Callable[[str], None]
LIMITS = (
    "All of it was simulated; nothing here says how it does in a real field.",
    "One radar lane and one detector strip at a time: it does not see across lanes.",
    "Metal in clutter is heard by the detector only, as the simulator's plane cannot hold it.",
    "A mine with hardly any metal is not heard at a drone's height: it rests on the radar alone.",
)
FUSED, RADAR, COIL = "fused", "radar only", "detector only"


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What came of an experiment: the model, the rule and the figures."""

    model: Model
    rule: LogisticRule
    facts: dict[str, Any]


def finish(trained: Trained, corpus: Corpus, facts: Facts, folder: Path, say: Say) -> Finished:
    """Calibrate, judge and pack; leaves ``model/``, ``rule.toml`` and ``report.json``.

    Parameters
    ----------
    trained
        The network's experiment.
    corpus
        That it was trained on.
    facts
        For the manifest; the kind of the pipeline comes from the corpus.
    folder
        Of the experiment.
    say
        Told what is being done.
    """
    train, validation = _sites(corpus, "train"), _sites(corpus, "validation")
    say("calibrating, learning what is usual")
    sources = tuple(
        _sites(corpus, split).source(
            corpus.settings.name, "simulated (full-wave)", corpus.digest, split
        )
        for split in SPLITS
    )
    facts = replace(facts, kind=corpus.kind, limits=(*LIMITS, *facts.limits))
    model = make_model(trained.network(), facts, train, validation, sources=sources)
    plain = _sites(corpus, "train", copy=0).labelled().examples
    rule_text = fit_rule(plain, kind=corpus.kind, made_on=f"{corpus.settings.name}, simulated")
    rule = LogisticRule.from_toml(rule_text)
    report: dict[str, Any] = {"corpus": corpus.digest, "kind": corpus.kind}
    for number, source in enumerate(corpus.settings.dataset):
        judge = Judge(corpus, "test", number)
        if len(judge.lanes):
            name = Path(source.path).name.split(".")[0]
            say(f"judging on the test sites of {name}")
            report[name] = _report(model, rule, judge, plain)
            model = measured(model, _sites(corpus, "test", source=number), on=f"{name}, test sites")
    say("packing")
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "rule.toml").write_text(rule_text, encoding="utf-8")
    saved = save_model(model, folder / "model")
    return Finished(saved, rule, report)


def _sites(
    corpus: Corpus, split: Split, *, copy: int | None = None, source: int | None = None
) -> Sites:
    rows = corpus.of_split(split)
    for name, value in (("copy", copy), ("source", source)):
        if value is not None:
            rows = rows[corpus.table[name][rows] == value]
    return Sites(corpus.read(rows), np.asarray(corpus.table["site"][rows], np.int64))


def _report(model: Model, rule: LogisticRule, judge: Judge, train: Examples) -> dict[str, Any]:
    """Return the figures of every way to weigh the candidates of a judge."""
    examples = judge.corpus.read(judge.rows)
    systems = weighed(model, rule, examples)
    systems |= {"energy": energy(examples), "loudness": loudness(examples)}
    fitted = fitted_scores(train, {"test": examples})
    systems |= {name: scores["test"] for name, scores in fitted.items()}
    known = examples.category >= 0
    target = examples.is_target[known]
    told = judged(judge, systems, probability=FUSED)
    told["area_under_curve_per_candidate"] = {
        name: round(area_under_curve(np.nan_to_num(one)[known], target), 4)
        for name, one in systems.items()
    }
    order = np.arange(len(examples), dtype=np.float64)
    half = order % 2 == 0
    shuffled = by_index(order[known & half], examples.is_target[known & half], order[known & ~half])
    told["index_only"] = {
        "what": "a forest that sees nothing but the place in the file, every second one held out",
        "area_under_curve": round(area_under_curve(shuffled, examples.is_target[known & ~half]), 4),
    }
    told["unknown"] = _unknown_share(model, examples)
    return told


def weighed(model: Model, rule: LogisticRule, examples: Examples) -> dict[str, Values]:
    """Return the probabilities of the model with all sensors and with each alone, and the rule's.

    What a sensor alone has no evidence for gets no alarm (NaN).
    """
    assessor = NetworkAssessor(model)
    found = {
        FUSED: _probabilities(assessor, examples),
        RADAR: _probabilities(assessor, without_detector(examples)),
        COIL: _probabilities(assessor, without_radar(examples)),
        "rule": _probabilities(rule, examples),
    }
    found[RADAR][~examples.radar_known.any(axis=1)] = np.nan
    found[COIL][~examples.detector_known.any(axis=1)] = np.nan
    if model.anomaly is not None:
        scores = model.anomaly.scores(examples.radar, examples.radar_known)
        found["autoencoder"] = np.nan_to_num(np.asarray(scores, np.float64), nan=0.0)
    return found


def _probabilities(assessor: NetworkAssessor | LogisticRule, examples: Examples) -> Values:
    return np.array([one.probability for one in assessor.assess(examples.patches())])


def _unknown_share(model: Model, examples: Examples) -> Mapping[str, float]:
    """Return how often evidence is called unknown: as it is, and changed beyond what is known."""
    assessor = NetworkAssessor(model)

    def share(changed: Examples) -> float:
        said = assessor.assess(changed.patches())
        return round(float(np.mean([one.category == "unknown" for one in said])), 4)

    noisy = np.random.default_rng(0).normal(0.0, 3.0, examples.radar.shape).astype(np.float32)
    stripes = np.asarray(examples.radar * 0.0 + np.sin(0.9 * np.arange(examples.radar.shape[-1])))
    return {
        "as they are": share(examples),
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
