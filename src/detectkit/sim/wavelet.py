"""The radar's pulse and its derivatives, in a table with phases between the samples."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.antenna.settings import Radar
from detectkit.sim.antenna.spectrum import extent_s, lines_of

Values = npt.NDArray[np.float64]

PULSE, FIRST_DERIVATIVE, SECOND_DERIVATIVE = range(3)
PHASES = 64
END = 4.2  # of π f t, where the second derivative is below 2e-5


def ricker(time_s: Values, centre_hz: float) -> Values:
    """Return the Ricker wavelet and its derivatives over 2πf and (2πf)², shape (3, times).

    ``w = (1 - 2 s²) exp(-s²)`` with ``s = π f t`` (Ricker 1953).
    """
    s = np.pi * centre_hz * time_s
    decay = np.exp(-s * s)
    return np.stack(
        [
            (1.0 - 2.0 * s**2) * decay,
            (2.0 * s**3 - 3.0 * s) * decay,
            (6.0 * s**2 - 2.0 * s**4 - 1.5) * decay,
        ]
    )


def table(centre_hz: float, sample_interval_s: float) -> Values:
    """Return the wavelet at `PHASES` + 1 phases of a sample, shape (3, phases, samples).

    Phase p holds ``w((k - middle - p / PHASES) · sample_interval_s)``, the middle sample being
    half the length. Between phases the wavelet is taken as straight: an error of 5e-6 of its peak
    at 24 samples a period, 1e-4 at the 5 that `Radar` allows.
    """
    half = math.ceil(END / (math.pi * centre_hz * sample_interval_s)) + 1
    return ricker(_times(half, sample_interval_s), centre_hz)


def table_of(radar: Radar) -> Values:
    """Return the table of whatever a radar sends, its derivatives over its centre frequency."""
    if radar.mode == "impulse" and radar.wavelet == "ricker":
        return table(radar.centre_hz, radar.sample_interval_s)
    longest_s = min(radar.samples * radar.sample_interval_s, 0.5 * radar.unambiguous_s)
    lines = lines_of(radar, 2.0 * longest_s)
    half = math.ceil(extent_s(lines, longest_s) / radar.sample_interval_s) + 1
    derived = [lines.derived(order, radar.centre_hz) for order in range(3)]
    times = _times(half, radar.sample_interval_s)
    return np.stack([np.stack([one.at(row) for row in times]) for one in derived])


def _times(half: int, sample_interval_s: float) -> Values:
    sample = np.arange(2 * half + 1) - half
    phase = np.arange(PHASES + 1) / PHASES
    return (sample[np.newaxis, :] - phase[:, np.newaxis]) * sample_interval_s


@njit
def add_wavelet(row: Values, wavelets: Values, kind: int, centre: float, amplitude: float) -> None:
    """Add a wavelet that peaks at a fractional sample; what lies outside of the row is lost."""
    length = wavelets.shape[2]
    whole = math.floor(centre)
    phase = (centre - whole) * PHASES
    left = min(int(phase), PHASES - 1)
    right_share = phase - left
    first = whole - length // 2
    begin, end = max(0, -first), min(length, row.shape[0] - first)
    left_weight, right_weight = amplitude * (1.0 - right_share), amplitude * right_share
    for sample in range(begin, end):
        value = left_weight * wavelets[kind, left, sample]
        row[first + sample] += value + right_weight * wavelets[kind, left + 1, sample]
