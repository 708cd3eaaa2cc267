"""Cuts of a volume at the size of a picture: read piece by piece, with the strongest kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.imaging.projections import (
    Columns,
    band_of,
    depth_slice,
    energy_projection,
    level_of,
    maximum_projection,
    pixel_maximum,
    places_along,
    vertical_section,
)
from detectkit.io.volume import Variable, Volume

Float32s = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
WIDEST = 1200
"""Most pixels along a side of a picture."""
BOX_COLUMNS = 384
"""About so many columns along the sides of what is read at once."""
PLACES = 256
"""Places of a section that are read at once."""
LEAST_WEIGHT = 0.15
"""Share of the usual weight at a depth below which a voxel counts as not imaged."""
USUAL_PERCENTILE = 90.0
SAMPLED = 8
"""Every so many columns tell the usual weight."""
SLICES = 8
"""About so many depths are cut where none are named."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A variable of a volume where enough traces saw it.

    Beyond the lines a few traces from afar say next to nothing, but are divided by next to nothing:
    such voxels count as not imaged.

    Parameters
    ----------
    volume, name
        What is shown.
    least
        Weight below which a voxel counts as not imaged, (depth,); None: every voxel is shown.
    """

    volume: Volume
    name: Variable = "amplitude"
    least: Float32s | None = None

    @classmethod
    def of(
        cls, volume: Volume, *, name: Variable = "amplitude", least_weight: float = LEAST_WEIGHT
    ) -> Shown:
        """Return what is shown of a volume.

        Parameters
        ----------
        volume, name
            The variable.
        least_weight
            Share of the usual weight at a depth; 0: every voxel that a trace reached.
        """
        if "weight" not in volume.variables or least_weight <= 0.0:
            return cls(volume, name)
        return cls(volume, name, np.asarray(least_weight * usual_weight(volume), np.float32))

    def read(self, east: slice, north: slice) -> Float32s:
        """Return some columns, (easting, northing, depth); NaN: not imaged."""
        values = self.volume.read(self.name, east=east, north=north)
        if self.least is None:
            return values
        weight = self.volume.read("weight", east=east, north=north)
        return np.where(weight >= self.least, values, np.float32(np.nan))

    def holds(self, easting_m: float, northing_m: float, depth_m: float) -> bool:
        """Tell whether the voxel nearest to a place is shown."""
        volume = self.volume
        at = [
            int(np.argmin(np.abs(axis - place)))
            for axis, place in (
                (volume.easting_m, easting_m),
                (volume.northing_m, northing_m),
                (volume.depth_m, depth_m),
            )
        ]
        column = self.read(slice(at[0], at[0] + 1), slice(at[1], at[1] + 1))
        return bool(np.isfinite(column[0, 0, at[2]]))


def usual_weight(volume: Volume) -> Values:
    """Return the weight of voxels that many traces see, at each depth: the 90th percentile."""
    parts, side, first = [], volume.grid.tile, volume.extent
    for east, north in volume.tiles():
        corner = ((east - first.east[0]) * side, (north - first.north[0]) * side)
        tile = volume.read(
            "weight",
            east=slice(corner[0], corner[0] + side),
            north=slice(corner[1], corner[1] + side),
        )
        parts.append(tile[::SAMPLED, ::SAMPLED].reshape(-1, volume.grid.depths))
    seen = np.nan_to_num(np.concatenate(parts)) if parts else np.zeros((1, volume.grid.depths))
    return np.asarray(np.percentile(seen, USUAL_PERCENTILE, axis=0), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """What was cut out of a volume, all at the same pixels.

    Parameters
    ----------
    slices
        By depth in m, (easting, northing) each.
    maximum, depth_of_maximum_m, energy
        Largest value over the band, the depth where it lies, and the mean square.
    band_m
        Shallowest and deepest voxel of the band.
    edges_m
        West, east, south and north edge of the pixels.
    columns_per_pixel
        Columns along each side of a pixel, of which the largest value is shown.
    """

    slices: dict[float, Float32s]
    maximum: Float32s
    depth_of_maximum_m: Float32s
    energy: Float32s
    band_m: tuple[float, float]
    edges_m: tuple[float, float, float, float]
    columns_per_pixel: int


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A vertical cut.

    Parameters
    ----------
    values
        Shape (place, depth); NaN: not imaged.
    along_m
        Length of the line.
    depth_edges_m
        Upper edge of the first voxel and lower edge of the last.
    corners_m
        Easting and northing of start, corners and end, (corners, 2).
    """

    values: Float32s
    along_m: float
    depth_edges_m: tuple[float, float]
    corners_m: Values


