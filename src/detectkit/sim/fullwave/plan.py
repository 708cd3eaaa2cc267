"""How large a window and how fine a grid a radar needs over a ground."""

from __future__ import annotations

import math

import numpy as np

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse, Solver
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.scene import Subsurface

HIGHEST = 2.5
"""Times the centre frequency: above it a Ricker wavelet has less than 3 % of its peak."""

CELLS = 8.0
"""Per wavelength at that frequency in the ground."""

WETTEST = 2.5
"""Standard deviations over the mean moisture that the cells must still resolve."""


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


def wettest_index(ground: Subsurface, *, centre_hz: float) -> float:
    """Return the refractive index of the wettest soil that a section holds much of.

    Parameters
    ----------
    ground
        With its layers.
    centre_hz
        Of the radar's wavelet; the index is that at the highest frequency it needs.
    """
    freq_hz, indices = np.array(HIGHEST * centre_hz), []
    moistures = [(max(ground.moisture, ground.surface_moisture or 0.0), ground.moisture_std)]
    moistures += [(one.moisture, one.moisture_std) for one in ground.layers]
    for texture, (mean, spread) in zip(ground.textures(), moistures, strict=True):
        wet = np.array(min(mean + WETTEST * spread, texture.porosity))
        indices.append(math.sqrt(float(np.real(texture.permittivity(freq_hz, wet)))))
    return max(indices)


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
    1.2
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
