"""Flatten the spectrum of each trace, or divide a measured wavelet out of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._fft import (
    Spectrum,
    frequencies_hz,
    inverse,
    padded_length,
    through_spectrum,
)
from detectkit.signal._jit import njit
from detectkit.signal._running import running_mean
from detectkit.signal.bandpass import butterworth_response, check_band


@njit
def _whiten(
    spectrum: Spectrum, band: npt.NDArray[np.float64], half_width: int, water_level: float
) -> None:  # pragma: no cover - compiled
    bins = band.size
    power = np.empty(bins)
    smooth = np.empty(bins)
    for trace in range(spectrum.shape[0]):
        before = 0.0
        for i in range(bins):
            value = spectrum[trace, i]
            power[i] = np.float64(value.real) ** 2 + np.float64(value.imag) ** 2
            before += power[i] * band[i] * band[i]
        running_mean(power, half_width, half_width, smooth)
        floor = water_level * smooth.max()
        after = 0.0
        for i in range(bins):
            level = max(smooth[i], 0.0) + floor
            smooth[i] = band[i] / math.sqrt(level) if level > 0.0 else 0.0
            after += power[i] * smooth[i] * smooth[i]
        keep = math.sqrt(before / after) if after > 0.0 else 0.0
        for i in range(bins):
            factor = np.float32(smooth[i] * keep)
            value = spectrum[trace, i]
            spectrum[trace, i] = complex(value.real * factor, value.imag * factor)


@njit
def _multiply(
    spectrum: Spectrum, factor: npt.NDArray[np.complex64]
) -> None:  # pragma: no cover - compiled
    for trace in range(spectrum.shape[0]):
        for i in range(factor.size):
            a = spectrum[trace, i]
            b = factor[i]
            real = a.real * b.real - a.imag * b.imag
            spectrum[trace, i] = complex(real, a.real * b.imag + a.imag * b.real)


def whiten(
    data: npt.NDArray[Any],
    *,
    sample_interval_s: float,
    low_hz: float,
    high_hz: float,
    smoothing_hz: float,
    water_level: float = 1e-3,
    out: Traces | None = None,
) -> Traces:
    """Flatten the amplitude spectrum of each trace within a band, phases unchanged.

    ``Y(f) = c X(f) B(f) / sqrt(S(f) + e max S)`` with S the running mean of ``|X|^2`` over
    ``smoothing_hz`` (spectral whitening by running mean: Bensen et al., 2007), B the
    zero-phase Butterworth band of `butterworth_response` (order 8), and c such that the trace
    keeps the energy it has in the band, so amplitudes remain comparable between traces.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s
        Time between samples (seconds).
    low_hz, high_hz
        Band to flatten (hertz); outside it there is only noise to amplify.
    smoothing_hz
        Width of the running mean over frequency (hertz). Detail in the spectrum finer than
        this, which is the trace's structure in time, is kept.
    water_level
        e: bounds the gain relative to the strongest part of the spectrum.
    out
        Buffer for the result, same shape, float32.
    """
    check_band(low_hz, high_hz, sample_interval_s=sample_interval_s)
    require_positive("smoothing_hz", smoothing_hz)
    require_positive("water_level", water_level)
    rows = as_rows(data)
    result = output_rows(rows, out)
    length = padded_length(rows.shape[1], -(-rows.shape[1] // 4))
    freq_hz = frequencies_hz(length, sample_interval_s)
    band = butterworth_response(freq_hz, low_hz=low_hz, high_hz=high_hz, order=8)
    half_width = round(0.5 * smoothing_hz * length * sample_interval_s)

    def work(batch: Traces, spectrum: Spectrum, target: Traces) -> None:
        _whiten(spectrum, band, half_width, water_level)
        target[:] = inverse(spectrum, length)[: batch.shape[0], : batch.shape[1]]

    through_spectrum(rows, result, length=length, work=work)
    return result


def deconvolve(
    data: npt.NDArray[Any],
    *,
    wavelet: npt.NDArray[Any],
    origin_sample: int,
    water_level: float = 0.01,
    out: Traces | None = None,
) -> Traces:
    """Divide a measured wavelet out of each trace, with a water level under its spectrum.

    ``Y(f) = X(f) W*(f) / max(|W(f)|^2, e max |W|^2)``: the least-squares inverse of Wiener
    (Treitel and Robinson, 1966) with the water level of Clayton and Wiggins (1976). An event
    becomes a zero-phase pulse at the place of the wavelet's origin, of the wavelet's own
    amplitude where the band is full.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    wavelet
        (sample,), the system's answer to a unit reflector at the sample interval of `data`.
    origin_sample
        Which sample of the wavelet marks the event's time.
    water_level
        e: smaller is sharper and noisier.
    out
        Buffer for the result, same shape, float32.
    """
    require_positive("water_level", water_level)
    rows = as_rows(data)
    result = output_rows(rows, out)
    pulse = _checked_wavelet(wavelet, origin_sample, samples=rows.shape[1])
    length = padded_length(rows.shape[1], pulse.size)
    factor = inverse_filter(pulse, origin_sample, length=length, water_level=water_level)

    def work(batch: Traces, spectrum: Spectrum, target: Traces) -> None:
        _multiply(spectrum, factor)
        target[:] = inverse(spectrum, length)[: batch.shape[0], : batch.shape[1]]

    through_spectrum(rows, result, length=length, work=work)
    return result


def inverse_filter(
    wavelet: npt.NDArray[np.float64], origin_sample: int, *, length: int, water_level: float
) -> npt.NDArray[np.complex64]:
    """Return ``W* / max(|W|^2, e max |W|^2)`` with the wavelet's origin moved to time zero."""
    periodic = np.zeros(length)
    periodic[: wavelet.size] = wavelet
    transform = scipy.fft.rfft(np.roll(periodic, -origin_sample))
    power = np.abs(transform) ** 2
    floor = water_level * power.max()
    return np.asarray(np.conj(transform) / np.maximum(power, floor), np.complex64)


def _checked_wavelet(
    wavelet: npt.NDArray[Any], origin_sample: int, *, samples: int
) -> npt.NDArray[np.float64]:
    pulse = np.asarray(wavelet, np.float64)
    if pulse.ndim != 1 or not 0 < pulse.size <= samples or not np.any(pulse):
        msg = (
            f"wavelet has shape {pulse.shape}; give one dimension, 1 to {samples} samples "
            "(the trace), not all zero"
        )
        raise UsageError(msg)
    if not 0 <= origin_sample < pulse.size:
        msg = f"origin_sample is {origin_sample}; give 0 to {pulse.size - 1}, inside the wavelet"
        raise UsageError(msg)
    return pulse
