"""A calibration record in words, and as the object of ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from detectkit.calibration.record import ID_DIGITS, CalibrationRecord, DetectorCalibration


def lines_of(record: CalibrationRecord) -> list[str]:
    """Return a record in words."""
    said = [
        f"{record.instrument}, serial number {record.serial or 'not told'}",
        f"id {record.id[:ID_DIGITS]}, made {record.made_utc:%Y-%m-%d %H:%M} UTC",
        f"holds until {record.expires_utc:%Y-%m-%d}",
    ]
    if record.simulated:
        said.append(f"simulated: {record.simulated}; no instrument was measured")
    if record.radar is not None:
        said += _radar_lines(record)
    if record.detector is not None:
        said += _detector_lines(record.detector)
    if record.mount is not None:
        pairs = zip(record.mount.lever_arm_m, record.mount.lever_arm_error_m, strict=True)
        arm = ", ".join(f"{one:.3f} ± {error:.3f}" for one, error in pairs)
        said.append(f"lever arm forward, right, down: {arm} m")
        said.append(f"lag {_with(record.mount.lag_s, record.mount.lag_error_s, 1e3, 'ms')}")
    return said


def _radar_lines(record: CalibrationRecord) -> list[str]:
    one = record.radar
    if one is None:
        return []
    said = [
        f"time zero {_with(one.time_zero_s, one.time_zero_error_s, 1e9, 'ns')}",
        "drift "
        + _with(one.time_zero_drift_s_per_s, one.time_zero_drift_error_s_per_s, 6e13, "ps a minute")
        + f", wander {_with(one.time_zero_wander_s, None, 1e12, 'ps')}",
        "perfect mirror after 1 m "
        + _with(one.mirror_amplitude, one.mirror_amplitude_error, 1.0, one.unit),
        f"noise of a sample {_with(one.noise, None, 1.0, one.unit)}",
    ]
    if one.band_hz is not None:
        low, high = one.band_hz
        said.append(f"band {low / 1e6:.0f}–{high / 1e6:.0f} MHz (-20 dB)")
    if one.pattern_angle_deg:
        pairs = zip(one.pattern_angle_deg, one.pattern_db, strict=True)
        said.append("pattern " + ", ".join(f"{a:.0f}° {db:+.1f} dB" for a, db in pairs))
    return said


def _detector_lines(detector: DetectorCalibration) -> list[str]:
    said = [
        f"{one.name}: offset {_with(one.offset, one.offset_error, 1.0, one.unit)}, noise "
        f"{_with(one.noise, None, 1.0, one.unit)}, ground balance "
        f"{_with(one.ground_balance, one.ground_balance_error, 1.0, '')}".rstrip()
        for one in detector.channels
    ]
    for one in detector.heights:
        law = ""
        if one.exponent is not None:
            law = f", falls with the height to the power {one.exponent:.2f}"
        low, high = one.height_m[0], one.height_m[-1]
        said.append(f"{one.body}, {one.channel}: {low:.2f} to {high:.2f} m{law}")
    return said


def _with(value: float | None, error: float | None, scale: float, unit: str) -> str:
    """Return a value with its error, in a unit that reads well."""
    if value is None:
        return "not measured"
    if error is None:
        return f"{scale * value:.4g} {unit}"
    return f"{scale * value:.5g} ± {scale * error:.2g} {unit}"


def facts_of(record: CalibrationRecord, files: Sequence[Path]) -> dict[str, object]:
    """Return the object of ``--json``: all single numbers, without the traces."""
    one = record.radar
    numbers = {} if one is None else asdict(one)
    return {
        "id": record.id,
        "instrument": record.instrument,
        "serial": record.serial,
        "made_utc": record.made_utc.isoformat(),
        "expires_utc": record.expires_utc.isoformat(),
        "simulated": record.simulated,
        "sections": list(record.sections),
        "radar": {n: v for n, v in numbers.items() if n not in {"crosstalk", "wavelet"}},
        "mount": None if record.mount is None else asdict(record.mount),
        "files": [str(path) for path in files],
    }
