"""Traces between their samples: a sampler that begins late and does not keep step."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.noise import add_normals, row_key

Values = npt.NDArray[np.float64]

HALF = 10
PHASES = 256
BETA = 6.5


def moved(
    rows: Values,
    late: Values,
    time_ns: npt.NDArray[np.int64],
    key: np.uint64,
    jitter: float,
) -> Values:
    """Return rows moved to later samples, each sample displaced at random.

    By a sinc of 20 samples under a Kaiser window: errors below 1e-3 up to 0.4 of the sampling
    rate. Beyond its ends a row is 0.

    Parameters
    ----------
    rows
        (rows, samples).
    late
        By how many samples each row is late, (rows,).
    time_ns, key
        Decide the displacements, (rows,).
    jitter
        Standard deviation of the displacements in samples.
    """
    out = np.empty_like(rows)
    _move(rows, late, time_ns, (key, jitter), _sincs(), out)
    return out


@cache
def _sincs() -> Values:
    """Return the windowed sinc at `PHASES` + 1 phases of a sample, (phases, 2 `HALF`)."""
    phase = np.arange(PHASES + 1)[:, np.newaxis] / PHASES
    at = np.arange(1 - HALF, HALF + 1)[np.newaxis, :] - phase
    window = np.i0(BETA * np.sqrt(np.maximum(1.0 - (at / HALF) ** 2, 0.0))) / np.i0(BETA)
    weights = np.sinc(at) * window
    return np.ascontiguousarray(weights / weights.sum(axis=1, keepdims=True))


@njit
def _move(
    rows: Values,
    late: Values,
    time_ns: npt.NDArray[np.int64],
    random: tuple[np.uint64, float],
    sincs: Values,
    out: Values,
) -> None:
    key, jitter = random
    taps = sincs.shape[1]
    displaced = np.empty(rows.shape[1])
    for row in range(rows.shape[0]):
        displaced[:] = 0.0
        if jitter > 0.0:
            add_normals(displaced, row_key(time_ns[row], key), jitter)
        for sample in range(rows.shape[1]):
            place = sample - late[row] - displaced[sample]
            whole = math.floor(place)
            phase = (place - whole) * (sincs.shape[0] - 1)
            left = min(int(phase), sincs.shape[0] - 2)
            share = phase - left
            first = whole - taps // 2 + 1
            total = 0.0
            for tap in range(max(0, -first), min(taps, rows.shape[1] - first)):
                weight = (1.0 - share) * sincs[left, tap] + share * sincs[left + 1, tap]
                total += weight * rows[row, first + tap]
            out[row, sample] = total
