"""The air shot: what the radar hears when there is nothing in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.calibration.capture import Capture
from detectkit.calibration.pulses import PulseFit, fit_pulses, strongest
from detectkit.core import UsageError
from detectkit.signal.shift import shift_rows

Values = npt.NDArray[np.float64]

FEWEST_TRACES = 32
BINS = 60
"""Pieces that the shot is cut into, to tell slow movement from noise."""


@dataclass(frozen=True, slots=True, eq=False)
class AirShot:
    """What was estimated.

    Parameters
    ----------
    capture
        The recording.
    mean
        (samples,) mean trace: direct wave, ringing, offset.
    mean_error
        Standard error of each of its samples.
    noise
        Standard deviation of one sample of one trace.
    direct_window
        Samples [start, stop) of the direct wave.
    time_s, lag_s
        (piece,) when, and by how much the direct wave came later than on average.
    lag_error_s
        Standard error of one `lag_s`, from the noise.
    gain
        (piece,) amplitude of the direct wave over its mean.
    drift_s_per_s, drift_error_s_per_s
        Slope of a straight line through `lag_s`; its error allows for slow movement.
    wander_s
        Standard deviation of `lag_s` beside the line, the noise taken off.
    clipped_at
        Lowest and highest value, where samples stand clipped at one of them.
    """

    capture: Capture
    mean: Values
    mean_error: float
    noise: float
    direct_window: tuple[int, int]
    time_s: Values
    lag_s: Values
    lag_error_s: float
    gain: Values
    drift_s_per_s: float
    drift_error_s_per_s: float
    wander_s: float
    clipped_at: tuple[float, float] | None


def air_shot(capture: Capture, *, period_s: float) -> AirShot:
    """Estimate noise, cross-talk and the movement of time zero from an air shot.

    The noise is that of the difference of neighbouring traces over √2 (von Neumann, 1941), so that
    nothing slow counts as noise. Time zero moves with the direct wave, see
    `detectkit.calibration.pulses`.

    Parameters
    ----------
    capture
        Traces with nothing in front of the antennas; a minute or more tells the drift.
    period_s
        Of the antennas' centre frequency: the direct wave is looked for within 1.5 of it.

    Raises
    ------
    UsageError
        Too few traces, or no direct wave.
    """
    data, interval_s = capture.data, capture.sample_interval_s
    if len(data) < FEWEST_TRACES:
        msg = f"{capture.name}: {len(data)} traces; an air shot needs at least {FEWEST_TRACES}"
        raise UsageError(msg)
    mean = data.mean(axis=0, dtype=np.float64)
    noise = noise_of(data)
    window = direct_window(mean, period_samples=period_s / interval_s, name=capture.name)
    pieces = np.array_split(np.arange(len(data)), min(BINS, len(data) // 8))
    means = np.stack([data[one].mean(axis=0, dtype=np.float64) for one in pieces])
    time_s = np.array([capture.time_s[one].mean() for one in pieces])
    fit = fit_pulses(means, mean, window=window)
    per_piece = noise / np.sqrt(np.mean([one.size for one in pieces]))
    lag_error_s = fit.lag_per_noise * per_piece * interval_s
    slope, error, wander = _line(time_s, fit.lag * interval_s, lag_error_s)
    return AirShot(
        capture,
        mean,
        noise / np.sqrt(len(data)),
        noise,
        window,
        time_s,
        fit.lag * interval_s,
        lag_error_s,
        fit.amplitude,
        slope,
        error,
        wander,
        clipped_at(data),
    )


def noise_of(data: npt.NDArray[np.float32]) -> float:
    """Return the standard deviation of the noise in one sample, from neighbouring traces.

    >>> rng = np.random.default_rng(0)
    >>> traces = rng.normal(0.0, 2.0, (400, 64)) + np.linspace(0, 90, 400)[:, None]
    >>> round(noise_of(traces.astype(np.float32)), 1)
    2.0
    """
    steps = np.diff(data.astype(np.float64), axis=0)
    return float(np.sqrt(np.mean(steps.var(axis=0)) / 2.0))


def direct_window(mean: Values, *, period_samples: float, name: str) -> tuple[int, int]:
    """Return the samples around the strongest pulse, three quarters of a period to each side."""
    level = mean - np.median(mean)
    if not np.any(level):
        msg = f"{name}: no direct wave in its mean trace; is the transmitter on?"
        raise UsageError(msg)
    top = strongest(level, 0, level.size)
    half = 0.75 * period_samples
    start, stop = max(0, round(top - half)), min(level.size, round(top + half) + 1)
    if stop - start < 8:
        msg = (
            f"{name}: the direct wave spans {stop - start} samples; at least 8 are needed, record "
            "with a shorter sample interval, or give the antennas' frequency with --antenna-hz"
        )
        raise UsageError(msg)
    return start, stop


def against_air(capture: Capture, air: AirShot) -> tuple[Values, PulseFit, float]:
    """Return the mean trace of a recording less the air shot, and what was done to compare them.

    Its direct wave is moved and scaled onto that of the air shot first: what time zero and gain
    did between the two recordings is gone. Returns the difference, the fit, and the standard
    error of one sample of the difference.
    """
    if capture.data.shape[1] != air.mean.size:
        msg = (
            f"{capture.name}: {capture.data.shape[1]} samples a trace, the air shot has "
            f"{air.mean.size}; record all with the same settings"
        )
        raise UsageError(msg)
    mean = capture.data.mean(axis=0, dtype=np.float64)[np.newaxis]
    fit = fit_pulses(mean, air.mean, window=air.direct_window)
    level = float(np.median(air.mean))
    gain = float(fit.amplitude[0])
    moved = shift_rows((mean - level).astype(np.float32), -fit.lag)[0].astype(np.float64)
    error = float(np.hypot(noise_of(capture.data) / np.sqrt(len(capture.data)), air.mean_error))
    return moved / gain - (air.mean - level), fit, error


def clipped_at(data: npt.NDArray[np.float32]) -> tuple[float, float] | None:
    """Return the lowest and highest value where samples stand clipped, else None.

    A limit is one that at least three samples in a row stand at.
    """
    low, high = float(data.min()), float(data.max())
    for limit in (low, high):
        at = data == limit
        runs = at[:, :-2] & at[:, 1:-1] & at[:, 2:]
        if low < high and runs.any():
            return low, high
    return None


def _line(time_s: Values, lag_s: Values, lag_error_s: float) -> tuple[float, float, float]:
    """Return slope, its error, and the scatter beside the line.

    Slow movement makes neighbours alike: the error counts as many points as there would be
    independent ones, ``n (1 - ρ) / (1 + ρ)``, ρ the correlation of neighbours (Bartlett, 1946).
    """
    centred = time_s - time_s.mean()
    square = float(centred @ centred)
    if lag_s.size < 4 or square == 0.0:
        return 0.0, float("inf"), 0.0
    slope = float(centred @ lag_s) / square
    rest = lag_s - lag_s.mean() - slope * centred
    variance = float(rest @ rest) / (lag_s.size - 2)
    alike = float(rest[1:] @ rest[:-1]) / max(float(rest @ rest), 1e-300)
    alike = min(max(alike, 0.0), 0.98)
    error = np.sqrt(variance / square * (1.0 + alike) / (1.0 - alike))
    return slope, float(error), float(np.sqrt(max(variance - lag_error_s**2, 0.0)))
