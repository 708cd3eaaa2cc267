"""PX4's on-board logs (ULog .ulg): positions of the estimator or the receiver.

Topics and units are those of PX4's message definitions; latitudes come as 1e-7 degrees in older
versions and as degrees in newer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.boot_clock import BootClock
from detectkit.io.positions.chunks import chunks_of
from detectkit.io.positions.log import Attitudes, Heights, Integers, PositionLog, Values
from detectkit.io.positions.ulog_records import MAGIC, Gathered
from detectkit.io.positions.vetting import Head, Rows, held_at, position_log, status_at
from detectkit.io.remarks import Remarks

ESTIMATE, RECEIVERS = "vehicle_global_position", ("vehicle_gps_position", "sensor_gps")
ATTITUDE, RANGE = "vehicle_attitude", "distance_sensor"
WANTED = frozenset({ESTIMATE, *RECEIVERS, ATTITUDE, RANGE})
QUALITY_OF_FIX = np.array([0, 0, 0, 1, 2, 5, 4], np.float64)
"""fix_type (0 and 1 none, 2 2-D, 3 3-D, 4 differential, 5 RTK float, 6 RTK fixed) as NMEA GGA."""
DOWN = 25
UTC_FROM_US, LAST_US = 10**15, 4 * 10**15
LAST_BOOT_US = 10**14
Clock = Callable[[Integers], Integers]


class ULog:
    """PX4's ULog files, recognised by their first seven bytes."""

    name = "px4-ulog"
    structural: Mapping[str, str] = MappingProxyType(
        {"source": "estimator (vehicle_global_position) or receiver: which positions to take"}
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the first seven bytes."""
        return Certainty.CERTAIN if probe.head.startswith(MAGIC) else Certainty.NO

    def read(self, path: Path, overrides: Overrides) -> PositionLog:
        """Read a log; what is no message is counted and left out."""
        remarks = Remarks(path)
        source = overrides.choice("source", ("estimator", "receiver"), None)
        log = Gathered(WANTED)
        log.walk(chunks_of(path))
        _report(log, remarks)
        receiver = next((one for one in RECEIVERS if log.payload.get(one)), "")
        if not receiver and not log.payload.get(ESTIMATE):
            msg = (
                f"{path.name}: {log.messages:,} messages, none of a position (expected the topics "
                f"{ESTIMATE}, {' or '.join(RECEIVERS)}); choose another log of that flight"
            )
            raise FormatError(msg)
        if source is None:
            source = "estimator" if log.payload.get(ESTIMATE) else "receiver"
        return _log(path, log, receiver, source, remarks)


def _report(log: Gathered, remarks: Remarks) -> None:
    if log.lost_bytes:
        text = f"{log.lost_bytes:,} bytes are no message of the log; left out"
        remarks.warning(text, offset=log.first_lost)
    if log.damaged_rows:
        remarks.warning(f"{log.damaged_rows:,} rows of a wrong length; left out")
    if log.dropouts_ms:
        total = sum(log.dropouts_ms)
        remarks.warning(
            f"the logger dropped rows {len(log.dropouts_ms)} time(s), {total} ms in all"
        )


def _rows(log: Gathered, name: str) -> Any:
    nothing = np.empty(0, [("timestamp", "<u8")])
    if not log.payload.get(name) or "timestamp" not in (log.dtypes[name].names or ()):
        return nothing
    rows = log.rows(name)
    return rows if rows["timestamp"].dtype == nothing.dtype["timestamp"] else nothing


def _column(rows: Any, *fields: str) -> Values:
    """Return the first of some fields that rows have, as float64; NaN where they have none."""
    for name in fields:
        if name in rows.dtype.names and rows[name].dtype.kind in "iuf" and rows[name].ndim == 1:
            values: Values = rows[name].astype(np.float64)
            return values
    return np.full(rows.shape, np.nan)


def _boot_ns(rows: Any) -> Integers:
    """Return the times of rows on the autopilot's clock, 0 where they cannot be."""
    stamps = rows["timestamp"]
    if "timestamp_sample" in rows.dtype.names and rows["timestamp_sample"].dtype == stamps.dtype:
        sample = rows["timestamp_sample"]
        stamps = np.where((sample > 0) & (sample <= stamps), sample, stamps)
    times: Integers = np.where(stamps < LAST_BOOT_US, stamps, 0).astype(np.int64) * 1000
    return times


def _degrees(rows: Any, old: str, new: str) -> Values:
    """Return degrees, which older versions write as whole numbers of 1e-7."""
    for name in (new, old):
        if name in rows.dtype.names and rows[name].ndim == 1:
            scale = 1e7 if rows[name].dtype.kind in "iu" else 1.0
            values: Values = rows[name].astype(np.float64) / scale
            return values
    return np.full(rows.shape, np.nan)


def _metres(rows: Any, old: str, new: str) -> Values:
    """Return heights in m, which older versions write as whole numbers of mm."""
    for name in (new, old):
        if name in rows.dtype.names and rows[name].ndim == 1:
            scale = 1e3 if rows[name].dtype.kind in "iu" else 1.0
            values: Values = rows[name].astype(np.float64) / scale
            return values
    return np.full(rows.shape, np.nan)


def _quality(rows: Any) -> Values:
    fix = np.nan_to_num(_column(rows, "fix_type"), nan=0.0)
    known = (fix >= 0.0) & (fix < QUALITY_OF_FIX.size)
    return np.where(known, QUALITY_OF_FIX[np.where(known, fix, 0.0).astype(np.int64)], 0.0)


def _log(path: Path, log: Gathered, receiver: str, source: str, remarks: Remarks) -> PositionLog:
    gps = _rows(log, receiver)
    gps_boot, quality = _boot_ns(gps), _quality(gps)
    utc_ns, is_told = _utc(gps, gps_boot, quality)
    to_utc = _clock(gps_boot[is_told], utc_ns[is_told], remarks)
    rows = _rows(log, ESTIMATE) if source == "estimator" else gps
    boot = _boot_ns(rows)
    if not gps.size:
        remarks.warning("no rows of the receiver: the quality of the fixes is not known")
    order = np.argsort(gps_boot, kind="stable")
    told = gps_boot[order]
    remarks.note(f"positions are those of the {source}")
    errors = [
        np.where(one > 0.0, one, np.nan) for one in (_column(gps, "eph"), _column(gps, "epv"))
    ]
    times = to_utc(boot) if to_utc else boot
    if source == "receiver" and to_utc:
        times = np.where(is_told, utc_ns, times)
    table = Rows.of(
        times,
        _degrees(rows, "lon", "longitude_deg"),
        _degrees(rows, "lat", "latitude_deg"),
        _metres(rows, "alt", "altitude_msl_m"),
        quality if source == "receiver" else status_at(boot, told, quality[order]),
        (held_at(boot, told, errors[0][order]), held_at(boot, told, errors[1][order])),
    )
    head = Head(path, ULog.name, "utc" if to_utc else "elapsed", "mean sea level")
    return replace(
        position_log(head, table, remarks),
        attitudes=_attitudes(_rows(log, ATTITUDE), to_utc),
        heights=_heights(_rows(log, RANGE), to_utc),
    )


def _utc(gps: Any, boot_ns: Integers, quality: Values) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return UTC as the receiver told it, and where it is known."""
    utc_us = _column(gps, "time_utc_usec")
    with np.errstate(invalid="ignore"):
        told = (quality > 0.0) & (utc_us >= UTC_FROM_US) & (utc_us <= LAST_US) & (boot_ns > 0)
    return np.rint(np.where(told, utc_us, 0.0)).astype(np.int64) * 1000, told


def _clock(boot_ns: Integers, utc_ns: Integers, remarks: Remarks) -> Clock | None:
    """Return the way from the autopilot's clock to UTC."""
    clock = BootClock.of(boot_ns, utc_ns)
    if clock is None:
        remarks.warning("the receiver never told UTC, so times are elapsed ones since boot")
        return None
    remarks.note(
        f"UTC and the autopilot's clock agree within {clock.spread_ns / 1e6:.1f} ms (1 sigma)"
    )
    return clock.to_utc


def _attitudes(rows: Any, to_utc: Clock | None) -> Attitudes:
    """Return the angles of the quaternions (w, x, y, z; from body to north, east, down)."""
    if "q" not in rows.dtype.names or rows["q"].shape[1:] != (4,):
        return Attitudes()
    q = rows["q"].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.sqrt((q**2).sum(axis=1))
        good = np.flatnonzero(np.abs(length - 1.0) < 0.05)
    w, x, y, z = (q[good] / length[good, np.newaxis]).T
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2.0 * (w * y - z * x), -1.0, 1.0))
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    boot = _boot_ns(rows)[good]
    return Attitudes(to_utc(boot) if to_utc else boot, roll, pitch, yaw)


def _heights(rows: Any, to_utc: Clock | None) -> Heights:
    distance = _column(rows, "current_distance")
    low, high = _column(rows, "min_distance"), _column(rows, "max_distance")
    orientation, quality = _column(rows, "orientation"), _column(rows, "signal_quality")
    down = np.isnan(orientation) | (orientation == DOWN)
    with np.errstate(invalid="ignore"):
        valid = (distance > 0.0) & ~(distance < low) & ~(distance > high) & ~(quality == 0.0)
    boot = _boot_ns(rows)[down]
    return Heights(to_utc(boot) if to_utc else boot, np.where(valid, distance, np.nan)[down])
