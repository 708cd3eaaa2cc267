"""ArduPilot's on-board logs (DataFlash .bin): positions of the estimator or the receiver.

Rows of the receiver look plausible before it has a fix: its status decides. Field names and units
are those of ardupilot.org/copter/docs/logmessages.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from detectkit.io.positions.dataflash_records import FMT, MAGIC, Gathered
from detectkit.io.positions.log import Attitudes, Heights, Integers, PositionLog, Values
from detectkit.io.positions.stamps import DAY_NS, GPS_EPOCH_NS, gps_to_utc_ns
from detectkit.io.positions.vetting import Head, Rows, held_at, position_log, status_at
from detectkit.io.remarks import Remarks

WANTED = frozenset({"GPS", "GPA", "POS", "ATT", "RFND"})
QUALITY_OF_STATUS = np.array([0, 0, 0, 1, 2, 5, 4], np.float64)
"""GPS.Status (0 none, 1 no fix, 2 2-D, 3 3-D, 4 DGPS, 5 RTK float, 6 RTK fixed) as NMEA GGA."""
DOWN, GOOD = 25, 4
WEEK_NS = 7 * DAY_NS
LAST_WEEK = 6250
LAST_BOOT_US = 10**14
ToUtc = Callable[[Integers], Integers]


class DataFlash:
    """DataFlash logs, recognised by the record that describes itself at their start."""

    name = "ardupilot-dataflash"
    structural: Mapping[str, str] = MappingProxyType(
        {"source": "estimator (POS) or receiver (GPS): which positions to take"}
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the first record, which says how records of its own kind are built."""
        first = MAGIC + bytes([FMT, FMT, 89])
        return Certainty.CERTAIN if probe.head.startswith(first) else Certainty.NO

    def read(self, path: Path, overrides: Overrides) -> PositionLog:
        """Read a log; what is no record is counted and left out."""
        remarks = Remarks(path)
        source = overrides.choice("source", ("estimator", "receiver"), None)
        log = Gathered(WANTED)
        log.walk(chunks_of(path))
        if log.lost_bytes:
            text = f"{log.lost_bytes:,} bytes are no record of the log; left out"
            remarks.warning(text, offset=log.first_lost)
        if not any(log.payload.get(one) for one in ("POS", "GPS")):
            kinds = ", ".join(sorted(log.kinds)) or "neither POS nor GPS"
            msg = (
                f"{path.name}: {log.records:,} records, none of a position (expected kinds POS or "
                f"GPS, found {kinds}); choose another log of that flight"
            )
            raise FormatError(msg)
        return _log(path, log, source, remarks)


@dataclass(frozen=True, slots=True, eq=False)
class _Receiver:
    """Rows of the first receiver: boot times, status as quality, UTC where it was told."""

    boot_ns: Integers
    quality: Values
    rows: Any
    utc_ns: Integers
    is_told: npt.NDArray[np.bool_]


def _boot_ns(rows: Any) -> Integers:
    """Return the stamps of rows, 0 where they cannot be."""
    stamps = np.minimum(rows["TimeUS"], LAST_BOOT_US).astype(np.int64)
    times: Integers = np.where(stamps < LAST_BOOT_US, stamps * 1000, 0)
    return times


def _rows(log: Gathered, name: str) -> Any:
    """Return rows of a kind that have a stamp, of its first instance; empty where none are."""
    nothing = np.empty(0, [("TimeUS", "<u8")])
    if not log.payload.get(name) or "TimeUS" not in log.kinds[name].factors:
        return nothing
    rows = log.rows(name)
    if rows["TimeUS"].dtype != nothing.dtype["TimeUS"]:
        return nothing
    if "I" in log.kinds[name].factors and rows["I"].dtype.kind in "iu":
        rows = rows[rows["I"] == rows["I"].min()]
    return rows


def _column(log: Gathered, name: str, rows: Any, *fields: str) -> Values:
    """Return the first of some fields that the kind has; NaN where it has none."""
    if name in log.kinds:
        for field in fields:
            if field in log.kinds[name].factors:
                return log.kinds[name].column(rows, field)
    return np.full(len(rows), np.nan)


def _receiver(log: Gathered) -> _Receiver:
    rows = _rows(log, "GPS")
    status = np.nan_to_num(_column(log, "GPS", rows, "Status"), nan=0.0).astype(np.int64)
    known = (status >= 0) & (status < QUALITY_OF_STATUS.size)
    quality = np.where(known, QUALITY_OF_STATUS[np.where(known, status, 0)], 0.0)
    utc_ns, is_told = _utc(log, rows, quality)
    return _Receiver(_boot_ns(rows), quality, rows, utc_ns, is_told)


