"""Copies of a radargram by physics: wavelet, noise, gain, height, the clutter of real ground.

A trace is taken for the sum of what the instrument does by itself (direct wave, ringing, noise)
and of what comes from the ground; see `Parts`. The ground's part alone moves with the height and
gets the clutter; the rest is done to both. All of it happens to raw counts, before the pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.learn.corpus.settings import Copies
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
SEAM = 12
"""Samples over which the ground's part sets in, where it was cut off."""
LOWEST_M = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A raw radargram in two: (traces, samples) each, counts.

    Parameters
    ----------
    instrument
        Without any ground.
    ground
        What the ground adds.
    interval_s
        Of the samples.
    ground_s
        When the ground's echo is due, after the first sample, mean.
    centre_hz, noise_counts, full_scale_counts
        Of the radar.
    height_m
        Of the antenna, mean.
    """

    instrument: Values
    ground: Values
    interval_s: float
    ground_s: float
    centre_hz: float
    noise_counts: float
    full_scale_counts: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What is drawn for one copy; the defaults change nothing."""

    gain: float = 1.0
    noise_counts: float = 0.0
    wavelet_echo: float = 0.0
    wavelet_late_s: float = 0.0
    higher_m: float = 0.0
    height_error_m: float = 0.0
    background_share: float = 0.0


def drawn(copies: Copies, parts: Parts, rng: np.random.Generator) -> Changes:
    """Return the changes of a copy; always draws as often, whatever the ranges."""
    period_s = 1.0 / parts.centre_hz
    sign = float(rng.choice([-1.0, 1.0]))
    higher = float(rng.uniform(*copies.height_m))
    mixed = float(rng.uniform() < copies.background_lanes)
    return Changes(
        gain=10.0 ** (float(rng.uniform(*copies.gain_db)) / 20.0),
        noise_counts=parts.noise_counts * float(rng.uniform(*copies.noise)),
        wavelet_echo=sign * float(rng.uniform(*copies.wavelet_echo)),
        wavelet_late_s=period_s * float(rng.uniform(*copies.wavelet_late_periods)),
        higher_m=max(higher, LOWEST_M - parts.height_m) if higher < 0.0 else higher,
        height_error_m=float(rng.uniform(*copies.height_error_m)),
        background_share=mixed * float(rng.uniform(*copies.background_share)),
    )


def changed(
    parts: Parts, changes: Changes, clutter: Floats | None, rng: np.random.Generator
) -> Floats:
    """Return the raw radargram of a copy, whole counts within full scale, float32.

    Parameters
    ----------
    parts
        Of the lane as it is.
    changes
        What to do to it.
    clutter
        Real ground, (traces, samples from where the ground's echo is due); None: none.
    rng
        For the noise.

    Returns
    -------
    float32 (traces, samples), of fewer samples where the antenna came nearer to the ground.
    """
    ground = parts.ground
    if clutter is not None and changes.background_share > 0.0:
        ground = ground + _mixed_in(ground, clutter, parts, changes.background_share)
    late_s = 2.0 * changes.higher_m / SPEED_OF_LIGHT_M_S
    if late_s:
        weaker = parts.height_m / (parts.height_m + changes.higher_m)
        ground = weaker * _later(ground, late_s / parts.interval_s)
    counts = parts.instrument + ground
    lost = int(np.ceil(max(0.0, -late_s) / parts.interval_s))
    counts = counts[:, : counts.shape[1] - lost]
    if changes.wavelet_echo:
        shift = changes.wavelet_late_s / parts.interval_s
        counts = counts + changes.wavelet_echo * _later(counts, shift)
    if changes.noise_counts:
        counts = counts + changes.noise_counts * rng.standard_normal(counts.shape)
    limit = parts.full_scale_counts
    return np.asarray(np.clip(np.rint(changes.gain * counts), -limit, limit), np.float32)


def seamed(ground: Values) -> Values:
    """Return a ground's part that begins from nothing, (traces, samples); changes its first few."""
    ramp = np.sin(0.5 * np.pi * (np.arange(SEAM) + 0.5) / SEAM) ** 2
    count = min(SEAM, ground.shape[1])
    ground[:, :count] *= ramp[:count]
    return ground


def _later(rows: Values, samples: float) -> Values:
    """Return rows later by a number of samples, by cubic convolution (Keys, 1981); 0 comes in."""
    whole = int(np.floor(samples))
    t = samples - whole
    weights = (
        -0.5 * t * (1.0 - t) ** 2,
        1.0 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t * (1.0 + 4.0 * t - 3.0 * t**2),
        -0.5 * t**2 * (1.0 - t),
    )
    moved = np.zeros_like(rows)
    for offset, weight in zip(range(-1, 3), weights, strict=True):
        if weight:
            moved += weight * _moved(rows, whole + offset)
    return moved


def _moved(rows: Values, samples: int) -> Values:
    if samples == 0:
        return rows
    count = rows.shape[1]
    moved = np.zeros_like(rows)
    if samples > 0:
        moved[:, samples:] = rows[:, : max(0, count - samples)]
    else:
        moved[:, : count + samples] = rows[:, -samples:]
    return moved


def _mixed_in(ground: Values, clutter: Floats, parts: Parts, share: float) -> Values:
    """Return real clutter where the ground is, of `share` times the size of the lane's own."""
    first = round(parts.ground_s / parts.interval_s)
    count = min(ground.shape[1] - first, clutter.shape[1])
    own = ground[:, first : first + count]
    own_rms = float(np.sqrt(np.mean((own - own.mean(axis=0)) ** 2)))
    piece = clutter[:, :count].astype(np.float64)
    rms = float(np.sqrt(np.mean(piece**2)))
    mixed = np.zeros_like(ground)
    if rms > 0.0:
        mixed[:, first : first + count] = piece * (share * own_rms / rms)
    return mixed
