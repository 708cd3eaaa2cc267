"""Tiles: the sums of a volume while it is made, and where they lie when nobody adds to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detectkit.core import TileIndex, VoxelGrid

Sums = npt.NDArray[np.float32]
"""Shape (4, tile, tile, depths): see the names below. Axis 1 is east, axis 2 north."""
REAL, IMAGINARY, ENERGY, WEIGHT = range(4)
"""Sum of weight x analytic signal (two parts), of weight x its squared magnitude, of weights."""


def empty(grid: VoxelGrid) -> Sums:
    """Return the sums of a tile that no trace has reached."""
    return np.zeros((4, grid.tile, grid.tile, grid.depths), np.float32)


class TileStore(Protocol):
    """Where tiles lie that are not being added to; what comes back is what was put, to the bit."""

    def get(self, index: TileIndex) -> Sums | None:
        """Return a tile's sums, to be added to; None where there are none yet."""
        ...

    def put(self, index: TileIndex, sums: Sums) -> None:
        """Keep a tile's sums; the caller does not touch them afterwards."""
        ...

    def indices(self) -> Iterator[TileIndex]:
        """Yield the tiles that were put, each once, in ascending order."""
        ...


class MemoryTiles:
    """Tiles in memory: for small volumes and tests."""

    def __init__(self) -> None:
        self._kept: dict[TileIndex, Sums] = {}

    def get(self, index: TileIndex) -> Sums | None:
        """Return a tile's sums, None where there are none yet."""
        return self._kept.get(index)

    def put(self, index: TileIndex, sums: Sums) -> None:
        """Keep a tile's sums."""
        self._kept[index] = sums

    def indices(self) -> Iterator[TileIndex]:
        """Yield the tiles in ascending order."""
        yield from sorted(self._kept)
