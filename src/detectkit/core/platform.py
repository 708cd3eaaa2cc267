"""The columns by which the state of the vehicle is told to those who stand in for instruments."""

from __future__ import annotations

PLATFORM_COLUMNS = (
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "height_m",
    "velocity_east_m_per_s",
    "velocity_north_m_per_s",
    "velocity_up_m_per_s",
    "roll_rad",
    "pitch_rad",
    "yaw_rad",
    "fix_quality",
    "horizontal_error_m",
    "vertical_error_m",
    "waypoint",
    "armed",
)
"""What a twin of a receiver or an autopilot is told; `fix_quality` as NMEA GGA counts, `up_m` over
the ellipsoid, `height_m` over the ground."""
