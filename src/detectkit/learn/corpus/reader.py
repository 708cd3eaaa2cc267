"""Reading a corpus: evidence in batches, the tables whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, UsageError
from detectkit.learn.corpus.layout import EVIDENCE, FORMAT, PARTS, VERSION
from detectkit.learn.corpus.settings import SPLITS, CorpusSettings, Split
from detectkit.learn.corpus.tables import KINDS, Table, type_of
from detectkit.learn.examples import Examples

if TYPE_CHECKING:
    import zarr

Which = slice | Sequence[int] | npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)  # no slots: tables are kept once they are read
class Corpus:
    """A finished corpus; build it with `open_corpus`.

    Parameters
    ----------
    path
        Folder of the store.
    attributes
        What it says of itself.
    """

    path: Path
    attributes: dict[str, Any]
    _root: zarr.Group

    def __len__(self) -> int:
        return len(self.table)

    @property
    def kind(self) -> str:
        """Kind of the pipeline that its evidence came through."""
        return str(self.attributes["kind"])

    @property
    def digest(self) -> str:
        """Sha256 over all values."""
        return str(self.attributes["digest"])

    @property
    def fingerprint(self) -> str:
        """Sha256 of all that decides it: settings and sources."""
        return self.digest

    @property
    def settings(self) -> CorpusSettings:
        """What it was made from."""
        return CorpusSettings.from_toml(self.attributes["settings"], where=self.path.name)

    def require(self, settings: CorpusSettings) -> None:
        """See that it was made from these settings, wherever its sources lay.

        Raises
        ------
        UsageError
            It was made from others; names those that differ.
        """
        if self.attributes["fingerprint"] == settings.fingerprint:
            return
        pairs = ((one.name, getattr(self.settings, one.name), getattr(settings, one.name))
                 for one in fields(settings))  # fmt: skip
        other = ", ".join(name for name, ours, asked in pairs if name != "name" and ours != asked)
        msg = (
            f"{self.path}: made from other settings than the recipe's [corpus] ({other}); "
            "give the corpus of this recipe, or let a new one be made"
        )
        raise UsageError(msg)

    @cached_property
    def table(self) -> Table:
        """One row per example; columns as `detectkit.learn.corpus.tables.EXAMPLES`."""
        return self._table("table")

    @cached_property
    def lanes(self) -> Table:
        """One row per lane and copy."""
        return self._table("lanes")

    @cached_property
    def targets(self) -> Table:
        """One row per target and lane and copy, found or not."""
        return self._table("targets")

    def of_split(self, split: Split) -> npt.NDArray[np.int64]:
        """Return the numbers of the examples of a split whose truth is known."""
        ours = self.table["split"] == SPLITS.index(split)
        return np.flatnonzero(ours & (self.table["category"] >= 0))

    def read(self, which: Which) -> Examples:
        """Return some examples, in memory.

        Parameters
        ----------
        which
            A slice, which is quick, or numbers of examples.
        """
        rows = self.table[which if isinstance(which, slice) else np.asarray(which, np.int64)]
        radar, radar_known, detector, detector_known, scalars = (
            self._rows(name, which) for name in EVIDENCE
        )
        return Examples(
            radar.astype(np.float32),
            radar_known,
            detector,
            detector_known,
            scalars,
            np.array(rows["category"], np.int8),
            np.array(rows["depth_m"], np.float32),
        )

    def _rows(self, name: str, which: Which) -> npt.NDArray[Any]:
        array: Any = self._root[name]
        found = array[which] if isinstance(which, slice) else array.oindex[np.asarray(which)]
        return np.asarray(found)

    def _table(self, group: str) -> Table:
        columns = {}
        for one in KINDS[group]:
            name = f"{group}/{one.name}"
            texts = self.attributes["texts"].get(name)
            columns[one.name] = texts if texts is not None else self._whole(name)
        table = np.empty(len(next(iter(columns.values()))), type_of(KINDS[group]))
        for name, values in columns.items():
            table[name] = values
        return table

    def _whole(self, name: str) -> npt.NDArray[Any]:
        array: Any = self._root[name]
        return np.asarray(array[:])


def open_corpus(path: str | Path) -> Corpus:
    """Open a finished corpus.

    Raises
    ------
    FormatError
        There is none, or it is not finished, or damaged.
    """
    import zarr

    place = Path(path)
    if (place / PARTS).is_dir():
        msg = f"{place}: its build was stopped; the same command goes on with it"
        raise FormatError(msg)
    try:
        root = zarr.open_group(place, mode="r")
        attributes = dict(root.attrs)
    except (OSError, ValueError, KeyError) as error:
        msg = f"{place}: no corpus ({error}); build one with: detectkit train"
        raise FormatError(msg) from error
    if attributes.get("format") != FORMAT or attributes.get("format_version") != VERSION:
        msg = (
            f"{place}: no finished corpus of version {VERSION}; build it, or go on building, with: "
            "detectkit train"
        )
        raise FormatError(msg)
    return Corpus(place, attributes, root)
