"""Telemetry logs of ground stations (.tlog): MAVLink frames, each behind a stamp.

A record is 8 bytes of big-endian microseconds of the recording computer's clock, then one frame
of MAVLink 1 or 2. Frames are found by our own framing, checked and decoded by pymavlink's dialect.
Times are the autopilot's own, put on UTC by its SYSTEM_TIME: the recorder's stamps tell when bytes
arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from detectkit.core import FormatError, MissingDependencyError
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.boot_clock import BootClock
from detectkit.io.positions.chunks import chunks_of
from detectkit.io.positions.log import Attitudes, Heights, Integers, PositionLog, Values
from detectkit.io.positions.tlog_records import Record, records_of
from detectkit.io.positions.vetting import Head, Rows, held_at, position_log, status_at
from detectkit.io.remarks import Remarks

HEARTBEAT, SYSTEM_TIME, GPS_RAW, ATTITUDE, POSITION = 0, 2, 24, 30, 33
DISTANCE_SENSOR, RANGEFINDER = 132, 173
WANTED: Final = frozenset(
    {HEARTBEAT, SYSTEM_TIME, GPS_RAW, ATTITUDE, POSITION, DISTANCE_SENSOR, RANGEFINDER}
)
QUALITY_OF_FIX: Final = {3: 1, 4: 2, 5: 5, 6: 4, 7: 7, 8: 2}
"""GPS_FIX_TYPE as NMEA GGA counts; below 3 there is no position in space."""
AUTOPILOT, NO_AUTOPILOT, DOWN, INVALID_QUALITY = 1, 8, 25, 1
UTC_FROM_USEC, LAST_USEC = 10**15, 4 * 10**15
MS, US = 1_000_000, 1_000
REBOOT_MS = 1000
PIECE_NS = 1 << 45
"""Boots are told apart by this much (9.8 hours): later ones follow earlier ones."""


@dataclass(slots=True)
class _Vehicle:
    """Rows of one system: tuples with the number of the boot and the boot time first."""

    boot: int = 0
    now_ms: int = 0
    rows: dict[int, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {one: [] for one in WANTED}
    )
    limits: tuple[float, float] | None = None

    def tick(self, boot_ms: int) -> int:
        """Return the boot time in ns on one scale for all boots."""
        if boot_ms < self.now_ms - REBOOT_MS:
            self.boot += 1
            self.now_ms = boot_ms
        self.now_ms = max(self.now_ms, boot_ms)
        return self.boot * PIECE_NS + boot_ms * MS


class MavlinkTlog:
    """MAVLink telemetry logs, recognised by stamps and frames that follow each other."""

    name = "mavlink-tlog"
    structural: Mapping[str, str] = MappingProxyType(
        {
            "vehicle": "system number of the vehicle; else the first whose autopilot is heard",
            "clock": "utc: by the autopilot's SYSTEM_TIME; recorder: by the stamps of the log",
        }
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the first two records: a stamp of this century, a frame, a stamp, a frame."""
        first = next(iter(records_of([probe.head], limit=2)), None)
        if first is None or first.offset > 0:
            return Certainty.NO
        return Certainty.CERTAIN if len(probe.head) > 30 else Certainty.LIKELY

    def read(self, path: Path, overrides: Overrides) -> PositionLog:
        """Read a log; damaged frames are counted and left out."""
        remarks = Remarks(path)
        wanted = overrides.integer("vehicle", 0)
        clock = overrides.choice("clock", ("utc", "recorder"), "utc")
        vehicles = _vehicles(path, remarks)
        vehicle = vehicles.get(wanted) if wanted else next(iter(vehicles.values()), None)
        if vehicle is None:
            known = ", ".join(map(str, vehicles)) or "none"
            msg = (
                f"{path.name}: no heartbeat of an autopilot"
                f"{f' of system {wanted}' if wanted else ''}; systems heard: {known}"
            )
            raise FormatError(msg)
        if len(vehicles) > 1 and not wanted:
            numbers = ", ".join(map(str, vehicles))
            text = f"autopilots of the systems {numbers}; the first is read"
            remarks.assumed(text, setting="vehicle")
        return _log(path, vehicle, clock, remarks)


