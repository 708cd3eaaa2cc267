"""Back-projection: traces from any antenna positions summed into ground-fixed voxels."""

from __future__ import annotations

from detectkit.imaging.backprojection.antennas import Antennas, TimeAxis
from detectkit.imaging.backprojection.tiles import MemoryTiles, TileStore

__all__ = ["Antennas", "MemoryTiles", "TileStore", "TimeAxis"]
