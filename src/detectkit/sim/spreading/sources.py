"""The field of a line source and of a short dipole in air, and what turns one into the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.constants import mu_0

from detectkit.sim.fdtd import Pulse
from detectkit.sim.fdtd.line_source import spectrum
from detectkit.sim.refraction import LIGHT_M_PER_S

Values = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

PADDING = 3
"""A filter's slow tail (t^-3/2) may run on for this many lengths of the record."""


def frequencies(samples: int, interval_s: float) -> Values:
    """Return the frequencies (Hz) that `transformed` gives for a record, ascending from 0."""
    return np.asarray(fft.rfftfreq(_length(samples), interval_s), np.float64)


def transformed(record: Values) -> Spectrum:
    """Return the spectrum of one record, padded with zeros."""
    return np.asarray(fft.rfft(record, _length(len(record))), np.complex128)


def restored(values: Spectrum, samples: int) -> Values:
    """Return the first `samples` of the record that has this spectrum."""
    return np.asarray(fft.irfft(values, _length(samples))[:samples], np.float64)


def _length(samples: int) -> int:
    return int(fft.next_fast_len((1 + PADDING) * samples, real=True))


def line_field(distance_m: float, freq_hz: Values) -> Spectrum:
    """Return the field (V/m per A) of an endless line of current, ``-ω μ₀ / 4 · H₀⁽²⁾(k r)``.

    Time goes as exp(+jωt).

    Parameters
    ----------
    distance_m
        From the line, more than 0.
    freq_hz
        Rising from 0.
    """
    vacuum = np.ones(len(freq_hz), np.complex128)
    return np.asarray(spectrum(distance_m, vacuum, _positive(freq_hz)), np.complex128)


def dipole_field(distance_m: float, freq_hz: Values) -> Spectrum:
    """Return the field (V/m per A m) of a short dipole, in the plane across it, along the dipole.

    ``-jωμ₀ exp(-jkr) / (4πr) · (1 + 1/jkr + 1/(jkr)²)`` (Balanis, Antenna Theory, §4.2).
    """
    angular = 2.0 * np.pi * _positive(freq_hz)
    small = LIGHT_M_PER_S / (1j * angular * distance_m)
    far = -1j * angular * mu_0 / (4.0 * np.pi * distance_m)
    phase = np.exp(-1j * angular * distance_m / LIGHT_M_PER_S)
    return np.asarray(far * phase * (1.0 + small + small**2), np.complex128)


def arriving(field: Spectrum, pulse: Pulse, freq_hz: Values, *, samples: int) -> Values:
    """Return as a record (V/m) what `pulse` makes of a field per unit of current."""
    interval_s = 1.0 / (_length(samples) * freq_hz[1])
    heard = field * pulse.spectrum(_positive(freq_hz))
    return np.asarray(restored(heard, samples) / interval_s, np.float64)


def _positive(freq_hz: Values) -> Values:
    """Put in place of 0 what is nearly 0: near a dipole the field's mean is not 0."""
    return np.asarray(np.maximum(freq_hz, 1e-3 * freq_hz[1]), np.float64)


def near_field(turns: Values) -> Spectrum:
    """Return what nearness adds to a dipole's wave over what it adds to a line's.

    The first two terms beyond the far field, of the dipole's ``1 + u + u²`` over the line's
    ``1 - u/8 + 9u²/128`` (DLMF 10.17.6), with ``u = 1 / jx``.

    Parameters
    ----------
    turns
        Phase x = ω τ of the way in radians; below 1 it is taken as 1.
    """
    small = 1.0 / (1j * np.maximum(turns, 1.0))
    return np.asarray((1.0 + small + small**2) / (1.0 - small / 8.0 + 9.0 * small**2 / 128.0))
