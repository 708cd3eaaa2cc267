"""What a recipe will cost, before it is made: runs, cells, time, disk."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detectkit.synthesis.dataset.layout import arrays_of
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Scene, scene_of, site_of

LOOKED_AT = 24
"""Scenes whose cost is reckoned; the others are taken to be like them."""
TRIAL_SHOTS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What making a dataset takes.

    Parameters
    ----------
    samples, scenes, shards
        How many there will be.
    sites
        Split → how many sites.
    runs
        Sections that the full-wave solver computes: the ground of each scene, and each body in it.
    cell_steps
        Cells times steps of all runs, without the absorbing rims; 0 for a sketch.
    spacing_m
        Finest and coarsest cells.
    steps_per_s
        Cells times steps per second of one worker, measured on a trial here; None: not tried.
    largest_bytes
        On disk, before compression.
    """

    samples: int
    scenes: int
    shards: int
    sites: dict[str, int]
    runs: int
    cell_steps: float
    spacing_m: tuple[float, float]
    steps_per_s: float | None
    largest_bytes: int

    def seconds(self, workers: int) -> float | None:
        """Return how long the solver takes with that many workers; None: not tried."""
        if self.steps_per_s is None:
            return None
        return self.cell_steps / self.steps_per_s / min(workers, self.shards)


def plan_of(recipe: Recipe, *, trial: Callable[[Recipe, Scene], float] | None = None) -> Plan:
    """Return what a recipe will cost.

    Parameters
    ----------
    recipe
        To be made.
    trial
        Measures cells times steps per second on one scene, see `measured`; None: it is not tried.
    """
    sites = Counter(
        site_of(recipe, one).split
        for one in range(-(-recipe.scene_count // recipe.scenes.scenes_per_site))
    )
    looked_at = np.linspace(0, recipe.scene_count - 1, min(LOOKED_AT, recipe.scene_count))
    scenes = [scene_of(recipe, int(one)) for one in looked_at.round()]
    costs, spacings = _costs(recipe, scenes)
    middle = scenes[int(np.argsort(costs)[len(costs) // 2])]
    full_wave = recipe.model == "full-wave"
    return Plan(
        recipe.sample_count,
        recipe.scene_count,
        recipe.group_count,
        dict(sites),
        recipe.scene_count * (1 + recipe.scenes.burials) if full_wave else 0,
        float(np.mean(costs)) * recipe.scene_count,
        (min(spacings), max(spacings)),
        trial(recipe, middle) if trial is not None and full_wave else None,
        recipe.sample_count * _bytes_of_sample(recipe),
    )


def measured(recipe: Recipe, scene: Scene) -> float:
    """Return cells times steps per second of one thread here, from a few shots of a scene."""
    from detectkit.sim.fdtd import Shots
    from detectkit.sim.fullwave import respond
    from detectkit.synthesis.dataset.full_wave import (
        cell_steps,
        lane_of,
        solver_of,
        spacing_of,
    )

    lane = lane_of(recipe, scene)
    few = Shots(lane.shots.sources[:TRIAL_SHOTS], lane.shots.receivers[:TRIAL_SHOTS])
    short = replace(lane, shots=few, targets=())
    solver, spacing_m = solver_of(recipe, scene), spacing_of(recipe, scene.site.subsurface)
    share = len(few) / _shots(lane)
    taken = []
    for _ in range(2):  # the first compiles
        begun = time.perf_counter()
        respond(short, scene.library, solver, spacing_m=spacing_m)
        taken.append(time.perf_counter() - begun)
    return share * cell_steps(recipe, scene) / min(taken)


def _shots(lane: Any) -> int:
    return len(lane.shots) + sum(len(lane.heard_by(one)) for one in lane.targets)


def _costs(recipe: Recipe, scenes: list[Scene]) -> tuple[list[float], list[float]]:
    if recipe.model != "full-wave":
        return [0.0] * len(scenes), [0.0]
    from detectkit.synthesis.dataset.full_wave import cell_steps, spacing_of

    spacings = [spacing_of(recipe, one.site.subsurface) for one in scenes]
    return [cell_steps(recipe, one) for one in scenes], spacings


def _bytes_of_sample(recipe: Recipe) -> int:
    return sum(int(np.prod(one.shape)) * np.dtype(one.dtype).itemsize for one in arrays_of(recipe))
