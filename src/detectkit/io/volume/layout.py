"""What a volume on disk is made of: names, words and numbers that writer and reader share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from detectkit.core import DetectkitError, TileIndex, UsageError, VoxelGrid

FORMAT = "detectkit-volume"
LAYOUT_VERSION = 1
CONVENTIONS = "CF-1.11"
DIMENSIONS = ("easting", "northing", "depth")
CRS = "crs"
"""Name of the variable that tells the frame, as CF wants it."""

Variable = Literal["amplitude", "coherence", "weight", "fold"]
VARIABLES: tuple[Variable, ...] = get_args(Variable)
MEANINGS: dict[Variable, str] = {
    "amplitude": "magnitude of the focused echo, in the unit of the processed samples; "
    "NaN: not imaged",
    "coherence": "share of the echoes' energy that adds up in phase, 0 to 1; NaN: not imaged",
    "weight": "sum of the weights of the traces that see the voxel; NaN: not imaged",
    "fold": "number of traces that see the voxel; NaN: not imaged",
}

Tile = npt.NDArray[np.float32]
"""Values of one tile, shape (tile, tile, depths): easting, northing, depth."""


class VolumeWriteError(DetectkitError, OSError):
    """A volume could not be written; nothing was put in place."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A rectangle of tiles: from the first number to before the last, east and north.

    Examples
    --------
    >>> Extent.around([(0, 2), (-1, 5)])
    Extent(east=(-1, 1), north=(2, 6))
    """

    east: tuple[int, int]
    north: tuple[int, int]

    @classmethod
    def around(cls, tiles: Iterable[TileIndex]) -> Extent:
        """Return the smallest rectangle that holds some tiles.

        Raises
        ------
        UsageError
            There are none.
        """
        listed = list(tiles)
        if not listed:
            msg = "a volume needs at least one tile: no trace reached a voxel"
            raise UsageError(msg)
        east, north = zip(*listed, strict=True)
        return cls((min(east), max(east) + 1), (min(north), max(north) + 1))

    @property
    def tiles(self) -> tuple[int, int]:
        """Number of tiles east and north."""
        return self.east[1] - self.east[0], self.north[1] - self.north[0]

    def holds(self, index: TileIndex) -> bool:
        """Tell whether a tile lies in the rectangle."""
        inside = self.east[0] <= index[0] < self.east[1]
        return inside and self.north[0] <= index[1] < self.north[1]


def grid_words(grid: VoxelGrid, extent: Extent) -> dict[str, Any]:
    """Return the grid and its extent as plain values."""
    return {
        "spacing_m": grid.spacing_m,
        "depth_spacing_m": grid.depth_spacing_m,
        "depths": grid.depths,
        "first_depth_m": grid.first_depth_m,
        "tile": grid.tile,
        "tiles_east": list(extent.east),
        "tiles_north": list(extent.north),
    }


def grid_of(words: dict[str, Any], crs_wkt: str) -> tuple[VoxelGrid, Extent]:
    """Return grid and extent from `grid_words`' answer."""
    grid = VoxelGrid(
        float(words["spacing_m"]),
        float(words["depth_spacing_m"]),
        int(words["depths"]),
        float(words["first_depth_m"]),
        int(words["tile"]),
        crs_wkt,
    )
    east, north = ((int(a), int(b)) for a, b in (words["tiles_east"], words["tiles_north"]))
    if east[1] <= east[0] or north[1] <= north[0]:
        msg = f"its tiles {east} x {north} are none"
        raise ValueError(msg)
    return grid, Extent(east, north)


def columns_m(grid: VoxelGrid, tiles: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the places of all columns of a range of tiles along one axis."""
    numbers = np.arange(tiles[0] * grid.tile, tiles[1] * grid.tile)
    return np.asarray(np.round(numbers * grid.spacing_m, 9), np.float64)
