"""What a model calls unknown: benchmarks/unknown.py FOLDER [--known DATA.zarr] [--real REAL].

Simulates small datasets in FOLDER, from the recipe `half_metre` with other sites: once as it is,
and once for each of `CHANGES`, of which the training of the shipped model had nothing. Foreign
transmitters are added to the traces of the first. Lanes go through the pipeline, detection and
fusion of a flight; the model weighs the candidates. What is in FOLDER already is not made again;
the datasets take a quarter of an hour on one processor. DATA.zarr is a larger dataset of the recipe
as it is. REAL is a folder with the recordings of `real_ground.py`: what the default detection finds
in them.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomli_w
from real_ground import GROUNDS
from scipy.stats import t as student

from detectkit.batch.explain import places_of
from detectkit.batch.job import plan
from detectkit.core.indication import UNKNOWN
from detectkit.detect.evidence import SCALARS, EvidencePatch
from detectkit.learn.corpus.dataset_lanes import opened, scene_passages, scenes_in
from detectkit.learn.corpus.passage import Passage
from detectkit.learn.corpus.processing import processed
from detectkit.learn.corpus.settings import Copies, CorpusSettings, DatasetSource, Labels
from detectkit.learn.model.assessor import NetworkAssessor
from detectkit.learn.model.files import load_model
from detectkit.learn.model.shipped import DEFAULT
from detectkit.learn.model.validity import CIRCUMSTANCES
from detectkit.sim.antenna import Radar
from detectkit.sim.antenna.interference import carriers_of
from detectkit.synthesis.dataset import Recipe, make_dataset
from detectkit.synthesis.dataset.shipped import shipped_recipes

Values = npt.NDArray[np.float64]

RECIPE, SEED = "half_metre", 61102
SCENES = {"burials": 1, "empties": 1, "scenes_per_shard": 6}
"""One body and one empty piece of ground a scene: more sites for the same work."""
SAMPLES = 36
WET_CLAY = {
    "name": "wet clay",
    "share": 1.0,
    "slope_deg": [0.0, 2.0],
    "ground": {
        "preset": "wet clay",
        "clay": 0.5,
        "moisture": [0.35, 0.45],
        "surface_moisture": [0.30, 0.40],
        "roughness_m": [0.004, 0.018],
    },
}
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "as trained": {},
    "0.25 to 0.35 GHz": {
        "radar": {"centre_hz": [0.25e9, 0.35e9]},
        "patch": {"interval_s": 1e-10},
        "samples": 18,
    },
    "wet clay": {
        "terrain": [WET_CLAY],
        "cells": 6.6,
        "half_width_m": 0.5,
        "radar": {"centre_hz": [0.5e9, 0.55e9]},
        "samples": 18,
    },
    "1.1 to 1.3 GHz": {
        "radar": {"centre_hz": [1.1e9, 1.3e9]},
        "half_width_m": 0.5,
        "samples": 12,
    },
}
"""What differs from the recipe, table by table: trained on were 0.5 to 0.75 GHz, at most 0.25 of
water and 0.3 of clay. What costs fine cells has fewer scenes and a narrower window."""
INTERFERENCE_COUNTS = (100.0, 1000.0, 10000.0)
"""Of five transmitters each a fifth of the time, added to the lanes of the recipe as it is; trained
on were 0 to 25."""


def recipe_of(change: Mapping[str, Any]) -> Recipe:
    """Return the recipe with a change."""
    table = tomllib.loads(shipped_recipes()[RECIPE].read_text(encoding="utf-8"))
    table |= {"seed": SEED, "samples": SAMPLES, "scenes": table["scenes"] | SCENES}
    for name, values in change.items():
        table[name] = table[name] | values if isinstance(values, dict) else values
    return Recipe.from_toml(tomli_w.dumps(table))


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of the candidates of some data, candidate by candidate.

    Parameters
    ----------
    group
        Number of the scene or line that a candidate is of.
    unknown, outside, pictures
        Whether it is called unknown; whether a circumstance alone makes it so; whether it would
        be, had nobody told wavelength, permittivity, heights and antenna.
    """

    group: npt.NDArray[np.int64]
    unknown: Values
    outside: Values
    pictures: Values


def said_of(patches: list[EvidencePatch], group: npt.NDArray[np.int64],
            assessor: NetworkAssessor) -> Said:  # fmt: skip
    """Let a model weigh candidates, and weigh them again without their circumstances."""
    as_told = assessor.assess(patches)
    hidden = assessor.assess([_untold(one) for one in patches])
    return Said(
        np.asarray(group),
        np.array([one.category == UNKNOWN for one in as_told], np.float64),
        np.array([bool(one.outside) for one in as_told], np.float64),
        np.array([one.category == UNKNOWN for one in hidden], np.float64),
    )


