"""What a radar sends, as tones: every wavelet is a sum of them, and stepped frequencies are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import windows

from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.waves import Wave, drawn, measured

Values = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

FAINT = 1e-4
"""Share of the highest value below which neither a spectrum nor a wavelet is followed."""
PROBED = 8.0
PROBES = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A wave as tones: ``w(t) = Re Σ weight exp(j 2π frequency t)``.

    Parameters
    ----------
    freq_hz
        Ascending, above 0, (tones,).
    weight
        Complex, (tones,). The wave's highest absolute value is 1, at t = 0.
    """

    freq_hz: Values
    weight: Complexes

    def at(self, time_s: Values) -> Values:
        """Return the wave at times in s, (times,)."""
        turn = np.exp(2j * np.pi * np.multiply.outer(time_s, self.freq_hz))
        return np.asarray((turn @ self.weight).real)

    def derived(self, order: int, centre_hz: float) -> Lines:
        """Return the wave's derivative over ``(2π centre_hz)^order``."""
        return Lines(self.freq_hz, self.weight * (1j * self.freq_hz / centre_hz) ** order)


def lines_of(radar: Radar, period_s: float) -> Lines:
    """Return what a radar sends, peak 1 at time 0.

    Parameters
    ----------
    radar
        Says which wavelet, or which stepped frequencies.
    period_s
        After which an impulse may repeat; stepped frequencies repeat by themselves after
        `Radar.unambiguous_s`.

    Raises
    ------
    UsageError
        A measured wave that cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> lines_of(Radar(), 20e-9).at(np.array([0.0, 1e-8])).round(3).tolist()
    [1.0, 0.0]
    """
    if radar.mode == "sfcw":
        return _stepped(radar)
    if radar.wavelet == "ricker":
        return _of_formula(radar.centre_hz, 2, period_s, upside_down=-1.0)
    if radar.wavelet == "gaussian":
        return _of_formula(radar.centre_hz, radar.wavelet_order, period_s)
    return _of_wave(measured(radar.wavelet_file) if radar.wavelet == "file" else drawn(radar),
                    period_s)  # fmt: skip


def extent_s(lines: Lines, longest_s: float) -> float:
    """Return the time to both sides of 0 within which a wave is more than faint."""
    time_s = np.linspace(0.0, longest_s, 2048)
    size = np.maximum(np.abs(lines.at(time_s)), np.abs(lines.at(-time_s)))
    loud = np.flatnonzero(size > FAINT)
    return float(time_s[min(loud[-1] + 1, time_s.size - 1)])


def _stepped(radar: Radar) -> Lines:
    freq = np.linspace(*radar.band_hz, radar.tones)
    shape = ("kaiser", radar.kaiser_beta) if radar.window == "kaiser" else radar.window
    name = "boxcar" if shape == "rectangular" else shape
    weight = windows.get_window(name, radar.tones, fftbins=False)
    return Lines(freq, np.asarray(weight / weight.sum(), np.complex128))


def _of_formula(
    centre_hz: float, order: int, period_s: float, *, upside_down: float = 1.0
) -> Lines:
    """Return a derivative of a Gaussian: ``(j f)^order exp(-order f² / (2 centre²))``."""
    ratio = np.linspace(0.0, PROBED, PROBES)
    size = (ratio**order) * np.exp(-0.5 * order * (ratio**2 - 1.0))
    highest = centre_hz * ratio[np.flatnonzero(size > FAINT)[-1]]
    freq = np.arange(1, math.ceil(highest * period_s) + 1) / period_s
    ratio = freq / centre_hz
    weight = upside_down * (1j * ratio) ** order * np.exp(-0.5 * order * (ratio**2 - 1.0))
    return _peaked(Lines(freq, np.asarray(weight, np.complex128)), 2.0 / centre_hz)


def _of_wave(wave: Wave, period_s: float) -> Lines:
    """Return a sampled wave as tones, its highest absolute value at time 0."""
    values, interval_s = wave
    size = np.abs(fft.rfft(values, 2 * values.size))
    step = 0.5 / (values.size * interval_s)
    highest = float(np.flatnonzero(size > FAINT * 10.0 * size.max())[-1]) * step
    freq = np.arange(1, math.ceil(highest * period_s) + 1) / period_s
    time_s = (np.arange(values.size) - np.abs(values).argmax()) * interval_s
    turn = np.exp(-2j * np.pi * np.multiply.outer(freq, time_s))
    return _peaked(Lines(freq, np.asarray(turn @ values)), 4.0 * interval_s)


def _peaked(lines: Lines, reach_s: float) -> Lines:
    """Return the wave with its highest absolute value, near time 0, at time 0 and of size 1."""
    shift_s = 0.0
    for _ in range(3):
        time_s = np.linspace(shift_s - reach_s, shift_s + reach_s, 801)
        values = lines.at(time_s)
        shift_s = float(time_s[np.abs(values).argmax()])
        reach_s /= 200.0
    peak = float(lines.at(np.array([shift_s]))[0])
    turn = np.exp(2j * np.pi * lines.freq_hz * shift_s)
    return Lines(lines.freq_hz, lines.weight * turn / peak)
