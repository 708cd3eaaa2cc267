"""Replace single samples, and whole traces, that stand out from their neighbours."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._jit import njit

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


class Despiked(NamedTuple):
    """Data without spikes, and how many there were."""

    data: Traces
    """(trace, delay) float32."""
    replaced: npt.NDArray[np.int32]
    """(trace,) number of samples replaced in each trace."""


@njit
def _median_deviation(window: npt.NDArray[Any], size: int) -> float:  # pragma: no cover
    """Return the median absolute deviation from the middle of a sorted window of odd size."""
    middle = size // 2
    left, right = middle - 1, middle + 1
    deviation = 0.0
    for _ in range(middle):
        below = window[middle] - window[left] if left >= 0 else np.inf
        above = window[right] - window[middle] if right < size else np.inf
        if below <= above:
            deviation = below
            left -= 1
        else:
            deviation = above
            right += 1
    return deviation


@njit
def _sorted_window(
    row: npt.NDArray[Any], first: int, size: int, window: npt.NDArray[Any]
) -> None:  # pragma: no cover - compiled
    for k in range(size):
        value = row[first + k]
        place = k
        while place > 0 and window[place - 1] > value:
            window[place] = window[place - 1]
            place -= 1
        window[place] = value


@njit
def _slide(
    window: npt.NDArray[Any], size: int, leaving: float, entering: float
) -> None:  # pragma: no cover - compiled
    """Exchange one value of a sorted window for another."""
    place = 0
    while place < size - 1 and window[place] != leaving:
        place += 1
    while place < size - 1 and window[place + 1] < entering:
        window[place] = window[place + 1]
        place += 1
    while place > 0 and window[place - 1] > entering:
        window[place] = window[place - 1]
        place -= 1
    window[place] = entering


@njit
def _energy(row: npt.NDArray[Any]) -> float:  # pragma: no cover - compiled
    total = 0.0
    for i in range(row.size):
        total += np.float64(row[i]) ** 2
    return total


@njit
def _hampel(
    data: Traces,
    half: int,
    threshold: float,
    floor: float,
    out: Traces,
    replaced: npt.NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    samples = data.shape[1]
    size = 2 * half + 1
    window = np.empty(size, np.float32)
    for trace in range(data.shape[0]):
        row = data[trace]
        least = floor * math.sqrt(_energy(row) / samples)
        _sorted_window(row, 0, size, window)
        for i in range(samples):
            if half < i < samples - half:
                _slide(window, size, row[i - half - 1], row[i + half])
            median = window[half]
            limit = max(threshold * _median_deviation(window, size), least)
            if abs(row[i] - median) > limit:
                out[trace, i] = median
                replaced[trace] += 1
            else:
                out[trace, i] = row[i]


def despike(
    data: npt.NDArray[Any],
    *,
    window_samples: int,
    threshold: float = 6.0,
    floor: float = 1.0,
    out: Traces | None = None,
) -> Despiked:
    """Replace samples far from the median of their window along the delay axis by that median.

    Hampel's identifier (Davies and Gather, 1993): x is a spike where
    ``|x - median| > max(k 1.4826 MAD, f rms)``, rms that of the whole trace. At the ends of
    the trace the first and the last full window are used. Keep the window shorter than half a
    period of the wavelet, or its crests are taken for spikes; look at the count.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    window_samples
        Window length, odd, 3 or more, at most the trace.
    threshold
        k, in standard deviations.
    floor
        f: where the window is quite flat, any ripple is many standard deviations, so a spike
        must also exceed this part of the trace's root mean square.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> trace = np.array([[0.0, 1.0, 2.0, 90.0, 4.0, 5.0, 6.0]], np.float32)
    >>> despiked, replaced = despike(trace, window_samples=5)
    >>> despiked
    array([[0., 1., 2., 4., 4., 5., 6.]], dtype=float32)
    >>> replaced
    array([1], dtype=int32)
    """
    rows = as_rows(data)
    if window_samples % 2 == 0 or not 3 <= window_samples <= rows.shape[1]:
        msg = (
            f"window_samples is {window_samples}; give an odd number from 3 to "
            f"{rows.shape[1]}, the samples of a trace"
        )
        raise UsageError(msg)
    require_positive("threshold", threshold)
    if not floor >= 0:
        msg = f"floor is {floor}; give 0 or more (1 is usual)"
        raise UsageError(msg)
    result = output_rows(rows, out)
    replaced = np.zeros(rows.shape[0], np.int32)
    limit = threshold * MAD_TO_SIGMA
    _hampel(rows, window_samples // 2, limit, floor, result, replaced)
    return Despiked(result, replaced)


@njit
def _log_energy(data: Traces, out: npt.NDArray[np.float64]) -> None:  # pragma: no cover
    for trace in range(data.shape[0]):
        out[trace] = math.log(_energy(data[trace]) + 1e-300)


@njit
def _bad_traces(
    level: npt.NDArray[np.float64], half: int, limit: float, bad: npt.NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    window = np.empty(2 * half + 1)
    for trace in range(level.size):
        first = max(trace - half, 0)
        stop = min(trace + half + 1, level.size)
        # An odd number of traces has a median that is one of them.
        size = (stop - first - 1) // 2 * 2 + 1
        _sorted_window(level, first, size, window)
        bad[trace] = abs(level[trace] - window[size // 2]) > limit


@njit
def _interpolate(
    data: Traces, bad: npt.NDArray[np.bool_], reach: int, out: Traces
) -> None:  # pragma: no cover - compiled
    traces, samples = data.shape
    for trace in range(traces):
        before, after = trace, trace
        while before > 0 and trace - before < reach and bad[before]:
            before -= 1
        while after < traces - 1 and after - trace < reach and bad[after]:
            after += 1
        if bad[before] and bad[after]:
            before, after = trace, trace
        elif bad[before]:
            before = after
        elif bad[after]:
            after = before
        span = max(after - before, 1)
        weight = np.float32((trace - before) / span)
        for i in range(samples):
            low = data[before, i]
            out[trace, i] = low + weight * (data[after, i] - low)


class Repaired(NamedTuple):
    """Data with its bad traces replaced, and which they were."""

    data: Traces
    """(trace, delay) float32."""
    bad: npt.NDArray[np.bool_]
    """(trace,) true where the trace was replaced."""


def replace_bad_traces(
    data: npt.NDArray[Any],
    *,
    half_window: int = 5,
    ratio_db: float = 20.0,
    out: Traces | None = None,
) -> Repaired:
    """Replace traces of far more or less energy than their neighbours by interpolation.

    A trace is bad where its energy differs from the median energy of the traces within
    `half_window` by more than `ratio_db`. It becomes the linear interpolation between the
    nearest good traces, at most `half_window` away; with good ones on one side only, a copy of
    the nearest; with none, it stays. A trace depends on those within ``2 half_window``.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    half_window
        Neighbours on each side.
    ratio_db
        How far the energies may differ (decibel).
    out
        Buffer for the result, same shape, float32.
    """
    if half_window < 1:
        msg = f"half_window is {half_window}; give 1 or more traces"
        raise UsageError(msg)
    require_positive("ratio_db", ratio_db)
    rows = as_rows(data)
    result = output_rows(rows, out)
    level = np.empty(rows.shape[0])
    bad = np.zeros(rows.shape[0], np.bool_)
    _log_energy(rows, level)
    _bad_traces(level, half_window, ratio_db / 10.0 * np.log(10.0), bad)
    _interpolate(rows, bad, half_window, result)
    return Repaired(result, bad)
