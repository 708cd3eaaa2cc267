"""A dataset on disk while it is made: groups written once, whole, and known to be there.

A group's digest is written after everything else of it. What has a digest is whole; the rest is
made again, whatever a kill left of it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectkit.core import FormatError, UsageError
from detectkit.io.durable import sync_folder, write_synced
from detectkit.synthesis.dataset.layout import (
    DIGESTS,
    FORMAT,
    RECORDS,
    ArrayKind,
    DatasetWriteError,
    Group,
    array_of,
    arrays_of,
    attributes_of,
    digest_of,
)
from detectkit.synthesis.dataset.recipe import Recipe

if TYPE_CHECKING:
    import zarr

HEADER = "zarr.json"
COMPLETE = "complete"
COMPRESSION = 3


class DatasetWriter:
    """A dataset that is begun or gone on with.

    Parameters
    ----------
    path
        Its folder, usually ``.zarr``. A dataset of the same recipe is gone on with; anything else
        that has the name is refused.
    recipe
        What is made.

    Raises
    ------
    UsageError
        The name is taken by something else, or by a dataset of another recipe; says what differs.
    DatasetWriteError
        The disk is full or failed.
    """

    def __init__(self, path: str | Path, recipe: Recipe) -> None:
        self.path, self.recipe = Path(path), recipe
        _require_place(self.path)
        with writing(self.path):
            if not self.path.exists():
                self._begin()
            _require_same(self.path, recipe)
            self._group = _opened(self.path)

    def missing(self) -> list[int]:
        """Return the numbers of the groups that are not there yet, ascending."""
        digests = np.asarray(array_of(self._group, DIGESTS)[:])
        return [int(one) for one in np.flatnonzero(~digests.any(axis=1))]

    def put(self, number: int, group: Group) -> None:
        """Write a group; its digest last."""
        counts = self.recipe.scenes
        with writing(self.path):
            for name, values in group.items():
                _remove(self.path / name / "c" / str(number))
                per_scene = 1 if name == RECORDS else counts.samples
                first = number * counts.scenes_per_shard * per_scene
                array_of(self._group, name)[first : first + len(values)] = values
            array_of(self._group, DIGESTS)[number] = digest_of(group)

    def forget(self, number: int) -> None:
        """Take a group for missing: it is made again the next time."""
        with writing(self.path):
            array_of(self._group, DIGESTS)[number] = np.zeros(32, np.uint8)

    def complete(self, facts: dict[str, Any]) -> None:
        """Mark the dataset as whole, with what was found when it was checked."""
        header = self.path / HEADER
        with writing(self.path):
            words = json.loads(header.read_text(encoding="utf-8"))
            words["attributes"][COMPLETE] = facts
            write_synced(header, json.dumps(words, indent=2))

    def _begin(self) -> None:
        """Make the empty dataset under a hidden name, then name it: no half of one is left."""
        import zarr

        part = self.path.with_name(f".{self.path.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        root = zarr.create_group(part, zarr_format=3, attributes=attributes_of(self.recipe))
        for kind in arrays_of(self.recipe):
            _create(root, kind, self.recipe)
        scenes = self.recipe.scenes.scenes_per_shard
        root.create_array(
            RECORDS,
            shape=(self.recipe.scene_count,),
            chunks=(scenes,),
            dtype="str",
            dimension_names=["scene"],
            attributes={"meaning": "JSON of everything that decided a scene"},
        )
        root.create_array(
            DIGESTS,
            shape=(self.recipe.group_count, 32),
            chunks=(1, 32),
            dtype="uint8",
            dimension_names=["shard", "byte"],
            attributes={"meaning": "sha256 of a shard's values; all 0: not there yet"},
        )
        part.rename(self.path)
        sync_folder(self.path.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of the disk's errors what is kept and what to do."""
    try:
        yield
    except DatasetWriteError:
        raise
    except OSError as error:
        msg = (
            f"{path}: the dataset cannot be written ({error}); what is written is kept, give it "
            "room and run the same command again"
        )
        raise DatasetWriteError(msg) from error


def _remove(place: Path) -> None:
    """Remove what a killed run may have left of a shard: it is not to be read."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _create(root: zarr.Group, kind: ArrayKind, recipe: Recipe) -> None:
    from zarr.codecs import ZstdCodec

    count = recipe.sample_count
    together = min(count, recipe.scenes.samples * recipe.scenes.scenes_per_shard)
    chunk = 1 if len(kind.shape) > 1 else together
    root.create_array(
        kind.name,
        shape=(count, *kind.shape),
        chunks=(chunk, *kind.shape),
        shards=(together, *kind.shape) if chunk < together else None,
        dtype=kind.dtype,
        compressors=[ZstdCodec(level=COMPRESSION, checksum=True)],
        dimension_names=list(kind.dimensions),
        attributes={"meaning": kind.meaning},
    )


def _opened(path: Path) -> zarr.Group:
    import zarr

    return zarr.open_group(path, mode="r+")


def _require_place(path: Path) -> None:
    if not path.parent.is_dir():
        msg = f"{path}: the folder {path.parent} does not exist; make it first"
        raise UsageError(msg)
    if path.exists() and not (path / HEADER).is_file():
        msg = f"{path}: exists and is no dataset of detectkit; it is not replaced, choose another"
        raise UsageError(msg)


def _require_same(path: Path, recipe: Recipe) -> None:
    try:
        told = json.loads((path / HEADER).read_text(encoding="utf-8"))["attributes"]
        same, text, samples = told["fingerprint"], told["recipe"], told["samples"]
        is_ours = told["format"] == FORMAT
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path / HEADER}: damaged or of something else ({error}); choose another name"
        raise FormatError(msg) from error
    if not is_ours or same != recipe.fingerprint:
        what = _difference(text, samples, recipe)
        msg = (
            f"{path}: was begun with another recipe ({what}); go on with that one, or choose "
            "another name for this one"
        )
        raise UsageError(msg)


def _difference(text: str, samples: int, recipe: Recipe) -> str:
    """Return the first setting that differs, in words."""
    import tomllib

    if samples != recipe.sample_count:
        return f"{samples} samples there, {recipe.sample_count} now"
    before, now = _leaves(tomllib.loads(text)), _leaves(tomllib.loads(recipe.text))
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            return f"{name} = {before.get(name, 'not set')} there, {now.get(name, 'not set')} now"
    return "another layout"


def _leaves(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        pairs = [(f"{name}.{key}" if name else key, one) for key, one in value.items()]
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        pairs = [(f"{name}[{number}]", one) for number, one in enumerate(value, start=1)]
    else:
        return {name: value}
    return {key: leaf for inner, one in pairs for key, leaf in _leaves(one, inner).items()}
