"""The heart: traces summed into the columns of one tile, in the traces' order.

Each voxel of a column in a trace's reach takes its position in both tables, adds the two paths,
and reads the analytic signal there. Sums are float32 additions in trace order, voxel by voxel:
their bits depend on nothing else.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.backprojection._stack import LENGTH, stack_floats
from detectkit.imaging.backprojection.geometry import (
    BORE_EAST,
    BORE_NORTH,
    BORE_UP,
    EAST,
    HEARER_EAST,
    NORTH,
    RADIUS,
    SENDER_EAST,
    SLOPE_EAST,
    SLOPE_NORTH,
    STEP,
)
from detectkit.imaging.backprojection.tables import COSINE, LOUDNESS, SINE
from detectkit.imaging.backprojection.tiles import Sums
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Pairs = npt.NDArray[np.uint64]
"""Two float32 that are looked up together, as one number; the first in its lower half."""

EQUAL, SPREADING, BEAM = range(3)
LANES = 8
"""Depths done at once: tables have a multiple of them, so that no remainder is done one by one."""
PIECE = LENGTH
HALF = np.uint64(32)
ZERO = np.float32(0.0)
Leg = tuple[float, float, np.float32, np.float32, np.float32, np.float32]
"""Column from the antenna's foot, east and north; ρ² = a + b d + c d²; rows for a metre."""


