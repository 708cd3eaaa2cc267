"""Gains that make late reflections visible. For display only: they falsify amplitudes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal._arrays import Traces, as_rows, at_least, output_rows, require_positive
from detectkit.signal._jit import njit
from detectkit.signal._running import running_mean, window_sides

AGC_FLOOR = 1e-4
Gain = npt.NDArray[np.float32]
Times = npt.NDArray[np.floating[Any]]


def sec_gain(
    delay_s: Times,
    *,
    attenuation_db_per_m: float,
    velocity_m_per_s: float,
    start_s: float,
    maximum_gain: float = 1e4,
) -> Gain:
    """Return the spreading and exponential compensation (SEC) gain of each sample.

    ``g(t) = (t / t0) 10^(a v (t - t0) / 20)`` from t0 on, 1 before, at most `maximum_gain`:
    spherical spreading, and absorption of `a` dB per metre along the path ``v (t - t0)`` in
    the ground, down and back (Annan, 1993; Jol, 2009, ch. 5).

    Parameters
    ----------
    delay_s
        (delay,), two-way time of each sample (seconds).
    attenuation_db_per_m
        Absorption of the material (decibel per metre of path).
    velocity_m_per_s
        Velocity in the ground (metres per second), about 1e8.
    start_s
        t0, where the gain starts, above zero: the time of the ground's surface.
    maximum_gain
        Upper bound.
    """
    require_positive("start_s", start_s)
    require_positive("velocity_m_per_s", velocity_m_per_s)
    require_positive("maximum_gain", maximum_gain)
    late_s = np.maximum(np.asarray(delay_s, np.float64), start_s)
    decibel = attenuation_db_per_m * velocity_m_per_s * (late_s - start_s)
    exponent = np.minimum(decibel / 20.0 + np.log10(late_s / start_s), math.log10(maximum_gain))
    return np.asarray(10.0**exponent, np.float32)


def power_gain(delay_s: Times, *, exponent: float, start_s: float) -> Gain:
    """Return the gain ``(t / t0)^n`` of each sample, 1 before t0 (Claerbout, 1985: n near 2).

    Parameters
    ----------
    delay_s
        (delay,), two-way time of each sample (seconds).
    exponent
        n.
    start_s
        t0, above zero (seconds).
    """
    require_positive("start_s", start_s)
    if not 0 <= exponent <= 10:
        msg = f"exponent is {exponent}; give 0 (no gain) to 10, 1 to 2 is usual"
        raise UsageError(msg)
    late_s = np.maximum(np.asarray(delay_s, np.float64), start_s)
    return np.asarray((late_s / start_s) ** exponent, np.float32)


def apply_gain(data: npt.NDArray[Any], gain: Gain, *, out: Traces | None = None) -> Traces:
    """Multiply each trace (trace, delay) by a gain (delay,)."""
    rows = as_rows(data)
    if gain.shape != (rows.shape[1],):
        msg = f"gain has shape {gain.shape}; data needs one value per sample, ({rows.shape[1]},)"
        raise ShapeError(msg)
    return np.multiply(rows, gain, out=output_rows(rows, out), dtype=np.float32)


@njit
def _agc(
    data: Traces, before: int, after: int, floor: float, out: Traces
) -> None:  # pragma: no cover
    samples = data.shape[1]
    power = np.empty(samples)
    mean = np.empty(samples)
    for trace in range(data.shape[0]):
        total = 0.0
        for i in range(samples):
            power[i] = np.float64(data[trace, i]) ** 2
            total += power[i]
        running_mean(power, before, after, mean)
        quiet = floor * floor * total / samples
        for i in range(samples):
            level = max(mean[i], quiet)
            gain = 1.0 / math.sqrt(level) if level > 0.0 else 0.0
            out[trace, i] = data[trace, i] * gain


def agc(data: npt.NDArray[Any], *, window_samples: int, out: Traces | None = None) -> Traces:
    """Divide each sample by the root mean square of its window (automatic gain control).

    ``y[i] = x[i] / max(rms(x in window), 1e-4 rms(trace))`` (Yilmaz, 2001, sec. 1.4). The
    window shrinks at the ends; where nothing is above the floor silence stays silence. The
    result has no unit and does not change when the trace is scaled.

    Parameters
    ----------
    data
        (trace, delay), float32, finite, its level removed.
    window_samples
        Window length.
    out
        Buffer for the result, same shape, float32.
    """
    at_least(window_samples, 1, "window_samples")
    rows = as_rows(data)
    result = output_rows(rows, out)
    _agc(rows, *window_sides(window_samples), AGC_FLOOR, result)
    return result
