"""Peaks: where in a volume echoes add up, with place, depth and their errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter

from detectkit.core import TileIndex, UsageError
from detectkit.io.volume import Volume
from detectkit.volume.maxima import (
    SHALLOWEST_WAVELENGTHS,
    Maximum,
    degrees_of,
    depth_error_m,
    separated,
    vertex,
    wavelength_of,
)

Values = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
SAMPLED_COLUMNS = 64
"""Columns of a tile that tell how strong the clutter is."""


@dataclass(frozen=True, slots=True)
class PeakSettings:
    """What counts as a peak.

    Parameters
    ----------
    contrast
        Times the median at its depth.
    separation_m
        Of peaks within this distance only the strongest is kept; None: one wavelength.
    shallowest_m
        Peaks above this depth are not returned: the direct wave's tail covers them; None: 0.35
        wavelengths.
    northing_m
        Only columns in this band; None: all. A line by itself cannot tell left from right, nor
        either from straight below: there only the columns under it mean something.
    most
        As many are returned, those with the highest contrast.
    """

    contrast: float = 20.0
    separation_m: float | None = None
    shallowest_m: float | None = None
    northing_m: tuple[float, float] | None = None
    most: int = 1000

    def __post_init__(self) -> None:
        separation = 1.0 if self.separation_m is None else self.separation_m
        if not (self.contrast > 0.0 and separation > 0.0 and self.most > 0):
            msg = "contrast, separation_m and most of peaks must be above 0"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Peak(Maximum):
    """A maximum over the median of its depth, where echoes add up.

    Parameters
    ----------
    contrast
        Strength over the median at this depth, see `find_peaks`.
    """

    contrast: float


def find_peaks(volume: Volume, settings: PeakSettings = PeakSettings()) -> list[Peak]:
    """Return the peaks of a volume, the one with the highest contrast first.

    The strength of a voxel is amplitude x weight x coherence: what its traces' echoes add up to,
    as far as they agree. So of the places that could explain an echo the one that most traces see
    straight below them wins over one that few see from the side.

    A peak is no smaller than its 26 neighbours, which must all be imaged, and at least `contrast`
    times the median of its depth; not in the shallowest or deepest voxel,
    where what lies beyond is not known. Its place is that of the parabolas through it and its
    neighbours along each axis. Tile by tile: memory does not grow with the volume.

    Raises
    ------
    FormatError
        The volume is damaged.
    """
    wavelength = wavelength_of(volume)
    shallowest = settings.shallowest_m
    shallowest = SHALLOWEST_WAVELENGTHS * wavelength if shallowest is None else shallowest
    low, high = settings.northing_m or (-math.inf, math.inf)
    clutter = _clutter(volume)
    found = (row for index in volume.tiles() for row in _of_tile(volume, index, clutter, settings))
    rows = [row for row in found if row.depth_m >= shallowest and low <= row.northing_m <= high]
    rows.sort(key=lambda row: (-row.strength, row.easting_m, row.northing_m, row.depth_m))
    kept = separated(rows, settings.separation_m or wavelength)
    kept.sort(key=lambda row: -row.contrast)
    return [_finished(volume, row, wavelength) for row in kept[: settings.most]]


@dataclass(frozen=True, slots=True)
class _Row:
    easting_m: float
    northing_m: float
    depth_m: float
    amplitude: float
    coherence: float
    weight: float
    contrast: float
    strength: float


def _clutter(volume: Volume) -> Values:
    """Return the median strength at each depth, of some columns of each tile."""
    side = volume.grid.tile
    step = max(1, math.isqrt(side * side // SAMPLED_COLUMNS))
    columns = []
    for index in volume.tiles():
        east, north = _first(volume, index)
        part = {"east": slice(east, east + side, step), "north": slice(north, north + side, step)}
        columns.append(_strength(*_values(volume, part)).reshape(-1, volume.grid.depths))
    sample = np.concatenate(columns) if columns else np.empty((0, volume.grid.depths))
    median = np.full(volume.grid.depths, np.nan)
    imaged = np.isfinite(sample).any(axis=0)
    median[imaged] = np.nanmedian(sample[:, imaged], axis=0)
    return median


def _of_tile(
    volume: Volume, index: TileIndex, clutter: Values, settings: PeakSettings
) -> Iterator[_Row]:
    side = volume.grid.tile
    starts = _first(volume, index)
    low = [max(0, start - 1) for start in starts]
    part = {
        "east": slice(low[0], starts[0] + side + 1),
        "north": slice(low[1], starts[1] + side + 1),
    }
    amplitude, coherence, weight = _values(volume, part)
    strength = np.nan_to_num(_strength(amplitude, coherence, weight), nan=-np.inf)
    highest = maximum_filter(strength, size=3, mode="constant", cval=-np.inf)
    with np.errstate(invalid="ignore"):
        found = (strength == highest) & (strength >= settings.contrast * clutter) & (strength > 0.0)
    found[:, :, [0, -1]] = False
    found &= ~maximum_filter(np.isneginf(strength), size=3, mode="constant", cval=True)
    own = np.zeros(found.shape, np.bool_)
    shift = [start - one for start, one in zip(starts, low, strict=True)]
    own[shift[0] : shift[0] + side, shift[1] : shift[1] + side] = True
    places = np.argwhere(found & own)
    spacing = np.array([volume.grid.spacing_m, volume.grid.spacing_m, volume.grid.depth_spacing_m])
    corner = np.array(
        [volume.easting_m[low[0]], volume.northing_m[low[1]], volume.grid.first_depth_m]
    )
    for place in places:
        at = tuple(place)
        metres = corner + (place + vertex(strength, at)) * spacing
        contrast = float(strength[at] / clutter[at[2]]) if clutter[at[2]] > 0.0 else math.inf
        yield _Row(
            easting_m=float(metres[0]),
            northing_m=float(metres[1]),
            depth_m=float(metres[2]),
            amplitude=float(amplitude[at]),
            coherence=float(coherence[at]),
            weight=float(weight[at]),
            contrast=contrast,
            strength=float(strength[at]),
        )


def _values(volume: Volume, part: dict[str, slice]) -> tuple[Float32s, Float32s, Float32s]:
    amplitude, coherence, weight = (
        volume.read(name, **part) for name in ("amplitude", "coherence", "weight")
    )
    return amplitude, coherence, weight


def _strength(amplitude: Float32s, coherence: Float32s, weight: Float32s) -> Float32s:
    return np.asarray(amplitude * weight * coherence, np.float32)


def _first(volume: Volume, index: TileIndex) -> tuple[int, int]:
    """Return the number of a tile's first column east and north in the volume."""
    side, extent = volume.grid.tile, volume.extent
    return (index[0] - extent.east[0]) * side, (index[1] - extent.north[0]) * side


def _finished(volume: Volume, row: _Row, wavelength_m: float) -> Peak:
    longitude, latitude = degrees_of(volume, row.easting_m, row.northing_m)
    error = depth_error_m(volume, row.depth_m, wavelength_m)
    return Peak(
        round(row.easting_m, 4),
        round(row.northing_m, 4),
        longitude,
        latitude,
        round(row.depth_m, 4),
        round(error, 4),
        row.amplitude,
        row.coherence,
        row.weight,
        row.contrast,
    )
