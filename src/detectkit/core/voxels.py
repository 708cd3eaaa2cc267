"""VoxelGrid: columns of voxels fixed to the ground, and how they are cut into tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError

Values = npt.NDArray[np.float64]
TileIndex = tuple[int, int]
"""Number of a tile eastwards and northwards of the frame's origin; may be negative."""


@dataclass(frozen=True, slots=True)
class VoxelGrid:
    """Columns at multiples of a spacing in a flat frame, without end; depth below the surface.

    Column (i, j) stands at easting ``i spacing_m`` and northing ``j spacing_m``: the same ground
    is the same column in every flight with the same frame. Tile (a, b) holds the columns
    ``a tile … (a + 1) tile - 1`` and ``b tile … (b + 1) tile - 1``. Voxel k of a column lies
    ``first_depth_m + k depth_spacing_m`` below the ground's surface there.

    Parameters
    ----------
    spacing_m
        Horizontal distance of the columns.
    depth_spacing_m, depths, first_depth_m
        Distance and number of a column's voxels, and the depth of the first.
    tile
        Columns along each side of a tile.
    crs_wkt
        The frame as WKT; empty for metres in a frame that nobody placed on the globe.

    Examples
    --------
    >>> grid = VoxelGrid(0.025, 0.025, depths=3, tile=4)
    >>> grid.depth_m
    array([0.   , 0.025, 0.05 ])
    >>> grid.tile_of(0.1, -0.02), grid.easting_m(1)
    ((1, -1), array([0.1  , 0.125, 0.15 , 0.175]))
    """

    spacing_m: float
    depth_spacing_m: float
    depths: int
    first_depth_m: float = 0.0
    tile: int = 64
    crs_wkt: str = ""

    def __post_init__(self) -> None:
        lengths = (self.spacing_m, self.depth_spacing_m, self.first_depth_m)
        if not all(map(math.isfinite, lengths)) or min(lengths) < 0.0 or 0.0 in lengths[:2]:
            msg = f"voxels of {lengths[0]} x {lengths[1]} m from {lengths[2]} m down cannot be"
            raise UsageError(msg)
        if self.depths < 1 or self.tile < 1:
            msg = f"depths = {self.depths} and tile = {self.tile} must be 1 or more"
            raise UsageError(msg)

    @property
    def depth_m(self) -> Values:
        """Depth of each voxel of a column, (depths,)."""
        steps = np.arange(self.depths, dtype=np.float64)
        return np.round(self.first_depth_m + steps * self.depth_spacing_m, 9)

    def easting_m(self, tile: int) -> Values:
        """Return the eastings of a tile's columns, (tile,); the northings by the other number."""
        return np.round((tile * self.tile + np.arange(self.tile)) * self.spacing_m, 9)

    northing_m = easting_m

    def tile_of(self, easting_m: float, northing_m: float) -> TileIndex:
        """Return the tile whose columns a place is nearest to."""
        side = self.spacing_m * self.tile
        half = 0.5 * self.spacing_m
        return math.floor((easting_m + half) / side), math.floor((northing_m + half) / side)