def _vehicles(path: Path, remarks: Remarks) -> dict[int, _Vehicle]:
    """Return the rows of each system with an autopilot, in the order heard."""
    decode = _decoder()
    everyone: dict[int, _Vehicle] = {}
    autopilots: dict[int, None] = {}
    tally: Counter[str] = Counter()
    for record in records_of(chunks_of(path), tally=tally, wanted=WANTED):
        message = decode(record)
        if message is None:
            tally["damaged"] += 1
            continue
        system, component = message.get_srcSystem(), message.get_srcComponent()
        if component != AUTOPILOT:
            continue
        if record.ident == HEARTBEAT and message.autopilot != NO_AUTOPILOT:
            autopilots.setdefault(system)
        _note(everyone.setdefault(system, _Vehicle()), record, message)
    if tally["damaged"] or tally["lost_bytes"]:
        text = (
            f"{tally['damaged']:,} frames with a wrong checksum, {tally['lost_bytes']:,} bytes "
            "that are no record; left out"
        )
        remarks.warning(text, offset=tally["first_lost"] or None)
    return {system: everyone[system] for system in autopilots}


def _decoder() -> Callable[[Record], Any]:
    """Return a function that checks and decodes one frame; None for a damaged one."""
    try:
        from pymavlink.dialects.v20 import ardupilotmega
    except ImportError as error:
        msg = "reading a .tlog needs pymavlink; install it with: pip install 'detectkit[live]'"
        raise MissingDependencyError(msg) from error

    link = ardupilotmega.MAVLink(None)

    def decode(record: Record) -> Any:
        try:
            return link.decode(bytearray(record.frame))
        except ardupilotmega.MAVError:
            return None

    return decode


Row = tuple[float, ...] | None


def _place(vehicle: _Vehicle, message: Any) -> Row:  # noqa: ARG001
    return (message.lon / 1e7, message.lat / 1e7, message.alt / 1e3)


def _angles(vehicle: _Vehicle, message: Any) -> Row:  # noqa: ARG001
    return (message.roll, message.pitch, message.yaw)


def _utc(vehicle: _Vehicle, message: Any) -> Row:  # noqa: ARG001
    usec = message.time_unix_usec
    return (usec,) if UTC_FROM_USEC <= usec <= LAST_USEC else None


def _fix(vehicle: _Vehicle, message: Any) -> Row:  # noqa: ARG001
    quality = QUALITY_OF_FIX.get(message.fix_type, 0)
    return (float(quality), message.h_acc / 1e3, message.v_acc / 1e3)


def _range(vehicle: _Vehicle, message: Any) -> Row:
    if message.orientation != DOWN:
        return None
    low, distance, high = message.min_distance, message.current_distance, message.max_distance
    if low < high:
        vehicle.limits = (low / 100.0, high / 100.0)
    is_valid = low <= distance <= high and distance > 0
    is_valid = is_valid and message.signal_quality != INVALID_QUALITY
    return (distance / 100.0 if is_valid else np.nan,)


def _fine_range(vehicle: _Vehicle, message: Any) -> Row:
    low, high = vehicle.limits or (0.0, np.inf)
    is_valid = message.distance > 0.0 and low <= message.distance <= high
    return (message.distance if is_valid else np.nan,)


READINGS: Final[Mapping[int, Callable[[_Vehicle, Any], Row]]] = MappingProxyType(
    {
        SYSTEM_TIME: _utc,
        GPS_RAW: _fix,
        ATTITUDE: _angles,
        POSITION: _place,
        DISTANCE_SENSOR: _range,
        RANGEFINDER: _fine_range,
    }
)
STAMPED: Final = frozenset({SYSTEM_TIME, ATTITUDE, POSITION, DISTANCE_SENSOR})
"""Messages that carry the time since boot."""


def _note(vehicle: _Vehicle, record: Record, message: Any) -> None:
    """Keep what a message tells; one without a stamp came at the time of the newest stamp."""
    if record.ident not in READINGS:
        return
    if record.ident in STAMPED:
        at = vehicle.tick(message.time_boot_ms)
    else:
        at = vehicle.boot * PIECE_NS + vehicle.now_ms * MS
    row = READINGS[record.ident](vehicle, message)
    if row is not None:
        vehicle.rows[record.ident].append((at, record.stamp_us * US, *row))


