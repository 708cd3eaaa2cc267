"""What the virtual autopilot says of a row of the platform, with the real one's roundings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import PLATFORM_COLUMNS, Measured
from detectkit_drivers.mavlink.messages_in import UNKNOWN_16

ARMED, GUIDED_AND_STABLE = 0x80, 0x59
QUADROTOR, ARDUPILOT, AUTO_MODE, ACTIVE, STANDBY = 2, 3, 3, 4, 3
FIX_OF_QUALITY: Final = {0: 1, 1: 3, 2: 4, 4: 6, 5: 5, 7: 7}
LOWEST_CM, HIGHEST_CM = 10, 5000
GOOD, INVALID = 100, 1
ESTIMATOR_FLAGS = 831
EARTH_M = 6_378_137.0

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `PLATFORM_COLUMNS` with what the autopilot knows by then."""

    boot_ns: int
    utc_ns: int
    has_utc: bool
    has_origin: bool
    values: dict[str, float]

    @property
    def boot_ms(self) -> int:
        """The 32 bits of milliseconds since boot."""
        return self.boot_ns // 1_000_000 & 0xFFFFFFFF

    @property
    def place(self) -> Place:
        """Longitude and latitude in degrees, height in m."""
        return self.values["longitude_deg"], self.values["latitude_deg"], self.values["up_m"]

    @property
    def waypoint(self) -> float:
        """Number of the mission item that is flown."""
        return self.values["waypoint"]


def row_of(measured: Measured, at: int, *, after_ns: tuple[int, int]) -> Row:
    """Return a row; `after_ns` tells when UTC and the origin are known after boot."""
    values = dict(zip(PLATFORM_COLUMNS, (float(v) for v in measured.values[at]), strict=True))
    boot_ns = int(measured.device_ns[at])
    is_placed = all(math.isfinite(values[name]) for name in PLATFORM_COLUMNS[:3])
    return Row(
        boot_ns=boot_ns,
        utc_ns=int(measured.utc_ns[at]),
        has_utc=boot_ns >= after_ns[0],
        has_origin=boot_ns >= after_ns[1] and is_placed,
        values=values,
    )


def heartbeat(row: Row) -> Any:
    """Return the heartbeat."""
    is_armed = row.values["armed"] > 0.5
    mode = GUIDED_AND_STABLE | (ARMED if is_armed else 0)
    status = ACTIVE if is_armed else STANDBY
    return dialect.MAVLink_heartbeat_message(QUADROTOR, ARDUPILOT, mode, AUTO_MODE, status, 3)


