"""Values at wanted places from values at others: means under a triangle.

Where values are denser than the triangle it averages them, so that nothing aliases; where they are
sparser it is linear interpolation. Sums run in one order, element by element, so that a row's
answer does not depend on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """Which values go into each wanted place, and by how much.

    Parameters
    ----------
    index
        (taps, wanted), int64, into the values.
    weight
        (taps, wanted), float32, adding up to 1, or all 0 where the place is not known.

    Examples
    --------
    >>> at = Triangles.between(np.array([0.0, 1.0, 2.0]), np.array([0.5, 3.0]), half_width=0.5)
    >>> at.over_columns(np.array([[10, 20, 40]], np.float32)), at.known
    (array([[15.,  0.]], dtype=float32), array([ True, False]))
    """

    index: npt.NDArray[np.int64]
    weight: Float32s

    @classmethod
    def between(
        cls,
        places: Float64s,
        wanted: Float64s,
        *,
        half_width: float,
        widest_gap: float = float("inf"),
    ) -> Triangles:
        """Return the triangles of wanted places among rising `places`.

        Parameters
        ----------
        half_width
            Of the triangle, least; where neighbours lie further apart, their distance.
        widest_gap
            Between neighbours with more than this between them nothing is known.
        """
        count = places.size
        if count < 2:
            nothing = (0, wanted.size)
            return cls(np.zeros(nothing, np.int64), np.zeros(nothing, np.float32))
        after = np.clip(np.searchsorted(places, wanted, side="right"), 1, count - 1)
        gap = places[after] - places[after - 1]
        known = (wanted >= places[0]) & (wanted <= places[-1]) & (gap <= widest_gap)
        width = np.maximum(half_width, gap)
        first = np.searchsorted(places, wanted - width, side="right")
        stop = np.where(known, np.searchsorted(places, wanted + width, side="left"), first)
        index = first + np.arange(max(1, int((stop - first).max())))[:, None]
        inside = index < stop
        index = np.minimum(index, count - 1)
        weight = np.where(inside, 1.0 - np.abs(places[index] - wanted) / width, 0.0)
        total = weight.sum(axis=0)
        return cls(index, (weight / np.where(total > 0.0, total, 1.0)).astype(np.float32))

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(wanted,): where there were values."""
        return np.asarray(self.weight.any(axis=0))

    def over_columns(self, values: npt.NDArray[Any]) -> Float32s:
        """Return (row, wanted) of (row, value)."""
        out = np.zeros((values.shape[0], self.index.shape[1]), np.float32)
        for index, weight in zip(self.index, self.weight, strict=True):
            out += values[:, index] * weight
        return out

    def over_rows(self, values: npt.NDArray[Any]) -> Float32s:
        """Return (wanted, column) of (value, column)."""
        out = np.zeros((self.index.shape[1], values.shape[1]), np.float32)
        for index, weight in zip(self.index, self.weight, strict=True):
            out += values[index] * weight[:, None]
        return out
