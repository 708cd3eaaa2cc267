"""What a model loses on scenes of a solver that it was not trained on: gprMax (GPL), by files.

    DETECTKIT_GPRMAX=/path/to/gprmax/bin/python \\
        python benchmarks/gprmax_scenes.py half_metre -o gprmax_scenes --scenes 24

Two versions of the same scenes, each a dataset in the folder: `ours` and `gprmax`, on the very same
cells and shots (see `ShortCuts`), one by our solver and one by gprMax; with `--plain` a third,
`dataset`, as `detectkit simulate dataset` makes it, to see what the short cuts change. Stopped, the
same command goes on. Then each goes through the pipeline and the detection of a flight, the model
weighs the candidates, and `report.json` and a table tell what came of it. All of it is simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomli_w
from gprmax_scenes_report import report, table
from scipy.interpolate import CubicSpline

from detectkit.sim.antenna import in_air
from detectkit.sim.fdtd import Responses, Shots, Solver, simulate
from detectkit.sim.fullwave import Lane, LaneResponses, Scattered, Solve, respond_by
from detectkit.sim.gprmax import InGroups, Program
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.scene import Section
from detectkit.synthesis.dataset import Here, Processes
from detectkit.synthesis.dataset.build import make_dataset
from detectkit.synthesis.dataset.full_wave import (
    heard_full_wave,
    heard_in,
    lane_of,
    solver_of,
    spacing_of,
)
from detectkit.synthesis.dataset.heard import Heard
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Scene
from detectkit.synthesis.dataset.shipped import find_recipe

Values = npt.NDArray[np.float64]
Backend = Callable[[Solver], Solve]

OURS, GPRMAX, PLAIN = "ours", "gprmax", "dataset"
STEPS = {"permittivity": 0.1, "conductivity_s_per_m": 1e-3, "debye_strength": 0.1}
"""Materials are rounded to these: gprMax writes all of them anew after every shot."""


@dataclass(frozen=True, slots=True)
class ShortCuts:
    """What makes the scenes cheap enough, for our solver and gprMax alike.

    Parameters
    ----------
    every
        Only every so many-th trace is computed, those between are interpolated.
    centre_hz
        Highest centre of the radars' wavelets: it decides the cells.
    burials, looks, empties
        Bodies per scene, radars and detectors per body, passes over the ground alone.
    """

    every: int = 3
    centre_hz: float = 0.5e9
    burials: int = 2
    looks: int = 2
    empties: int = 0

    def recipe(self, named: str, scenes: int) -> Recipe:
        """Return a recipe with as many scenes, each in a field of its own, all of them a test."""
        told = tomllib.loads(find_recipe(named).text)
        low, high = (min(one, self.centre_hz) for one in told["radar"]["centre_hz"])
        told["name"] = f"{told['name']}, another solver"
        told["samples"] = scenes * (self.burials + self.empties) * self.looks
        told["radar"]["centre_hz"] = [low, high]
        told["splits"] = {"train": 0.0, "validation": 0.0, "test": 1.0}
        told["scenes"] = {
            "burials": self.burials,
            "looks": self.looks,
            "empties": self.empties,
            "scenes_per_site": 1,
            "scenes_per_shard": 1,
        }
        return Recipe.from_toml(tomli_w.dumps(told), where=named)


def heard_by(backend: Backend, every: int, recipe: Recipe, scene: Scene) -> Heard:
    """Return what is heard over a scene on rounded materials and few shots on the grid."""
    solver = solver_of(recipe, scene)
    spacing_m = spacing_of(recipe, scene.site.subsurface)
    lane = lane_of(recipe, scene)
    few = replace(lane, shots=on_nodes(lane.shots, every=every, spacing_m=spacing_m))
    solve = backend(solver)

    def rounded(section: Section, shots: Shots) -> Responses:
        return solve(stepped(section), shots)

    fields = respond_by(rounded, few, scene.library, solver, spacing_m=spacing_m)
    return heard_in(scene, lane, at_all_traces(fields, few, lane))


def on_nodes(shots: Shots, *, every: int, spacing_m: float) -> Shots:
    """Return every so many-th shot and the last, moved onto nodes, antennas level and as far apart.

    Nodes lie at whole multiples of the spacing.
    """
    picked = sorted({*range(0, len(shots), every), len(shots) - 1})
    middle = _middles(shots)[picked]
    apart_m = np.linalg.norm(shots.receivers[:, 0] - shots.sources, axis=1).mean()
    apart = round(apart_m / spacing_m)
    first = np.rint((middle - [0.5 * apart * spacing_m, 0.0]) / spacing_m)
    places = [spacing_m * one for one in (first, first + np.array([apart, 0.0]))]
    return Shots(places[0], places[1][:, np.newaxis])


def stepped(section: Section) -> Section:
    """Return a section of fewer materials; a cell stays what it is wherever a body is put."""
    rounded = {
        name: (np.rint(getattr(section, name) / step) * step).astype(np.float32)
        for name, step in STEPS.items()
    }
    metal = section.conductivity_s_per_m > 1e3
    rounded["conductivity_s_per_m"][metal] = section.conductivity_s_per_m[metal]
    rounded["permittivity"] = np.maximum(rounded["permittivity"], np.float32(1.0))
    return replace(section, **rounded)


def at_all_traces(fields: LaneResponses, few: Lane, lane: Lane) -> LaneResponses:
    """Return fields of few shots at all traces of a lane: delayed to their heights, interpolated.

    The direct wave is left out of that, and put in as it is between the lane's own antennas.
    """
    heard, known = fields.background, _middles(few.shots)
    echoes = heard.field - in_air(heard, few.shots).field
    where = _middles(lane.shots)
    up_m = np.interp(known[:, 0], where[:, 0], where[:, 1])
    late_s = 2.0 * (up_m - known[:, 1]) / LIGHT_M_PER_S

    def spread(field: npt.NDArray[np.float32], numbers: Any) -> npt.NDArray[np.float32]:
        delayed = _delayed(field[:, 0], late_s[numbers], heard.interval_s)
        full = np.zeros((len(known), field.shape[2]))
        full[numbers] = delayed
        every = CubicSpline(known[:, 0], full, axis=0)(where[:, 0])
        return every[:, np.newaxis].astype(np.float32)

    ground = replace(heard, field=spread(echoes, slice(None)))
    background = replace(heard, field=ground.field + in_air(ground, lane.shots).field)
    targets = []
    for one in fields.targets:
        numbers = lane.heard_by(one.body)
        field = spread(one.responses.field, one.shots)[numbers]
        targets.append(Scattered(one.body, numbers, replace(one.responses, field=field)))
    return LaneResponses(background, tuple(targets))


def _delayed(field: npt.NDArray[np.float32], late_s: Values, interval_s: float) -> Values:
    time_s = interval_s * np.arange(field.shape[1])
    rows = [
        CubicSpline(time_s, row)(np.clip(time_s - late, 0.0, time_s[-1]))
        for row, late in zip(field.astype(np.float64), late_s, strict=True)
    ]
    return np.stack(rows)


def _middles(shots: Shots) -> Values:
    return np.asarray(0.5 * (shots.sources + shots.receivers[:, 0]))


def our_own(solver: Solver) -> Solve:
    return lambda section, shots: simulate(section, shots, solver)


def gprmax(program: Program, solver: Solver) -> Solve:
    return InGroups(solver, program, progress=_tick)


def _tick(_: int) -> None:
    sys.stderr.write(".")
    sys.stderr.flush()


def make(
    folder: Path, recipe: Recipe, versions: Sequence[str], *, every: int, workers: int
) -> None:
    """Make the datasets, or what is missing of them."""
    backends: dict[str, Backend] = {OURS: our_own, GPRMAX: partial(gprmax, Program.find())}
    for version in versions:
        backend = backends.get(version)
        physics = heard_full_wave if backend is None else partial(heard_by, backend, every)
        begun = time.perf_counter()

        def told(done: int, total: int, *, version: str = version, begun: float = begun) -> None:
            spent = time.perf_counter() - begun
            print(f"{version}: {done} of {total} samples, {spent:.0f} s", file=sys.stderr)

        who = Processes(workers) if workers > 1 else Here()
        path = folder / f"{version}.zarr"
        make_dataset(path, recipe, workers=who, physics=physics, progress=told)


def main() -> None:
    usual = ShortCuts()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", help="of a dataset: a name that ships, or a TOML file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder")
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--model", default="minimum-metal")
    parser.add_argument("--every", type=int, default=usual.every, help="traces computed")
    parser.add_argument("--centre", type=float, default=usual.centre_hz, help="highest, Hz")
    parser.add_argument("--plain", action="store_true", help="the scenes without short cuts too")
    parser.add_argument("--workers", type=int, default=1, help="processes; they change no bit")
    asked = parser.parse_args()
    cuts = ShortCuts(every=asked.every, centre_hz=asked.centre)
    asked.output.mkdir(parents=True, exist_ok=True)
    versions = (OURS, GPRMAX, PLAIN) if asked.plain else (OURS, GPRMAX)
    recipe = cuts.recipe(asked.recipe, asked.scenes)
    make(asked.output, recipe, versions, every=cuts.every, workers=asked.workers)
    told = report(asked.output, versions, asked.model)
    (asked.output / "report.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(told)))


if __name__ == "__main__":
    main()
