"""The heart: traces summed into the columns of one tile, in the traces' order.

Each voxel of a column in a trace's reach takes its position in both tables, adds the two paths,
and reads the analytic signal there. Sums are float32 additions in trace order, voxel by voxel:
their bits depend on nothing else.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.backprojection._stack import LENGTH, part, stack_floats
from detectkit.imaging.backprojection.geometry import (
    BORE_EAST,
    BORE_NORTH,
    BORE_UP,
    EAST,
    HEARER_EAST,
    HEARER_NORTH,
    NORTH,
    RADIUS,
    SENDER_EAST,
    SENDER_NORTH,
    SLOPE_EAST,
    SLOPE_NORTH,
    STEP,
)
from detectkit.imaging.backprojection.tables import COSINE, LEAN, LOUDNESS
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Pairs = npt.NDArray[np.uint64]
"""Two float32 that are looked up together, as one number; the first in its lower half."""

EQUAL, SPREADING, BEAM = range(3)
PIECE = LENGTH
HALF = np.uint64(32)
ZERO = np.float32(0.0)
Plane = tuple[float, float, float, float, np.float32, np.float32]
"""Slope g east and north, 1 / N², 1 / N, |g|² / N²; rows of the table for a metre."""
Leg = tuple[float, float, np.float32, np.float32]
"""Column from the antenna's foot, east and north; ρ² = a + b d + |g|² d² / N²."""


