"""Envelope, instantaneous phase and instantaneous frequency of each trace.

The analytic signal is ``z = x + i H{x}`` with the Hilbert transform ``H`` taken in the
frequency domain (Gabor, 1946; for seismic traces Taner, Koehler and Sheriff, 1979). Each
trace is first extended against wrap-around by a quarter of its length (see `_fft`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._fft import (
    Spectrum,
    frequencies_hz,
    inverse,
    padded_length,
    scale,
    through_spectrum,
)
from detectkit.signal._jit import njit
from detectkit.signal.bandpass import butterworth_response, check_band, gap_samples

MINUS_I = np.complex64(-1j)
Combine = Callable[[Traces, Traces, Any], None]


@njit
def _magnitude(real: Traces, imaginary: Traces, target: Traces) -> None:  # pragma: no cover
    for trace in range(target.shape[0]):
        for i in range(target.shape[1]):
            a = real[trace, i]
            b = imaginary[trace, i]
            target[trace, i] = math.sqrt(a * a + b * b)


@njit
def _phase(real: Traces, imaginary: Traces, target: Traces) -> None:  # pragma: no cover
    for trace in range(target.shape[0]):
        for i in range(target.shape[1]):
            target[trace, i] = math.atan2(imaginary[trace, i], real[trace, i])


@njit
def _frequency(real: Traces, imaginary: Traces, target: Traces) -> None:  # pragma: no cover
    samples = target.shape[1]
    step = np.zeros(samples + 1, np.float32)
    for trace in range(target.shape[0]):
        for i in range(1, samples):
            a, b = real[trace, i - 1], imaginary[trace, i - 1]
            c, d = real[trace, i], imaginary[trace, i]
            step[i] = math.atan2(a * d - b * c, a * c + b * d)
        step[0] = step[min(1, samples - 1)]
        step[samples] = step[samples - 1]
        for i in range(samples):
            target[trace, i] = np.float32(0.5) * (step[i] + step[i + 1])


@njit
def _complex(
    real: Traces, imaginary: Traces, target: npt.NDArray[np.complex64]
) -> None:  # pragma: no cover
    for trace in range(target.shape[0]):
        for i in range(target.shape[1]):
            target[trace, i] = complex(real[trace, i], imaginary[trace, i])


def _through_hilbert(rows: Traces, out: npt.NDArray[Any], combine: Combine) -> None:
    """Give `combine` each batch and its Hilbert transform, to fill `out`."""
    samples = rows.shape[1]
    length = padded_length(samples, -(-samples // 4))

    def work(batch: Traces, spectrum: Spectrum, target: npt.NDArray[Any]) -> None:
        combine(batch, _quadrature(spectrum, length), target)

    through_spectrum(rows, out, length=length, work=work)


def _quadrature(spectrum: Spectrum, length: int) -> Traces:
    """Return the Hilbert transform: the spectrum times -i, nothing at zero and Nyquist."""
    turned = spectrum * MINUS_I
    turned[:, 0] = 0.0
    if length % 2 == 0:
        turned[:, -1] = 0.0
    return inverse(turned, length)


def envelope(data: npt.NDArray[Any], *, out: Traces | None = None) -> Traces:
    """Return the envelope ``|z|`` of each trace.

    Parameters
    ----------
    data
        (trace, delay), float32, finite. Take its level out first: the envelope of a
        constant is that constant.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> delay = np.arange(256, dtype=np.float32) - 128
    >>> pulse = np.exp(-((delay / 30) ** 2))
    >>> modulated = (pulse * np.cos(0.8 * delay))[np.newaxis]
    >>> bool(np.abs(envelope(modulated) - pulse).max() < 1e-4)
    True
    """
    rows = as_rows(data)
    result = output_rows(rows, out)
    _through_hilbert(rows, result, _magnitude)
    return result


def instantaneous_phase(data: npt.NDArray[Any], *, out: Traces | None = None) -> Traces:
    """Return the instantaneous phase ``arg z`` of each trace (radians, -pi to pi).

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    out
        Buffer for the result, same shape, float32.
    """
    rows = as_rows(data)
    result = output_rows(rows, out)
    _through_hilbert(rows, result, _phase)
    return result


def instantaneous_frequency(
    data: npt.NDArray[Any], *, sample_interval_s: float, out: Traces | None = None
) -> Traces:
    """Return the instantaneous frequency of each trace (hertz).

    ``f[i] = (arg(z[i] z*[i-1]) + arg(z[i+1] z*[i])) / (4 pi dt)``: the mean of the backward
    and forward phase steps (Boashash, 1992, central finite difference), one of them at the
    ends. No unwrapping is needed up to the Nyquist frequency. It is 0 where the trace is 0
    and has no meaning where the envelope is small.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s
        Time between samples (seconds).
    out
        Buffer for the result, same shape, float32.
    """
    require_positive("sample_interval_s", sample_interval_s)
    rows = as_rows(data)
    result = output_rows(rows, out)
    _through_hilbert(rows, result, _frequency)
    result *= np.float32(1.0 / (2.0 * math.pi * sample_interval_s))
    return result


def analytic_signal(data: npt.NDArray[Any]) -> npt.NDArray[np.complex64]:
    """Return ``x + i H{x}`` of each trace, (trace, delay), complex64."""
    rows = as_rows(data)
    result = np.empty(rows.shape, np.complex64)
    _through_hilbert(rows, result, _complex)
    return result


def bandpass_envelope(
    data: npt.NDArray[Any],
    *,
    sample_interval_s: float,
    low_hz: float,
    high_hz: float,
    order: int = 4,
    out: Traces | None = None,
) -> Traces:
    """Return the envelope of the band-passed traces, with one forward transform for both.

    The same as `bandpass` and then `envelope`, except near the ends of the trace, where the
    second would extend the filtered trace and this one uses the filtered extension.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s, low_hz, high_hz, order
        As for `bandpass`.
    out
        Buffer for the result, same shape, float32.
    """
    check_band(low_hz, high_hz, sample_interval_s=sample_interval_s)
    rows = as_rows(data)
    result = output_rows(rows, out)
    samples = rows.shape[1]
    period_s = 1.0 / (low_hz or high_hz)
    gap = gap_samples(samples, period_s=period_s, sample_interval_s=sample_interval_s)
    length = padded_length(samples, gap)
    freq_hz = frequencies_hz(length, sample_interval_s)
    response = butterworth_response(freq_hz, low_hz=low_hz, high_hz=high_hz, order=order)
    factors = response.astype(np.float32)

    def work(_batch: Traces, spectrum: Spectrum, target: Traces) -> None:
        scale(spectrum, factors)
        turned = _quadrature(spectrum, length)
        _magnitude(inverse(spectrum, length), turned, target)

    through_spectrum(rows, result, length=length, work=work)
    return result
