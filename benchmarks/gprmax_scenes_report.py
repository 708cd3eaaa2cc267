"""What comes of two versions of the same lanes, and how alike they are: see gprmax_scenes.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.settings import build
from detectkit.detect.assess import Assessor
from detectkit.detect.rule import load_rule
from detectkit.detect.scoring.bootstrap import bands, compare
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.matching import HALOS_M, Scored
from detectkit.learn.corpus import Corpus, CorpusSettings, build_corpus, open_corpus
from detectkit.learn.corpus.settings import Copies, DatasetSource, Labels
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.judging import Judge
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.files import load_model
from detectkit.learn.ranking import area_under_curve
from detectkit.learn.training.recipe import find_recipe
from detectkit.synthesis.dataset import Dataset, open_dataset

Values = npt.NDArray[np.float64]

RATES = (0.1, 0.5)
SHIPPED = "default"
"""Recipe of training whose labels, and threshold of candidates, are taken."""
DRAWS = 500
SEED = 6
NEAR_M = 0.1
"""Candidates of two versions no farther apart than this are the same place."""


@dataclass(frozen=True)
class Weighed:
    """A version's candidates and what the model makes of them."""

    judge: Judge
    systems: dict[str, Values]
    target: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]
    site: npt.NDArray[np.str_]

    @classmethod
    def of(cls, corpus: Corpus, network: Assessor) -> Weighed:
        judge = Judge(corpus, "test")
        examples = corpus.read(judge.rows)
        systems = {
            "network": _said(network, examples),
            "network, radar only": _said(network, without_detector(examples)),
            "network, detector only": _said(network, without_radar(examples)),
            "rule": _said(load_rule(), examples),
        }
        lanes = corpus.table["lane"][judge.rows]
        sites = corpus.lanes["site_name"][lanes].astype(str)
        return cls(judge, systems, examples.is_target, examples.category >= 0, sites)

    def scored(self, system: str, halo_m: float) -> Scored:
        return self.judge.scored(self.systems[system], halo_m=halo_m)

    def auc(self, system: str, sites: npt.NDArray[np.str_] | None = None) -> float:
        """Return the area under the curve per candidate, of sites drawn, some more than once."""
        rows = np.flatnonzero(self.known)
        if sites is not None:
            rows = np.concatenate([rows[self.site[rows] == one] for one in sites])
        return area_under_curve(self.systems[system][rows], self.target[rows])


def _said(assessor: Assessor, examples: Examples) -> Values:
    return np.array([one.probability for one in assessor.assess(examples.patches())])


def corpus_of(folder: Path, version: str) -> Corpus:
    """Return a version's evidence; each alone, so that all draw the same of what is told."""
    source = DatasetSource(str(folder / f"{version}.zarr"), split="test")
    labels = build(Labels, find_recipe(SHIPPED).corpus.get("labels", {}), where=SHIPPED)
    settings = CorpusSettings(
        version, SEED, dataset=(source,), copies=Copies(count=1), labels=labels
    )
    return open_corpus(build_corpus(settings, folder / f"{version}.corpus"))


def report(folder: Path, versions: Sequence[str], model_name: str) -> dict[str, Any]:
    """Return what came of each version, and of the later ones less the first.

    Differences are by draws of scenes, the same in both.
    """
    network = NetworkAssessor(load_model(model_name))
    found = {one: Weighed.of(corpus_of(folder, one), network) for one in versions}
    first = versions[0]
    told: dict[str, Any] = {"model": model_name, "versions": {}, "less": {}}
    for name, one in found.items():
        lanes = one.judge.corpus.lanes
        told["versions"][name] = {
            "scenes": len(np.unique(lanes["site_name"])),
            "lanes": len(lanes),
            "candidates": len(one.target),
            "halos": {halo: _systems(one, halo) for halo in HALOS_M},
        }
    for name in versions[1:]:
        told["less"][name] = {
            system: _less(found[first], found[name], system) for system in found[name].systems
        }
        told["less"][name] |= {"same places": _places(found[first], found[name])}
    told["likeness"] = {
        name: likeness(*(open_dataset(folder / f"{one}.zarr") for one in (first, name)))
        for name in versions[1:]
    }
    return told


def _systems(one: Weighed, halo_m: float) -> dict[str, Any]:
    return {system: _figures(one, system, halo_m) for system in one.systems}


def _figures(one: Weighed, system: str, halo_m: float) -> dict[str, Any]:
    scored = one.scored(system, halo_m)
    curve, drawn = Curve.of(scored), bands(scored, to_far_per_m2=RATES[-1], draws=DRAWS)
    every = curve.at_threshold(-np.inf)
    return {
        "targets": len(scored.outcomes),
        "area_m2": round(scored.area_m2, 1),
        "pd": {f"{far:g} per m2": _short(curve.at_far(far).pd.as_numbers()) for far in RATES},
        "mean_pd": "" if drawn is None else _short(drawn.partial_area.as_numbers()),
        "all_candidates": f"{every.pd}; {every.far}",
        "auc": round(one.auc(system), 3),
    }


