"""Which voxels count as imaged: those that some trace saw from near enough above them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import TileIndex, VoxelGrid
from detectkit.signal._jit import njit
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
BIN_M = 0.01
SOIL_DEG, AIR_DEG = 45.0, 55.0
"""A voxel is imaged where a ray from some trace's antennas reaches it that is no further from the
vertical than this: in the soil for antennas on the ground, in the air for flying ones. What lies
further to the side is seen at one angle only, so an echo is drawn out over a circle."""
ON_THE_GROUND_WAVELENGTHS = 0.25
"""Lower antennas radiate into the soil as if they stood on it."""


@dataclass(slots=True)
class Coverage:
    """How far the nearest antennas were from each column, and how high they usually were.

    Exact, whatever the order and the pieces: minima and counts.

    Parameters
    ----------
    grid
        Of the volume.
    reach_m
        Columns farther away are not looked at.

    Examples
    --------
    >>> coverage = Coverage(VoxelGrid(0.1, 0.1, depths=3, tile=4), reach_m=0.31)
    >>> coverage.push(np.array([[0.0, 0.0, 0.0]]))
    >>> coverage.distance_m((0, 0))[:, 0].round(3)
    array([0. , 0.1, 0.2, 0.3], dtype=float32)
    """

    grid: VoxelGrid
    reach_m: float
    heights: Counter[int] = field(default_factory=Counter)
    _nearest: dict[TileIndex, Float32s] = field(default_factory=dict)

    def push(self, places_m: Values) -> None:
        """Take antennas' midpoints: easting, northing, height over the ground, (n, 3)."""
        self.heights.update(np.rint(places_m[:, 2] / BIN_M).astype(np.int64).tolist())
        low, high = places_m[:, :2].min(axis=0), places_m[:, :2].max(axis=0)
        first, last = (
            self.grid.tile_of(*(one + sign * self.reach_m)) for one, sign in ((low, -1), (high, 1))
        )
        for east in range(first[0], last[0] + 1):
            for north in range(first[1], last[1] + 1):
                corner = self.grid.easting_m(east)[0], self.grid.northing_m(north)[0]
                kept = self._nearest.get((east, north))
                squared = self._empty() if kept is None else kept
                if _note(squared, places_m, corner, self.grid.spacing_m, self.reach_m):
                    self._nearest[east, north] = squared

    @property
    def usual_height_m(self) -> float:
        """The lower median of the heights to a centimetre, 0 without any."""
        half = (self.heights.total() + 1) // 2
        seen = 0
        for height, count in sorted(self.heights.items()):
            seen += count
            if seen >= half:
                return round(height * BIN_M, 9)
        return 0.0

    def distance_m(self, index: TileIndex) -> Float32s:
        """Return how far the nearest antennas were from a tile's columns, (tile, tile)."""
        squared = self._nearest.get(index)
        return np.sqrt(self._empty() if squared is None else squared)

    def imaged(self, index: TileIndex, widths_m: Values) -> npt.NDArray[np.bool_]:
        """Tell which voxels of a tile are imaged, (tile, tile, depths).

        Parameters
        ----------
        index
            The tile.
        widths_m
            From `widths_m`.
        """
        return np.asarray(self.distance_m(index)[:, :, None] <= widths_m, np.bool_)

    def _empty(self) -> Float32s:
        return np.full((self.grid.tile, self.grid.tile), np.inf, np.float32)


def widths_m(
    grid: VoxelGrid, *, velocity_m_per_s: float, wavelength_m: float, height_m: float
) -> Values:
    """Return how far to the side of the antennas voxels count as imaged, at each depth, (depths,).

    Never less than 0.75 columns, so that the columns under a line always count.

    Examples
    --------
    >>> grid = VoxelGrid(0.05, 0.1, depths=3)
    >>> told = {"velocity_m_per_s": 1.0e8, "wavelength_m": 0.25}
    >>> widths_m(grid, height_m=0.0, **told).round(3)
    array([0.038, 0.1  , 0.2  ])
    >>> widths_m(grid, height_m=0.5, **told).round(3)
    array([0.714, 0.742, 0.771])
    """
    soil, air = math.radians(SOIL_DEG), 0.0
    if height_m >= ON_THE_GROUND_WAVELENGTHS * wavelength_m:
        air = math.radians(AIR_DEG)
        soil = math.asin(math.sin(air) * min(1.0, velocity_m_per_s / SPEED_OF_LIGHT_M_S))
    reach = height_m * math.tan(air) + grid.depth_m * math.tan(soil)
    return np.maximum(reach, 0.75 * grid.spacing_m)


@njit
def _note(
    squared: Float32s,
    places_m: Values,
    corner: tuple[float, float],
    spacing_m: float,
    reach_m: float,
) -> bool:
    """Lower the squared distances of a tile's columns to some places; tell whether one was near."""
    side = squared.shape[0]
    near = False
    for row in range(places_m.shape[0]):
        east, north = places_m[row, 0] - corner[0], places_m[row, 1] - corner[1]
        first_east = max(0, math.ceil((east - reach_m) / spacing_m))
        last_east = min(side - 1, math.floor((east + reach_m) / spacing_m))
        first_north = max(0, math.ceil((north - reach_m) / spacing_m))
        last_north = min(side - 1, math.floor((north + reach_m) / spacing_m))
        for i in range(first_east, last_east + 1):
            away = (i * spacing_m - east) ** 2
            for j in range(first_north, last_north + 1):
                distance = np.float32(away + (j * spacing_m - north) ** 2)
                if distance < squared[i, j]:
                    squared[i, j] = distance
                    near = True
    return near
