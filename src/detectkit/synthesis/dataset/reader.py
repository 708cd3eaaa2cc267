"""Reading a dataset: arrays by slices, labels as one table, how each sample came about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, UsageError
from detectkit.synthesis.dataset.layout import DIGESTS, FORMAT, LAYOUT_VERSION, RECORDS, array_of
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.settings import Patch

if TYPE_CHECKING:
    import zarr

Floats = npt.NDArray[np.float32]
Which = slice | Sequence[int] | npt.NDArray[np.integer[Any]]
Signal = Literal["radar", "echo", "detector", "detector_echo", "track"]

COMPLETE = "complete"
_UNREADABLE = (KeyError, TypeError, ValueError, OSError, IndexError)


@dataclass(frozen=True)  # no slots: labels are kept once they are read
class Dataset:
    """A finished dataset; build it with `open_dataset`.

    Parameters
    ----------
    path
        Folder or zip file.
    attributes
        What it says of itself.
    """

    path: Path
    attributes: dict[str, Any]
    _root: zarr.Group

    def __len__(self) -> int:
        return int(self.attributes["samples"])

    @cached_property
    def recipe(self) -> Recipe:
        """What it was made by."""
        return Recipe.from_toml(self.attributes["recipe"], where=self.path.name).with_samples(
            len(self)
        )

    @property
    def patch(self) -> Patch:
        """What one sample is."""
        return Patch(**self.attributes["patch"])

    @property
    def is_sketch(self) -> bool:
        """Tell whether a formula stood in for the full-wave solver: nothing to train on."""
        return bool(self.attributes["model"] == "sketch")

    @property
    def digest(self) -> str:
        """Sha256 over all values: equal digests mean equal bits."""
        return str(self.attributes[COMPLETE]["digest"])

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the detector's channels."""
        return tuple(self.attributes["channels"])

    @property
    def track_columns(self) -> tuple[str, ...]:
        """Names of the columns of ``read("track")``."""
        return tuple(self.attributes["track_columns"])

    def read(self, name: Signal, which: Which) -> Floats:
        """Return some samples of an array, float32 (samples, traces, ...).

        Parameters
        ----------
        name
            ``"radar"`` and ``"echo"`` in counts, ``"detector"`` and ``"detector_echo"`` in nV;
            echoes are the body's part. ``"track"``: columns as `track_columns` says.
        which
            A slice, which is quick, or numbers of samples.
        """
        if name not in get_args(Signal):
            msg = f"{self.path}: no array {name!r}; there are: {', '.join(get_args(Signal))}"
            raise UsageError(msg)
        return self._rows(name, which).astype(np.float32)

    def background(self, which: Which) -> Floats:
        """Return the radar's counts as they would be without the body, same ground, same noise."""
        return self.read("radar", which) - self.read("echo", which)

    @cached_property
    def labels(self) -> npt.NDArray[Any]:
        """What is known of every sample: a structured array, fields as the attributes explain.

        Fields that are codes are int32; `words` says what they stand for.
        """
        with reading(self.path):
            codes = np.asarray(array_of(self._root, "codes")[:])
            numbers = np.asarray(array_of(self._root, "numbers")[:])
        columns: list[tuple[str, type]]
        columns = [(one["name"], np.int32) for one in self.attributes["code_columns"]]
        columns += [(one["name"], np.float32) for one in self.attributes["number_columns"]]
        table = np.empty(len(self), columns)
        for number, one in enumerate(self.attributes["code_columns"]):
            table[one["name"]] = codes[:, number]
        for number, one in enumerate(self.attributes["number_columns"]):
            table[one["name"]] = numbers[:, number]
        return table

    def words(self, field: str) -> npt.NDArray[np.str_]:
        """Return a field of codes in words, one per sample; "" where there is none.

        Examples: ``words("category")``, ``words("body")``, ``words("terrain")``.
        """
        known = self.attributes["words"]
        if field not in known:
            msg = f"{self.path}: {field!r} has no words; there are: {', '.join(known)}"
            raise UsageError(msg)
        return np.asarray(np.array([*known[field], ""])[self.labels[field]])

    @property
    def splits(self) -> dict[str, npt.NDArray[np.int64]]:
        """Numbers of the samples of each split; no site is in two of them."""
        names = self.attributes["words"]["split"]
        return {
            name: np.flatnonzero(self.labels["split"] == code) for code, name in enumerate(names)
        }

    def provenance(self, number: int) -> dict[str, Any]:
        """Return how a sample came about: scene, seeds, its instruments, versions of programs."""
        if not 0 <= number < len(self):
            msg = f"{self.path}: no sample {number}; there are 0 to {len(self) - 1}"
            raise UsageError(msg)
        per_scene = int(self.attributes["samples_per_scene"])
        with reading(self.path):
            scene = json.loads(str(array_of(self._root, RECORDS)[number // per_scene]))
        sample = scene.pop("samples")[number % per_scene]
        return {"fingerprint": self.attributes["fingerprint"], **scene, "sample": sample}

    def groups(self) -> Iterator[tuple[slice, npt.NDArray[np.uint8]]]:
        """Yield the samples that were written together, and their digest as it was written."""
        together = int(self.attributes["samples_per_shard"])
        with reading(self.path):
            digests = np.asarray(array_of(self._root, DIGESTS)[:])
        for number, digest in enumerate(digests):
            yield slice(number * together, min((number + 1) * together, len(self))), digest

    def stored(self, which: slice) -> dict[str, npt.NDArray[Any]]:
        """Return some samples of every array as they are stored, to take their digest."""
        names = (*get_args(Signal), "numbers", "codes")
        return {name: self._rows(name, which) for name in names}

    def _rows(self, name: str, which: Which) -> npt.NDArray[Any]:
        with reading(self.path):
            array = array_of(self._root, name)
            chosen = which if isinstance(which, slice) else np.asarray(which)
            found = array[chosen] if isinstance(chosen, slice) else array.oindex[chosen]
            return np.asarray(found)


def open_dataset(path: str | Path) -> Dataset:
    """Open a finished dataset, a folder or a zip file of one.

    Raises
    ------
    FormatError
        It is none, it is damaged, or it is not finished; the message says what to do.

    Examples
    --------
    >>> open_dataset("nothing.zarr")
    Traceback (most recent call last):
    ...
    detectkit.core.errors.FormatError: nothing.zarr: there is no such dataset
    """
    dataset = open_unfinished(path)
    if COMPLETE not in dataset.attributes:
        digests = [bool(digest.any()) for _, digest in dataset.groups()]
        msg = (
            f"{path}: is not finished, {sum(digests)} of {len(digests)} shards are there; go on "
            "with: detectkit simulate dataset RECIPE -o " + str(path)
        )
        raise FormatError(msg)
    return dataset


def open_unfinished(path: str | Path) -> Dataset:
    """Open a dataset that may still be incomplete; what is missing reads as 0."""
    import zarr
    from zarr.storage import ZipStore

    place = Path(path)
    if not place.exists():
        msg = f"{place}: there is no such dataset"
        raise FormatError(msg)
    with reading(place):
        store = place if place.is_dir() else ZipStore(place, mode="r")
        root = zarr.open_group(store, mode="r")
        attributes = dict(root.attrs)
    if attributes.get("format") != FORMAT:
        msg = f"{place}: is no dataset of detectkit; they are made by: detectkit simulate dataset"
        raise FormatError(msg)
    if attributes.get("format_version") != LAYOUT_VERSION:
        msg = (
            f"{place}: its layout has version {attributes.get('format_version')!r}, this detectkit "
            f"reads {LAYOUT_VERSION}"
        )
        raise FormatError(msg)
    return Dataset(place, attributes, root)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong into a FormatError."""
    import zipfile

    try:
        yield
    except FormatError:
        raise
    except (*_UNREADABLE, zipfile.BadZipFile) as error:
        reason = str(error).strip("'\"") or type(error).__name__
        msg = f"{path}: damaged or cut off, not readable as a dataset ({reason}); make it anew"
        raise FormatError(msg) from error
