"""A picture-sized copy of a radargram, filled while the traces stream by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
from detectkit.core.block import follows
from detectkit.signal._jit import njit

WIDEST = 4000


@dataclass(slots=True)
class Canvas:
    """Columns of a picture; where several traces share one, each sample keeps its extreme.

    Keeping the extreme, not the mean or every n-th trace, means that a narrow target cannot
    vanish from the picture of a long line.

    Parameters
    ----------
    traces
        Number of traces in the source.
    widest
        Most columns of the picture.
    """

    traces: int
    widest: int = WIDEST
    twt_s: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    image: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    along_track_m: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    filled: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    _last: Block | None = None

    @property
    def traces_per_column(self) -> int:
        """How many traces share one column."""
        return max(1, -(-self.traces // self.widest))

    def push(self, block: Block) -> None:
        """Draw the rows of a block at the columns of their source traces.

        A row reaches to the one that follows it, so that a pipeline that makes fewer rows
        leaves no stripes; a row that stands for no trace is left out.
        """
        if self.image.size == 0:
            columns = -(-self.traces // self.traces_per_column)
            self.twt_s = np.asarray(block.coord("twt_s"))
            self.image = np.zeros((columns, block.data.shape[1]), np.float32)
            self.along_track_m = np.full(columns, np.nan)
            self.filled = np.zeros(columns, np.bool_)
        column, stop = self._reaches(block)
        if self._last is not None and follows(self._last, block):
            before, _ = self._reaches(self._last)
            self._keep(self._last, before, np.minimum(column[:1], self.filled.size))
        self._keep(block, column, stop)
        self._last = block.traces(len(block) - 1, len(block))
        if "along_track_m" in block.coords:
            along_m = block.coord("along_track_m")
            fresh = (column >= 0) & np.isnan(self.along_track_m[column]) & np.isfinite(along_m)
            at, first = np.unique(column[fresh], return_index=True)
            self.along_track_m[at] = along_m[fresh][first]

    def _keep(
        self, block: Block, column: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> None:
        data = np.ascontiguousarray(block.data)
        _keep_extremes(self.image, self.filled, data, column, stop)

    def _reaches(self, block: Block) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first column of each row, -1 for none, and the one that it does not reach."""
        source = block.coord("source_trace").astype(np.int64)
        traces = block.coord("stacked_traces") if "stacked_traces" in block.coords else 1
        column = np.where(source < 0, -1, source // self.traces_per_column)
        own = (source + np.maximum(traces, 1) - 1) // self.traces_per_column + 1
        stop = np.maximum(own, np.append(column[1:], -1))
        return column, np.minimum(stop, self.filled.size)

    @property
    def edges_m(self) -> tuple[float, float] | None:
        """Along-track distance of the first and last column in m, None where it does not grow."""
        known = self.along_track_m[np.isfinite(self.along_track_m)]
        if known.size < 2 or known[0] == known[-1]:
            return None
        return float(known[0]), float(known[-1])


@njit
def _keep_extremes(
    image: npt.NDArray[np.float32],
    filled: npt.NDArray[np.bool_],
    data: npt.NDArray[Any],
    first: npt.NDArray[np.int64],
    stop: npt.NDArray[np.int64],
) -> None:
    for row in range(data.shape[0]):
        if first[row] < 0:
            continue
        for at in range(first[row], stop[row]):
            target = image[at]
            filled[at] = True
            for k in range(data.shape[1]):
                value = np.float32(data[row, k])
                if abs(target[k]) < abs(value) < np.inf:
                    target[k] = value