def _untold(patch: EvidencePatch) -> EvidencePatch:
    scalars = patch.scalars.copy()
    scalars[[SCALARS.index(name) for name in CIRCUMSTANCES]] = np.nan
    return replace(patch, scalars=scalars)


def simulated(path: Path, assessor: NetworkAssessor, *, interference_counts: float = 0.0) -> Said:
    """Return what a model says of a dataset's lanes, all of them as test lanes.

    Parameters
    ----------
    interference_counts
        Of transmitters that are added to the recorded traces.
    """
    settings = CorpusSettings(
        "unknown",
        dataset=(DatasetSource(str(path), split="test"),),
        copies=Copies(count=1),
        labels=Labels(threshold=3.0),  # as in the shipped model's recipe
    )
    patches: list[EvidencePatch] = []
    group: list[int] = []
    for scene in range(scenes_in(opened(str(path)), settings.dataset[0])):
        for number, passage in enumerate(scene_passages(settings, 0, scene)):
            heard = interfered(passage, interference_counts, seed=1000 * scene + number)
            found = processed(heard, settings.labels).patches
            patches += found
            group += [scene] * len(found)
    return said_of(patches, np.array(group), assessor)


def interfered(passage: Passage, counts: float, *, seed: int) -> Passage:
    """Return a passage with transmitters of so many counts in its radar."""
    if counts == 0.0:
        return passage
    blocks = []
    for block in passage.radar:
        radar = Radar(
            samples=block.spec.samples,
            sample_interval_s=block.spec.sample_interval_s or 0.0,
            rfi_counts=counts,
        )
        rows = block.data.astype(np.float64)
        time_s = 1e-9 * (block.coord("time_ns") - block.coord("time_ns")[0])
        carriers_of(radar, seed=seed).add_to(rows, time_s)
        blocks.append(block.with_data(rows.astype(np.float32)))
    return replace(passage, radar=tuple(blocks))


def recorded(files: list[Path], assessor: NetworkAssessor) -> Said:
    """Return what a model says of what the default detection finds in recordings."""
    places = [(number, place) for number, file in enumerate(files)
              for place in places_of(plan([file]), None)]  # fmt: skip
    group = np.array([number for number, _ in places], np.int64)
    return said_of([place.patch for _, place in places], group, assessor)


def by_group(values: Values, group: npt.NDArray[np.int64]) -> str:
    """Return the mean of the groups' shares, Student's interval of it, and the lowest group."""
    shares = np.array([values[group == one].mean() for one in np.unique(group)])
    middle = float(shares.mean())
    if len(shares) < 2:
        return f"{middle:.2f}"
    half = float(student.ppf(0.975, len(shares) - 1) * shares.std(ddof=1) / np.sqrt(len(shares)))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{middle:.2f} [{low:.2f}, {high:.2f}], {shares.min():.2f} to {shares.max():.2f}"


def row(name: str, said: Said) -> str:
    """Return a row of the tables."""
    cells = [str(len(np.unique(said.group))), str(len(said.unknown)),
             by_group(said.unknown, said.group), f"{said.outside.mean():.2f}",
             by_group(said.pictures, said.group)]  # fmt: skip
    return f"| {name} | " + " | ".join(cells) + " |"


def head(group: str) -> str:
    """Return the head of a table."""
    share = f"mean [95 %], least to most by {group}"
    return (
        f"| data | {group}s | candidates | unknown: {share} | by circumstances | "
        f"by pictures alone: {share} |\n|" + "---|" * 6
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--known", type=Path, help="dataset of the recipe as it is")
    parser.add_argument("--only", nargs="*", default=list(CHANGES), choices=list(CHANGES))
    parser.add_argument("--real", type=Path, help="folder of real recordings")
    parser.add_argument("--model", default=DEFAULT)
    given = parser.parse_args()
    assessor = NetworkAssessor(load_model(given.model), kinds="any")
    print(f"{assessor.label}\n\n{head('scene')}")
    if given.known is not None:
        print(row(f"{given.known.stem}, whole", simulated(given.known, assessor)), flush=True)
    for name in given.only:
        path = given.folder / f"{name.replace(' ', '_')}.zarr"
        make_dataset(path, recipe_of(CHANGES[name]))
        print(row(name, simulated(path, assessor)), flush=True)
        for counts in INTERFERENCE_COUNTS if not CHANGES[name] else ():
            said = simulated(path, assessor, interference_counts=counts)
            print(row(f"{name}, interference of {counts:g} counts more", said), flush=True)
    if given.real is None:
        return
    print(f"\n{head('line')}")
    for ground in GROUNDS:
        files = [given.real / one for one in ground.files]
        if all(one.exists() for one in files):
            print(row(ground.name, recorded(files, assessor)), flush=True)


if __name__ == "__main__":
    main()
