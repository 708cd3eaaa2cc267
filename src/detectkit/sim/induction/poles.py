"""A response as a sum of decays: one set of numbers for frequency and time domain.

    M(ω) = M∞ + Σ aᵢ kᵢ / (kᵢ + jω)      ↔      L(t) = Σ aᵢ exp(-kᵢ t),   aᵢ ≥ 0

L is the moment per field at t after a steady field was cut off. Equal to
``M₀ - Σ aᵢ jω / (jω + kᵢ)`` with the static ``M₀ = M∞ + Σ aᵢ`` (Baum 1971, the singularity
expansion method; magnetic bodies have real poles only).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from detectkit.core import UsageError
from detectkit.sim.bodies.body import MetalPart
from detectkit.sim.induction.flux import MU_0
from detectkit.sim.induction.tensors import polarisability, ring_circuit

Complex = npt.NDArray[np.complex128]
Values = npt.NDArray[np.float64]

FIT_HZ = (0.1, 1e8)
PER_DECADE = 12
"""Frequencies of a fit and, as many, its poles."""

LEAST_SHARE = 1e-4
TURNS = 50
"""Of the least squares at most, times the number of poles."""

BISECTIONS = 50


@dataclass(frozen=True, slots=True, eq=False)
class PoleSum:
    """Poles of one response.

    Parameters
    ----------
    high_m3
        Limit at high frequency, M∞.
    strength_m3, rate_per_s
        aᵢ and kᵢ, both (poles,).

    Examples
    --------
    >>> loop = PoleSum(-2.0, np.array([2.0]), np.array([1e4]))
    >>> loop.at(np.array([0.0]))[0].real, loop.decay(np.array([0.0]))[0]
    (np.float64(0.0), np.float64(2.0))
    """

    high_m3: float
    strength_m3: Values
    rate_per_s: Values

    def at(self, frequency_hz: npt.ArrayLike) -> Complex:
        """Return the moment per field at frequencies, (frequencies,)."""
        s = 2j * np.pi * np.atleast_1d(np.asarray(frequency_hz, np.float64))
        shares = self.rate_per_s / (self.rate_per_s + s[:, np.newaxis])
        return np.asarray(self.high_m3 + np.sum(self.strength_m3 * shares, axis=1))

    def decay(self, time_s: npt.ArrayLike) -> Values:
        """Return the moment per field after a steady field was cut off, (times,)."""
        times = np.atleast_1d(np.asarray(time_s, np.float64))[:, np.newaxis]
        return np.asarray(np.sum(self.strength_m3 * np.exp(-self.rate_per_s * times), axis=1))


def fitted_to_spectrum(frequency_hz: Values, spectrum_m3: Complex) -> PoleSum:
    """Return the poles that meet a spectrum: rates evenly in log, strengths by least squares ≥ 0.

    Misfits count relative to the spectrum, down to a ten-thousandth of its largest value.

    Parameters
    ----------
    frequency_hz
        Above 0, (frequencies,); the rates span ``2π`` times their range.
    spectrum_m3
        Complex, (frequencies,).

    Raises
    ------
    UsageError
        Fewer than 4 frequencies, or one that is not above 0.
    """
    frequency = np.asarray(frequency_hz, np.float64)
    if frequency.size < 4 or not np.all(frequency > 0.0):
        msg = f"{frequency.size} frequencies for a sum of poles; give at least 4, all above 0 Hz"
        raise UsageError(msg)
    decades = math.log10(frequency.max() / frequency.min())
    rates = (
        2.0
        * np.pi
        * np.geomspace(frequency.min(), frequency.max(), max(2, round(decades * PER_DECADE)))
    )
    columns = rates / (rates + 2j * np.pi * frequency[:, np.newaxis])
    level = np.ones((frequency.size, 1))
    matrix = np.hstack([columns, level, -level])
    scale = float(np.abs(spectrum_m3).max()) or 1.0
    wanted = np.asarray(spectrum_m3) / scale
    weight = 1.0 / (np.abs(wanted) + LEAST_SHARE)
    matrix, wanted = matrix * weight[:, np.newaxis], wanted * weight
    found, _ = nnls(
        np.vstack([matrix.real, matrix.imag]),
        np.concatenate([wanted.real, wanted.imag]),
        maxiter=TURNS * matrix.shape[1],
    )
    strength = scale * found[:-2]
    kept = strength > 0.0
    return PoleSum(scale * float(found[-2] - found[-1]), strength[kept], rates[kept])


@lru_cache(maxsize=1024)
def poles_of(part: MetalPart) -> tuple[PoleSum, PoleSum]:
    """Return the poles of a part along its axis and across it.

    A ring's single loop has one along it, a sphere those of the closed form; all else is fitted
    between 0.1 Hz and 100 MHz. Fits are good to 2 % down to a hundredth of the first decay.
    """
    if part.shape == "sphere":
        ball = sphere_poles(part)
        return ball, ball
    decades = math.log10(FIT_HZ[1] / FIT_HZ[0])
    frequency = np.geomspace(*FIT_HZ, round(decades * PER_DECADE) + 1)
    along, across = polarisability(part, frequency)
    fitted = fitted_to_spectrum(frequency, across)
    if part.shape == "ring":
        resistance, inductance = ring_circuit(part)
        static = float(polarisability(part, [0.0])[0][0].real)
        area = math.pi * (part.radius_m - 0.5 * part.wall_m) ** 2
        strength = MU_0 * area**2 / inductance
        one = PoleSum(static - strength, np.array([strength]), np.array([resistance / inductance]))
        return one, fitted
    return fitted_to_spectrum(frequency, along), fitted


def sphere_poles(part: MetalPart, *, count: int = 2000) -> PoleSum:
    """Return the first poles of a sphere in closed form (Wait & Spies 1969, Can. J. Phys. 47).

    ``k = δ² / (μσa²)`` with the roots of ``tan δ = (μ_r - 1) δ / (μ_r - 1 + δ²)``, one in each
    ``nπ … (n + 1/2)π``, and strengths ``12π a³ μ_r / ((μ_r + 2)(μ_r - 1) + δ²)``.
    Those left out count as part of the limit at high frequency.
    """
    more = part.permeability - 1.0
    low = np.pi * np.arange(1, count + 1, dtype=np.float64)
    high = low + 0.5 * np.pi
    sign = np.cos(low)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        misfit = (more + middle**2) * np.sin(middle) - more * middle * np.cos(middle)
        is_below = sign * misfit < 0.0
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    cube = part.radius_m**3
    strength = 12.0 * math.pi * cube * part.permeability
    strengths = strength / ((part.permeability + 2.0) * more + low**2)
    time_s = MU_0 * part.permeability * part.conductivity_s_per_m * part.radius_m**2
    static = 4.0 * math.pi * cube * more / (part.permeability + 2.0)
    return PoleSum(static - float(strengths.sum()), strengths, low**2 / time_s)


@dataclass(frozen=True, slots=True)
class PowerDecay:
    """The empirical decay ``L(t) = k t^-b exp(-t/γ)`` of compact metal (Pasion & Oldenburg 2001).

    Parameters
    ----------
    strength
        k, the moment per field in m³ at t = 1 s without the exponential, times s^b.
    power, time_s
        b and γ.
    """

    strength: float
    power: float
    time_s: float

    def decay(self, time_s: npt.ArrayLike) -> Values:
        """Return the moment per field after the cut-off, (times,)."""
        times = np.atleast_1d(np.asarray(time_s, np.float64))
        return np.asarray(self.strength * times**-self.power * np.exp(-times / self.time_s))

    def poles(self, *, span_s: tuple[float, float]) -> PoleSum:
        """Return poles that meet the decay between two times, by least squares ≥ 0, relative."""
        times = np.geomspace(*span_s, 80)
        rates = np.geomspace(0.1 / span_s[1], 10.0 / span_s[0], 40)
        wanted = self.decay(times)
        columns = np.exp(-times[:, np.newaxis] * rates) / wanted[:, np.newaxis]
        scale = float(wanted.max())
        strength, _ = nnls(columns * scale, np.ones(times.size), maxiter=TURNS * rates.size)
        kept = strength > 0.0
        return PoleSum(0.0, scale * strength[kept], rates[kept])