@njit
def add_traces(
    sums: Sums,
    columns: tuple[Values, Values],
    depth: Float32s,
    rows: Values,
    tables: tuple[Pairs, Float32s],
    signals: Pairs,
    choice: tuple[int, float],
) -> int:
    """Add traces to a tile.

    Parameters
    ----------
    sums
        (4, tile, tile, depths), changed in place.
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
        Weights, and the share of the radius that is tapered.

    Returns
    -------
    int
        How many columns times traces were added.
    """
    east, north = columns
    paths, beams = tables
    tile, depths = sums.shape[1], sums.shape[3]
    flat = (_line(sums[0]), _line(sums[1]), _line(sums[2]), _line(sums[3]))
    down = depth[0], depth[1]
    added = 0
    for trace in range(rows.shape[0]):
        one, signal = rows[trace], signals[trace]
        lookup = paths[trace, 0], paths[trace, 1], signal, signal[1:]
        legs = beams[trace, 0], beams[trace, 1]
        for i in range(tile):
            away_east = east[i] - one[EAST]
            if abs(away_east) >= one[RADIUS]:
                continue
            for j in range(tile):
                away_north = north[j] - one[NORTH]
                share = math.sqrt(away_east * away_east + away_north * away_north) / one[RADIUS]
                if share < 1.0:
                    out = _leg(one, SENDER_EAST, away_east, away_north)
                    back = _leg(one, HEARER_EAST, away_east, away_north)
                    taper = _taper(share, choice[1])
                    loud = _loudness(one, legs, out, back, down[0][depths // 2], choice[0])
                    weights = _weights(taper, loud)
                    base = (i * tile + j) * depths
                    _add_column(flat, (base, depths), lookup, down, out, back, weights)
                    added += 1
    return added


@njit
def _line(plane: npt.NDArray[np.float32]) -> Float32s:
    return plane.reshape(-1)


@njit
def _weights(taper: float, loud: float) -> tuple[np.float32, np.float32, np.float32]:
    """Return what the signal, its energy and the count are multiplied by."""
    return np.float32(taper * loud), np.float32(taper), np.float32(taper * loud * loud)


@njit
def _add_column(
    flat: tuple[Float32s, Float32s, Float32s, Float32s],
    where: tuple[int, int],
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    down: tuple[Float32s, Float32s],
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
        if out[3] == ZERO and out[4] == ZERO:
            _level(lookup, out, back, first, count, padded, position)
        else:
            _sloping(lookup, out, back, first, count, down, position)
        _read(lookup, count, position, real, imaginary, inside)
        _add(flat, base + first, min(count, depths - first), weights, real, imaginary, inside)


@njit
def _leg(one: Values, first: int, away_east: float, away_north: float) -> Leg:
    """Return how far the voxels of a column are from an antenna's foot, along the plane."""
    east, north = away_east - one[first], away_north - one[first + 1]
    slope_east, slope_north = one[SLOPE_EAST], one[SLOPE_NORTH]
    rise = slope_east * east + slope_north * north
    steep = slope_east * slope_east + slope_north * slope_north
    return (
        east,
        north,
        np.float32(east * east + north * north + rise * rise),
        np.float32(-2.0 * rise),
        np.float32(steep / (1.0 + steep)),
        np.float32(1.0 / one[STEP]),
    )


@njit
def _taper(share: float, taper: float) -> float:
    """Return 1 inside, and a smooth fall to 0 over the outer share of the radius."""
    if share <= 1.0 - taper:
        return 1.0
    rest = (1.0 - share) / taper
    return rest * rest * (3.0 - 2.0 * rest)


@njit
def _loudness(
    one: Values,
    beams: tuple[Float32s, Float32s],
    out: Leg,
    back: Leg,
    depth: np.float32,
    kind: int,
) -> float:
    """Return the expected amplitude of a point at the middle depth of a column."""
    if kind == EQUAL:
        return 1.0
    return _leg_loudness(one, beams[0], out, depth, kind) * _leg_loudness(
        one, beams[1], back, depth, kind
    )


@njit
def _leg_loudness(one: Values, beams: Float32s, leg: Leg, depth: np.float32, kind: int) -> float:
    """Return the expected amplitude of a leg."""
    east, north, a, b, c, rows_per_m = leg
    distance = math.sqrt(max(a + b * depth + c * depth * depth, ZERO))
    row = distance * rows_per_m
    i = np.uintp(np.int32(row))
    part = row - np.float32(np.int32(row))
    j = np.uintp(np.int32(row) + 1)
    loud = beams[i, LOUDNESS] + part * (beams[j, LOUDNESS] - beams[i, LOUDNESS])
    if kind == SPREADING:
        return float(loud)
    slope_east, slope_north = one[SLOPE_EAST], one[SLOPE_NORTH]
    square = 1.0 + slope_east * slope_east + slope_north * slope_north
    ahead_east = east - slope_east * depth / square
    ahead_north = north - slope_north * depth / square
    ahead = ahead_east * one[BORE_EAST] + ahead_north * one[BORE_NORTH]
    ahead += (slope_east * ahead_east + slope_north * ahead_north) * one[BORE_UP]
    below = slope_east * one[BORE_EAST] + slope_north * one[BORE_NORTH] - one[BORE_UP]
    sine = beams[i, SINE] + part * (beams[j, SINE] - beams[i, SINE])
    cosine = beams[i, COSINE] + part * (beams[j, COSINE] - beams[i, COSINE])
    towards = cosine * below / math.sqrt(square)
    if distance > ZERO:
        towards += sine * ahead / distance
    return float(loud * max(towards, 0.0))


@njit
def _first(pair: np.uint64) -> np.float32:
    return np.uint32(pair).view(np.float32)


@njit
def _second(pair: np.uint64) -> np.float32:
    return np.uint32(pair >> HALF).view(np.float32)


@njit
def _level(
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    out: Leg,
    back: Leg,
    first: int,
    count: int,
    padded: int,
    position: Float32s,
) -> None:
    """Give the positions of a column below level ground: one distance for all depths."""
    sender, hearer = lookup[0], lookup[1]
    row_out, row_back = math.sqrt(out[2]) * out[5], math.sqrt(back[2]) * back[5]
    i, j = np.int32(row_out), np.int32(row_back)
    part_out, part_back = row_out - np.float32(i), row_back - np.float32(j)
    from_out, from_back = i * padded + first, j * padded + first
    for piece in range(0, count, LANES):
        for lane in range(LANES):
            k = piece + lane
            a, b = sender[np.uintp(from_out + k)], hearer[np.uintp(from_back + k)]
            there = _first(a) + part_out * (_second(a) - _first(a))
            position[np.uintp(k)] = there + (_first(b) + part_back * (_second(b) - _first(b)))


@njit
def _sloping(
    lookup: tuple[Pairs, Pairs, Pairs, Pairs],
    out: Leg,
    back: Leg,
    first: int,
    count: int,
    depth: tuple[Float32s, Float32s],
    position: Float32s,
) -> None:
    """Give the positions of a column below sloping ground: the distance changes with depth."""
    sender, hearer = lookup[0], lookup[1]
    downs, squares = depth
    padded = np.int32(downs.shape[0])
    for piece in range(0, count, LANES):
        for lane in range(LANES):
            k = piece + lane
            down, square = downs[np.uintp(first + k)], squares[np.uintp(first + k)]
            row_out = math.sqrt(max(out[2] + out[3] * down + out[4] * square, ZERO)) * out[5]
            row_back = math.sqrt(max(back[2] + back[3] * down + back[4] * square, ZERO)) * back[5]
            i, j = np.int32(row_out), np.int32(row_back)
            part_out, part_back = row_out - np.float32(i), row_back - np.float32(j)
            a = sender[np.uintp(np.int32(i * padded + (first + k)))]
            b = hearer[np.uintp(np.int32(j * padded + (first + k)))]
            there = _first(a) + part_out * (_second(a) - _first(a))
            position[np.uintp(k)] = there + (_first(b) + part_back * (_second(b) - _first(b)))


@njit
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
    for piece in range(0, count, LANES):
        for lane in range(LANES):
            k = np.uintp(piece + lane)
            place = position[k]
            recorded = (place >= ZERO) & (place <= end)
            place = place if recorded else ZERO
            whole = np.int32(place)
            part = place - np.float32(whole)
            a, b = signal[np.uintp(whole)], ahead[np.uintp(whole)]
            real[k] = _first(a) + part * (_first(b) - _first(a))
            imaginary[k] = _second(a) + part * (_second(b) - _second(a))
            inside[k] = np.float32(1.0) if recorded else ZERO


@njit
def _add(
    flat: tuple[Float32s, Float32s, Float32s, Float32s],
    base: int,
    count: int,
    weights: tuple[np.float32, np.float32, np.float32],
    real: Float32s,
    imaginary: Float32s,
    inside: Float32s,
) -> None:
    """Add to the four sums of a column."""
    reals, imaginaries, energies, totals = flat
    of_signal, of_energy, of_weight = weights
    for k in range(count):
        voxel, here = np.uintp(base + k), np.uintp(k)
        x, y, counted = real[here], imaginary[here], inside[here]
        reals[voxel] += of_signal * counted * x
        imaginaries[voxel] += of_signal * counted * y
        energies[voxel] += of_energy * counted * (x * x + y * y)
        totals[voxel] += of_weight * counted
