"""How far a pulse is moved, and how strong it is, against a reference: by least squares.

For a small lag τ, ``x(t) = a r(t - τ) + b = a r - a τ r' + b``: linear in a, a τ and b (Gauss-
Newton on the maximum-likelihood estimate of a delay; Kay, Fundamentals of Statistical Signal
Processing, 1993, ex. 3.13). Repeated after moving the trace back, it holds for any lag that the
first guess is near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.signal.attributes import envelope
from detectkit.signal.shift import shift_rows

Values = npt.NDArray[np.float64]

ROUNDS = 4
FLAT_SHARE = 0.6
"""Share of a window that a taper leaves as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class PulseFit:
    """Lag and amplitude of each trace against the reference.

    Parameters
    ----------
    lag
        (trace,) samples; positive is later.
    amplitude
        (trace,) in units of the reference.
    lag_per_noise, amplitude_per_noise
        Standard error of both for white noise of 1 in the traces.
    """

    lag: Values
    amplitude: Values
    lag_per_noise: float
    amplitude_per_noise: float


def fit_pulses(
    traces: npt.NDArray[np.float32] | Values,
    reference: Values,
    *,
    window: tuple[int, int],
    guess: Values | None = None,
    offset: bool = True,
) -> PulseFit:
    """Fit a reference to traces within a window.

    Parameters
    ----------
    traces
        (trace, sample).
    reference
        (sample,), as long as the traces.
    window
        Samples [start, stop) of the reference that count.
    guess
        (trace,) lag in samples to begin with; 0 if not given.
    offset
        Whether the traces may have another level than the reference.
    """
    start, stop = window
    if not 0 <= start < stop - 4 <= reference.size:
        msg = f"window {window} must hold at least 5 of the {reference.size} samples"
        raise UsageError(msg)
    weight = taper(stop - start)
    slope = np.gradient(reference)[start:stop]
    columns = [reference[start:stop], -slope] + ([np.ones(stop - start)] if offset else [])
    design = np.column_stack(columns)
    weighted = design * weight[:, np.newaxis]
    inverse = np.linalg.pinv(weighted.T @ design)
    solve = inverse @ weighted.T
    spread = np.sqrt(np.einsum("ij,ij->i", solve, solve))
    raw = np.ascontiguousarray(traces, np.float32)
    lag = np.zeros(raw.shape[0]) if guess is None else guess.astype(np.float64)
    amplitude = np.ones(raw.shape[0])
    for _ in range(ROUNDS):
        moved = shift_rows(raw, -lag)[:, start:stop].astype(np.float64)
        found = moved @ solve.T
        amplitude = found[:, 0]
        safe = np.where(np.abs(amplitude) > 1e-12, amplitude, np.inf)
        lag = lag + np.clip(found[:, 1] / safe, -2.0, 2.0)
    scale = max(float(np.median(np.abs(amplitude))), 1e-300)
    return PulseFit(lag, amplitude, float(spread[1]) / scale, float(spread[0]))


def taper(length: int) -> Values:
    """Return a window that is 1 in its middle and falls to 0 as a cosine (Tukey's)."""
    edge = max(1, round(0.5 * (1.0 - FLAT_SHARE) * length))
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    weight = np.ones(length)
    weight[:edge] = ramp
    weight[-edge:] = ramp[::-1]
    return weight


def strongest(trace: Values, start: int, stop: int) -> float:
    """Return where the envelope is largest within [start, stop), in samples with fractions."""
    strength = envelope(np.ascontiguousarray(trace[np.newaxis], np.float32))[0].astype(np.float64)
    top = start + int(strength[start:stop].argmax())
    if not 0 < top < strength.size - 1:
        return float(top)
    left, middle, right = strength[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    return top + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)
