"""Cuts through a volume: depth slices, projections over a band of depths, vertical sections.

NaN means "not imaged": it is never counted as 0, and where nothing was imaged the answer is NaN.
Arrays have the axes easting, northing, depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError

Float32s = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
CLOSE_M = 1e-6
"""A depth this near to a voxel's is that voxel's."""


class Level(NamedTuple):
    """A depth between two voxels: the number of the shallower, and the share of the deeper."""

    voxel: int
    share: float


class Projection(NamedTuple):
    """The largest value of each column and the depth in m of the voxel that holds it."""

    maximum: Float32s
    depth_m: Float32s


def level_of(depth_m: Values, at_m: float) -> Level:
    """Return where a depth lies among the voxels of a column.

    Parameters
    ----------
    depth_m
        Depths of the voxels, ascending, (depths,).
    at_m
        The depth wanted.

    Raises
    ------
    UsageError
        No voxel is so shallow or so deep.

    Examples
    --------
    >>> level_of(np.array([0.0, 0.1, 0.2]), 0.125)
    Level(voxel=1, share=0.25)
    """
    first, last = float(depth_m[0]), float(depth_m[-1])
    if not first - CLOSE_M <= at_m <= last + CLOSE_M:
        msg = f"depth {at_m:g} m: the volume holds {first:g} to {last:g} m"
        raise UsageError(msg)
    position = float(np.interp(at_m, depth_m, np.arange(depth_m.size)))
    voxel = int(position)
    share = position - voxel
    gap_m = float(depth_m[min(voxel + 1, depth_m.size - 1)] - depth_m[voxel])
    if share * gap_m <= CLOSE_M:
        return Level(voxel, 0.0)
    return Level(voxel + 1, 0.0) if (1.0 - share) * gap_m <= CLOSE_M else Level(voxel, share)


def band_of(depth_m: Values, shallow_m: float, deep_m: float) -> slice:
    """Return the voxels of a column whose depths lie in a band, ends included.

    Raises
    ------
    UsageError
        The band holds no voxel.

    Examples
    --------
    >>> band_of(np.array([0.0, 0.1, 0.2, 0.3]), 0.1, 0.2)
    slice(1, 3, None)
    """
    inside = np.flatnonzero((depth_m >= shallow_m - CLOSE_M) & (depth_m <= deep_m + CLOSE_M))
    if inside.size == 0:
        msg = (
            f"no voxel lies between {shallow_m:g} and {deep_m:g} m: the volume holds "
            f"{depth_m[0]:g} to {depth_m[-1]:g} m, one each {np.ptp(depth_m[:2]):g} m"
        )
        raise UsageError(msg)
    return slice(int(inside[0]), int(inside[-1]) + 1)


def depth_slice(values: Float32s, depth_m: Values, at_m: float) -> Float32s:
    """Return a level cut, straight between the two voxels above and below.

    Parameters
    ----------
    values
        Shape (easting, northing, depth).
    depth_m
        Depths of the voxels, ascending, (depth,).
    at_m
        The depth wanted.

    Returns
    -------
    Float32s
        Shape (easting, northing). NaN where a voxel that counts is NaN.

    Raises
    ------
    UsageError
        The depth lies outside of the volume.

    Examples
    --------
    >>> cube = np.array([[[1.0, 3.0, 5.0]]], np.float32)
    >>> depth_slice(cube, np.array([0.0, 0.1, 0.2]), 0.15)
    array([[4.]], dtype=float32)
    """
    voxel, share = level_of(depth_m, at_m)
    upper = values[:, :, voxel]
    if share == 0.0:
        return np.array(upper, np.float32)
    mixed = (1.0 - share) * upper + share * values[:, :, voxel + 1]
    return np.asarray(mixed, np.float32)


def maximum_projection(values: Float32s, depth_m: Values) -> Projection:
    """Return each column's largest value, and the depth of the shallowest voxel that holds it.

    Parameters
    ----------
    values
        Shape (easting, northing, depth); cut it to the band first.
    depth_m
        Depths of its voxels, (depth,).
    """
    _same_depths(values, depth_m)
    imaged = np.isfinite(values)
    at = np.where(imaged, values, -np.inf).argmax(axis=2)
    largest = np.take_along_axis(values, at[:, :, None], axis=2)[:, :, 0]
    nothing = ~imaged.any(axis=2)
    largest = np.where(nothing, np.float32(np.nan), largest)
    depth = np.where(nothing, np.nan, depth_m[at])
    return Projection(largest.astype(np.float32), depth.astype(np.float32))


def energy_projection(values: Float32s) -> Float32s:
    """Return each column's mean square over its imaged voxels, (easting, northing).

    The mean, not the sum: a column that is imaged in part stays comparable with its neighbours.
    """
    imaged = np.isfinite(values)
    squares = np.where(imaged, values, 0.0).astype(np.float64) ** 2
    count = imaged.sum(axis=2)
    mean = squares.sum(axis=2) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Some columns of a volume: what was read around a part of a section.

    Parameters
    ----------
    values
        Shape (easting, northing, depth).
    easting_m, northing_m
        Places of the first column.
    spacing_m
        Distance of the columns.
    """

    values: Float32s
    easting_m: float
    northing_m: float
    spacing_m: float


