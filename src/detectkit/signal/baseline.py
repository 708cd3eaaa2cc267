"""Take the slowly varying part out of each trace: its level (dc) and its wow.

Wow is the slow swing under a radar trace that comes from the receiver's saturation by the
direct wave and from inductive coupling (Annan, 1993; Jol, 2009, ch. 5). Both filters work
on one trace at a time; the sums are in float64.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, at_least, output_rows, sample_window
from detectkit.signal._jit import njit
from detectkit.signal._running import running_mean, window_sides

Statistic = Literal["mean", "median"]


@njit
def _subtract_mean(data: Traces, start: int, stop: int, out: Traces) -> None:  # pragma: no cover
    # Eight sums side by side hide the latency of one addition; their order is fixed.
    sums = np.zeros(8)
    whole = start + (stop - start) // 8 * 8
    for trace in range(data.shape[0]):
        row = data[trace]
        sums[:] = 0.0
        for i in range(start, whole, 8):
            for lane in range(8):
                sums[lane] += row[i + lane]
        total = 0.0
        for lane in range(8):
            total += sums[lane]
        for i in range(whole, stop):
            total += row[i]
        level = np.float32(total / (stop - start))
        for i in range(row.size):
            out[trace, i] = row[i] - level


@njit
def _dewow(data: Traces, before: int, after: int, out: Traces) -> None:  # pragma: no cover
    mean = np.empty(data.shape[1], np.float32)
    for trace in range(data.shape[0]):
        row = data[trace]
        running_mean(row, before, after, mean)
        for i in range(row.size):
            out[trace, i] = row[i] - mean[i]


def remove_dc(
    data: npt.NDArray[Any],
    *,
    start: int = 0,
    stop: int | None = None,
    statistic: Statistic = "mean",
    out: Traces | None = None,
) -> Traces:
    """Subtract from each trace its mean or median over the samples [start, stop).

    Parameters
    ----------
    data
        (trace, delay), float32.
    start, stop
        Samples the level is measured on, e.g. those before the direct wave or the last
        third of the trace; the whole trace if not given.
    statistic
        "mean", or "median" where the window holds strong reflections.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> remove_dc(np.array([[3.0, 5.0, 7.0]], np.float32))
    array([[-2.,  0.,  2.]], dtype=float32)
    """
    rows = as_rows(data)
    first, end = sample_window(rows.shape[1], start, stop)
    result = output_rows(rows, out)
    if statistic == "mean":
        _subtract_mean(rows, first, end, result)
    elif statistic == "median":
        np.subtract(rows, np.median(rows[:, first:end], axis=1, keepdims=True), out=result)
    else:
        msg = f"statistic is {statistic!r}; give 'mean' or 'median'"
        raise UsageError(msg)
    return result


def dewow(data: npt.NDArray[Any], *, window_samples: int, out: Traces | None = None) -> Traces:
    """Subtract from each trace its running mean along the delay axis.

    ``y[i] = x[i] - mean(x[i - (w - 1) // 2 : i + w // 2 + 1])``; the window shrinks at the
    ends of the trace. A window of one to two periods of the centre frequency is usual. The
    samples must be finite: a NaN stays in the running sum to the end of its trace.

    Parameters
    ----------
    data
        (trace, delay), float32.
    window_samples
        Window length `w`; an odd length is symmetric and therefore of zero phase.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> dewow(np.array([[1.0, 1.0, 4.0, 1.0, 1.0]], np.float32), window_samples=3)
    array([[ 0., -1.,  2., -1.,  0.]], dtype=float32)
    """
    at_least(window_samples, 1, "window_samples")
    rows = as_rows(data)
    result = output_rows(rows, out)
    _dewow(rows, *window_sides(window_samples), result)
    return result


def wow_cutoff_hz(*, window_samples: int, sample_interval_s: float) -> float:
    """Return the frequency (hertz) that `dewow` passes with half its amplitude, about 0.6 / T.

    A running mean of length ``T = w dt`` has the response ``sin(pi f T) / (pi f T)``; what is
    left is one minus that, which is 0.5 at ``f T = 0.6034``.
    """
    at_least(window_samples, 1, "window_samples")
    half_amplitude = 1.8954942670339809 / math.pi
    return half_amplitude / (window_samples * sample_interval_s)
