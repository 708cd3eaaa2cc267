"""How a dataset lies on disk: Zarr version 3, one shard per group of scenes and array."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit import __version__
from detectkit.core import DetectkitError
from detectkit.synthesis.dataset.labels import CATEGORIES, CODES, METALS, NUMBERS
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import TRACK_COLUMNS
from detectkit.synthesis.dataset.settings import SPLITS

if TYPE_CHECKING:
    import zarr

FORMAT = "detectkit-dataset"
LAYOUT_VERSION = 1
RECORDS = "provenance"
DIGESTS = "digest"
NOTE = "Every sample is simulated. What a model scores on them says nothing yet about real ground."

Group = Mapping[str, npt.NDArray[Any]]
"""What is written together, by array's name; samples of neighbouring scenes."""


class DatasetWriteError(DetectkitError, OSError):
    """A dataset cannot be written; says what is kept and what to do."""


@dataclass(frozen=True, slots=True)
class ArrayKind:
    """An array of the dataset; the first axis is the sample, or the scene of `RECORDS`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    dimensions: tuple[str, ...]
    meaning: str


def arrays_of(recipe: Recipe) -> tuple[ArrayKind, ...]:
    """Return the arrays that hold a value per sample."""
    patch = recipe.patch
    radargram = (patch.traces, patch.samples)
    on_radar = ("sample", "trace", "delay")
    channels = len(channel_names(recipe))
    return (
        ArrayKind("radar", patch.stored_as, radargram, on_radar,
                  "counts as recorded, unprocessed"),
        ArrayKind("echo", patch.stored_as, radargram, on_radar,
                  "the body's part of them; radar less echo is the same ground without the body"),
        ArrayKind("detector", "float32", (patch.traces, channels), ("sample", "trace", "channel"),
                  "the metal detector at the same places, nV"),
        ArrayKind("detector_echo", "float32", (patch.traces, channels),
                  ("sample", "trace", "channel"), "the body's part of them"),
        ArrayKind("track", "float32", (patch.traces, len(TRACK_COLUMNS)),
                  ("sample", "trace", "track_column"), "where the antennas were"),
        ArrayKind("numbers", "float32", (len(NUMBERS),), ("sample", "number_column"),
                  "labels that are numbers; NaN: there is no body"),
        ArrayKind("codes", "int32", (len(CODES),), ("sample", "code_column"),
                  "labels that are codes"),
    )  # fmt: skip


def array_of(root: zarr.Group, name: str) -> zarr.Array[Any]:
    """Return an array of a dataset; raises TypeError where a group has its name."""
    import zarr

    found = root[name]
    if not isinstance(found, zarr.Array):
        msg = f"{name} is no array"
        raise TypeError(msg)
    return found


def channel_names(recipe: Recipe) -> tuple[str, ...]:
    """Return the names of the detector's channels."""
    rng = np.random.default_rng(0)
    return tuple(one.name for one in recipe.detector.drawn(rng).channels)


def attributes_of(recipe: Recipe) -> dict[str, Any]:
    """Return what a dataset says of itself."""
    return {
        "format": FORMAT,
        "format_version": LAYOUT_VERSION,
        "detectkit_version": __version__,
        "simulated": True,
        "model": recipe.model,
        "note": NOTE,
        "name": recipe.name,
        "recipe": recipe.text,
        "samples": recipe.sample_count,
        "fingerprint": recipe.fingerprint,
        "patch": asdict(recipe.patch),
        "samples_per_scene": recipe.scenes.samples,
        "samples_per_shard": recipe.scenes.samples * recipe.scenes.scenes_per_shard,
        "channels": list(channel_names(recipe)),
        "track_columns": list(TRACK_COLUMNS),
        "number_columns": [asdict(one) for one in NUMBERS],
        "code_columns": [asdict(one) for one in CODES],
        "words": {
            "category": list(CATEGORIES),
            "body": [one.name for one in recipe.bodies],
            "metal": list(METALS),
            "terrain": [one.name for one in recipe.terrains],
            "split": list(SPLITS),
        },
    }


def digest_of(group: Group) -> npt.NDArray[np.uint8]:
    """Return the sha256 of a group's values, uint8 (32,); what is told besides does not count."""
    digest = hashlib.sha256()
    for name in sorted(group):
        values = group[name]
        if name == RECORDS:
            continue
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
