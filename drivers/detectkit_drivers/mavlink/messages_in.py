"""What each message of the autopilot becomes: a stream, its columns in SI units, its stamp.

Written from mavlink.io/en/messages and from what a real ArduCopter was seen to send. A function
returns the row's values, or None where the message holds nothing yet: a position of 0/0 before the
estimator has an origin, a range sensor that does not look down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from detectkit.core import Sensor, SensorKind
from detectkit.drivers import Layout

NAN = math.nan
NAME = "mavlink"
DOWN = 25
INVALID_QUALITY = 1
CENTI, MILLI = 0.01, 0.001
UNKNOWN_16 = 65535
TWO_DIMENSIONAL = 2

QUALITY_OF_FIX: Final = {0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 5, 6: 4, 7: 7, 8: 2}
"""GPS_FIX_TYPE as NMEA GGA counts: 4 is RTK fixed, 5 is RTK float, 2 differential, 7 static."""

Values = tuple[float, ...]
Stamp = Literal["", "time_boot_ms", "time_usec", "time_last_baseline_ms"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one type of message is read.

    Parameters
    ----------
    layout
        The stream that it feeds.
    values
        From a message of pymavlink to a row.
    stamp
        The field that holds the time since boot; empty: none.
    """

    layout: Layout
    values: Callable[[Any], Values | None]
    stamp: Stamp = ""


def _attitude(message: Any) -> Values:
    rates = (message.rollspeed, message.pitchspeed, message.yawspeed)
    return (message.roll, message.pitch, message.yaw, *rates)


def _position(message: Any) -> Values | None:
    if message.lat == 0 and message.lon == 0:
        return None
    heading = NAN if message.hdg == UNKNOWN_16 else math.radians(message.hdg * CENTI)
    velocity = (message.vy * CENTI, message.vx * CENTI, -message.vz * CENTI)
    height = (message.alt * MILLI, message.relative_alt * MILLI)
    return (message.lon / 1e7, message.lat / 1e7, *height, *velocity, heading)


def _gps(message: Any) -> Values:
    has_position = message.fix_type >= TWO_DIMENSIONAL and (message.lat, message.lon) != (0, 0)
    place = (message.lon / 1e7, message.lat / 1e7) if has_position else (NAN, NAN)
    up = _known(message.alt_ellipsoid, MILLI) if has_position else NAN
    above_sea = message.alt * MILLI if has_position else NAN
    return (
        *place,
        up,
        above_sea,
        float(QUALITY_OF_FIX.get(message.fix_type, 0)) if has_position else 0.0,
        _known(message.h_acc, MILLI),
        _known(message.v_acc, MILLI),
        NAN if message.eph == UNKNOWN_16 else message.eph * CENTI,
        NAN if message.epv == UNKNOWN_16 else message.epv * CENTI,
        NAN if message.satellites_visible == 255 else float(message.satellites_visible),
        math.radians(message.yaw * CENTI) if 0 < message.yaw <= 36000 else NAN,
    )


def _known(value: int, scale: float) -> float:
    """Return a field of MAVLink 2's extensions, where 0 says that nobody filled it in."""
    return value * scale if value else NAN


def _rtk(message: Any) -> Values:
    baseline = (message.baseline_a_mm, message.baseline_b_mm, message.baseline_c_mm)
    return (
        *(one * MILLI for one in baseline),
        message.accuracy * MILLI,
        float(message.iar_num_hypotheses),
        float(message.nsats),
        float(message.rtk_health),
    )


def _range(message: Any) -> Values | None:
    if message.orientation != DOWN:
        return None
    low, distance, high = message.min_distance, message.current_distance, message.max_distance
    is_inside = low <= distance <= high and distance > 0
    is_valid = is_inside and message.signal_quality != INVALID_QUALITY
    quality = NAN if message.signal_quality == 0 else float(message.signal_quality)
    return (distance * CENTI if is_valid else NAN, float(is_inside), quality)


def _rangefinder(message: Any) -> Values:
    is_valid = math.isfinite(message.distance) and message.distance > 0.0
    return (message.distance if is_valid else NAN, NAN, message.voltage)


def limits_of(message: Any) -> tuple[float, float] | None:
    """Return least and largest range in m that a DISTANCE_SENSOR looking down can measure."""
    if message.orientation != DOWN or message.max_distance <= message.min_distance:
        return None
    return message.min_distance * CENTI, message.max_distance * CENTI


def within(values: Values, limits: tuple[float, float] | None) -> Values:
    """Return a row of `rangefinder` judged by the limits that only another message tells."""
    distance, _, voltage = values
    if limits is None or math.isnan(distance):
        return values
    is_inside = limits[0] <= distance <= limits[1]
    return (distance if is_inside else NAN, float(is_inside), voltage)


def _terrain(message: Any) -> Values | None:
    if message.spacing == 0:  # terrain is switched off: current_height is then above the sea
        return None
    return (
        message.terrain_height,
        message.current_height,
        float(message.spacing),
        float(message.pending),
        float(message.loaded),
    )


def _local(message: Any) -> Values:
    return (message.y, message.x, -message.z, message.vy, message.vx, -message.vz)


def _origin(message: Any) -> Values:
    return (message.longitude / 1e7, message.latitude / 1e7, message.altitude * MILLI)


def _mission(message: Any) -> Values:
    return (float(message.seq), float(message.mission_state))


def _reached(message: Any) -> Values:
    return (float(message.seq),)


