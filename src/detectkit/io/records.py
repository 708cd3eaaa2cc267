"""Files of equal records, read lazily: header bytes, then samples, trace after trace.

Plain reads, no memory map: a file that shrinks while it is open must give an error, not
kill the interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError

Columns = Mapping[str, npt.NDArray[Any]]


class TraceSource(Protocol):
    """Gives rows of a stream: samples and further per-trace coordinates by name."""

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples (stop - start, samples) and coordinates of (stop - start) values."""
        ...


@dataclass(frozen=True, slots=True)
class RecordFile:
    """Equal records of one dtype from `offset` on, every `stride` records one of this stream.

    `stride` and `phase` serve files that interleave channels: record ``row * stride + phase``.
    """

    path: Path
    offset: int
    record: np.dtype[Any]
    stride: int = 1
    phase: int = 0

    @property
    def records(self) -> int:
        """Number of whole records in the file, all channels."""
        size = self.path.stat().st_size
        return max(0, size - self.offset) // self.record.itemsize

    @property
    def tail_bytes(self) -> int:
        """Bytes after the last whole record."""
        size = self.path.stat().st_size
        return max(0, size - self.offset) % self.record.itemsize

    @property
    def tail_offset(self) -> int:
        """Byte offset at which the last whole record ends."""
        return self.offset + self.records * self.record.itemsize

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return rows `start` to `stop` as a structured array."""
        count = max(0, stop - start) * self.stride
        begin = self.offset + start * self.stride * self.record.itemsize
        rows = np.fromfile(self.path, dtype=self.record, count=count, offset=begin)
        if rows.size < count - (self.stride - 1 - self.phase):
            msg = (
                f"{self.path.name} at byte {begin + rows.size * self.record.itemsize:,}: "
                f"expected {count} records, found {rows.size}; did the file shrink while open?"
            )
            raise FormatError(msg)
        return rows[self.phase :: self.stride]
