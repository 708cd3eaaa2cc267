"""Prescreener on a focused volume: voxels in standard deviations of the clutter around them.

As along a track, what counts is the clutter at the same depth, beside a guard: here of the columns
in a ring. Tile by tile, so that memory does not grow with the volume.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter

from detectkit.core import TileIndex, UsageError
from detectkit.detect.prescreeners.clutter import LocalClutter
from detectkit.detect.prescreeners.tiles import FEWEST_TRAINING_ROWS
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

Float32s = npt.NDArray[np.float32]
MOST_TRAINING_COLUMNS = 256


@dataclass(frozen=True, slots=True)
class VolumeClutter:
    """Where the clutter of a column is learnt, and what stands out of it.

    Parameters
    ----------
    threshold
        Lowest score of a candidate, in standard deviations.
    guard_m
        Columns so near are no clutter of a column; None: one wavelength.
    training_m
        So far beyond the guard the clutter reaches; None: six wavelengths.
    separation_m
        Of candidates within this distance only the highest is kept; None: one wavelength.
    shallowest_m
        Nothing above this depth is returned: the direct wave's tail covers it; None: 0.35
        wavelengths.
    """

    threshold: float = 4.0
    guard_m: float | None = None
    training_m: float | None = None
    separation_m: float | None = None
    shallowest_m: float | None = None

    def __post_init__(self) -> None:
        told = (self.guard_m, self.training_m, self.separation_m, self.threshold)
        if min(one for one in told if one is not None) <= 0.0:
            msg = (
                f"threshold = {self.threshold}, guard_m = {self.guard_m}, training_m = "
                f"{self.training_m}, separation_m = {self.separation_m}: give more than 0 for each"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class VolumeCandidate(Maximum):
    """A maximum over the clutter around it.

    Parameters
    ----------
    score
        In standard deviations of the clutter around.
    """

    score: float


def volume_scores(
    volume: Volume, east: slice, north: slice, settings: VolumeClutter = VolumeClutter()
) -> Float32s:
    """Return the scores of some columns, in standard deviations; 0: no more than the clutter.

    The value of a voxel is the cube root of the energy that adds up in phase there, ``(amplitude x
    weight)^2 x coherence``, which makes that of many scatterers nearly normal (Wilson and Hilferty,
    PNAS 17, 1931); its deviation, and what is done about heavier tails, is as in the step
    `depth-energy`. Columns are taken in cells as wide as the guard, at fixed places, so that it
    does not matter which part is asked for.

    Parameters
    ----------
    east, north
        Which columns, counted from 0 in the volume, with a beginning and an end.

    Returns
    -------
    scores
        float32 (easting, northing, depth). NaN: not imaged, or fewer than 16 columns around.
    """
    near, far = _columns_of(volume, settings)
    starts = [max(0, one.start) for one in (east, north)]
    stops = [min(one.stop, most) for one, most in zip((east, north), volume.shape, strict=False)]
    low = [max(0, one // near * near - far) for one in starts]
    window = [slice(a, b + near + far) for a, b in zip(low, stops, strict=True)]
    values = _values(volume, *window)
    shape = (stops[0] - starts[0], stops[1] - starts[1], volume.shape[2])
    scores = np.full(shape, np.nan, np.float32)
    for cell in np.ndindex(
        *(-(-b // near) - a // near for a, b in zip(starts, stops, strict=True))
    ):
        first = [(a // near + one) * near for a, one in zip(starts, cell, strict=True)]
        own = tuple(
            slice(max(a, at), min(b, at + near))
            for at, a, b in zip(first, starts, stops, strict=True)
        )
        inside = tuple(_moved(one, -a) for one, a in zip(own, low, strict=True))
        place = (first[0] - low[0], first[1] - low[1])
        target = tuple(_moved(one, -a) for one, a in zip(own, starts, strict=True))
        scores[target] = _scored(values[inside], _training(values, place, near, far))
    return scores


def find_candidates(
    volume: Volume, settings: VolumeClutter = VolumeClutter()
) -> list[VolumeCandidate]:
    """Return where a volume stands out of the clutter around, the highest score first.

    A candidate is no lower than its 26 neighbours, all of which are imaged and judged, and not in
    the shallowest or deepest voxel. Its place is that of the parabolas through it and them.

    Raises
    ------
    FormatError
        The volume is damaged.
    """
    wavelength = wavelength_of(volume)
    shallowest = settings.shallowest_m
    shallowest = SHALLOWEST_WAVELENGTHS * wavelength if shallowest is None else shallowest
    found = [
        one
        for index in volume.tiles()
        for one in _of_tile(volume, index, settings)
        if one.depth_m >= shallowest
    ]
    found.sort(key=lambda one: (-one.score, one.easting_m, one.northing_m, one.depth_m))
    return separated(found, settings.separation_m or wavelength)


def _columns_of(volume: Volume, settings: VolumeClutter) -> tuple[int, int]:
    """Return the guard, and guard and training together, in columns."""
    wavelength = wavelength_of(volume)
    guard = settings.guard_m or wavelength
    reach = guard + (settings.training_m or 6.0 * wavelength)
    spacing = volume.grid.spacing_m
    return max(1, round(guard / spacing)), max(2, round(reach / spacing))


def _values(volume: Volume, east: slice, north: slice) -> Float32s:
    """Return the cube root of the coherent energy of some columns."""
    amplitude, coherence, weight = (
        volume.read(name, east=east, north=north) for name in ("amplitude", "coherence", "weight")
    )
    energy = np.square(amplitude.astype(np.float64) * weight) * coherence
    return np.cbrt(energy).astype(np.float32)


def _training(values: Float32s, place: tuple[int, int], near: int, far: int) -> Float32s:
    """Return the columns around a cell at `place`, beyond the guard, (column, depth)."""
    low = [max(0, one - far) for one in place]
    around = values[low[0] : place[0] + near + far, low[1] : place[1] + near + far]
    chosen: npt.NDArray[np.bool_] = np.asarray(np.isfinite(around).any(axis=2))
    guard = tuple(
        slice(max(0, one - near - a), one + 2 * near - a) for one, a in zip(place, low, strict=True)
    )
    chosen[guard] = False
    columns: Float32s = around[chosen]
    return columns


def _scored(cell: Float32s, training: Float32s) -> Float32s:
    """Return the scores of a cell; of the clutter only columns count that have all its depths."""
    scores = np.full(cell.shape, np.nan, np.float32)
    known = np.isfinite(cell).any(axis=(0, 1))
    columns = training[:, known]
    columns = columns[np.isfinite(columns).all(axis=1)]
    if not known.any() or len(columns) < FEWEST_TRAINING_ROWS:
        return scores
    thinned = columns[:: -(-len(columns) // MOST_TRAINING_COLUMNS)]
    clutter = LocalClutter.of_energy(np.ascontiguousarray(thinned))
    scores[:, :, known] = clutter.scores(cell[:, :, known])
    return scores


def _of_tile(
    volume: Volume, index: TileIndex, settings: VolumeClutter
) -> Iterator[VolumeCandidate]:
    side, extent, grid = volume.grid.tile, volume.extent, volume.grid
    starts = [(index[0] - extent.east[0]) * side, (index[1] - extent.north[0]) * side]
    low = [max(0, one - 1) for one in starts]
    east, north = (slice(a, one + side + 1) for a, one in zip(low, starts, strict=True))
    scores = volume_scores(volume, east, north, settings)
    corner = [volume.easting_m[low[0]], volume.northing_m[low[1]], grid.first_depth_m]
    spacing = np.array([grid.spacing_m, grid.spacing_m, grid.depth_spacing_m])
    for place in _peaks(scores, settings.threshold):
        at = tuple(int(one) for one in place)
        if not all(0 <= a + b - one < side for a, b, one in zip(at, low, starts, strict=False)):
            continue
        metres = np.array(corner) + (place + vertex(scores, at)) * spacing
        easting, northing, depth = (round(float(one), 4) for one in metres)
        told = {
            name: float(volume.read(name, **_voxel(low, at))[0, 0, 0])
            for name in ("amplitude", "coherence", "weight")
        }
        error = round(depth_error_m(volume, depth, wavelength_of(volume)), 4)
        degrees = degrees_of(volume, easting, northing)
        yield VolumeCandidate(
            easting, northing, *degrees, depth, error, score=float(scores[at]), **told
        )


def _peaks(scores: Float32s, threshold: float) -> npt.NDArray[np.int64]:
    known = np.isfinite(scores)
    strength = np.where(known, scores, np.float32(-math.inf))
    found = (strength >= threshold) & (strength == maximum_filter(strength, size=3))
    found[:, :, [0, -1]] = False
    found &= ~maximum_filter(~known, size=3, mode="constant", cval=True)
    return np.argwhere(found)


def _voxel(low: list[int], at: tuple[int, ...]) -> dict[str, slice]:
    """Return the part of the volume that is one voxel."""
    place = (low[0] + at[0], low[1] + at[1], at[2])
    return {
        name: slice(one, one + 1)
        for name, one in zip(("east", "north", "depth"), place, strict=True)
    }


def _moved(one: slice, by: int) -> slice:
    return slice(one.start + by, one.stop + by)