def usual_depths(depth_m: Values) -> list[float]:
    """Return about eight depths at round numbers, below the surface.

    Examples
    --------
    >>> usual_depths(np.arange(25) * 0.025)
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    """
    first, last = float(depth_m[0]), float(depth_m[-1])
    if last <= first:
        return [first]
    raw = (last - first) / SLICES
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(one * power for one in (1.0, 2.0, 2.5, 5.0, 10.0) if one * power >= raw * 0.999)
    numbers = range(max(1, math.ceil(first / step - 1e-6)), math.floor(last / step + 1e-6) + 1)
    return [round(number * step, 9) for number in numbers] or [last]


def cut(
    shown: Shown,
    *,
    depths_m: Sequence[float],
    band_m: tuple[float, float] | None = None,
    widest: int = WIDEST,
    progress: Progress | None = None,
) -> Cuts:
    """Return depth slices and projections of a volume; memory does not grow with its area.

    Parameters
    ----------
    shown
        What to cut.
    depths_m
        Depths of the slices.
    band_m
        Shallow and deep end of the projections; None: all depths.
    widest
        Most pixels along a side; more columns than that share pixels, the largest value wins.
    progress
        Called with parts done and parts in all.

    Raises
    ------
    UsageError
        A depth that the volume does not hold, or nothing was imaged at all.
    """
    volume, depth_m = shown.volume, shown.volume.depth_m
    for one in depths_m:
        level_of(depth_m, one)
    shallow, deep = (float(depth_m[0]), float(depth_m[-1])) if band_m is None else band_m
    band = band_of(depth_m, shallow, deep)
    per_pixel = max(1, math.ceil(max(volume.shape[:2]) / widest))
    size = tuple(-(-columns // per_pixel) for columns in volume.shape[:2])
    planes = np.full((len(depths_m) + 3, *size), np.nan, np.float32)
    boxes = list(_boxes(volume, per_pixel))
    for done, (east, north) in enumerate(boxes, start=1):
        values = shown.read(east, north)
        place = (
            slice(None),
            slice(east.start // per_pixel, -(-east.stop // per_pixel)),
            slice(north.start // per_pixel, -(-north.stop // per_pixel)),
        )
        planes[place] = _planes(values, depth_m, depths_m, band, per_pixel)
        if progress is not None:
            progress(done, len(boxes))
    return _trimmed(volume, planes, depths_m, band, per_pixel)


def section(shown: Shown, corners_m: Values, *, widest: int = 2 * WIDEST) -> Section:
    """Return the vertical cut along a line between two points, or with corners between them.

    Raises
    ------
    UsageError
        The line has no length, or nothing was imaged along it; the message tells the extent.
    """
    volume = shown.volume
    places, along = places_along(corners_m, volume.grid.spacing_m)
    parts = [
        _below(shown, places[start : start + PLACES]) for start in range(0, len(places), PLACES)
    ]
    values = np.concatenate(parts)
    if not np.isfinite(values).any():
        msg = f"nothing was imaged along that section; {extent_words(volume)}"
        raise UsageError(msg)
    per_pixel = max(1, math.ceil(len(places) / widest))
    half = 0.5 * volume.grid.depth_spacing_m
    depth_m = volume.depth_m
    return Section(
        pixel_maximum(values, per_pixel, 1),
        float(along[-1]),
        (float(depth_m[0]) - half, float(depth_m[-1]) + half),
        corners_m,
    )


def extent_words(volume: Volume) -> str:
    """Return how far a volume reaches, for a message."""
    east, north, depth = volume.easting_m, volume.northing_m, volume.depth_m
    return (
        f"the volume reaches from {east[0]:g} to {east[-1]:g} m east, {north[0]:g} to "
        f"{north[-1]:g} m north and {depth[0]:g} to {depth[-1]:g} m deep"
    )


def _boxes(volume: Volume, per_pixel: int) -> Iterator[tuple[slice, slice]]:
    side = per_pixel * max(1, BOX_COLUMNS // per_pixel)
    columns_east, columns_north, _ = volume.shape
    for east in range(0, columns_east, side):
        for north in range(0, columns_north, side):
            yield (
                slice(east, min(east + side, columns_east)),
                slice(north, min(north + side, columns_north)),
            )


def _planes(
    values: Float32s, depth_m: Values, depths_m: Sequence[float], band: slice, per_pixel: int
) -> Float32s:
    """Return slices, maximum, depth of maximum and energy of one box, at the picture's pixels."""
    planes = [
        pixel_maximum(depth_slice(values, depth_m, one), per_pixel, per_pixel) for one in depths_m
    ]
    found = maximum_projection(values[:, :, band], depth_m[band])
    highest = pixel_maximum(found.maximum, per_pixel, per_pixel)
    again = highest.repeat(per_pixel, axis=0).repeat(per_pixel, axis=1)
    again = again[: found.maximum.shape[0], : found.maximum.shape[1]]
    shallowest = np.where(found.maximum == again, -found.depth_m, np.float32(np.nan))
    depth = -pixel_maximum(shallowest, per_pixel, per_pixel)
    energy = pixel_maximum(energy_projection(values[:, :, band]), per_pixel, per_pixel)
    return np.stack([*planes, highest, depth, energy])


def _trimmed(
    volume: Volume, planes: Float32s, depths_m: Sequence[float], band: slice, per_pixel: int
) -> Cuts:
    """Leave out rows and columns at the borders of which nothing was imaged."""
    imaged = np.asarray(np.isfinite(planes).any(axis=0))
    if not imaged.any():
        msg = f"{volume.path.name}: nothing was imaged at these depths; {extent_words(volume)}"
        raise UsageError(msg)
    east = np.flatnonzero(imaged.any(axis=1))[[0, -1]]
    north = np.flatnonzero(imaged.any(axis=0))[[0, -1]]
    kept = planes[:, east[0] : east[1] + 1, north[0] : north[1] + 1]
    pixel_m, half_m = per_pixel * volume.grid.spacing_m, 0.5 * volume.grid.spacing_m
    west, south = float(volume.easting_m[0]) - half_m, float(volume.northing_m[0]) - half_m
    count, depth_m = len(depths_m), volume.depth_m[band]
    return Cuts(
        {one: kept[number] for number, one in enumerate(depths_m)},
        kept[count],
        kept[count + 1],
        kept[count + 2],
        (float(depth_m[0]), float(depth_m[-1])),
        (
            west + float(east[0]) * pixel_m,
            west + float(east[1] + 1) * pixel_m,
            south + float(north[0]) * pixel_m,
            south + float(north[1] + 1) * pixel_m,
        ),
        per_pixel,
    )


def _below(shown: Shown, places_m: Values) -> Float32s:
    """Read the columns around some places and no more; NaN where the volume ends."""
    volume = shown.volume
    origin = np.array([volume.easting_m[0], volume.northing_m[0]])
    position = (places_m - origin) / volume.grid.spacing_m
    low = np.clip(np.floor(position.min(axis=0)), 0, None).astype(int)
    high = np.clip(np.ceil(position.max(axis=0)) + 1, 0, volume.shape[:2]).astype(int)
    if (high <= low).any():
        return np.full((len(places_m), volume.shape[2]), np.nan, np.float32)
    values = shown.read(slice(low[0], high[0]), slice(low[1], high[1]))
    first = origin + low * volume.grid.spacing_m
    columns = Columns(values, float(first[0]), float(first[1]), volume.grid.spacing_m)
    return vertical_section(columns, places_m)
