"""What all shots of a run share: the grid in time, and whether the grid in space is fine enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.constants import c as light_m_per_s
from scipy.constants import mu_0

from detectkit.core import UsageError
from detectkit.sim.fdtd.kernel import Floats
from detectkit.sim.fdtd.shots import Pulse, Solver
from detectkit.sim.scene.section import Section

COURANT = 0.99 / np.sqrt(2.0)
"""Step times the speed of light over the spacing."""

HIGHEST = 2.5
"""Times the pulse's centre frequency: what the cells must resolve."""

LEAST_CELLS = 6.0
"""Per wavelength at that frequency."""

METALLIC_S_PER_M = 1e4
"""From here on a material is not asked for its wavelength."""

DENSEST = 0.99
"""Share of the cells that must be resolved: a puddle or a filled hollow may be coarser."""

LONGEST_INTERVAL_S = 50e-12
NYQUIST = 2.0 * 2.0 * 3.3
"""Samples are at least so many per period of the pulse's centre: twice what 3.3 times it needs."""


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Steps of a run and which of them are kept."""

    step_s: float
    every: int
    samples: int

    @property
    def steps(self) -> int:
        """Steps up to the last sample."""
        return self.every * (self.samples - 1)

    def drive(self, pulse: Pulse) -> Floats:
        """Return what each step adds to the differences at the source, float32 (steps,).

        The current enters at half steps. An eighth of its second difference makes up for what
        the corrected operators do to a source, to fourth order.
        """
        times = (np.arange(-1, self.steps + 2) - 0.5) * self.step_s
        change = np.diff(np.asarray(pulse.at(np.asarray(times, np.float64))))
        change = change[1:-1] + np.diff(change, 2) / 8.0
        return np.asarray(-mu_0 / self.step_s * change, np.float32)


def clockwork(spacing_m: float, solver: Solver) -> Clockwork:
    """Return the steps that a spacing and a solver ask for."""
    step_s = float(COURANT * spacing_m / light_m_per_s)
    interval_s = min(LONGEST_INTERVAL_S, 1.0 / (NYQUIST * solver.pulse.centre_hz))
    every = max(int(interval_s / step_s), 1)
    return Clockwork(step_s, every, int(solver.window_s / (every * step_s)) + 1)


def check_spacing(section: Section, pulse: Pulse) -> None:
    """Refuse cells that are too coarse for the pulse in the densest ground.

    Raises
    ------
    UsageError
        It says which spacing would do.
    """
    highest_hz = HIGHEST * pulse.centre_hz
    pole = section.debye_strength / (1.0 + (2.0 * np.pi * highest_hz * section.relaxation_s) ** 2)
    dense = (section.permittivity + pole)[section.conductivity_s_per_m < METALLIC_S_PER_M]
    if not dense.size:
        return
    index = float(np.sqrt(np.quantile(dense, DENSEST)))
    wavelength_m = float(light_m_per_s / (highest_hz * index))
    if wavelength_m < LEAST_CELLS * section.spacing_m * (1.0 - 1e-6):
        msg = (
            f"section: cells of {section.spacing_m * 1e3:.3g} mm are too coarse for a pulse of "
            f"centre_hz = {pulse.centre_hz:.4g} in ground of permittivity {index**2:.3g}: its "
            f"shortest wave is {wavelength_m * 1e3:.3g} mm; give spacing_m = "
            f"{wavelength_m / LEAST_CELLS:.4g} or less, or a lower centre_hz"
        )
        raise UsageError(msg)