@njit
def add_traces(
    sums: Float32s,
    columns: tuple[Values, Values],
    depth: Float32s,
    rows: Values,
    tables: tuple[Pairs, Float32s],
    signals: Pairs,
    choice: tuple[int, float, float],
) -> int:
    """Add traces to a tile.

    Parameters
    ----------
    sums
        (4, tile tile depths), a tile's sums as they lie in memory; changed in place.
    columns
        Eastings and northings of the tile's columns, (tile,) each.
    depth
        (2, padded depths): depth and its square.
    rows
        From `geometry`, (n, columns).
    tables
        Paths (n, 2, rows times padded depths) and beams (n, 2, rows, 3), from `tables`.
    signals
        Analytic, (n, samples + 1), the last one 0.
    choice
        Weights; the share of the radius that is not tapered, and 1 over that which is.

    Returns
    -------
    int
        How many columns times traces were added.
    """
    east, north = columns
    paths, beams = tables
    tile = east.shape[0]
    depths = sums.shape[1] // (tile * tile)
    flat = sums[0], sums[1], sums[2], sums[3]
    down = depth[0], depth[1]
    added = 0
    for trace in range(rows.shape[0]):
        one, signal = rows[trace], signals[trace]
        lookup = paths[trace, 0], paths[trace, 1], signal, signal[1:]
        legs = beams[trace, 0], beams[trace, 1]
        plane = _plane(one)
        per_radius = 1.0 / one[RADIUS]
        for i in range(tile):
            away_east = east[i] - one[EAST]
            if abs(away_east) >= one[RADIUS]:
                continue
            for j in range(tile):
                away_north = north[j] - one[NORTH]
                share = math.sqrt(away_east * away_east + away_north * away_north) * per_radius
                if share < 1.0:
                    out = _leg(plane, away_east - one[SENDER_EAST], away_north - one[SENDER_NORTH])
                    back = _leg(plane, away_east - one[HEARER_EAST], away_north - one[HEARER_NORTH])
                    taper = _taper(share, choice[1], choice[2])
                    loud = _loudness(one, plane, legs, out, back, down[0][depths // 2], choice[0])
                    weights = _weights(taper, loud)
                    base = (i * tile + j) * depths
                    _add_column(flat, (base, depths), lookup, down, plane, out, back, weights)
                    added += 1
    return added


@part
def _plane(one: Values) -> Plane:
    """Return what a trace's plane and table give to all its columns."""
    east, north = one[SLOPE_EAST], one[SLOPE_NORTH]
    steep = east * east + north * north
    under = 1.0 / (1.0 + steep)
    rows_per_m = np.float32(1.0 / one[STEP])
    return east, north, under, math.sqrt(under), np.float32(steep * under), rows_per_m


@part
def _weights(taper: float, loud: float) -> tuple[np.float32, np.float32, np.float32]:
    """Return what the signal, its energy and the count are multiplied by."""
    return np.float32(taper * loud), np.float32(taper), np.float32(taper * loud * loud)


@part
def _add_column(
    flat: tuple[Float32s, Float32s, Float32s, Float32s],
    where: tuple[int, int],
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    down: tuple[Float32s, Float32s],
    plane: Plane,
    out: Leg,
    back: Leg,
    weights: tuple[np.float32, np.float32, np.float32],
) -> None:
    """Add one trace to one column."""
    base, depths = where
    padded = down[0].shape[0]
    position, real = stack_floats(), stack_floats()
    imaginary, inside = stack_floats(), stack_floats()
    for first in range(0, padded, PIECE):
        count = min(PIECE, padded - first)
        if plane[4] == ZERO:
            _level(lookup, plane[5], out, back, (first, count, padded), position)
        else:
            _sloping(lookup, plane, out, back, (first, count), down, position)
        _read(lookup, count, position, real, imaginary, inside)
        _add(flat, (base + first, min(count, depths - first)), weights, real, imaginary, inside)


@part
def _leg(plane: Plane, east: float, north: float) -> Leg:
    """Return how far the voxels of a column are from an antenna's foot, along the plane."""
    rise = plane[0] * east + plane[1] * north
    square = east * east + north * north + rise * rise
    return east, north, np.float32(square), np.float32(-2.0 * rise)


@part
def _taper(share: float, inside: float, per_rest: float) -> float:
    """Return 1 inside, and a smooth fall to 0 over the outer share of the radius."""
    if share <= inside:
        return 1.0
    rest = (1.0 - share) * per_rest
    return rest * rest * (3.0 - 2.0 * rest)


@part
def _loudness(
    one: Values,
    plane: Plane,
    beams: tuple[Float32s, Float32s],
    out: Leg,
    back: Leg,
    depth: np.float32,
    kind: int,
) -> float:
    """Return the expected amplitude of a point at the middle depth of a column."""
    if kind == EQUAL:
        return 1.0
    there = _leg_loudness(one, plane, beams[0], out, depth, kind)
    return there * _leg_loudness(one, plane, beams[1], back, depth, kind)


@part
def _leg_loudness(
    one: Values, plane: Plane, beams: Float32s, leg: Leg, depth: np.float32, kind: int
) -> float:
    """Return the expected amplitude of a leg."""
    slope_east, slope_north, under, upright, steep, rows_per_m = plane
    east, north, a, b = leg
    row = math.sqrt(max(a + b * depth + steep * depth * depth, ZERO)) * rows_per_m
    rest = row - np.float32(np.int32(row))
    i, j = np.uintp(np.int32(row)), np.uintp(np.int32(row) + 1)
    loud = beams[i, LOUDNESS] + rest * (beams[j, LOUDNESS] - beams[i, LOUDNESS])
    if kind == SPREADING:
        return float(loud)
    lean = beams[i, LEAN] + rest * (beams[j, LEAN] - beams[i, LEAN])
    cosine = beams[i, COSINE] + rest * (beams[j, COSINE] - beams[i, COSINE])
    ahead_east = east - slope_east * depth * under
    ahead_north = north - slope_north * depth * under
    ahead = ahead_east * one[BORE_EAST] + ahead_north * one[BORE_NORTH]
    ahead += (slope_east * ahead_east + slope_north * ahead_north) * one[BORE_UP]
    below = slope_east * one[BORE_EAST] + slope_north * one[BORE_NORTH] - one[BORE_UP]
    return float(loud * max(cosine * below * upright + lean * ahead, 0.0))


@part
def _first(pair: np.uint64) -> np.float32:
    return np.uint32(pair).view(np.float32)


@part
def _second(pair: np.uint64) -> np.float32:
    return np.uint32(pair >> HALF).view(np.float32)


@part
def _level(
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    rows_per_m: np.float32,
    out: Leg,
    back: Leg,
    piece_of: tuple[int, int, int],
    position: Float32s,
) -> None:
    """Give the positions of a column below level ground: one distance for all depths."""
    sender, hearer = lookup[0], lookup[1]
    first, count, padded = piece_of
    row_out, row_back = math.sqrt(out[2]) * rows_per_m, math.sqrt(back[2]) * rows_per_m
    i, j = np.int32(row_out), np.int32(row_back)
    part_out, part_back = row_out - np.float32(i), row_back - np.float32(j)
    from_out, from_back = i * padded + first, j * padded + first
    for k in range(count):
        a, b = sender[np.uintp(from_out + k)], hearer[np.uintp(from_back + k)]
        there = _first(a) + part_out * (_second(a) - _first(a))
        position[np.uintp(k)] = there + (_first(b) + part_back * (_second(b) - _first(b)))


@part
def _sloping(
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    plane: Plane,
    out: Leg,
    back: Leg,
    piece_of: tuple[int, int],
    depth: tuple[Float32s, Float32s],
    position: Float32s,
) -> None:
    """Give the positions of a column below sloping ground: the distance changes with depth."""
    sender, hearer = lookup[0], lookup[1]
    downs, squares = depth
    first, count = piece_of
    steep, rows_per_m = plane[4], plane[5]
    padded = np.int32(downs.shape[0])
    for k in range(count):
        down, square = downs[np.uintp(first + k)], squares[np.uintp(first + k)]
        bend = steep * square
        row_out = math.sqrt(max(out[2] + out[3] * down + bend, ZERO)) * rows_per_m
        row_back = math.sqrt(max(back[2] + back[3] * down + bend, ZERO)) * rows_per_m
        i, j = np.int32(row_out), np.int32(row_back)
        part_out, part_back = row_out - np.float32(i), row_back - np.float32(j)
        a = sender[np.uintp(np.int32(i * padded + (first + k)))]
        b = hearer[np.uintp(np.int32(j * padded + (first + k)))]
        there = _first(a) + part_out * (_second(a) - _first(a))
        position[np.uintp(k)] = there + (_first(b) + part_back * (_second(b) - _first(b)))


@part
def _read(
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    count: int,
    position: Float32s,
    real: Float32s,
    imaginary: Float32s,
    inside: Float32s,
) -> None:
    """Read the signal at the positions; what lies outside of the trace counts nothing."""
    signal, ahead = lookup[2], lookup[3]
    end = np.float32(signal.shape[0] - 2)
    for depth in range(count):
        k = np.uintp(depth)
        place = position[k]
        recorded = (place >= ZERO) & (place <= end)
        place = place if recorded else ZERO
        whole = np.int32(place)
        rest = place - np.float32(whole)
        a, b = signal[np.uintp(whole)], ahead[np.uintp(whole)]
        real[k] = _first(a) + rest * (_first(b) - _first(a))
        imaginary[k] = _second(a) + rest * (_second(b) - _second(a))
        inside[k] = np.float32(1.0) if recorded else ZERO


@part
def _add(
    flat: tuple[Float32s, Float32s, Float32s, Float32s],
    where: tuple[int, int],
    weights: tuple[np.float32, np.float32, np.float32],
    real: Float32s,
    imaginary: Float32s,
    inside: Float32s,
) -> None:
    """Add to the four sums of a column, one by one: so none can be another one's next value."""
    base, count = where
    reals, imaginaries, energies, totals = flat
    of_signal, of_energy, of_weight = weights
    for k in range(count):
        reals[np.uintp(base + k)] += of_signal * inside[k] * real[k]
    for k in range(count):
        imaginaries[np.uintp(base + k)] += of_signal * inside[k] * imaginary[k]
    for k in range(count):
        power = real[k] * real[k] + imaginary[k] * imaginary[k]
        energies[np.uintp(base + k)] += of_energy * inside[k] * power
    for k in range(count):
        totals[np.uintp(base + k)] += of_weight * inside[k]
