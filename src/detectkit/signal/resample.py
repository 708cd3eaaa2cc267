"""Bring traces to another sample interval along the delay axis."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.signal._arrays import Traces, as_rows, output_rows, require_positive
from detectkit.signal._jit import njit
from detectkit.signal._sinc import windowed_sinc

HALF_WIDTH = 24  # samples of the coarser of both intervals
BETA = 7.857  # 80 dB in the stop band (Kaiser, 1974)
TRANSITION = 0.0522  # half the width of the transition, cycles per coarser sample
LANES = 8


class _Table(NamedTuple):
    first: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    reach: int


@njit
def _fill_table(
    step: float,
    cutoff: float,
    half_width: float,
    first: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    taps = weights.shape[1]
    exact = np.empty(taps)
    for j in range(first.size):
        position = j * step
        first[j] = math.floor(position) - taps // 2 + 1
        total = 0.0
        for k in range(taps):
            exact[k] = windowed_sinc(position - (first[j] + k), cutoff, half_width, BETA)
            total += exact[k]
        for k in range(taps):
            weights[j, k] = exact[k] / total


@lru_cache(maxsize=16)
def _table(samples: int, step: float) -> _Table:
    """Return the weights of each new sample; `step` is the new interval in old samples."""
    coarser = max(step, 1.0)
    half_width = HALF_WIDTH * coarser
    cutoff = 0.5 if step <= 1.0 else (0.5 - TRANSITION) / coarser
    reach = -(-math.ceil(half_width) // LANES) * LANES
    count = resampled_count(samples, step)
    first = np.empty(count, np.int64)
    weights = np.empty((count, 2 * reach), np.float32)
    _fill_table(step, cutoff, half_width, first, weights)
    return _Table(first, weights, reach)


@njit
def _apply(
    data: Traces,
    first: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32],
    reach: int,
    out: Traces,
) -> None:  # pragma: no cover - compiled
    samples = data.shape[1]
    taps = weights.shape[1]
    padded = np.empty(samples + 2 * reach, np.float32)
    sums = np.empty(8, np.float32)
    for trace in range(data.shape[0]):
        padded[:reach] = data[trace, 0]
        padded[reach + samples :] = data[trace, samples - 1]
        padded[reach : reach + samples] = data[trace]
        for j in range(first.size):
            part = padded[first[j] + reach : first[j] + reach + taps]
            weight = weights[j]
            # Eight sums side by side: independent, and always added up in this order.
            sums[:] = 0.0
            for block in range(taps // 8):
                for lane in range(8):
                    sums[lane] += weight[8 * block + lane] * part[8 * block + lane]
            low = (sums[0] + sums[1]) + (sums[2] + sums[3])
            out[trace, j] = low + ((sums[4] + sums[5]) + (sums[6] + sums[7]))


def resampled_count(samples: int, step: float) -> int:
    """Return how many samples `step` old samples apart fit within a trace of `samples`."""
    return math.floor((samples - 1) / step * (1.0 + 1e-12)) + 1


def resample(
    data: npt.NDArray[Any],
    *,
    sample_interval_s: float,
    new_interval_s: float,
    out: Traces | None = None,
) -> Traces:
    """Interpolate each trace at a new sample interval, from the same first sample on.

    A sinc under a Kaiser window (24 samples of the coarser interval on each side, 80 dB;
    Kaiser, 1974; Crochiere and Rabiner, 1983). Measured with sines, 2e-4
    of the amplitude bounds all of these: going finer, the error below 0.85 of the Nyquist
    frequency; going coarser, the error below 0.75 of the new Nyquist frequency and what is
    left of anything above it. Beyond its ends the trace counts as going on with its end value.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    sample_interval_s, new_interval_s
        Old and new time between samples (seconds).
    out
        Buffer (trace, new delay), float32.

    Returns
    -------
        (trace, new delay), float32, up to the last sample of the input.

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones((1, 5), np.float32)
    >>> resample(ones, sample_interval_s=2e-10, new_interval_s=1e-10).shape
    (1, 9)
    """
    require_positive("sample_interval_s", sample_interval_s)
    require_positive("new_interval_s", new_interval_s)
    rows = as_rows(data)
    step = new_interval_s / sample_interval_s
    table = _table(rows.shape[1], step)
    result = output_rows(rows, out, samples=table.first.size)
    _apply(rows, table.first, table.weights, table.reach, result)
    return result