def _system_time(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    utc_us = row.utc_ns // 1000 if row.has_utc else 0
    return dialect.MAVLink_system_time_message(utc_us, row.boot_ms)


def _gps(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    return dialect.MAVLink_gps_raw_int_message(*_receiver(row), **_extension(row))


def _gps2(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    return dialect.MAVLink_gps2_raw_message(*_receiver(row), 0, 0, **_extension(row))


def _receiver(row: Row) -> tuple[int, ...]:
    fix = FIX_OF_QUALITY.get(int(row.values["fix_quality"]), 1) if row.has_origin else 0
    speed = math.hypot(row.values["velocity_east_m_per_s"], row.values["velocity_north_m_per_s"])
    lon, lat, up_mm = _scaled(row)
    usec = row.boot_ms * 1000 if fix > 1 else 0
    return (usec, fix, lat, lon, up_mm, 121, 200, _u16(speed * 100.0), UNKNOWN_16, 10)


def _extension(row: Row) -> dict[str, int]:
    return {
        "alt_ellipsoid": _scaled(row)[2],
        "h_acc": _millimetres(row.values["horizontal_error_m"]),
        "v_acc": _millimetres(row.values["vertical_error_m"]),
    }


def _attitude(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    angles = (row.values[name] for name in ("roll_rad", "pitch_rad", "yaw_rad"))
    return dialect.MAVLink_attitude_message(row.boot_ms, *angles, 0.0, 0.0, 0.0)


def _local(row: Row, origin: Place | None) -> Any:
    if origin is None or not row.has_origin:
        return None
    lon, lat, up = row.place
    north = math.radians(lat - origin[1]) * EARTH_M
    east = math.radians(lon - origin[0]) * EARTH_M * math.cos(math.radians(origin[1]))
    velocity_east, velocity_north, velocity_up = _velocity(row)
    return dialect.MAVLink_local_position_ned_message(
        row.boot_ms, north, east, origin[2] - up, velocity_north, velocity_east, -velocity_up
    )


def _position(row: Row, origin: Place | None) -> Any:
    lon, lat, up_mm = _scaled(row)
    home = row.place[2] if origin is None else origin[2]
    above_home = round((row.place[2] - home) * 1e3) if row.has_origin else 0
    east, north, up = (_i16(one * 100.0) for one in _velocity(row))
    heading = _u16(math.degrees(row.values["yaw_rad"]) % 360.0 * 100.0)
    return dialect.MAVLink_global_position_int_message(
        row.boot_ms, lat, lon, up_mm, above_home, north, east, -up, heading
    )


def _mission(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    return dialect.MAVLink_mission_current_message(max(int(row.waypoint), 0))


def _range(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    height_cm = row.values["height_m"] * 100.0
    is_seen = math.isfinite(height_cm) and LOWEST_CM <= height_cm <= HIGHEST_CM
    shown = int(height_cm) if is_seen else 0  # cut to whole centimetres, as the real one does
    return dialect.MAVLink_distance_sensor_message(
        row.boot_ms, LOWEST_CM, HIGHEST_CM, shown, 0, 0, 25, 0,
        signal_quality=GOOD if is_seen else INVALID,
    )  # fmt: skip


def _rangefinder(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    height = row.values["height_m"]
    return dialect.MAVLink_rangefinder_message(height if math.isfinite(height) else 0.0, 0.0)


def _terrain(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    lon, lat, _ = _scaled(row)
    return dialect.MAVLink_terrain_report_message(lat, lon, 0, 0.0, row.place[2], 0, 0)


def _estimator(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    flags = ESTIMATOR_FLAGS if row.has_origin else 0
    return dialect.MAVLink_ekf_status_report_message(flags, 0.05, 0.02, 0.03, 0.01, 0.0)


def _vibration(row: Row, origin: Place | None) -> Any:  # noqa: ARG001
    return dialect.MAVLink_vibration_message(row.boot_ns // 1000, 0.1, 0.1, 0.2, 0, 0, 0)


def _velocity(row: Row) -> Place:
    values = row.values
    return (
        values["velocity_east_m_per_s"],
        values["velocity_north_m_per_s"],
        values["velocity_up_m_per_s"],
    )


def _scaled(row: Row) -> tuple[int, int, int]:
    """Return longitude and latitude in 1e-7 degree and the height in mm; 0 while unknown."""
    if not row.has_origin:
        return 0, 0, 0
    lon, lat, up = row.place
    return round(lon * 1e7), round(lat * 1e7), round(up * 1e3)


def _millimetres(error_m: float) -> int:
    return max(round(error_m * 1e3), 0) if math.isfinite(error_m) else 0


def _i16(value: float) -> int:
    return min(max(round(value), -32767), 32767) if math.isfinite(value) else 0


def _u16(value: float) -> int:
    return min(max(round(value), 0), UNKNOWN_16 - 1) if math.isfinite(value) else UNKNOWN_16


BUILDERS: Final[dict[int, Callable[[Row, Place | None], Any]]] = {
    2: _system_time,
    24: _gps,
    30: _attitude,
    32: _local,
    33: _position,
    42: _mission,
    124: _gps2,
    132: _range,
    136: _terrain,
    173: _rangefinder,
    193: _estimator,
    241: _vibration,
}
"""By message number; what is asked for beside these is denied."""
