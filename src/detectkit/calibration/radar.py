"""From the recordings of a radar on the ground to its record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from detectkit.calibration.air_shot import AirShot, air_shot
from detectkit.calibration.capture import Capture
from detectkit.calibration.plate import PlateFit, PlateShot, plate_fit
from detectkit.calibration.record import CalibrationRecord, Floats, RadarCalibration
from detectkit.calibration.target import Pattern, TargetPass, pattern_fit
from detectkit.core import UsageError
from detectkit.io import Notice

DIGITS = 6
"""Significant digits of samples in a record."""
SETTLED_S = 60.0
"""An air shot shorter than this tells little of the drift."""


@dataclass(frozen=True, slots=True)
class RadarSetup:
    """What the recordings do not tell.

    Parameters
    ----------
    antenna_hz, separation_m
        Centre frequency, and transmitter to receiver; None: from the recordings.
    height_error_m, plane_error_m
        Standard error of each plate's height by itself, and what they share.
    valid_days
        How long the record holds.
    made_utc
        When it was measured; None: when the air shot was recorded.
    operator, notes, simulated
        For the record.
    """

    antenna_hz: float | None = None
    separation_m: float | None = None
    height_error_m: float = 0.003
    plane_error_m: float = 0.002
    valid_days: float = 30.0
    made_utc: datetime | None = None
    operator: str = ""
    notes: str = ""
    simulated: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RadarResult:
    """A record, and the fits behind it for the picture."""

    record: CalibrationRecord
    air: AirShot
    plate: PlateFit | None
    pattern: Pattern | None
    notices: tuple[Notice, ...]


def calibrate_radar(
    air: Capture,
    *,
    plates: Sequence[PlateShot] = (),
    passes: Sequence[TargetPass] = (),
    setup: RadarSetup,
) -> RadarResult:
    """Estimate all that the recordings tell of a radar.

    Parameters
    ----------
    air
        Air shot; without plates it gives cross-talk, noise and drift.
    plates
        A metal plate at two or more heights, for time zero, wavelet and amplitude.
    passes
        Over a small target, for the pattern; they need the plates.
    setup
        What the recordings do not tell.

    Raises
    ------
    UsageError
        Recordings of different instruments or settings, too few, or without what is looked for.
    """
    for other in (*(one.capture for one in plates), *(one.capture for one in passes)):
        _check_same(air, other)
    if passes and not plates:
        msg = (
            "a target's passes need time zero from a plate; give --plate HEIGHT=FILE twice or more"
        )
        raise UsageError(msg)
    frequency_hz = setup.antenna_hz or air.sensor.antenna_hz
    if frequency_hz is None:
        msg = f"{air.name}: the antennas' frequency is not told; give --antenna-hz, e.g. 1.2e9"
        raise UsageError(msg)
    period_s = 1.0 / frequency_hz
    told_m = air.sensor.antenna_separation_m if setup.separation_m is None else setup.separation_m
    separation_m = told_m or 0.0
    shot = air_shot(air, period_s=period_s)
    plate = pattern = None
    if plates:
        plate = plate_fit(
            plates,
            shot,
            separation_m=separation_m,
            height_error_m=setup.height_error_m,
            plane_error_m=setup.plane_error_m,
            period_s=period_s,
        )
    if passes and plate is not None:
        pattern = pattern_fit(passes, shot, plate, separation_m=separation_m)
    section = _section(shot, plate, pattern, separation_m)
    sources = [air.source("air")]
    sources += [one.capture.source(f"plate at {one.height_m:g} m") for one in plates]
    sources += [one.capture.source(f"target at {one.height_m:g} m") for one in passes]
    record = CalibrationRecord(
        air.sensor.instrument,
        air.sensor.serial,
        setup.made_utc or _recorded(air),
        sensor_id=air.sensor.id,
        valid_days=setup.valid_days,
        simulated=setup.simulated,
        operator=setup.operator,
        notes=setup.notes,
        radar=section,
        sources=tuple(sources),
    )
    said = _remarks(shot, plate, told_m)
    return RadarResult(record, shot, plate, pattern, tuple(said))


def _section(
    air: AirShot, plate: PlateFit | None, pattern: Pattern | None, separation_m: float
) -> RadarCalibration:
    capture = air.capture
    told = RadarCalibration(
        sample_interval_s=capture.sample_interval_s,
        samples=capture.data.shape[1],
        first_twt_s=capture.first_twt_s,
        antenna_separation_m=separation_m,
        unit=capture.sensor.unit,
        time_zero_drift_s_per_s=_rounded(air.drift_s_per_s),
        time_zero_drift_error_s_per_s=_rounded(air.drift_error_s_per_s),
        time_zero_wander_s=_rounded(air.wander_s),
        crosstalk=_list(air.mean),
        crosstalk_error=_rounded(air.mean_error),
        noise=_rounded(air.noise),
        clipped_at=air.clipped_at,
    )
    if plate is not None:
        low, high = plate.band_hz
        told = replace(
            told,
            time_zero_s=_rounded(plate.time_zero_s),
            time_zero_error_s=_rounded(plate.time_zero_error_s),
            wavelet=_list(plate.wavelet),
            wavelet_origin_s=_rounded(plate.origin * capture.sample_interval_s),
            wavelet_error=_rounded(plate.wavelet_error),
            band_hz=(_rounded(low) or 0.0, _rounded(high) or 0.0),
            mirror_amplitude=_rounded(plate.mirror_amplitude),
            mirror_amplitude_error=_rounded(plate.mirror_amplitude_error),
        )
    if pattern is not None:
        told = replace(
            told,
            pattern_angle_deg=_list(pattern.angle_deg),
            pattern_db=_list(pattern.amplitude_db),
            pattern_error_db=_list(pattern.error_db),
        )
    return told


def _remarks(air: AirShot, plate: PlateFit | None, separation_m: float | None) -> list[Notice]:
    """Return what there is to say about how the recordings were made."""
    said: list[Notice] = []
    name = air.capture.name
    if separation_m is None:
        text = "the antennas' separation is not told and taken as 0; give --separation"
        said.append(Notice("assumed", text, name))
    if air.clipped_at is not None:
        text = "samples of the air shot stand clipped: cross-talk and amplitude are wrong there"
        said.append(Notice("warning", f"{text}; turn the gain down", name))
    span_s = float(np.ptp(air.capture.time_s))
    if span_s < SETTLED_S:
        said.append(Notice("note", f"{span_s:.0f} s of air shot tell little of the drift", name))
    if plate is None:
        text = "no plate: time zero, wavelet and amplitude stay unknown"
        said.append(Notice("note", text, name))
    elif abs(plate.velocity_ratio - 1.0) > 3.0 * plate.velocity_ratio_error:
        text = (
            f"the heights of the plate tell {plate.velocity_ratio:.3f} of the velocity of light, ± "
            f"{plate.velocity_ratio_error:.3f}: measure them again"
        )
        said.append(Notice("warning", text, name))
    return said


def _check_same(air: Capture, other: Capture) -> None:
    if (other.sensor.instrument, other.sensor.serial) != (air.sensor.instrument, air.sensor.serial):
        msg = (
            f"{other.name} is of {other.sensor.instrument!r} {other.sensor.serial!r}, the air shot "
            f"{air.name} of {air.sensor.instrument!r} {air.sensor.serial!r}"
        )
        raise UsageError(msg)
    axes = [
        (one.data.shape[1], round(one.sample_interval_s * 1e15), round(one.first_twt_s * 1e15))
        for one in (air, other)
    ]
    if axes[0] != axes[1]:
        msg = f"{other.name}: has another delay axis than {air.name}; record all with one setting"
        raise UsageError(msg)


def _recorded(air: Capture) -> datetime:
    """Return when the air shot was recorded.

    Raises
    ------
    UsageError
        The recording does not tell.
    """
    if air.time_ns is None:
        msg = f"{air.name}: does not tell its day; give --date, e.g. 2026-05-04"
        raise UsageError(msg)
    return datetime.fromtimestamp(air.time_ns // 1_000_000_000, tz=UTC)


def _rounded(value: float) -> float | None:
    """Return the value to the digits that a record keeps; None where it is not known."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _list(values: npt.NDArray[np.float64]) -> Floats:
    return tuple(float(f"{one:.{DIGITS}g}") for one in values)
