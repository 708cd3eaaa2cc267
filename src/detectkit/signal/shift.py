"""Move traces along the delay axis by fractions of a sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError
from detectkit.signal._arrays import Traces, as_rows, output_rows
from detectkit.signal._jit import njit
from detectkit.signal._sinc import windowed_sinc

HALF_WIDTH = 8
BETA = 8.0


@njit
def _weights(fraction: float, weights: npt.NDArray[np.float32]) -> None:  # pragma: no cover
    exact = np.empty(2 * HALF_WIDTH)
    total = 0.0
    for k in range(2 * HALF_WIDTH):
        exact[k] = windowed_sinc(fraction - (k - HALF_WIDTH + 1), 0.5, HALF_WIDTH, BETA)
        total += exact[k]
    for k in range(2 * HALF_WIDTH):
        weights[k] = exact[k] / total


@njit
def _shift_one(
    padded: npt.NDArray[np.float32],
    shift: float,
    weights: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    samples = out.size
    first = max(math.ceil(shift), 0)
    stop = min(math.floor(samples - 1 + shift) + 1, samples)
    whole = math.floor(-shift)
    fraction = -shift - whole
    if fraction == 0.0:
        for i in range(first, stop):
            out[i] = padded[i + whole + HALF_WIDTH]
        return
    _weights(fraction, weights)
    target = out[first:stop]
    target[:] = 0.0
    for k in range(2 * HALF_WIDTH):
        source = padded[first + whole + k + 1 : stop + whole + k + 1]
        for i in range(target.size):
            target[i] += weights[k] * source[i]


@njit
def _shift_all(
    data: Traces, shift: npt.NDArray[np.float64], fill: float, out: Traces
) -> None:  # pragma: no cover - compiled
    samples = data.shape[1]
    padded = np.empty(samples + 2 * HALF_WIDTH, np.float32)
    weights = np.empty(2 * HALF_WIDTH, np.float32)
    for trace in range(data.shape[0]):
        out[trace, :] = fill
        if not abs(shift[trace]) <= samples:
            continue
        padded[:HALF_WIDTH] = data[trace, 0]
        padded[HALF_WIDTH + samples :] = data[trace, samples - 1]
        for i in range(samples):
            padded[HALF_WIDTH + i] = data[trace, i]
        _shift_one(padded, shift[trace], weights, out[trace])


def shift_rows(
    data: npt.NDArray[Any],
    shift_samples: npt.NDArray[Any],
    *,
    fill: float = 0.0,
    out: Traces | None = None,
) -> Traces:
    """Delay each trace by its own number of samples: ``y[i] = x(i - shift)``.

    Band-limited interpolation with 16 weights, a sinc under a Kaiser window (beta 8) scaled
    to keep a constant. For content below 0.65 of the Nyquist frequency the error is below 2e-4
    of its amplitude, below half of Nyquist 1.2e-4 (measured with sines); whole shifts are exact
    copies. Within 8 samples of the ends the trace counts as going on with its end value.

    Parameters
    ----------
    data
        (trace, delay), float32, finite.
    shift_samples
        (trace,), positive is later; a trace whose shift is NaN or longer than the trace
        becomes all `fill`.
    fill
        Value of samples that come from outside the trace.
    out
        Buffer for the result, same shape, float32.

    Examples
    --------
    >>> import numpy as np
    >>> shift_rows(np.array([[1.0, 2.0, 3.0]], np.float32), np.array([1.0]))
    array([[0., 1., 2.]], dtype=float32)
    """
    rows = as_rows(data)
    shift = np.ascontiguousarray(shift_samples, np.float64)
    if shift.shape != (rows.shape[0],):
        msg = f"shift_samples has shape {shift.shape}; give one per trace, ({rows.shape[0]},)"
        raise ShapeError(msg)
    result = output_rows(rows, out)
    _shift_all(rows, shift, fill, result)
    return result
