"""From a trained network to a model with figures: calibrated, judged on sites it never saw, packed.

Test sites are looked at once, at the end; nothing is chosen by them. Thresholds are set on
validation sites and lie in report.json before the evidence of any test lane is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core import UsageError
from detectkit.core.indication import TARGETS
from detectkit.detect.rule import LogisticRule
from detectkit.learn.baselines.rule import fit_rule
from detectkit.learn.corpus import Corpus
from detectkit.learn.corpus.settings import SPLITS, Split
from detectkit.learn.deciding import Decision, DecisionSettings, decide
from detectkit.learn.judging import Judge
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.files import save_model
from detectkit.learn.model.making import Sites, make_model, measured
from detectkit.learn.model.manifest import Facts, Metric, Source
from detectkit.learn.model.model import Model
from detectkit.learn.report import HALO_M, report_of, said_of
from detectkit.learn.training.experiment import Trained
from detectkit.learn.training.recipe import TrainingRecipe

Say = Callable[[str], None]
LIMITS = (
    "All of it was simulated; nothing here says how it does in a real field.",
    "One radar lane and one detector strip at a time: it does not see across lanes.",
    "Metal in clutter is heard by the detector only, as the simulator's plane cannot hold it.",
    "A mine with hardly any metal is not heard at a drone's height: it rests on the radar alone.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What came of an experiment: the model, the rule and the figures."""

    model: Model
    rule: LogisticRule
    facts: dict[str, Any]


def finish(trained: Trained, corpus: Corpus, facts: Facts, folder: Path, say: Say) -> Finished:
    """Calibrate, set thresholds, judge and pack; leaves ``model/``, ``rule.toml``, ``report.json``.

    Parameters
    ----------
    trained
        The network's experiment.
    corpus
        That it was trained on.
    facts
        For the manifest; the kind of the pipeline comes from the corpus. Its recipe tells what
        thresholds are set for.
    folder
        Of the experiment.
    say
        Told what is being done.
    """
    say("calibrating, learning what is usual")
    model = _model(trained, corpus, facts)
    decision = decided_on(model, corpus, _settings(facts))
    model = replace(model, manifest=replace(model.manifest, decision=decision))
    report: dict[str, Any] = {
        "corpus": corpus.digest,
        "kind": corpus.kind,
        "decision": {**asdict(decision), "cost_threshold": decision.cost_threshold},
    }
    _write(report, folder)
    return judge_and_pack(model, corpus, report, folder, say)


def judge_and_pack(
    model: Model, corpus: Corpus, report: dict[str, Any], folder: Path, say: Say
) -> Finished:
    """Judge a model with its thresholds on the test sites, and pack it with the figures.

    Parameters
    ----------
    model
        With its decision.
    corpus
        That it was trained on.
    report
        What is known before the test; figures are added to it.
    folder
        Of the experiment.
    say
        Told what is being done.
    """
    decision = model.manifest.decision
    if decision is None:
        msg = f"{model.manifest.label} has no thresholds; set them on validation sites first"
        raise UsageError(msg)
    plain = _sites(corpus, "train", copy=0).labelled()
    made_on = f"{corpus.settings.name}, simulated"
    rule_text = fit_rule(plain.examples, kind=corpus.kind, made_on=made_on)
    rule = LogisticRule.from_toml(rule_text)
    for number, source in enumerate(corpus.settings.dataset):
        judge = Judge(corpus, "test", number)
        if len(judge.lanes):
            name = Path(source.path).name.split(".")[0]
            say(f"judging on the test sites of {name}")
            report[name] = report_of(model, rule, judge, plain, decision)
            on = f"{name}, test sites"
            model = measured(model, _sites(corpus, "test", source=number), on=on)
            model = _with_missed(model, report[name]["decision"]["missed_of_found"], on)
    say("packing")
    _write(report, folder)
    (folder / "rule.toml").write_text(rule_text, encoding="utf-8")
    return Finished(save_model(model, folder / "model"), rule, report)


def decided_on(model: Model, corpus: Corpus, settings: DecisionSettings) -> Decision:
    """Return the thresholds that the validation sites of a corpus give a model."""
    judge = Judge(corpus, "validation")
    said = said_of(NetworkAssessor(model), corpus.read(judge.rows))
    prior = model.manifest.calibration.prior
    return decide(judge.scored(said.alarm, halo_m=HALO_M), settings, prior=prior)


def _model(trained: Trained, corpus: Corpus, facts: Facts) -> Model:
    """Return the calibrated model, made of training and validation sites alone."""
    facts = replace(facts, kind=corpus.kind, limits=(*LIMITS, *facts.limits))
    sources = tuple(_source(corpus, split) for split in SPLITS)
    train, validation = _sites(corpus, "train"), _sites(corpus, "validation")
    return make_model(trained.network(), facts, train, validation, sources=sources)


def _source(corpus: Corpus, split: Split) -> Source:
    """Return what a manifest says of a split; of the test, no evidence is read for it."""
    table = corpus.table[corpus.of_split(split)]
    return Source(
        corpus.settings.name,
        "simulated (full-wave)",
        corpus.digest,
        split,
        len(np.unique(table["site"])),
        len(table),
        int((table["category"] < len(TARGETS)).sum()),
    )


def _with_missed(model: Model, missed: Mapping[str, Any], on: str) -> Model:
    """Return the model with what was missed at its threshold, of all and on the worst site."""
    parts = {"": missed["all_numbers"]}
    if missed["worst"] is not None:
        parts[f", worst site ({missed['worst']['site']})"] = missed["worst"]
    name = "missed of what was found"
    metrics = tuple(
        Metric(name + words, one["value"], one["low"], one["high"], one["n"], on)
        for words, one in parts.items()
        if one["n"]
    )
    manifest = model.manifest
    return replace(model, manifest=replace(manifest, metrics=(*manifest.metrics, *metrics)))


def _settings(facts: Facts) -> DecisionSettings:
    return TrainingRecipe.from_toml(facts.recipe).decision if facts.recipe else DecisionSettings()


def _write(report: dict[str, Any], folder: Path) -> None:
    text = json.dumps(report, indent=1) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")


def _sites(
    corpus: Corpus, split: Split, *, copy: int | None = None, source: int | None = None
) -> Sites:
    rows = corpus.of_split(split)
    for name, value in (("copy", copy), ("source", source)):
        if value is not None:
            rows = rows[corpus.table[name][rows] == value]
    return Sites(corpus.read(rows), np.asarray(corpus.table["site"][rows], np.int64))