def _utc(log: Gathered, rows: Any, quality: Values) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return UTC by the receiver's week and milliseconds, and where it is known."""
    week = _column(log, "GPS", rows, "GWk", "Week")
    milliseconds = _column(log, "GPS", rows, "GMS", "TimeMS")
    with np.errstate(invalid="ignore"):
        told = (quality > 0.0) & (week > 1000) & (week < LAST_WEEK)
        told &= (milliseconds >= 0.0) & (milliseconds < WEEK_NS / 1e6)
    gps = GPS_EPOCH_NS + np.where(told, week, 0.0).astype(np.int64) * WEEK_NS
    gps += np.rint(np.where(told, milliseconds, 0.0)).astype(np.int64) * 1_000_000
    return np.array([gps_to_utc_ns(one) for one in gps.tolist()], np.int64), told


def _log(path: Path, log: Gathered, source: str | None, remarks: Remarks) -> PositionLog:
    receiver = _receiver(log)
    to_utc = _clock(receiver, remarks)
    if source is None:
        source = "estimator" if log.payload.get("POS") else "receiver"
    name = "POS" if source == "estimator" else "GPS"
    rows = receiver.rows if name == "GPS" else _rows(log, "POS")
    boot = _boot_ns(rows)
    order = np.argsort(receiver.boot_ns, kind="stable")
    told, quality = receiver.boot_ns[order], receiver.quality[order]
    if not told.size:
        remarks.warning("no rows of the receiver: the quality of the fixes is not known")
    stands = receiver.quality if name == "GPS" else status_at(boot, told, quality)
    remarks.note(f"positions are those of the {source} ({name})")
    times = to_utc(boot) if to_utc else boot
    if name == "GPS" and to_utc:
        times = np.where(receiver.is_told, receiver.utc_ns, times)
    table = Rows.of(
        times,
        _column(log, name, rows, "Lng"),
        _column(log, name, rows, "Lat"),
        _column(log, name, rows, "Alt"),
        stands,
        _errors(log, boot),
    )
    head = Head(path, DataFlash.name, "utc" if to_utc else "elapsed", "mean sea level")
    return replace(
        position_log(head, table, remarks),
        attitudes=_attitudes(log, to_utc),
        heights=_heights(log, to_utc),
    )


def _errors(log: Gathered, boot_ns: Integers) -> tuple[Values, Values]:
    rows = _rows(log, "GPA")
    told = _boot_ns(rows)
    order = np.argsort(told, kind="stable")
    level, upright = (
        held_at(boot_ns, told[order], _column(log, "GPA", rows, one)[order])
        for one in ("HAcc", "VAcc")
    )
    return np.where(level > 0.0, level, np.nan), np.where(upright > 0.0, upright, np.nan)


def _clock(receiver: _Receiver, remarks: Remarks) -> ToUtc | None:
    """Return the way from boot time to UTC."""
    told = receiver.is_told
    clock = BootClock.of(receiver.boot_ns[told], receiver.utc_ns[told])
    if clock is None:
        remarks.warning("the receiver never told the time, so times are elapsed ones since boot")
        return None
    remarks.note(
        f"UTC and the autopilot's clock agree within {clock.spread_ns / 1e6:.1f} ms (1 sigma)"
    )
    return clock.to_utc


def _attitudes(log: Gathered, to_utc: ToUtc | None) -> Attitudes:
    rows = _rows(log, "ATT")
    angles = np.stack([_column(log, "ATT", rows, one) for one in ("Roll", "Pitch", "Yaw")])
    good = np.flatnonzero(np.isfinite(angles).all(axis=0) & (np.abs(angles) <= 360.0).all(axis=0))
    boot = _boot_ns(rows)[good]
    roll, pitch, yaw = np.radians(angles[:, good])
    return Attitudes(to_utc(boot) if to_utc else boot, roll, pitch, yaw)


def _heights(log: Gathered, to_utc: ToUtc | None) -> Heights:
    rows = _rows(log, "RFND")
    orientation = _column(log, "RFND", rows, "Orient", "Orient1")
    status = _column(log, "RFND", rows, "Stat", "Stat1")
    distance = _column(log, "RFND", rows, "Dist", "Dist1")
    down = np.isnan(orientation) | (orientation == DOWN)
    with np.errstate(invalid="ignore"):
        valid = (np.isnan(status) | (status == GOOD)) & (distance > 0.0)
    boot = _boot_ns(rows)[down]
    return Heights(to_utc(boot) if to_utc else boot, np.where(valid, distance, np.nan)[down])
