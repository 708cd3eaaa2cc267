"""Making a dataset: groups of scenes by any number of workers, the same bits whoever makes them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from detectkit import __version__
from detectkit.core import FormatError, ShapeError
from detectkit.core.settings import settings_of
from detectkit.sim.bodies import load_library
from detectkit.synthesis.dataset.heard import Heard
from detectkit.synthesis.dataset.labels import code_row, number_row
from detectkit.synthesis.dataset.layout import RECORDS, Group, arrays_of, digest_of
from detectkit.synthesis.dataset.reader import Dataset, open_dataset, open_unfinished
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Sample, Scene, scene_of, site_of
from detectkit.synthesis.dataset.workers import Here, Workers
from detectkit.synthesis.dataset.writer import COMPLETE, DatasetWriter

Physics = Callable[[Recipe, Scene], Heard]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What making a dataset came to.

    Parameters
    ----------
    dataset
        The finished dataset.
    groups
        How many were made now; the others were there.
    """

    dataset: Dataset
    groups: int


def make_dataset(
    path: str | Path,
    recipe: Recipe,
    *,
    workers: Workers | None = None,
    physics: Physics | None = None,
    progress: Progress | None = None,
) -> Made:
    """Make a dataset, or what is missing of it.

    Parameters
    ----------
    path
        Its folder, usually ``.zarr``; what a killed run has left there is kept.
    recipe
        What to make.
    workers
        Who makes it; None: this process. They change no bit.
    physics
        What is heard over a scene; None: what `Recipe.model` names. Must be a function of a
        module where other processes are to call it.
    progress
        Called with the samples done and all samples.

    Raises
    ------
    UsageError
        A recipe that cannot be made, or a name that is taken.
    DatasetWriteError
        The disk is full or failed; what is written is kept.
    FormatError
        What lies on disk is not what was written; it is made again the next time.
    """
    require_makeable(recipe)
    writer = DatasetWriter(path, recipe)
    missing = writer.missing()
    there = recipe.group_count - len(missing)
    task = partial(make_group, recipe, physics or physics_of(recipe))
    for number, group in (workers or Here()).answers(task, missing):
        writer.put(number, group)
        there += 1
        if progress is not None:
            progress(_samples_of(recipe, there), recipe.sample_count)
    if missing or COMPLETE not in open_unfinished(path).attributes:
        writer.complete(_checked(writer))
    return Made(open_dataset(path), len(missing))


def make_group(recipe: Recipe, physics: Physics, number: int) -> Group:
    """Return everything of a group of scenes, by array's name."""
    first = number * recipe.scenes.scenes_per_shard
    last = min(first + recipe.scenes.scenes_per_shard, recipe.scene_count)
    scenes = [make_scene(recipe, physics, one) for one in range(first, last)]
    return {name: np.concatenate([one[name] for one in scenes]) for name in scenes[0]}


def make_scene(recipe: Recipe, physics: Physics, number: int) -> Group:
    """Return everything of one scene, by array's name."""
    scene = scene_of(recipe, number)
    heard = physics(recipe, scene)
    count = range(len(scene.samples))
    track = scene.track.table()
    values = {
        "radar": heard.radar,
        "echo": heard.echo,
        "detector": heard.detector,
        "detector_echo": heard.detector_echo,
        "track": np.broadcast_to(track, (len(count), *track.shape)),
        "numbers": np.stack([number_row(scene, one, heard) for one in count]),
        "codes": np.stack([code_row(recipe, scene, one) for one in scene.samples]),
    }
    group: dict[str, Any] = {}
    for kind in arrays_of(recipe):
        stored = np.ascontiguousarray(values[kind.name], kind.dtype)
        if stored.shape != (len(count), *kind.shape):
            msg = f"scene {number}: {kind.name} has the shape {stored.shape}, not {kind.shape} each"
            raise ShapeError(msg)
        group[kind.name] = stored
    record = json.dumps(record_of(recipe, scene), sort_keys=True)
    group[RECORDS] = np.array([record], object)
    return group


