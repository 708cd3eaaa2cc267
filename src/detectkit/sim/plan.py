"""What a scenario says of the site, the flight and the wind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detectkit.core import UsageError
from detectkit.sim._checks import (
    require_ascending,
    require_at_least_one,
    require_not_negative,
    require_positive,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where the survey lies; its origin is the start of the first lane.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Origin, WGS 84.
    up_m
        Height of the ground at the origin over the ellipsoid.
    heading_deg
        Direction of the first lane, clockwise from north. Further lanes lie to its right.
    start_time
        UTC at time 0 of the simulation.
    """

    longitude_deg: float
    latitude_deg: float
    start_time: datetime
    up_m: float = 0.0
    heading_deg: float = 0.0

    def __post_init__(self) -> None:
        if not (abs(self.longitude_deg) <= 180.0 and abs(self.latitude_deg) < 89.0):
            msg = (
                f"scenario: the site {self.longitude_deg}, {self.latitude_deg} is not a place; "
                "give longitude -180 to 180 and latitude -89 to 89 in degrees"
            )
            raise UsageError(msg)
        if self.start_time.tzinfo is None:
            msg = f"scenario: start_time = {self.start_time} has no zone; write e.g. ...T07:30:00Z"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Flight:
    """A lawn-mower survey: take-off, lanes there and back, landing.

    Parameters
    ----------
    lanes, lane_length_m, lane_spacing_m
        Number of lanes, their length, and the distance of neighbours.
    passes
        How often the pattern is flown, each time backwards from where the last one ended.
    height_m
        Of the vehicle's reference point over the ground; sensors hang below by their lever arms.
    standing_height_m
        Of the reference point when the vehicle stands on the ground.
    speed_m_per_s, climb_m_per_s
        Along lanes, and up and down.
    run_in_m
        Flown before and after each lane, so that the speed in the lane is even.
    turn_s
        Time for the turn to the next lane; the vehicle yaws by half a turn.
    ground_s
        Standing before arming and after disarming; half as long armed before take-off.
    """

    lanes: int
    lane_length_m: float
    lane_spacing_m: float
    height_m: float
    passes: int = 1
    standing_height_m: float = 0.6
    speed_m_per_s: float = 1.0
    climb_m_per_s: float = 0.5
    run_in_m: float = 0.5
    turn_s: float = 2.5
    ground_s: float = 2.0

    def __post_init__(self) -> None:
        require_at_least_one(self, "lanes", "passes")
        require_positive(
            self, "lane_length_m", "lane_spacing_m", "standing_height_m", "speed_m_per_s",
            "climb_m_per_s", "turn_s", "ground_s",
        )  # fmt: skip
        require_not_negative(self, "run_in_m")
        if self.height_m <= self.standing_height_m:
            msg = (
                f"scenario: height_m = {self.height_m} is not above standing_height_m = "
                f"{self.standing_height_m}; both are of the vehicle's reference point"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Wind:
    """How the vehicle departs from its plan; all are root mean squares, band-limited.

    Parameters
    ----------
    horizontal_m, vertical_m
        Jitter of the position by gusts, each axis.
    gust_band_hz
        Band of that jitter.
    height_error_m
        Slow error of the height that is held, beside the jitter.
    height_error_band_hz
        Band of that error.
    tilt_deg, yaw_deg
        Attitude jitter beside the lean that the accelerations need.
    """

    horizontal_m: float = 0.03
    vertical_m: float = 0.01
    gust_band_hz: tuple[float, float] = (0.1, 0.7)
    height_error_m: float = 0.03
    height_error_band_hz: tuple[float, float] = (0.02, 0.15)
    tilt_deg: float = 0.7
    yaw_deg: float = 1.0

    def __post_init__(self) -> None:
        require_not_negative(
            self, "horizontal_m", "vertical_m", "height_error_m", "tilt_deg", "yaw_deg"
        )
        require_ascending(self, "gust_band_hz", "height_error_band_hz")
