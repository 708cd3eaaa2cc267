"""The absorbing rim: a convolutional perfectly matched layer (CPML).

Roden and Gedney, *Microwave and Optical Technology Letters* 27 (2000) 334: every derivative across
the rim is stretched by ``s = kappa + sigma / (alpha + j ω ε₀)``, by a recursion in time; first the
differences at the halves between cells, then the differences of these at the cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0, mu_0

from detectkit.sim._jit import njit
from detectkit.sim.fdtd.kernel import BLOCK, POLAR, Counts, Fields, Floats, Medium, Work

Table = npt.NDArray[np.float64]

ORDER = 3.0
STRETCH = 3.0
"""Highest kappa."""

SHIFT_S_PER_M = 0.02
"""Highest alpha: at the inner side, falling to nothing."""

STRENGTH = 1.0
"""Times ``(ORDER + 1) / (η Δ)``: highest sigma, η being the impedance of the medium there."""

TOGETHER = 16
"""Lines of a side that are computed as one long row: short loops are slow."""

SPARE = 8
"""Columns beyond the window that the rows of the sides may run into; nothing is there."""


class Sigma(NamedTuple):
    """Highest conductivity of each side of the rim in S/m."""

    left: float
    right: float
    top: float
    bottom: float


class Rim(NamedTuple):
    """Factors of the rim: fade, feed and stretch of the halves, the same of the cells.

    `sides` float32 (2, 6, `TOGETHER` * m): left, right, repeated line after line of m; `levels`
    (2, 6, cells + 2): of top and bottom, downwards, the halves above each line.
    """

    sides: Floats
    levels: Floats
    cells: int


class RimMemory(NamedTuple):
    """What the rim remembers of a shot, float32, at first nothing.

    Of the sides (2, lines, m): `field`, `phi`, `flux`, `psi`, `more`, besides the cells' own `gain`
    and `pole`; of top and bottom (2, cells + 2, width): `level_phi`, `level_flux`, `level_psi`.
    """

    field: Floats
    phi: Floats
    flux: Floats
    psi: Floats
    more: Floats
    gain: Floats
    pole: Floats
    level_phi: Floats
    level_flux: Floats
    level_psi: Floats


def factors(away: Table, *, step_s: float, sigma: float) -> Table:
    """Return fade, feed, stretch (3, n) so deep in the rim: 0 inside, 1 at the outer end."""
    depth = np.clip(away, 0.0, 1.0)
    conductive = sigma * depth**ORDER
    kappa = 1.0 + (STRETCH - 1.0) * depth**ORDER
    alpha = SHIFT_S_PER_M * (1.0 - depth)
    fade = np.exp(-(conductive / kappa + alpha) * step_s / epsilon_0)
    feed = conductive * (fade - 1.0) / (kappa * (conductive + kappa * alpha) + 1e-300)
    rows = np.stack([fade, feed, 1.0 / kappa - 1.0])
    rows[:, away <= 0.0] = 0.0
    return rows


def highest_sigma(permittivity: float, spacing_m: float) -> float:
    """Return the conductivity at the outer end in S/m."""
    impedance = np.sqrt(mu_0 / (epsilon_0 * permittivity))
    return float(STRENGTH * (ORDER + 1.0) / (impedance * spacing_m))


def room(cells: int) -> int:
    """Return the columns that a side's memory has."""
    return -(-(cells + 3) // SPARE) * SPARE


def rim(cells: int, *, step_s: float, sigma: Sigma) -> Rim:
    """Return the factors of a rim `cells` thick.

    Beyond the outermost cells the field is 0: the last half is half a cell beyond them.
    """

    def outward(highest: float, size: int) -> Table:
        """Of the left or upper side: halves and cells counted from outside."""
        count = np.arange(size, dtype=np.float64)
        whole = cells + 0.5
        halves = factors((whole - count) / whole, step_s=step_s, sigma=highest)
        inner = factors((cells - count) / whole, step_s=step_s, sigma=highest)
        return np.vstack([halves, inner])

    def inward(highest: float, size: int, spare: int) -> Table:
        """Of the opposite side: one cell less than halves, then `spare` columns of nothing."""
        table = outward(highest, size - spare)
        halves, inner = table[:3, ::-1], np.roll(table[3:, ::-1], -1, axis=1)
        return np.pad(np.vstack([halves, inner]), ((0, 0), (0, spare)))

    size = room(cells)
    sides = np.stack([outward(sigma.left, size), inward(sigma.right, size, 1)])
    levels = np.stack([outward(sigma.top, cells + 2), inward(sigma.bottom, cells + 2, 0)])
    return Rim(np.tile(sides, TOGETHER).astype(np.float32), levels.astype(np.float32), cells)


def remember(medium: Medium, cells: int) -> RimMemory:
    """Return the memory of a shot that starts."""
    lines, width = medium.gain.shape
    size = room(cells)

    def nothing(*shape: int) -> Floats:
        return np.zeros(shape, np.float32)

    def at_sides(values: Floats) -> Floats:
        both = nothing(2, lines, size)
        if values.shape == (lines, width):
            both[0, :, : size - 2] = values[:, : size - 2]
            both[1, :, : size - 2] = values[:, width - size + 2 :]
        return both

    field, phi, flux, psi, more = (nothing(2, lines, size) for _ in range(5))
    level_phi, level_flux, level_psi = (nothing(2, cells + 2, width) for _ in range(3))
    gain, pole = at_sides(medium.gain), at_sides(medium.pole)
    return RimMemory(field, phi, flux, psi, more, gain, pole, level_phi, level_flux, level_psi)


@njit
def sides(rim: Rim, memory: RimMemory, medium: Medium, fields: Fields, at: Counts) -> None:
    """Add what the left and the right side do; `at` (2, 2): lines from, to."""
    size, width = memory.gain.shape[2], medium.gain.shape[1]
    new, q = fields[0], fields[2]
    for side in range(2):
        column = 0 if side == 0 else width + 2 - size
        for first in range(at[side, 0], at[side, 1], TOGETHER):
            last = min(first + TOGETHER, at[side, 1])
            _stretch(rim.sides[side], memory, side, first, last)
            for line in range(first, last):
                out, more = new[line + 1, column + 1 :], memory.more[side, line]
                gain = memory.gain[side, line]
                for t in range(size):
                    out[t] += gain[t] * more[t]
                if medium.kind[line] == POLAR:
                    grown, pole = q[line, column:], memory.pole[side, line]
                    for t in range(size):
                        grown[t] += pole[t] * (gain[t] * more[t])


@njit
def _stretch(by: Floats, memory: RimMemory, side: int, first: int, last: int) -> None:
    """Compute `more`, what the side adds to ``L e``, of some lines as if they were one row.

    What runs from one line into the next meets factors of 0.
    """
    e, phi = memory.field[side, first:last].ravel(), memory.phi[side, first:last].ravel()
    flux, psi = memory.flux[side, first:last].ravel(), memory.psi[side, first:last].ravel()
    more = memory.more[side, first:last].ravel()
    fade, feed, stretch = by[0], by[1], by[2]
    for t in range(e.size - 1):
        slope = e[t + 1] - e[t]
        phi[t] = fade[t] * phi[t] + feed[t] * slope
        flux[t] = stretch[t] * slope + phi[t]
    fade, feed, stretch = by[3], by[4], by[5]
    for t in range(e.size - 2):
        extra = flux[t + 1] - flux[t]
        whole = ((e[t + 2] - e[t + 1]) - (e[t + 1] - e[t])) + extra
        psi[t] = fade[t] * psi[t] + feed[t] * whole
        more[t] = extra + (stretch[t] * whole + psi[t])


@njit
def levels(
    rim: Rim, memory: RimMemory, medium: Medium, work: Work, fields: Fields, at: Counts
) -> None:
    """Add what top and bottom do; `at` (2, 2): columns from, to."""
    lines = medium.gain.shape[0]
    wy, row = work.wy, work.row
    for side in range(2):
        start, stop = at[side, 0], at[side, 1]
        if stop <= start:
            continue
        top = 0 if side == 0 else lines - 1 - rim.cells
        by = rim.levels[side]
        for half in range(rim.cells + 2):
            phi = memory.level_phi[side, half, start:stop]
            flux = memory.level_flux[side, half, start:stop]
            above = wy[row[top + half], start + 1 : stop + 1]
            below = wy[row[top + half + 1], start + 1 : stop + 1]
            fade, feed, stretch = by[0, half], by[1, half], by[2, half]
            for t in range(stop - start):
                slope = below[t] - above[t]
                phi[t] = fade * phi[t] + feed * slope
                flux[t] = stretch * slope + phi[t]
        for cell in range(rim.cells + 1):
            _level(by, memory, medium, work, fields, side, cell, at)


@njit
def _level(
    by: Floats,
    memory: RimMemory,
    medium: Medium,
    work: Work,
    fields: Fields,
    side: int,
    cell: int,
    at: Counts,
) -> None:
    new, _, q = fields
    start, stop = at[side, 0], at[side, 1]
    line = cell if side == 0 else medium.gain.shape[0] + 1 - by.shape[1] + cell
    psi = memory.level_psi[side, cell, start:stop]
    over = memory.level_flux[side, cell, start:stop]
    under = memory.level_flux[side, cell + 1, start:stop]
    above = work.wy[work.row[line], start + 1 : stop + 1]
    here = work.wy[work.row[line + 1], start + 1 : stop + 1]
    below = work.wy[work.row[line + 2], start + 1 : stop + 1]
    out, gain = new[line + 1, start + 1 : stop + 1], medium.gain[line, start:stop]
    fade, feed, stretch = by[3, cell], by[4, cell], by[5, cell]
    if medium.kind[line] == POLAR:
        grown, pole = q[line, start:stop], medium.pole[line, start:stop]
        for t in range(stop - start):
            extra = under[t] - over[t]
            whole = ((below[t] - here[t]) - (here[t] - above[t])) + extra
            psi[t] = fade * psi[t] + feed * whole
            step = gain[t] * (extra + (stretch * whole + psi[t]))
            out[t] += step
            grown[t] += pole[t] * step
        return
    for t in range(stop - start):
        extra = under[t] - over[t]
        whole = ((below[t] - here[t]) - (here[t] - above[t])) + extra
        psi[t] = fade * psi[t] + feed * whole
        out[t] += gain[t] * (extra + (stretch * whole + psi[t]))


@njit
def keep_sides(memory: RimMemory, work: Work, width: int, first: int, last: int) -> None:
    """Keep what the sides need of lines that are corrected, before others take their rows."""
    size = memory.field.shape[2]
    for line in range(first, last):
        row = work.wx[work.row[line + 1]]
        for t in range(size):
            memory.field[0, line, t] = row[t]
        far = row[width + 2 - size :]
        for t in range(size):
            memory.field[1, line, t] = far[t]


def rows(lines: int, cells: int) -> npt.NDArray[np.int32]:
    """Return which row each line has, see `kernel.Work`."""
    edge, ring = cells + 3, 2 * BLOCK
    row = np.empty(lines + 2, np.int32)
    inner = np.arange(lines + 2 - 2 * edge)
    row[:edge] = np.arange(edge)
    row[edge : edge + len(inner)] = edge + inner % ring
    row[-edge:] = edge + ring + np.arange(edge)
    return row
