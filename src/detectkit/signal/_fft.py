"""Fourier transforms along the delay axis whose bits do not depend on the batch.

A vectorised FFT takes several rows at once, one per SIMD lane, and the remainder one by one
through other code. Here every batch is padded to a multiple of `LANE_ROWS` rows, so each
trace takes the same path however many traces come with it. Batches are small enough to stay
in the cache, and their buffer is reused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.signal._arrays import Traces
from detectkit.signal._jit import njit

BATCH_ROWS = 128
LANE_ROWS = 16  # the widest float32 vector in use (512 bits)

Spectrum = npt.NDArray[np.complex64]
Work = Callable[[Traces, Spectrum, Traces], None]
"""What is done to a batch: (its traces, its spectrum with spare rows below, its output)."""


def padded_length(samples: int, gap: int) -> int:
    """Return a length the FFT is fast at, at least `samples + gap`."""
    return int(scipy.fft.next_fast_len(samples + gap, real=True))


def frequencies_hz(length: int, sample_interval_s: float) -> npt.NDArray[np.float64]:
    """Return the frequency of each bin (hertz) of a real transform of that length."""
    return scipy.fft.rfftfreq(length, sample_interval_s)


def inverse(spectrum: Spectrum, length: int) -> Traces:
    """Return the real traces of a spectrum, which may be overwritten."""
    rows: Traces = scipy.fft.irfft(spectrum, length, axis=1, overwrite_x=True)
    return rows


def scale(spectrum: Spectrum, response: npt.NDArray[np.float32]) -> None:
    """Multiply each row by a real response, in place.

    Real and imaginary parts are multiplied as plain floats: one rounding each, so no
    contraction of a complex product can differ between vector and scalar code.
    """
    parts = spectrum.view(np.float32)
    parts *= np.repeat(response, 2)


def through_spectrum(data: Traces, out: npt.NDArray[Any], *, length: int, work: Work) -> None:
    """Transform `data` batch by batch and let `work` fill `out` from the spectra.

    Behind each trace the gap up to `length` is filled with the trace's own mirror images:
    the end's fades over a half cosine into the beginning's. The periodic trace has no
    jump, and a constant stays constant.
    """
    rows, samples = data.shape
    tail, head, ramp = _mirror(samples, length)
    buffer = np.zeros((_lanes(min(rows, BATCH_ROWS)), length), np.float32)
    for first in range(0, rows, BATCH_ROWS):
        batch = data[first : first + BATCH_ROWS]
        _load(batch, tail, head, ramp, buffer)
        spectrum = scipy.fft.rfft(buffer[: _lanes(len(batch))], axis=1)
        work(batch, spectrum, out[first : first + BATCH_ROWS])


def _lanes(rows: int) -> int:
    return -(-rows // LANE_ROWS) * LANE_ROWS


@lru_cache(maxsize=32)
def _mirror(
    samples: int, length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    gap = length - samples
    step = np.arange(gap)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (step + 1) / (gap + 1))
    tail = _reflect(samples + step, samples)
    head = _reflect(step - gap, samples)
    return tail, head, ramp.astype(np.float32)


def _reflect(index: npt.NDArray[np.int64], samples: int) -> npt.NDArray[np.int64]:
    period = max(2 * (samples - 1), 1)
    folded = index % period
    return np.minimum(folded, period - folded) if samples > 1 else np.zeros_like(index)


@njit
def _load(
    batch: Traces,
    tail: npt.NDArray[np.int64],
    head: npt.NDArray[np.int64],
    ramp: npt.NDArray[np.float32],
    buffer: Traces,
) -> None:  # pragma: no cover - compiled
    samples = batch.shape[1]
    for trace in range(batch.shape[0]):
        row = batch[trace]
        target = buffer[trace]
        for i in range(samples):
            target[i] = row[i]
        for k in range(ramp.size):
            end = row[tail[k]]
            target[samples + k] = end + ramp[k] * (row[head[k]] - end)
