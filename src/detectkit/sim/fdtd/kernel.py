"""The leapfrog itself: one shot in its window, step after step.

The magnetic field is eliminated from Yee's scheme: two steps of the electric field, one of which is
overwritten, tell the same story with two thirds of the memory traffic. With `e` now, `old` one step
before, ``L e`` the sum of the differences to the four neighbours,

``new = e + loss (e - old) + gain (L e + q + drive)``, ``q' = keep q + pole (new - old)``

where `q` is the growth of the Debye pole's polarisation in one step. The absorbing rim (CPML)
adds its two stretched derivatives to ``L e`` afterwards, only where it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit

Floats = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int32]

UNIFORM, PLAIN, POLAR = 0, 1, 2
"""A line of cells: all alike and lossless; anything without a Debye pole; with one."""


class Medium(NamedTuple):
    """Factors of the cells of a window, float32 (lines, width); lines lie level, from the top."""

    loss: Floats
    gain: Floats
    pole: Floats
    keep: np.float32
    kind: npt.NDArray[np.int8]


class Rim(NamedTuple):
    """Factors of the absorbing rim, at half cells and at cells.

    `along` is (6, 2 m): the left side's m, then the right side's; `down` (6, lines + 1): at the half
    below each line, the one above the first line included. The rows: fade, feed and stretch of the
    halves, the same of the cells. `cells`: thickness. `slot` is the row of memory of a half below a
    line, or -1 where there is none.
    """

    along: Floats
    down: Floats
    slot: npt.NDArray[np.int16]
    cells: int


class Antennas(NamedTuple):
    """Where a shot's source and receivers meet the grid.

    `corners` int32 (1 + receivers, 2): first line and column of each one's nodes, the source first;
    `weights` float32 (1 + receivers, 2, nodes): along the lines, along the columns. `box`: lines
    from, to, columns from, to of the source's nodes; then of all the receivers' nodes.
    """

    corners: Counts
    weights: Floats
    box: Counts


class Clock(NamedTuple):
    """Steps: `drive` float32 (steps,), `every`: steps per sample; `reach` (steps + 1, lines): how
    many columns to each side a wave can have got to, so many lines away, below 0: not even that.
    """

    drive: Floats
    every: int
    reach: npt.NDArray[np.int16]


@njit
def uniform(new: Floats, e: Floats, above: Floats, below: Floats, gain: np.float32) -> None:
    for t in range(new.shape[0]):
        c = e[t + 1]
        bend = ((above[t] - c) + (below[t] - c)) + ((e[t] - c) + (e[t + 2] - c))
        new[t] = c + ((c - new[t]) + gain * bend)


@njit
def plain(new: Floats, e: Floats, above: Floats, below: Floats, loss: Floats, gain: Floats) -> None:
    for t in range(new.shape[0]):
        c = e[t + 1]
        bend = ((above[t] - c) + (below[t] - c)) + ((e[t] - c) + (e[t + 2] - c))
        new[t] = c + (loss[t] * (c - new[t]) + gain[t] * bend)


@njit
def polar(
    new: Floats,
    e: Floats,
    near: tuple[Floats, Floats],
    cell: tuple[Floats, Floats, Floats],
    q: Floats,
    keep: np.float32,
) -> None:
    above, below = near
    loss, gain, pole = cell
    for t in range(new.shape[0]):
        c, old = e[t + 1], new[t]
        bend = ((above[t] - c) + (below[t] - c)) + ((e[t] - c) + (e[t + 2] - c))
        v = c + (loss[t] * (c - old) + gain[t] * (bend + q[t]))
        new[t] = v
        q[t] = keep * q[t] + pole[t] * (v - old)


@njit
def halves(phi: Floats, flux: Floats, e: Floats, side: Floats) -> None:
    """Stretch the differences along a line: `flux` is what the rim adds to them."""
    for t in range(phi.shape[0]):
        slope = e[t + 1] - e[t]
        phi[t] = side[0, t] * phi[t] + side[1, t] * slope
        flux[t] = side[2, t] * slope + phi[t]


@njit
def cells(psi: Floats, flux: Floats, e: Floats, side: Floats, more: Floats) -> None:
    """Stretch the differences of the differences: `more` is what the rim adds to ``L e``."""
    for t in range(psi.shape[0]):
        extra = flux[t + 1] - flux[t]
        whole = ((e[t + 2] - e[t + 1]) - (e[t + 1] - e[t])) + extra
        psi[t] = side[3, t] * psi[t] + side[4, t] * whole
        more[t] = extra + (side[5, t] * whole + psi[t])


@njit
def half_line(phi: Floats, flux: Floats, e: Floats, below: Floats, by: Floats) -> None:
    for t in range(phi.shape[0]):
        slope = below[t] - e[t]
        phi[t] = by[0] * phi[t] + by[1] * slope
        flux[t] = by[2] * slope + phi[t]


@njit
def cell_line(
    psi: Floats, flux: tuple[Floats, Floats], e: tuple[Floats, ...], by: Floats, more: Floats
) -> None:
    over, under = flux
    above, here, below = e
    for t in range(psi.shape[0]):
        extra = under[t] - over[t]
        whole = ((below[t] - here[t]) - (here[t] - above[t])) + extra
        psi[t] = by[3] * psi[t] + by[4] * whole
        more[t] = extra + (by[5] * whole + psi[t])


@njit
def add(new: Floats, gain: Floats, more: Floats) -> None:
    for t in range(more.shape[0]):
        new[t] += gain[t] * more[t]


@njit
def add_polar(new: Floats, gain: Floats, more: Floats, q: Floats, pole: Floats) -> None:
    for t in range(more.shape[0]):
        step = gain[t] * more[t]
        new[t] += step
        q[t] += pole[t] * step


@njit
def span(
    reach: npt.NDArray[np.int16], step: int, line: int, box: Counts, width: int
) -> tuple[int, int]:
    """Return the columns, from and to, that a wave from the source can have met and that the
    receivers can still hear of, in a line.
    """
    away = max(box[0] - line, line - (box[1] - 1), 0)
    first = reach[step, away]
    away = max(box[4] - line, line - (box[5] - 1), 0)
    last = reach[reach.shape[0] - 1 - step, away]
    if first < 0 or last < 0:
        return 0, 0
    start = max(box[2] - first, box[6] - last, 0)
    stop = min(box[3] + first, box[7] + last, width)
    return start, max(start, stop)