def vertical_section(columns: Columns, places_m: Values) -> Float32s:
    """Return what lies below some places, straight between the four columns around each.

    Parameters
    ----------
    columns
        A part of a volume.
    places_m
        Easting and northing of each place, (places, 2).

    Returns
    -------
    Float32s
        Shape (places, depth). NaN where a column that counts is NaN or not among `columns`.
    """
    values, spacing = columns.values, columns.spacing_m
    origin = np.array([columns.easting_m, columns.northing_m])
    position = np.round((places_m - origin) / spacing, 6)
    corner = np.floor(position).astype(np.int64)
    share = position - corner
    out = np.zeros((len(places_m), values.shape[2]))
    for east in (0, 1):
        for north in (0, 1):
            side = np.array([east, north])
            weight = np.where(side == 1, share, 1.0 - share).prod(axis=1)
            at = corner + side
            inside = ((at >= 0) & (at < values.shape[:2])).all(axis=1)
            found = np.full(out.shape, np.nan)
            found[inside] = values[at[inside, 0], at[inside, 1]]
            out += np.where(weight[:, None] > 0.0, weight[:, None] * found, 0.0)
    return out.astype(np.float32)


def places_along(corners_m: Values, spacing_m: float) -> tuple[Values, Values]:
    """Return places along a line with corners at equal distances, and how far along they lie.

    Parameters
    ----------
    corners_m
        Easting and northing of start, corners and end, (corners, 2).
    spacing_m
        Largest distance of two places.

    Returns
    -------
    tuple[Values, Values]
        Places (n, 2), and their distances from the start in m, (n,).

    Raises
    ------
    UsageError
        The line has no length.

    Examples
    --------
    >>> places, along = places_along(np.array([[0.0, 0.0], [0.0, 0.3]]), 0.1)
    >>> along.round(3)
    array([0. , 0.1, 0.2, 0.3])
    """
    steps = np.hypot(*np.diff(corners_m, axis=0).T)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    if not np.isfinite(reached[-1]) or reached[-1] <= 0.0:
        msg = "a section needs two different points, easting and northing of each in m"
        raise UsageError(msg)
    count = int(np.ceil(reached[-1] / spacing_m - 1e-9)) + 1
    along = np.linspace(0.0, reached[-1], max(2, count))
    places = np.column_stack([np.interp(along, reached, corners_m[:, axis]) for axis in (0, 1)])
    return places, along


def pixel_maximum(plane: Float32s, first: int, second: int) -> Float32s:
    """Return the largest value of each block of `first` x `second`; NaN where all are NaN.

    The largest, not every n-th: a small body does not vanish from a picture of a large area. The
    last blocks may be smaller.

    Examples
    --------
    >>> pixel_maximum(np.array([[1.0, 2.0, np.nan]], np.float32), 1, 2)
    array([[ 2., nan]], dtype=float32)
    """
    filled = np.where(np.isnan(plane), -np.inf, plane)
    rows = np.maximum.reduceat(filled, np.arange(0, plane.shape[0], first), axis=0)
    both = np.maximum.reduceat(rows, np.arange(0, plane.shape[1], second), axis=1)
    return np.where(np.isneginf(both), np.nan, both).astype(np.float32)


def _same_depths(values: Float32s, depth_m: Values) -> None:
    if values.ndim != 3 or values.shape[2] != depth_m.size:
        msg = f"values of shape {values.shape} do not fit {depth_m.size} depths"
        raise ShapeError(msg)