def record_of(recipe: Recipe, scene: Scene) -> dict[str, Any]:
    """Return everything that decided a scene, and the programs that made it, as plain values."""
    left_out = {"site", "samples", "flight", "patch", "materials"}
    words = {
        name: value
        for name, value in vars(scene).items()
        if name in Scene.__dataclass_fields__ and name not in left_out
    }
    for name in ("burials", "clutter", "scrap", "plugs"):
        words[name] = [asdict(one) for one in words[name]]
    site = scene.site
    return {
        **words,
        "recipe_seed": recipe.seed,
        "site": {
            "number": site.number,
            "terrain": site.terrain,
            "split": site.split,
            "seed": site.seed,
            "slope_deg": site.slope_deg,
            "subsurface": site.subsurface.to_table(),
        },
        "samples": [_sample_record(one) for one in scene.samples],
        "versions": versions(),
    }


@cache
def versions() -> dict[str, str]:
    """Return the programs that a sample's bits hang on."""
    found = {one: metadata.version(one) for one in ("numpy", "scipy", "numba")}
    return {
        "detectkit": __version__,
        "python": platform.python_version(),
        **found,
        "machine": platform.machine(),
    }


def physics_of(recipe: Recipe) -> Physics:
    """Return what a recipe's model names."""
    if recipe.model == "sketch":
        from detectkit.synthesis.dataset.sketch import sketched

        return sketched
    from detectkit.synthesis.dataset.full_wave import heard_full_wave

    return heard_full_wave


def require_makeable(recipe: Recipe) -> None:
    """Raise where a body is unknown or a site's draw is not allowed, before anything is computed.

    Raises
    ------
    UsageError
        Names the body or the setting, and what is allowed.
    """
    library, clutter = load_library(), recipe.clutter
    for name in (*(one.name for one in recipe.bodies), *clutter.bodies, *clutter.scrap):
        library[name]
    for number in range(-(-recipe.scene_count // recipe.scenes.scenes_per_site)):
        site_of(recipe, number)
    scene_of(recipe, 0)


def _sample_record(sample: Sample) -> dict[str, Any]:
    detector = settings_of(sample.detector)
    detector["channels"] = [settings_of(one) for one in detector["channels"]]
    return {
        "burial": sample.burial,
        "seed": sample.seed,
        "first_sample": sample.first_sample,
        "radar": settings_of(sample.radar),
        "detector": detector,
    }


def _samples_of(recipe: Recipe, groups: int) -> int:
    together = recipe.scenes.samples * recipe.scenes.scenes_per_shard
    return min(groups * together, recipe.sample_count)


def _checked(writer: DatasetWriter) -> dict[str, Any]:
    """Read everything back; return the facts that mark the dataset as whole.

    Raises
    ------
    FormatError
        A group is not what was written, or two samples are the same.
    """
    dataset, whole = open_unfinished(writer.path), hashlib.sha256()
    seen: dict[bytes, int] = {}
    per_scene = writer.recipe.scenes.samples
    for number, (which, digest) in enumerate(dataset.groups()):
        stored = dataset.stored(which)
        if not np.array_equal(digest_of(stored), digest):
            writer.forget(number)
            msg = (
                f"{writer.path}: shard {number} on disk is not what was written; it is taken for "
                "missing now, run the same command again"
            )
            raise FormatError(msg)
        whole.update(digest.tobytes())
        for offset, radar in enumerate(stored["radar"]):
            sample = which.start + offset
            earlier = seen.setdefault(hashlib.sha256(radar.tobytes()).digest(), sample)
            if earlier // per_scene != sample // per_scene:
                msg = (
                    f"{writer.path}: samples {earlier} and {sample} of two scenes are the same; "
                    "training and test might share them: let the recipe draw more"
                )
                raise FormatError(msg)
    return {"samples": len(dataset), "digest": whole.hexdigest()}