def _state(message: Any) -> Values:
    is_armed = bool(message.base_mode & 0x80)
    return (float(is_armed), float(message.custom_mode), float(message.system_status))


def _estimator(message: Any) -> Values:
    return (
        float(message.flags),
        message.velocity_variance,
        message.pos_horiz_variance,
        message.pos_vert_variance,
        message.compass_variance,
        message.terrain_alt_variance,
    )


def _vibration(message: Any) -> Values:
    clipped = message.clipping_0 + message.clipping_1 + message.clipping_2
    return (message.vibration_x, message.vibration_y, message.vibration_z, float(clipped))


def _trigger(message: Any) -> Values:
    return (float(message.seq),)


def _feedback(message: Any) -> Values:
    return (float(message.img_idx), float(message.flags))


def layout(
    stream: str,
    *columns: str,
    kind: SensorKind = "autopilot",
    unit: str = "1",
    clock: str = "boot",
    is_irregular: bool = False,
) -> Layout:
    """Return the layout of a stream of the autopilot."""
    return Layout(
        stream=stream,
        sensor=Sensor(id=NAME, kind=kind, instrument="MAVLink autopilot", unit=unit),
        columns=columns,
        quantity="distance" if kind == "altimeter" else "state",
        device_clock=clock,
        irregular=is_irregular,
    )


_GPS_COLUMNS = (
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "altitude_above_sea_m",
    "fix_quality",
    "horizontal_error_m",
    "vertical_error_m",
    "hdop",
    "vdop",
    "satellites",
    "antenna_yaw_rad",
)
_RTK_COLUMNS = (
    "baseline_a_m",
    "baseline_b_m",
    "baseline_c_m",
    "accuracy_m",
    "hypotheses",
    "satellites",
    "health",
)
_POSITION = layout(
    "position",
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "height_above_home_m",
    "velocity_east_m_per_s",
    "velocity_north_m_per_s",
    "velocity_up_m_per_s",
    "heading_rad",
)
_ATTITUDE = layout(
    "attitude",
    "roll_rad",
    "pitch_rad",
    "yaw_rad",
    "roll_rate_rad_per_s",
    "pitch_rate_rad_per_s",
    "yaw_rate_rad_per_s",
)
_LOCAL = layout(
    "local",
    "local_east_m",
    "local_north_m",
    "local_up_m",
    "velocity_east_m_per_s",
    "velocity_north_m_per_s",
    "velocity_up_m_per_s",
)
_RANGE = layout("range", "distance_m", "in_range", "signal_quality", kind="altimeter", unit="m")
_RANGEFINDER = layout(
    "rangefinder", "distance_m", "in_range", "voltage_v", kind="altimeter", unit="m", clock=""
)
_TERRAIN = layout(
    "terrain",
    "terrain_above_sea_m",
    "height_above_terrain_m",
    "spacing_m",
    "blocks_pending",
    "blocks_loaded",
    clock="",
)
_ESTIMATOR = layout(
    "estimator",
    "flags",
    "velocity_variance",
    "horizontal_variance",
    "vertical_variance",
    "compass_variance",
    "terrain_variance",
    clock="",
)
_VIBRATION = layout(
    "vibration",
    "vibration_x_m_per_s2",
    "vibration_y_m_per_s2",
    "vibration_z_m_per_s2",
    "clipped_samples",
)

CLOCK: Final = layout("clock", "utc_known")
"""SYSTEM_TIME: the boot clock beside UTC."""
TIMESYNC: Final = layout("timesync", "clock_difference_s", is_irregular=True)
"""Answers to our own TIMESYNC requests; the exact stamps stand in the coordinates."""

READINGS: Final[dict[int, Reading]] = {
    0: Reading(layout("state", "armed", "mode", "system_status", clock=""), _state),
    24: Reading(layout("gps", *_GPS_COLUMNS, kind="gnss"), _gps, "time_usec"),
    30: Reading(_ATTITUDE, _attitude, "time_boot_ms"),
    32: Reading(_LOCAL, _local, "time_boot_ms"),
    33: Reading(_POSITION, _position, "time_boot_ms"),
    42: Reading(layout("mission", "waypoint", "mission_state", clock=""), _mission),
    46: Reading(layout("reached", "waypoint_reached", clock="", is_irregular=True), _reached),
    49: Reading(
        layout("origin", "origin_longitude_deg", "origin_latitude_deg", "origin_above_sea_m",
               clock="", is_irregular=True),
        _origin,
    ),
    112: Reading(layout("trigger", "image", is_irregular=True), _trigger, "time_usec"),
    124: Reading(layout("gps2", *_GPS_COLUMNS, kind="gnss"), _gps, "time_usec"),
    127: Reading(layout("rtk", *_RTK_COLUMNS, kind="gnss"), _rtk, "time_last_baseline_ms"),
    128: Reading(layout("rtk2", *_RTK_COLUMNS, kind="gnss"), _rtk, "time_last_baseline_ms"),
    132: Reading(_RANGE, _range, "time_boot_ms"),
    136: Reading(_TERRAIN, _terrain),
    173: Reading(_RANGEFINDER, _rangefinder),
    180: Reading(layout("photo", "image", "flags", is_irregular=True), _feedback, "time_usec"),
    193: Reading(_ESTIMATOR, _estimator),
    241: Reading(_VIBRATION, _vibration, "time_usec"),
}  # fmt: skip
"""By message number. SYSTEM_TIME (2), TIMESYNC (111) and texts (253) the decoder reads itself."""
