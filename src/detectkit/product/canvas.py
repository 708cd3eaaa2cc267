"""A picture-sized copy of a radargram, filled while the traces stream by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
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

    @property
    def traces_per_column(self) -> int:
        """How many traces share one column."""
        return max(1, -(-self.traces // self.widest))

    def push(self, block: Block) -> None:
        """Draw the rows of a block at the columns of their source traces."""
        if self.image.size == 0:
            columns = -(-self.traces // self.traces_per_column)
            self.twt_s = np.asarray(block.coord("twt_s"))
            self.image = np.zeros((columns, block.data.shape[1]), np.float32)
            self.along_track_m = np.full(columns, np.nan)
            self.filled = np.zeros(columns, np.bool_)
        column = block.coord("source_trace").astype(np.int64) // self.traces_per_column
        _keep_extremes(self.image, np.ascontiguousarray(block.data), column)
        self.filled[column] = True
        if "along_track_m" in block.coords:
            starts = np.flatnonzero(np.diff(column, prepend=-1))
            self.along_track_m[column[starts]] = block.coord("along_track_m")[starts]

    @property
    def edges_m(self) -> tuple[float, float] | None:
        """Along-track distance of the first and last column in m, None without distance."""
        known = self.along_track_m[np.isfinite(self.along_track_m)]
        return None if known.size < 2 else (float(known[0]), float(known[-1]))


@njit
def _keep_extremes(
    image: npt.NDArray[np.float32], data: npt.NDArray[Any], column: npt.NDArray[np.int64]
) -> None:
    for row in range(data.shape[0]):
        target = image[column[row]]
        for k in range(data.shape[1]):
            value = np.float32(data[row, k])
            if abs(value) > abs(target[k]):
                target[k] = value