def _log(path: Path, vehicle: _Vehicle, clock: str, remarks: Remarks) -> PositionLog:
    table = {one: _table(vehicle.rows[one]) for one in WANTED}
    to_utc, is_utc = _clock(vehicle, table, clock, remarks)
    boot_ns, _, position = table[POSITION]
    gps_ns, _, gps = table[GPS_RAW]
    gps = gps if gps.size else np.empty((0, 3))
    if not gps_ns.size:
        remarks.warning("the log holds no GPS_RAW_INT: the quality of the fixes is not known")
    accuracy = np.where(gps[:, 1:] > 0.0, gps[:, 1:], np.nan)
    place = position if position.size else np.empty((0, 3))
    time_ns = to_utc(boot_ns)
    rows = Rows.of(
        time_ns,
        place[:, 0],
        place[:, 1],
        place[:, 2],
        status_at(boot_ns, gps_ns, gps[:, 0]),
        (held_at(boot_ns, gps_ns, accuracy[:, 0]), held_at(boot_ns, gps_ns, accuracy[:, 1])),
    )
    head = Head(path, MavlinkTlog.name, "utc" if is_utc else "elapsed", "mean sea level")
    return replace(
        position_log(head, rows, remarks),
        attitudes=_attitudes(table[ATTITUDE], to_utc),
        heights=_heights(table, to_utc),
    )


Table = tuple[Integers, Integers, Values]
"""Boot times on one scale, stamps of the recorder, values (rows, columns)."""


def _table(rows: list[tuple[Any, ...]]) -> Table:
    boot = np.array([row[0] for row in rows], np.int64)
    stamp = np.array([row[1] for row in rows], np.int64)
    return boot, stamp, np.array([row[2:] for row in rows], np.float64)


def _clock(
    vehicle: _Vehicle, table: Mapping[int, Table], clock: str, remarks: Remarks
) -> tuple[Callable[[Integers], Integers], bool]:
    """Return the way from boot times to UTC, boot by boot, and whether it is UTC."""
    if clock == "recorder":
        parts = [table[one] for one in (ATTITUDE, POSITION, SYSTEM_TIME)]
        boot = np.concatenate([one[0] for one in parts])
        utc = np.concatenate([one[1] for one in parts])
        remarks.note("times follow the clock of the computer that wrote the log")
    else:
        boot, _, usec = table[SYSTEM_TIME]
        utc = np.rint(usec.reshape(-1)).astype(np.int64) * US
    pieces = {}
    for number in range(vehicle.boot + 1):
        mine = boot // PIECE_NS == number
        pieces[number] = BootClock.of(boot[mine], utc[mine])
    known = {number: one for number, one in pieces.items() if one is not None}
    if vehicle.boot:
        remarks.note(f"the autopilot was started anew {vehicle.boot} time(s) within the log")
    if not known:
        text = "the autopilot never told UTC, so times are elapsed ones since its start"
        remarks.warning(text, setting="clock")
        return lambda boot_ns: boot_ns, False
    lost = [number for number in pieces if number not in known]
    if lost:
        remarks.warning(
            f"{len(lost)} start(s) of the autopilot without UTC; their rows have no time"
        )
    spread = max(one.spread_ns for one in known.values())
    remarks.note(f"UTC and the autopilot's clock agree within {spread / 1e6:.1f} ms (1 sigma)")

    def to_utc(boot_ns: Integers) -> Integers:
        out = np.zeros(boot_ns.shape, np.int64)
        for number, piece in known.items():
            mine = boot_ns // PIECE_NS == number
            out[mine] = piece.to_utc(boot_ns[mine])
        return out

    return to_utc, True


def _attitudes(table: Table, to_utc: Callable[[Integers], Integers]) -> Attitudes:
    boot, _, angles = table
    if not boot.size:
        return Attitudes()
    good = np.isfinite(angles).all(axis=1) & (np.abs(angles) <= 2.0 * np.pi).all(axis=1)
    return Attitudes(to_utc(boot[good]), *(angles[good, axis] for axis in range(3)))


def _heights(table: Mapping[int, Table], to_utc: Callable[[Integers], Integers]) -> Heights:
    """Return ranges in m: the finer message, which has no stamp of its own, where there is one."""
    boot, _, ranges = table[RANGEFINDER] if table[RANGEFINDER][0].size else table[DISTANCE_SENSOR]
    return Heights(to_utc(boot), ranges.reshape(-1)) if boot.size else Heights()
