"""The absorbing rim: a convolutional perfectly matched layer (CPML).

Roden and Gedney, *Microwave and Optical Technology Letters* 27 (2000) 334: every derivative across
the rim is stretched by ``s = kappa + sigma / (alpha + j ω ε₀)``, by a recursion in time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.constants import epsilon_0, mu_0

from detectkit.sim.fdtd.kernel import Rim

Table = npt.NDArray[np.float64]

ORDER = 3.0
STRETCH = 5.0
"""Highest kappa."""

SHIFT_S_PER_M = 0.05
"""Highest alpha: at the inner side, falling to nothing."""

STRENGTH = 0.8
"""Times ``(ORDER + 1) / (η Δ)``: highest sigma, η being the impedance of the medium there."""

CHUNK = 8
"""Memory of the sides is a whole number of such, for the processor's vectors."""


class Sigma(NamedTuple):
    """Highest conductivity of each side of the rim in S/m."""

    left: float
    right: float
    top: float
    bottom: float


def factors(away: npt.NDArray[np.float64], *, step_s: float, sigma: float) -> Table:
    """Return fade, feed, stretch (3, n) of cells `away` in the rim: 0 inside, 1 at the outer end."""
    depth = np.clip(away, 0.0, 1.0)
    conductive = sigma * depth**ORDER
    kappa = 1.0 + (STRETCH - 1.0) * depth**ORDER
    alpha = SHIFT_S_PER_M * (1.0 - depth)
    fade = np.exp(-(conductive / kappa + alpha) * step_s / epsilon_0)
    feed = conductive * (fade - 1.0) / (kappa * (conductive + kappa * alpha) + 1e-300)
    outside = away <= 0.0
    rows = np.stack([fade, feed, 1.0 / kappa - 1.0])
    rows[:, outside] = 0.0
    return rows


def highest_sigma(permittivity: float, spacing_m: float) -> float:
    """Return the conductivity at the outer end in S/m."""
    impedance = np.sqrt(mu_0 / (epsilon_0 * permittivity))
    return float(STRENGTH * (ORDER + 1.0) / (impedance * spacing_m))


def rim(shape: tuple[int, int], cells: int, *, step_s: float, sigma: Sigma) -> Rim:
    """Return the rim of a window of (lines, width) cells, `cells` thick.

    The outer cells' outer neighbours are zero: half a cell beyond the last half.
    """
    lines, width = shape
    size = -(-(cells + 1) // CHUNK) * CHUNK
    whole = cells + 0.5
    count = np.arange(size, dtype=np.float64)

    def side(sigma: float, away: npt.NDArray[np.float64]) -> Table:
        return factors(away / whole, step_s=step_s, sigma=sigma)

    left = np.vstack([side(sigma.left, whole - count), side(sigma.left, cells - count)])
    right = np.vstack(
        [side(sigma.right, (whole - count)[::-1]), side(sigma.right, (cells - count)[::-1])]
    )
    half, cell = np.arange(lines + 1.0), np.arange(lines + 1.0)
    down = np.vstack(
        [
            side(sigma.top, whole - half) + side(sigma.bottom, whole - half[::-1]),
            side(sigma.top, cells - cell) + side(sigma.bottom, cell - (lines - 1 - cells)),
        ]
    )
    slot = np.full(lines + 1, -1, np.int16)
    slot[: cells + 1] = np.arange(cells + 1)
    slot[lines - cells :] = cells + 1 + np.arange(cells + 1)
    return Rim(np.hstack([left, right]).astype(np.float32), down.astype(np.float32), slot, cells)
