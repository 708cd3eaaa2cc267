"""Rows of a sensor's track, counted through all lines; the oldest are let go."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor

SLAB_ROWS = 4096


@dataclass(slots=True)
class Run:
    """Rows without a gap.

    Parameters
    ----------
    line, sensor
        Of all its rows.
    first_trace
        Counter of its first row within the line.
    first, stop
        Its rows, counted through all runs.
    """

    line: str
    sensor: Sensor
    first_trace: int
    first: int
    stop: int

    def continues(self, block: Block) -> bool:
        """Tell whether a block goes on where this run ends."""
        next_trace = self.first_trace + self.stop - self.first
        return (block.line, block.first_trace, block.sensor) == (self.line, next_trace, self.sensor)

    def number_of(self, line: str, trace: int) -> int:
        """Return the row of a block's trace counter, -1 where it is not in this run."""
        number = self.first + trace - self.first_trace
        return number if line == self.line and self.first <= number < self.stop else -1


@dataclass(slots=True)
class TrackRows:
    """Records of rows in the order they came, as many as may be kept.

    Parameters
    ----------
    dtype
        Of a record, structured.
    most_rows
        Kept at least; older ones are let go, `SLAB_ROWS` at a time.
    """

    dtype: np.dtype[Any]
    most_rows: int
    runs: deque[Run] = field(default_factory=deque)
    first: int = 0
    """The oldest row that is kept: so many were let go."""
    stop: int = 0
    """How many rows came."""
    _slabs: deque[npt.NDArray[Any]] = field(default_factory=deque)

    def append(self, block: Block, records: npt.NDArray[Any]) -> None:
        """Take the records of a block's rows."""
        if len(records) == 0:
            return
        if not self.runs or not self.runs[-1].continues(block):
            run = Run(block.line, block.sensor, block.first_trace, self.stop, self.stop)
            self.runs.append(run)
        self.runs[-1].stop += len(records)
        taken = 0
        while taken < len(records):
            place = self.stop % SLAB_ROWS
            if place == 0:
                self._slabs.append(np.zeros(SLAB_ROWS, self.dtype))
            count = min(SLAB_ROWS - place, len(records) - taken)
            self._slabs[-1][place : place + count] = records[taken : taken + count]
            taken += count
            self.stop += count
            self._let_go()

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return a copy of the rows `start` to `stop` that are kept."""
        return np.concatenate([np.zeros(0, self.dtype), *self._pieces(start, stop)])

    def column(self, name: str, start: int, stop: int) -> npt.NDArray[Any]:
        """Return a copy of one field of the rows `start` to `stop` that are kept."""
        pieces = [piece[name] for piece in self._pieces(start, stop)]
        return np.concatenate([np.zeros(0, self.dtype)[name], *pieces])

    def fill(self, start: int, name: str, values: npt.NDArray[Any]) -> None:
        """Write one field of the rows from `start` on, as far as they are kept."""
        at = max(start, self.first)
        for piece in self._pieces(start, start + len(values)):
            piece[name] = values[at - start : at - start + len(piece)]
            at += len(piece)

    def run_of(self, row: int) -> Run | None:
        """Return the run of a row that is kept, else None."""
        if not self.first <= row < self.stop:
            return None
        return next(run for run in reversed(self.runs) if run.first <= row)

    def _pieces(self, start: int, stop: int) -> list[npt.NDArray[Any]]:
        """Return the parts of the slabs that hold the rows, as views."""
        start, stop = max(start, self.first), min(stop, self.stop)
        found = []
        while start < stop:
            place = start % SLAB_ROWS
            count = min(SLAB_ROWS - place, stop - start)
            found.append(self._slabs[(start - self.first) // SLAB_ROWS][place : place + count])
            start += count
        return found

    def _let_go(self) -> None:
        while self.stop - self.first - SLAB_ROWS >= self.most_rows:
            self._slabs.popleft()
            self.first += SLAB_ROWS
        while self.runs and self.runs[0].stop <= self.first:
            self.runs.popleft()
