"""A dataset that grows along its first axis, written in whole chunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.io.flight.hdf5 import put_attribute
from detectkit.io.flight.layout import Compression, chunk_rows

if TYPE_CHECKING:
    import h5py


@dataclass(slots=True)
class Column:
    """Takes rows in runs of any length and holds back less than one chunk of them.

    HDF5 filters whole chunks: a chunk that is written in parts is checked, and compressed,
    once for each part. Held memory is one chunk, however long the flight. The dataset is made
    with the first chunk, so that a column shorter than that gets a chunk of its own length
    and no padding.

    Parameters
    ----------
    group, name
        Where the dataset goes.
    held
        Room for one chunk, in the dtype of the dataset.
    packed
        Whether chunks go through shuffle and gzip 1.
    attributes
        Texts that label the dataset.
    """

    group: h5py.Group
    name: str
    held: npt.NDArray[Any]
    packed: bool
    attributes: Mapping[str, str] = field(default_factory=dict)
    waiting: int = 0
    written: int = 0
    _dataset: h5py.Dataset | None = None

    @classmethod
    def like(
        cls,
        values: npt.NDArray[Any],
        group: h5py.Group,
        name: str,
        *,
        attributes: Mapping[str, str],
        compression: Compression = "auto",
    ) -> Column:
        """Return an empty column for rows like those of `values`, in native byte order."""
        dtype, tail = values.dtype.newbyteorder("="), values.shape[1:]
        rows = chunk_rows(dtype.itemsize * int(np.prod(tail, dtype=np.int64)))
        packed = compression == "gzip" or (compression == "auto" and dtype.kind in "iub")
        return cls(group, name, np.empty((rows, *tail), dtype), packed, attributes)

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Take more rows; whole chunks go to the file at once, the rest waits."""
        start = 0
        if self.waiting:
            start = min(len(self.held) - self.waiting, len(rows))
            self._hold(rows[:start])
        if self.waiting == len(self.held):
            self._write_waiting()
        whole = (len(rows) - start) // len(self.held) * len(self.held)
        if whole:
            self._write(rows[start : start + whole])
        self._hold(rows[start + whole :])

    def finish(self) -> h5py.Dataset:
        """Write what waits, even if it is less than a chunk, and return the dataset."""
        if self._dataset is None:
            self._dataset = self._create(max(1, self.waiting))
        self._write_waiting()
        return self._dataset

    def _hold(self, rows: npt.NDArray[Any]) -> None:
        self.held[self.waiting : self.waiting + len(rows)] = rows
        self.waiting += len(rows)

    def _write_waiting(self) -> None:
        if self.waiting:
            self._write(self.held[: self.waiting])
            self.waiting = 0

    def _write(self, rows: npt.NDArray[Any]) -> None:
        if self._dataset is None:
            self._dataset = self._create(len(self.held))
        stop = self.written + len(rows)
        self._dataset.resize(stop, axis=0)
        self._dataset[self.written : stop] = rows
        self.written = stop

    def _create(self, chunk: int) -> h5py.Dataset:
        tail = self.held.shape[1:]
        dataset = self.group.create_dataset(
            self.name,
            shape=(0, *tail),
            maxshape=(None, *tail),
            dtype=self.held.dtype,
            chunks=(chunk, *tail),
            fletcher32=True,
            shuffle=self.packed,
            compression="gzip" if self.packed else None,
            compression_opts=1 if self.packed else None,
        )
        for name, text in self.attributes.items():
            put_attribute(dataset, name, text)
        return dataset
