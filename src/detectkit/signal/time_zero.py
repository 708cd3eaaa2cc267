"""Where each trace begins: the first break, and the lag behind a reference.

Times are in samples, with fractions; NaN where the trace does not tell.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, require_positive, sample_window
from detectkit.signal._jit import njit

Samples = npt.NDArray[np.float64]


@njit
def _largest(data: Traces, start: int, stop: int, out: Samples) -> None:  # pragma: no cover
    for trace in range(data.shape[0]):
        largest = np.float32(0.0)
        for i in range(start, stop):
            largest = max(largest, abs(data[trace, i]))
        out[trace] = largest


@njit
def _first_crossing(
    data: Traces, level: Samples, start: int, stop: int, out: Samples
) -> None:  # pragma: no cover - compiled
    for trace in range(data.shape[0]):
        limit = level[trace]
        out[trace] = np.nan
        for i in range(start, stop):
            value = np.float64(data[trace, i])
            if abs(value) >= limit > 0.0:
                sign = 1.0 if value > 0 else -1.0
                before = sign * data[trace, max(i - 1, 0)]
                rise = sign * value - before
                inside = i > start and rise > 0.0
                out[trace] = i - 1 + (limit - before) / rise if inside else float(i)
                break


@njit
def _best_lag(
    data: Traces,
    reference: Samples,
    start: int,
    maximum_lag: int,
    lag: Samples,
    correlation: Samples,
) -> None:  # pragma: no cover - compiled
    samples = data.shape[1]
    lags = 2 * maximum_lag + 1
    product = np.empty(lags)
    energy = np.empty(lags)
    reference_energy = (reference * reference).sum()
    for trace in range(data.shape[0]):
        best = 0
        for m in range(lags):
            offset = start + m - maximum_lag
            total, square = 0.0, 0.0
            for j in range(max(-offset, 0), min(reference.size, samples - offset)):
                value = np.float64(data[trace, offset + j])
                total += reference[j] * value
                square += value * value
            product[m] = total
            energy[m] = square
            if total > product[best]:
                best = m
        lag[trace] = np.nan
        correlation[trace] = 0.0
        if 0 < best < lags - 1 and product[best] > 0.0:
            left, middle, right = product[best - 1], product[best], product[best + 1]
            # A maximum inside the bounds: the curvature is not zero unless all three agree.
            bend = left - 2.0 * middle + right
            top = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
            lag[trace] = best - maximum_lag + top
            correlation[trace] = middle / math.sqrt(reference_energy * energy[best])


def first_break(
    data: npt.NDArray[Any], *, fraction: float, start: int = 0, stop: int | None = None
) -> Samples:
    """Return where each trace first reaches a fraction of its own largest magnitude.

    The largest magnitude is that within the window. Between the two samples at the crossing
    the time is interpolated linearly.

    Parameters
    ----------
    data
        (trace, delay), float32, its level removed.
    fraction
        Threshold over the largest magnitude, above 0 to 1; 0.05 to 0.3 is usual.
    start, stop
        Samples to look at; the whole trace if not given.

    Returns
    -------
        (trace,), samples; NaN for a trace of zeros.

    Examples
    --------
    >>> import numpy as np
    >>> first_break(np.array([[0.0, 0.0, 1.0, 4.0]], np.float32), fraction=0.125)
    array([1.5])
    """
    if not 0 < fraction <= 1:
        msg = f"fraction is {fraction}; give a number above 0, at most 1"
        raise UsageError(msg)
    rows = as_rows(data)
    first, end = sample_window(rows.shape[1], start, stop)
    level = np.empty(rows.shape[0])
    _largest(rows, first, end, level)
    level *= fraction
    found = np.empty(rows.shape[0])
    _first_crossing(rows, level, first, end, found)
    return found


def first_break_at_level(
    data: npt.NDArray[Any], *, level: float, start: int = 0, stop: int | None = None
) -> Samples:
    """Return where the magnitude of each trace first reaches a level.

    Parameters
    ----------
    data
        (trace, delay), float32, its level removed.
    level
        Threshold in the unit of `data`, above zero.
    start, stop
        Samples to look at; the whole trace if not given.

    Returns
    -------
        (trace,), samples; NaN where the level is not reached.
    """
    require_positive("level", level)
    rows = as_rows(data)
    first, end = sample_window(rows.shape[1], start, stop)
    found = np.empty(rows.shape[0])
    _first_crossing(rows, np.full(rows.shape[0], float(level)), first, end, found)
    return found


class Lag(NamedTuple):
    """How far each trace lies behind a reference."""

    samples: Samples
    """(trace,) lag, positive is later; NaN where no maximum lies inside the bounds."""
    correlation: Samples
    """(trace,) normalised correlation at the lag, 0 to 1; 0 where there is none."""


def correlation_lag(
    data: npt.NDArray[Any],
    reference: npt.NDArray[Any],
    *,
    start: int,
    maximum_lag: int,
) -> Lag:
    """Return the lag at which each trace agrees best with a reference wavelet.

    The maximum over ``|lag| <= maximum_lag`` of ``sum_j r[j] x[start + j + lag]``, the
    matched filter (Turin, 1960), refined by the parabola through it and its neighbours. A
    maximum on the bound is none.

    Parameters
    ----------
    data
        (trace, delay), float32, its level removed.
    reference
        (sample,), a wavelet or a part of a trace, its level removed.
    start
        Where the reference begins in a trace that has no lag.
    maximum_lag
        Bound (samples); samples outside the trace count as zero.

    Examples
    --------
    >>> import numpy as np
    >>> late = np.array([[0.0, 0.0, 1.0, 2.0, 1.0, 0.0]], np.float32)
    >>> lag = correlation_lag(late, np.array([1.0, 2.0, 1.0]), start=1, maximum_lag=2)
    >>> lag.samples, lag.correlation
    (array([1.]), array([1.]))
    """
    rows = as_rows(data)
    wavelet = np.ascontiguousarray(reference, np.float64)
    if wavelet.ndim != 1 or not np.any(wavelet):
        msg = f"reference has shape {wavelet.shape}; give one dimension, not all zero"
        raise UsageError(msg)
    if maximum_lag < 1:
        msg = f"maximum_lag is {maximum_lag}; give 1 or more samples"
        raise UsageError(msg)
    lag, correlation = np.empty(rows.shape[0]), np.empty(rows.shape[0])
    _best_lag(rows, wavelet, start, maximum_lag, lag, correlation)
    return Lag(lag, correlation)
