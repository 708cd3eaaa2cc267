"""A dataset that grows along its first axis, written in whole chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detectkit.io.flight.layout import Compression, chunk_rows

if TYPE_CHECKING:
    import h5py


@dataclass(slots=True)
class Column:
    """Takes rows in runs of any length and holds back less than one chunk of them.

    HDF5 filters whole chunks: a chunk that is written in parts is checked, and compressed,
    once for each part. Held memory is one chunk, however long the flight.

    Parameters
    ----------
    dataset
        Chunked over all of its axes but the first; grows as rows come.
    held
        Room for one chunk.
    """

    dataset: h5py.Dataset
    held: npt.NDArray[Any]
    waiting: int = 0
    written: int = 0

    @classmethod
    def create(
        cls,
        group: h5py.Group,
        name: str,
        like: npt.NDArray[Any],
        *,
        compression: Compression = "auto",
    ) -> Column:
        """Make an empty dataset for rows like those of `like`, in native byte order."""
        dtype, tail = like.dtype.newbyteorder("="), like.shape[1:]
        rows = chunk_rows(dtype.itemsize * int(np.prod(tail, dtype=np.int64)))
        packed = compression == "gzip" or (compression == "auto" and dtype.kind in "iub")
        dataset = group.create_dataset(
            name,
            shape=(0, *tail),
            maxshape=(None, *tail),
            dtype=dtype,
            chunks=(rows, *tail),
            fletcher32=True,
            shuffle=packed,
            compression="gzip" if packed else None,
            compression_opts=1 if packed else None,
        )
        return cls(dataset, np.empty((rows, *tail), dtype))

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Take more rows; whole chunks go to the file at once, the rest waits."""
        start = 0
        if self.waiting:
            start = min(len(self.held) - self.waiting, len(rows))
            self._hold(rows[:start])
        if self.waiting == len(self.held):
            self.flush()
        whole = (len(rows) - start) // len(self.held) * len(self.held)
        if whole:
            self._write(rows[start : start + whole])
        self._hold(rows[start + whole :])

    def flush(self) -> None:
        """Write what waits, even if it is less than a chunk."""
        if self.waiting:
            self._write(self.held[: self.waiting])
            self.waiting = 0

    def _hold(self, rows: npt.NDArray[Any]) -> None:
        self.held[self.waiting : self.waiting + len(rows)] = rows
        self.waiting += len(rows)

    def _write(self, rows: npt.NDArray[Any]) -> None:
        stop = self.written + len(rows)
        self.dataset.resize(stop, axis=0)
        self.dataset[self.written : stop] = rows
        self.written = stop
