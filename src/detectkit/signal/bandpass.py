"""Zero-phase band-pass filters along the delay axis."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._fft import (
    Spectrum,
    frequencies_hz,
    inverse,
    padded_length,
    scale,
    through_spectrum,
)

GAP_PERIODS = 3
Response = npt.NDArray[np.float64]


def check_band(low_hz: float, high_hz: float, *, sample_interval_s: float) -> None:
    """Reject corner frequencies that are out of order or above the Nyquist frequency."""
    require_positive("sample_interval_s", sample_interval_s)
    nyquist_hz = 0.5 / sample_interval_s
    if not 0 <= low_hz < high_hz <= nyquist_hz:
        msg = (
            f"band {low_hz:g} to {high_hz:g} Hz does not fit a sample interval of "
            f"{sample_interval_s:g} s; need 0 <= low < high <= {nyquist_hz:g} Hz (Nyquist)"
        )
        raise UsageError(msg)


def butterworth_response(
    freq_hz: npt.NDArray[np.float64], *, low_hz: float, high_hz: float, order: int = 4
) -> Response:
    """Return the response of a Butterworth band-pass run forwards and backwards.

    ``H(f) = 1 / (1 + (low / f)^2n) / (1 + (f / high)^2n)``: the squared magnitudes of a
    high-pass and a low-pass of order n (Butterworth, 1930), real and of zero phase as the
    phases of the two runs cancel (Gustafsson, 1996). It is one half (-6 dB) at each corner.
    ``low_hz = 0`` leaves the low-pass alone.

    Parameters
    ----------
    freq_hz
        Frequencies (hertz), any shape, not negative.
    """
    if order < 1:
        msg = f"order is {order}; give 1 or more (4 is usual)"
        raise UsageError(msg)
    power = 2 * order
    # f^2n / (f^2n + low^2n), both scaled by low: no division by zero at f = 0.
    ratio = (freq_hz / low_hz) ** power if low_hz > 0 else np.full(freq_hz.shape, np.inf)
    high_pass = 1.0 - 1.0 / (1.0 + ratio)
    return np.asarray(high_pass / (1.0 + (freq_hz / high_hz) ** power), np.float64)


def ormsby_response(
    freq_hz: npt.NDArray[np.float64], *, corners_hz: tuple[float, float, float, float]
) -> Response:
    """Return the trapezoid of Ormsby (1961): 0 to f1, linear to 1 at f2, 1 to f3, 0 from f4."""
    if not all(a <= b for a, b in pairwise(corners_hz)):
        msg = f"corners_hz are {corners_hz}; give four frequencies in rising order"
        raise UsageError(msg)
    return np.interp(freq_hz, corners_hz, (0.0, 1.0, 1.0, 0.0), left=0.0, right=0.0)


def gap_samples(samples: int, *, period_s: float, sample_interval_s: float) -> int:
    """Return how much to extend a trace against wrap-around: three periods, at most its length.

    `period_s` is the longest period the filter has to settle on: that of its lower corner.
    """
    if not math.isfinite(period_s):
        return samples
    return min(samples, math.ceil(GAP_PERIODS * period_s / sample_interval_s))


def bandpass(
    data: npt.NDArray[Any],
    *,
    sample_interval_s: float,
    low_hz: float,
    high_hz: float,
    order: int = 4,
    out: Traces | None = None,
) -> Traces:
    """Filter each trace with a zero-phase Butterworth band-pass, in the frequency domain.

    The response is that of `butterworth_response`. Against wrap-around each trace is extended
    by three periods of the lower corner (of the upper one if there is no lower; at most its
    own length) with its mirror images, faded into each other.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s
        Time between samples (seconds).
    low_hz, high_hz
        Corners at half amplitude (hertz); ``low_hz = 0`` makes a low-pass.
    order
        Order n of the Butterworth filters; the slopes are 12 n dB per octave.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> constant = np.full((2, 64), 7.0, np.float32)
    >>> filtered = bandpass(constant, sample_interval_s=1e-10, low_hz=2e8, high_hz=2e9)
    >>> bool(np.abs(filtered).max() < 1e-5)
    True
    """
    check_band(low_hz, high_hz, sample_interval_s=sample_interval_s)
    rows = as_rows(data)
    samples = rows.shape[1]
    period_s = 1.0 / (low_hz or high_hz)
    gap = gap_samples(samples, period_s=period_s, sample_interval_s=sample_interval_s)
    length = padded_length(samples, gap)
    freq_hz = frequencies_hz(length, sample_interval_s)
    response = butterworth_response(freq_hz, low_hz=low_hz, high_hz=high_hz, order=order)
    return filter_rows(rows, response, length=length, out=out)


def ormsby(
    data: npt.NDArray[Any],
    *,
    sample_interval_s: float,
    corners_hz: tuple[float, float, float, float],
    out: Traces | None = None,
) -> Traces:
    """Filter each trace with the zero-phase Ormsby trapezoid, in the frequency domain.

    See `ormsby_response`. The extension is three periods of the narrower slope's width, which
    is what sets how long this filter rings.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s
        Time between samples (seconds).
    corners_hz
        f1 <= f2 <= f3 <= f4 (hertz).
    out
        Buffer for the result, same shape, float32.
    """
    check_band(corners_hz[0], corners_hz[3], sample_interval_s=sample_interval_s)
    rows = as_rows(data)
    samples = rows.shape[1]
    slope_hz = min(corners_hz[1] - corners_hz[0] or math.inf, corners_hz[3] - corners_hz[2])
    period_s = 1.0 / slope_hz if slope_hz > 0 else math.inf
    gap = gap_samples(samples, period_s=period_s, sample_interval_s=sample_interval_s)
    length = padded_length(samples, gap)
    response = ormsby_response(frequencies_hz(length, sample_interval_s), corners_hz=corners_hz)
    return filter_rows(rows, response, length=length, out=out)


def filter_rows(
    rows: Traces, response: Response, *, length: int, out: Traces | None = None
) -> Traces:
    """Multiply the spectrum of each trace, extended to `length`, by a real response.

    Parameters
    ----------
    rows
        (trace, delay), float32.
    response
        One factor per bin of a real transform of `length` samples.
    """
    result = output_rows(rows, out)
    factors = response.astype(np.float32)

    def work(batch: Traces, spectrum: Spectrum, target: Traces) -> None:
        scale(spectrum, factors)
        filtered = inverse(spectrum, length)
        target[:] = filtered[: batch.shape[0], : batch.shape[1]]

    through_spectrum(rows, result, length=length, work=work)
    return result
