"""How large a window and how fine a grid a radar needs over a ground."""

from __future__ import annotations

import math

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse, Solver
from detectkit.sim.refraction import LIGHT_M_PER_S

HIGHEST = 2.5
"""Times the centre frequency: above it a Ricker wavelet has less than 3 % of its peak."""

CELLS = 8.0
"""Per wavelength at that frequency in the ground."""


def spacing_for(*, centre_hz: float, index: float, cells: float = CELLS) -> float:
    """Return the side of a cell in m, in whole tenths of a millimetre.

    Parameters
    ----------
    centre_hz
        Of the radar's wavelet.
    index
        Refractive index of the densest ground.
    cells
        Per shortest wavelength.

    Examples
    --------
    >>> spacing_for(centre_hz=1e9, index=6.0**0.5)
    0.0061
    """
    if centre_hz <= 0.0 or index < 1.0 or cells <= 0.0:
        msg = f"centre_hz = {centre_hz}, index = {index}, cells = {cells}: give more than 0, 1, 0"
        raise UsageError(msg)
    return math.floor(1e4 * LIGHT_M_PER_S / (HIGHEST * centre_hz * index * cells)) / 1e4


def solver_for(
    *,
    centre_hz: float,
    trace_s: float,
    height_m: tuple[float, float],
    index: float,
    half_width_m: float = 0.7,
) -> Solver:
    """Return a solver whose windows hold everything that a trace hears from below.

    Parameters
    ----------
    centre_hz
        Of the radar's wavelet; the wide-band pulse is centred there as well.
    trace_s
        Length of a trace after its time zero.
    height_m
        Lowest and highest of the antennas over the ground.
    index
        Refractive index of the lightest ground: the wave comes farthest in it.
    half_width_m
        See `Solver`.

    Examples
    --------
    >>> solver = solver_for(centre_hz=1e9, trace_s=12e-9, height_m=(0.4, 0.5), index=2.0)
    >>> round(solver.below_m, 2)
    1.15
    """
    lowest, highest = height_m
    pulse = Pulse(centre_hz)
    deepest_m = max(0.5 * LIGHT_M_PER_S * trace_s - lowest, 0.0) / index
    return Solver(
        window_s=trace_s + 2.0 * pulse.peak_s,
        half_width_m=half_width_m,
        above_m=max(0.05, 0.1 * LIGHT_M_PER_S / centre_hz),
        below_m=highest + deepest_m,
        pulse=pulse,
    )
