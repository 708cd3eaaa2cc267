"""What migration is worth: networks that see both radar pictures, or one of them alone.

python benchmarks/migration_ablation.py EXPERIMENT -o FOLDER

EXPERIMENT is a folder of `detectkit train`; its recipe is trained three times on its corpus, with
its seed: with both pictures, without the focused one, and with nothing but the focused one. Each is
judged with both sensors and with the radar alone; the first with the detector alone too. A sensor
alone gets the candidates that it found itself, as if the other had not flown. In brackets: 95 %, by
draws of sites; differences are from both pictures in the same draws. Stopped, the same command goes
on where it was.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import tomli_w

from detectkit.detect.scoring.bootstrap import bands, compare
from detectkit.detect.scoring.curve import Curve
from detectkit.detect.scoring.matching import HALOS_M
from detectkit.learn.corpus import Corpus, open_corpus
from detectkit.learn.corpus.settings import Split
from detectkit.learn.examples import Examples
from detectkit.learn.hiding import without_detector, without_radar
from detectkit.learn.judging import AT_FAR_PER_M2, TO_FAR_PER_M2, Judge
from detectkit.learn.network import EvidenceNetwork
from detectkit.learn.training.batches import batch_of
from detectkit.learn.training.losses import target_log_odds
from detectkit.learn.training.recipe import TrainingRecipe
from detectkit.learn.training.run import Machine, run_training

Values = npt.NDArray[np.float64]
BOTH = "both pictures"
VARIANTS = {
    BOTH: ["processed", "focused"],
    "without migration": ["processed"],
    "migration alone": ["focused"],
}
DRAWS = 200


def recipe_of(experiment: Path, images: list[str]) -> TrainingRecipe:
    """Return the experiment's recipe for a network that sees some of the pictures."""
    document = tomllib.loads((experiment / "recipe.toml").read_text(encoding="utf-8"))
    document["network"] = {**document.get("network", {}), "images": images}
    return TrainingRecipe.from_toml(tomli_w.dumps(document))


def corpus_of(experiment: Path, recipe: TrainingRecipe) -> Corpus:
    return open_corpus(recipe.corpus.get("path", experiment / "corpus.zarr"))


def log_odds(network: EvidenceNetwork, examples: Examples) -> Values:
    parts = [examples.take(slice(at, at + 256)) for at in range(0, len(examples), 256)]
    said = [target_log_odds(network(*batch_of(one).inputs).logits) for one in parts]
    return np.concatenate([one.detach().numpy() for one in said]).astype(np.float64)


def systems_of(networks: Mapping[str, EvidenceNetwork], judge: Judge) -> dict[str, Values]:
    """Return name → confidence of each of the judge's rows; NaN: it has no alarm there."""
    examples, table = judge.corpus.read(judge.rows), judge.corpus.table[judge.rows]
    found = {f"fused, {name}": log_odds(one, examples) for name, one in networks.items()}
    for name, one in networks.items():
        said = log_odds(one, without_detector(examples))
        found[f"radar only, {name}"] = np.where(table["by_radar"], said, np.nan)
    said = log_odds(networks[BOTH], without_radar(examples))
    return found | {"detector only": np.where(table["by_detector"], said, np.nan)}


def table(judge: Judge, systems: Mapping[str, Values], *, halo_m: float) -> None:
    rates = " | ".join(f"at {far:g} per m²" for far in AT_FAR_PER_M2)
    print(f"\n| halo {halo_m:.2f} m | {rates} | mean to {TO_FAR_PER_M2:g} | less both pictures |")
    print("|---" * (len(AT_FAR_PER_M2) + 3) + "|")
    scored = {name: judge.scored(said, halo_m=halo_m) for name, said in systems.items()}
    for name, one in scored.items():
        curve = Curve.of(one)
        at = " | ".join(short(curve.at_far(far).pd.as_numbers()) for far in AT_FAR_PER_M2)
        drawn = bands(one, to_far_per_m2=TO_FAR_PER_M2, draws=DRAWS)
        mean = "-" if drawn is None else short(drawn.partial_area.as_numbers())
        head = scored.get(f"{name.split(',')[0]}, {BOTH}", one)
        pair = None if head is one else compare(
            head, one, to_far_per_m2=TO_FAR_PER_M2, draws=DRAWS
        )  # fmt: skip
        less = "-" if pair is None else short(pair.area_difference.as_numbers())
        print(f"| {name} | {at} | {mean} | {less} |", flush=True)


def short(numbers: Mapping[str, float | None]) -> str:
    return f"{numbers['value']:.3f} [{numbers['low']:.3f}, {numbers['high']:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--split", choices=get_args(Split), default="test")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    corpus = corpus_of(given.experiment, TrainingRecipe.read(given.experiment / "recipe.toml"))
    machine = Machine(accelerator="cpu", threads=given.threads)
    networks = {}
    for name, images in VARIANTS.items():
        folder = given.output / name.replace(" ", "-")
        recipe = recipe_of(given.experiment, images)
        networks[name] = run_training(recipe, corpus, folder, machine=machine).network()
    for number, source in enumerate(corpus.settings.dataset):
        judge = Judge(corpus, given.split, number)
        if len(judge.lanes):
            sites = len(np.unique(corpus.lanes["site"][judge.lanes]))
            print(f"\n## {Path(source.path).name}, {given.split}: {sites} sites, simulated")
            for halo_m in reversed(HALOS_M):
                table(judge, systems_of(networks, judge), halo_m=halo_m)


if __name__ == "__main__":
    main()
