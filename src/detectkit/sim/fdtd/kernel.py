"""The leapfrog itself, on the cells of a window, compiled.

The magnetic field is eliminated from Yee's scheme: two steps of the electric field, one of which is
overwritten, tell the same story. Both the second differences in space and those in time are
corrected to fourth order (modified equation: Shubin and Bell 1987, Cohen 1986), so that waves of
eight cells travel as fast as they should. With `e` now, `old` one step before, ``X``, ``Y`` second
differences along and down,

``wx = e + (gain (X e + Y e) - X e) / 12``, ``wy = e + (gain (X e + Y e) - Y e) / 12``

``new = e + loss (e - old) + gain (X wx + Y wy + q + drive)``, ``q' = keep q + pole (new - old)``

where `q` is the growth of the Debye pole's polarisation in one step. The operator is symmetric:
reciprocity holds, and energy does. In metal `e`, `wx`, `wy` are 0. The absorbing rim
(`detectkit.sim.fdtd.rim`) stretches the outer differences afterwards, only where it is.

Fields lie in a frame of zeros, one line above, one column to the left; `spans` (lines, 2) are the
columns, from and to, that are computed at all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit

Floats = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int32]
Fields = tuple[Floats, Floats, Floats]

BLOCK = 16
"""Lines corrected and advanced together, while they are in the nearest cache."""

UNIFORM, PLAIN, POLAR = 0, 1, 2
"""A line of cells: all alike and lossless; anything without a Debye pole; with one."""


class Medium(NamedTuple):
    """Factors of the cells of a window, float32 (lines, width); lines lie level, from the top."""

    loss: Floats
    gain: Floats
    pole: Floats
    keep: np.float32
    kind: npt.NDArray[np.int8]


class Work(NamedTuple):
    """The corrected fields of the lines at work, float32 (rows, as wide as the field).

    `row` (lines + 2,): which row a line has, the frame's lines included; top's and bottom's lines
    keep theirs for the whole step, the others share a few. `spans`: columns that are needed.
    """

    wx: Floats
    wy: Floats
    row: npt.NDArray[np.int32]
    spans: Counts


@njit
def correct(medium: Medium, work: Work, e: Floats, first: int, last: int) -> None:
    """Correct lines `first` to before `last`."""
    third = np.float32(1.0 / 12.0)
    for line in range(first, last):
        start, stop = work.spans[line, 0], work.spans[line, 1]
        row = work.row[line + 1]
        here = e[line + 1, start : stop + 2]
        above, below = e[line, start + 1 : stop + 1], e[line + 2, start + 1 : stop + 1]
        wx, wy = work.wx[row, start + 1 : stop + 1], work.wy[row, start + 1 : stop + 1]
        gain = medium.gain[line, start:stop]
        for t in range(stop - start):
            c, by = here[t + 1], gain[t]
            along = (here[t] - c) + (here[t + 2] - c)
            down = (above[t] - c) + (below[t] - c)
            part = third if by > np.float32(0.0) else np.float32(0.0)
            both = by * (along + down)
            wx[t] = c + part * (both - along)
            wy[t] = c + part * (both - down)


@njit
def uniform(
    new: Floats, e: Floats, work: Work, gain: Floats, spans: Counts, first: int, last: int
) -> None:
    """Advance lines `first` to before `last`: all cells of a line alike, without loss."""
    for line in range(first, last):
        start, stop = spans[line, 0], spans[line, 1]
        out, here = new[line + 1, start + 1 : stop + 1], e[line + 1, start + 1 : stop + 1]
        over, row, under = work.row[line], work.row[line + 1], work.row[line + 2]
        wx, mine = work.wx[row, start : stop + 2], work.wy[row, start + 1 : stop + 1]
        above, below = work.wy[over, start + 1 : stop + 1], work.wy[under, start + 1 : stop + 1]
        by = gain[line, 0]
        for t in range(stop - start):
            x, y = wx[t + 1], mine[t]
            bend = ((above[t] - y) + (below[t] - y)) + ((wx[t] - x) + (wx[t + 2] - x))
            out[t] = here[t] + ((here[t] - out[t]) + by * bend)


@njit
def plain(
    new: Floats, e: Floats, work: Work, medium: Medium, spans: Counts, first: int, last: int
) -> None:
    """Advance lines without a Debye pole."""
    for line in range(first, last):
        start, stop = spans[line, 0], spans[line, 1]
        out, here = new[line + 1, start + 1 : stop + 1], e[line + 1, start + 1 : stop + 1]
        over, row, under = work.row[line], work.row[line + 1], work.row[line + 2]
        wx, mine = work.wx[row, start : stop + 2], work.wy[row, start + 1 : stop + 1]
        above, below = work.wy[over, start + 1 : stop + 1], work.wy[under, start + 1 : stop + 1]
        loss, gain = medium.loss[line, start:stop], medium.gain[line, start:stop]
        for t in range(stop - start):
            x, y = wx[t + 1], mine[t]
            bend = ((above[t] - y) + (below[t] - y)) + ((wx[t] - x) + (wx[t + 2] - x))
            out[t] = here[t] + (loss[t] * (here[t] - out[t]) + gain[t] * bend)


@njit
def polar(fields: Fields, work: Work, medium: Medium, spans: Counts, first: int, last: int) -> None:
    """Advance lines with a Debye pole."""
    new, e, q = fields
    keep = medium.keep
    for line in range(first, last):
        start, stop = spans[line, 0], spans[line, 1]
        out, here = new[line + 1, start + 1 : stop + 1], e[line + 1, start + 1 : stop + 1]
        over, row, under = work.row[line], work.row[line + 1], work.row[line + 2]
        wx, mine = work.wx[row, start : stop + 2], work.wy[row, start + 1 : stop + 1]
        above, below = work.wy[over, start + 1 : stop + 1], work.wy[under, start + 1 : stop + 1]
        loss, gain = medium.loss[line, start:stop], medium.gain[line, start:stop]
        pole, grown = medium.pole[line, start:stop], q[line, start:stop]
        for t in range(stop - start):
            x, y, old = wx[t + 1], mine[t], out[t]
            bend = ((above[t] - y) + (below[t] - y)) + ((wx[t] - x) + (wx[t + 2] - x))
            value = here[t] + (loss[t] * (here[t] - old) + gain[t] * (bend + grown[t]))
            out[t] = value
            grown[t] = keep * grown[t] + pole[t] * (value - old)