def _less(ours: Weighed, other: Weighed, system: str) -> dict[str, Any]:
    """Return another version less ours: mean Pd at each halo, area under the curve."""
    told = {}
    for halo_m in HALOS_M:
        scored = ours.scored(system, halo_m), other.scored(system, halo_m)
        pair = compare(*scored, to_far_per_m2=RATES[-1], draws=DRAWS)
        words = "" if pair is None else _short(pair.area_difference.as_numbers(), 3)
        told[f"mean_pd, halo {halo_m:g} m"] = words
    rng, sites = np.random.default_rng(SEED), np.unique(ours.site)
    drawn = []
    for _ in range(DRAWS):
        some = rng.choice(sites, len(sites))
        drawn.append(other.auc(system, some) - ours.auc(system, some))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    here = other.auc(system) - ours.auc(system)
    return told | {"auc": f"{here:.3f} [{low:.3f}, {high:.3f}]"}


def _places(ours: Weighed, other: Weighed) -> dict[str, Any]:
    """Return how many candidates are at the same place, and how alike their probabilities are."""
    tables = [one.judge.corpus.table[one.judge.rows] for one in (ours, other)]
    pairs = []
    for row, one in enumerate(tables[0]):
        away = np.abs(tables[1]["x_m"] - one["x_m"])
        away[tables[1]["lane"] != one["lane"]] = np.inf
        nearest = int(np.argmin(away))
        if away[nearest] <= NEAR_M:
            pairs.append((row, nearest))
    rows = np.array(pairs).T
    said = [one.systems["network"][at] for one, at in zip((ours, other), rows, strict=True)]
    return {
        "candidates": [len(one) for one in tables],
        "at the same place": len(pairs),
        "correlation": round(float(np.corrcoef(*said)[0, 1]), 3),
        "mean difference, absolute": round(float(np.abs(said[1] - said[0]).mean()), 4),
        "mean difference": round(float((said[1] - said[0]).mean()), 4),
    }


def _short(numbers: dict[str, Any], digits: int = 2) -> str:
    value, low, high = (f"{numbers[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def likeness(ours: Dataset, other: Dataset) -> dict[str, str]:
    """Return correlations of counts sample by sample, and levels in dB: their middle and ends."""
    whole = slice(0, len(ours))
    radar = [one.read("radar", whole).astype(np.float64) for one in (ours, other)]
    echo = [one.read("echo", whole).astype(np.float64) for one in (ours, other)]
    ground = [one - two for one, two in zip(radar, echo, strict=True)]
    pairs = {
        "counts as recorded": radar,
        "ground and clutter less their mean trace": [
            one - one.mean(axis=1, keepdims=True) for one in ground
        ],
        "the body's echo": echo,
    }
    return {name: _alike(*pair) for name, pair in pairs.items()}


def _alike(one: Values, other: Values) -> str:
    flat = one.reshape(len(one), -1), other.reshape(len(other), -1)
    there = flat[0].any(axis=1) & flat[1].any(axis=1)
    first, second = flat[0][there], flat[1][there]
    power = (first**2).sum(axis=1), (second**2).sum(axis=1)
    alike = (first * second).sum(axis=1) / np.sqrt(power[0] * power[1])
    level = 10.0 * np.log10(power[1] / power[0])
    ends = f"{level.min():+.1f} to {level.max():+.1f}"
    return (
        f"{np.median(alike):.3f}, lowest {alike.min():.3f} | {np.median(level):+.2f} dB, {ends} dB"
    )


def table(told: dict[str, Any]) -> list[str]:
    """Return the report as lines of Markdown."""
    lines: list[str] = []
    for halo_m in HALOS_M:
        heads = [f"halo {halo_m:g} m", "weighed by", *(f"at {far:g} per m²" for far in RATES)]
        heads += [f"mean to {RATES[-1]:g} per m²", "AUC"]
        lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        for version, one in told["versions"].items():
            for system, figures in one["halos"][halo_m].items():
                cells = [version, system, *figures["pd"].values(), figures["mean_pd"]]
                lines.append(f"| {' | '.join([*cells, str(figures['auc'])])} |")
    for version, systems in told["less"].items():
        heads = [f"{version} less the first", *next(iter(systems.values()))]
        lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        for system, one in systems.items():
            if system != "same places":
                lines.append(f"| {system} | {' | '.join(one.values())} |")
        lines += ["", f"same places: {systems['same places']}"]
    lines += ["", "| the same as the first | version | correlation | level |", "|---|---|---|---|"]
    for version, pairs in told["likeness"].items():
        lines += [f"| {name} | {version} | {words} |" for name, words in pairs.items()]
    return lines
