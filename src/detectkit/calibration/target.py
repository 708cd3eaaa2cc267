"""Passes over a small known target: how the antennas' amplitude falls with the angle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.calibration.air_shot import AirShot, against_air, noise_of
from detectkit.calibration.capture import Capture
from detectkit.calibration.plate import PlateFit
from detectkit.calibration.pulses import fit_pulses
from detectkit.core import UsageError
from detectkit.signal.shift import shift_rows
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]

BIN_DEG = 5.0
FEWEST = 5
"""Traces that a bin must hold."""
SYSTEMATIC_DB = 0.05
"""What one angle for two antennas costs, at a height of some separations."""
NEAR_DEG = 10.0
"""Within this angle the amplitude counts as that straight down."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetPass:
    """One pass over a small target, straight, at one height.

    Parameters
    ----------
    capture
        The recording; it needs a distance.
    height_m
        Of the antennas' plane over the middle of the target.
    """

    capture: Capture
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What was estimated.

    Parameters
    ----------
    angle_deg, amplitude_db, error_db
        (bin,) two-way amplitude against the angle from straight down; standard error.
    sample_angle_deg, sample_db
        (trace,) of all passes, for the picture; the angle is negative before the target.
    apex_m
        (pass,) where along the track the target lies.
    """

    angle_deg: Values
    amplitude_db: Values
    error_db: Values
    sample_angle_deg: Values
    sample_db: Values
    apex_m: Values


def pattern_fit(
    passes: Sequence[TargetPass],
    air: AirShot,
    plate: PlateFit,
    *,
    separation_m: float,
    reach_deg: float = 60.0,
) -> Pattern:
    """Return the antennas' pattern from passes over a small target.

    The echo of each trace is fitted with a reference at the time that the geometry tells, and
    multiplied by both distances: the spreading of a point. The reference is the mean echo of the
    traces over the target, since a small body answers with another derivative of the pulse than a
    plate. Bins of 5° hold the mean of the amplitudes of both sides.

    Parameters
    ----------
    passes
        One or more.
    air, plate
        Of the same radar: cross-talk, time zero.
    separation_m
        Transmitter to receiver, along the track.
    reach_deg
        Largest angle that is looked at.

    Raises
    ------
    UsageError
        A pass without distance, or whose target cannot be seen.
    """
    if not passes:
        msg = "no passes over a target were given"
        raise UsageError(msg)
    seen = [
        _pass(one, air, plate, separation_m=separation_m, reach_deg=reach_deg) for one in passes
    ]
    angle = np.concatenate([one[0] for one in seen])
    amplitude = np.concatenate([one[1] for one in seen])
    noise = np.concatenate([one[2] for one in seen])
    centre, mean, error = _binned(np.abs(angle), amplitude, noise, reach_deg)
    floor = np.maximum(amplitude, 1e-3)
    return Pattern(
        centre,
        20.0 * np.log10(mean / mean[0]),
        np.hypot(20.0 / math.log(10.0) * error / mean, SYSTEMATIC_DB * (centre > 0.0)),
        angle,
        20.0 * np.log10(floor / mean[0]),
        np.array([one[3] for one in seen]),
    )


def _pass(
    one: TargetPass, air: AirShot, plate: PlateFit, *, separation_m: float, reach_deg: float
) -> tuple[Values, Values, Values, float]:
    """Return angle (degrees), amplitude over that straight down, its noise; and the apex."""
    capture = one.capture
    if capture.along_track_m is None:
        msg = f"{capture.name}: has no distance; give it with --set trace_spacing_m=..."
        raise UsageError(msg)
    along = capture.along_track_m
    rests = _rests(capture, air)
    interval_s = capture.sample_interval_s
    reach_m = one.height_m * math.tan(math.radians(reach_deg))
    half = 0.5 * (plate.wavelet.size - 1)
    zero = (plate.time_zero_s - capture.first_twt_s) / interval_s
    samples_per_m = 1.0 / (SPEED_OF_LIGHT_M_S * interval_s)
    apex_m = _apex(rests, along, one, zero, samples_per_m, separation_m)
    away = along - apex_m
    near = np.flatnonzero(np.abs(away) <= reach_m)
    out_m = np.hypot(away[near] - 0.5 * separation_m, one.height_m)
    back_m = np.hypot(away[near] + 0.5 * separation_m, one.height_m)
    place = zero + (out_m + back_m) * samples_per_m
    spreading = out_m * back_m / one.height_m**2
    middle = round(2.0 * half)
    flat = shift_rows(rests[near], middle - place)[:, : 2 * middle + 1].astype(np.float64)
    flat *= spreading[:, np.newaxis]
    angle = np.degrees(np.arctan2(away[near], one.height_m))
    over = np.abs(angle) <= NEAR_DEG
    if over.sum() < FEWEST:
        msg = f"{capture.name}: {int(over.sum())} traces over the target; at least {FEWEST} needed"
        raise UsageError(msg)
    shape = flat[over].mean(axis=0)
    window = (middle - round(0.4 * half), middle + round(0.4 * half) + 1)
    fit = fit_pulses(flat, shape, window=window, offset=False)
    noise = fit.amplitude_per_noise * noise_of(capture.data) * spreading
    return angle, fit.amplitude, noise, apex_m


def _rests(capture: Capture, air: AirShot) -> npt.NDArray[np.float32]:
    """Return all traces, put on the air shot by their mean direct wave, without it."""
    _, fit, _ = against_air(capture, air)
    level = np.float32(np.median(air.mean))
    moved = shift_rows(capture.data - level, np.full(len(capture.data), -fit.lag[0]))
    gain = np.float32(fit.amplitude[0])
    return np.asarray(moved / gain - (air.mean.astype(np.float32) - level), np.float32)


def _apex(
    rests: npt.NDArray[np.float32],
    along: Values,
    one: TargetPass,
    zero: float,
    samples_per_m: float,
    separation_m: float,
) -> float:
    """Return where the target lies: the place whose travel times gather the most energy."""
    step = max(0.01 * one.height_m, 0.002)
    half_m = 0.6 * one.height_m
    tried = np.arange(along.min() + 0.5 * half_m, along.max() - 0.5 * half_m, step)
    if tried.size < 3:
        msg = f"{one.capture.name}: the pass is {np.ptp(along):.2f} m long; {2 * half_m:.1f} needed"
        raise UsageError(msg)
    gathered = np.array([
        _gathered(rests, along - at, one.height_m, half_m, zero, samples_per_m, separation_m)
        for at in tried
    ])  # fmt: skip
    top = int(np.clip(gathered.argmax(), 1, tried.size - 2))
    left, middle, right = gathered[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    return float(tried[top] + step * (0.5 * (left - right) / bend if bend < 0.0 else 0.0))


def _gathered(
    rests: npt.NDArray[np.float32], away: Values, height_m: float, half_m: float, zero: float,
    samples_per_m: float, separation_m: float,
) -> float:  # fmt: skip
    near = np.flatnonzero(np.abs(away) < half_m)
    path = np.hypot(away[near] - 0.5 * separation_m, height_m)
    path += np.hypot(away[near] + 0.5 * separation_m, height_m)
    place = np.round(zero + path * samples_per_m).astype(int)
    inside = (place >= 2) & (place < rests.shape[1] - 2)
    values = rests[near[inside], place[inside]].astype(np.float64)
    return float(abs(values.sum()) / max(values.size, 1))


def _binned(
    angle: Values, amplitude: Values, noise: Values, reach_deg: float
) -> tuple[Values, Values, Values]:
    """Return centre, mean and standard error of each bin that holds enough."""
    rows = []
    for centre in np.arange(0.0, reach_deg - 0.49 * BIN_DEG, BIN_DEG):
        inside = np.abs(angle - centre) <= 0.5 * BIN_DEG
        if inside.sum() < FEWEST:
            continue
        values = amplitude[inside]
        mean = float(values.mean())
        if mean <= 0.0:
            break
        scatter = values - np.polyval(np.polyfit(angle[inside], values, 1), angle[inside])
        error = math.hypot(float(scatter.std()), float(noise[inside].mean()))
        rows.append((centre, mean, error / math.sqrt(values.size)))
    if not rows or rows[0][0] > 0.0:
        msg = "no traces straight over the target; pass right over it"
        raise UsageError(msg)
    table = np.array(rows)
    return table[:, 0], table[:, 1], table[:, 2]
