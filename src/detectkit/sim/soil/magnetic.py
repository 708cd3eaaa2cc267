"""Magnetic soil as a metal detector meets it: susceptibility and its lag behind the field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import exp1

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

FASTEST_S, SLOWEST_S = 1e-9, 1e3
"""Relaxation times between which grains are spread evenly in log. Assumed: what matters is only
that they lie far outside of every detector's band."""

REFERENCE_HZ = 1e4


@dataclass(frozen=True, slots=True)
class MagneticSoil:
    """A soil whose grains follow a magnetic field each with its own delay.

    Relaxation times spread evenly in log (Lee 1984, Geophysical Prospecting 32, 766; Das 2006;
    written out at em.geosci.xyz under magnetic permeability) give an in-phase part that falls with
    the logarithm of frequency, a quadrature part that does not change, and a response that falls as
    1/t after the field is switched off.

    Parameters
    ----------
    susceptibility
        SI, of the volume, in phase at 10 kHz.
    viscosity_ratio
        Quadrature part over the in-phase part at 10 kHz; the loss of susceptibility over a decade
        of frequency is 1.47 times as much. 0 to 0.1; grains alone make no more.

    Examples
    --------
    >>> soil = MagneticSoil(1e-3, viscosity_ratio=0.02)
    >>> (1e3 * soil.at([1e3, 1e4, 1e5])).round(3)
    array([1.029-0.02j, 1.   -0.02j, 0.971-0.02j])
    """

    susceptibility: float
    viscosity_ratio: float = 0.02

    def __post_init__(self) -> None:
        if not 0.0 <= self.susceptibility <= 1.0:
            msg = f"magnetic soil: susceptibility = {self.susceptibility}; give 0 to 1 (SI)"
            raise UsageError(msg)
        if not 0.0 <= self.viscosity_ratio <= 0.1:
            msg = f"magnetic soil: viscosity_ratio = {self.viscosity_ratio}; give 0 to 0.1"
            raise UsageError(msg)

    @property
    def viscous(self) -> float:
        """Susceptibility of all grains that lag, from the slowest to the fastest."""
        part = complex(_lag(np.array(REFERENCE_HZ)))
        return -self.susceptibility * self.viscosity_ratio / part.imag

    @property
    def decade(self) -> float:
        """Loss of in-phase susceptibility from 465 Hz to 4.65 kHz, as laboratories measure it."""
        low, high = self.at([465.0, 4650.0]).real
        return float(low - high)

    def at(self, freq_hz: npt.ArrayLike) -> Complex:
        """Return the susceptibility χ' - jχ'', one value per frequency (more than 0)."""
        freq = np.asarray(freq_hz, dtype=np.float64)
        here = _lag(np.array(REFERENCE_HZ)).real
        return np.asarray(self.susceptibility + self.viscous * (_lag(freq) - here))

    def after_step_off(self, time_s: npt.ArrayLike) -> Values:
        """Return what is left of the magnetisation over the field that was switched off, at times.

        Its rate of change goes as 1/t within the range of the relaxation times.
        """
        time = np.asarray(time_s, dtype=np.float64)
        left = exp1(time / SLOWEST_S) - exp1(time / FASTEST_S)
        return np.asarray(self.viscous * left / math.log(SLOWEST_S / FASTEST_S))


MAGNETIC_SOILS = {
    "neutral": MagneticSoil(1e-4, 0.01),
    "moderate": MagneticSoil(2e-3, 0.02),
    "severe": MagneticSoil(1e-2, 0.04),
    "very severe": MagneticSoil(3e-2, 0.05),
}
"""By what a detector suffers. The classes are those of Hannam and Dearing 2008 (Earth and Planetary
Science Letters 274, 285), whose limits are given here as 5e-4, 5e-3 and 2e-2 from memory, not from
the paper: assumed. The viscosity ratios are assumed too."""


def _lag(freq: Values) -> Complex:
    """Return the share of lagging grains that follow, 1 at low frequencies and 0 at high ones."""
    turns = 2j * np.pi * freq
    logs = np.log1p(turns * SLOWEST_S) - np.log1p(turns * FASTEST_S)
    return np.asarray(1.0 - logs / math.log(SLOWEST_S / FASTEST_S))
