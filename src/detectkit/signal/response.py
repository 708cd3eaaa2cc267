"""Take the measured answer of the whole system out of each trace, within its usable band."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._fft import (
    Spectrum,
    frequencies_hz,
    inverse,
    padded_length,
    through_spectrum,
)
from detectkit.signal.spectrum import _multiply

Values = npt.NDArray[np.float64]

FINER = 8
RISE, FALL = 0.1, 0.3
"""Shares of the band over which the output's spectrum rises and falls, as half cosines."""


def deconvolve_response(
    data: npt.NDArray[Any],
    *,
    wavelet: npt.NDArray[Any],
    origin_sample: float,
    sample_interval_s: float,
    band_hz: tuple[float, float],
    noise_share: float = 1e-3,
    out: Traces | None = None,
) -> Traces:
    """Replace the system's wavelet by a zero-phase pulse of known spectrum.

    ``Y = X W* D / (|W|² + e max|W|²)``, Wiener's inverse (1949; Treitel and Robinson, 1966) times
    the wanted pulse D of `target_spectrum`. The pulse has the peak of 1 where W holds the whole
    band, so amplitudes stay those of the wavelet.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    wavelet
        (sample,), the system's answer to one reflector, at the interval of `data`.
    origin_sample
        Which sample of it marks the reflector, with fractions.
    sample_interval_s
        Time between samples (seconds).
    band_hz
        Lowest and highest frequency that the wavelet holds (hertz).
    noise_share
        e: power of the noise over the wavelet's strongest; smaller is sharper and noisier.
    out
        Buffer for the result, same shape, float32.
    """
    require_positive("noise_share", noise_share)
    rows = as_rows(data)
    result = output_rows(rows, out)
    pulse = np.asarray(wavelet, np.float64)
    if pulse.ndim != 1 or not 0 < pulse.size <= rows.shape[1] or not np.any(pulse):
        msg = (
            f"wavelet has shape {pulse.shape}; give one dimension, 1 to {rows.shape[1]} samples "
            "(the trace), not all zero"
        )
        raise UsageError(msg)
    if not 0.0 <= origin_sample <= pulse.size - 1:
        msg = f"origin_sample is {origin_sample}; give 0 to {pulse.size - 1}, inside the wavelet"
        raise UsageError(msg)
    length = padded_length(rows.shape[1], pulse.size)
    freq_hz = frequencies_hz(length, sample_interval_s)
    target = target_spectrum(freq_hz, band_hz=band_hz)
    factor = _factor(pulse, origin_sample, length, target, noise_share)

    def work(batch: Traces, spectrum: Spectrum, target: Traces) -> None:
        _multiply(spectrum, factor)
        target[:] = inverse(spectrum, length)[: batch.shape[0], : batch.shape[1]]

    through_spectrum(rows, result, length=length, work=work)
    return result


class Compactness(NamedTuple):
    """How compact a pulse is.

    Parameters
    ----------
    width_s
        Of its envelope at half the height.
    side_lobe_db
        Largest value of the envelope farther than 1.5 widths from the peak, under the peak.
    """

    width_s: float
    side_lobe_db: float


def compactness(pulse: npt.NDArray[Any], *, sample_interval_s: float) -> Compactness:
    """Return how compact a pulse (sample,) is, that begins and ends in silence.

    Examples
    --------
    >>> time_s = (np.arange(200) - 100) * 1e-10
    >>> ricker = (1 - 2 * (np.pi * 5e8 * time_s) ** 2) * np.exp(-((np.pi * 5e8 * time_s) ** 2))
    >>> found = compactness(ricker, sample_interval_s=1e-10)
    >>> round(found.width_s * 1e9, 2), found.side_lobe_db < -25
    (1.6, True)
    """
    fine = scipy.signal.resample(np.asarray(pulse, np.float64), FINER * pulse.size)
    strength = np.abs(scipy.signal.hilbert(fine))
    top = int(strength.argmax())
    above = strength > 0.5 * strength[top]
    left, right = int(above[top::-1].argmin()), int(above[top:].argmin())
    far = np.abs(np.arange(strength.size) - top) > 1.5 * (left + right)
    side = float(strength[far].max(initial=1e-12 * strength[top]) / strength[top])
    return Compactness((left + right) * sample_interval_s / FINER, 20.0 * math.log10(side))


def target_spectrum(freq_hz: Values, *, band_hz: tuple[float, float]) -> Values:
    """Return the amplitude of the output's pulse at each frequency; its peak in time is 1.

    It rises from the band's lower end over a tenth of the band as a half cosine, is level, and
    falls over the last 0.3 of it: no corner, so that the pulse rings little.

    Parameters
    ----------
    freq_hz
        Evenly spaced, from 0 to Nyquist.
    band_hz
        Lowest and highest frequency (hertz).

    Examples
    --------
    >>> shape = target_spectrum(np.linspace(0, 4e9, 9), band_hz=(0.5e9, 2.5e9))
    >>> (shape / shape.max()).round(2).tolist()
    [0.0, 0.0, 1.0, 1.0, 0.93, 0.0, 0.0, 0.0, 0.0]
    """
    low, high = band_hz
    if not 0.0 <= low < high <= freq_hz[-1]:
        msg = (
            f"band_hz = [{low:g}, {high:g}]: give two rising frequencies up to the Nyquist "
            f"frequency, {freq_hz[-1]:g} Hz"
        )
        raise UsageError(msg)
    width = high - low
    up = np.clip((freq_hz - low) / (RISE * width), 0.0, 1.0)
    down = np.clip((high - freq_hz) / (FALL * width), 0.0, 1.0)
    shape = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down))
    area = float(shape.sum())
    if area <= 0.0:
        msg = f"band_hz = [{low:g}, {high:g}]: is narrower than the trace resolves"
        raise UsageError(msg)
    return np.asarray(shape * (freq_hz.size - 1) / area)


def _factor(
    pulse: Values, origin_sample: float, length: int, target: Values, noise_share: float
) -> npt.NDArray[np.complex64]:
    transform = scipy.fft.rfft(pulse, length)
    turns = np.arange(transform.size) * origin_sample / length
    transform = transform * np.exp(2j * np.pi * turns)
    power = np.abs(transform) ** 2
    scale = length / 2 / (target.size - 1)
    factor = scale * target * np.conj(transform) / (power + noise_share * power.max())
    return np.asarray(factor, np.complex64)
