"""What a scenario says of the site, the flight and the wind."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from detectkit.core import UsageError
from detectkit.sim._checks import (
    require_ascending,
    require_at_least_one,
    require_not_negative,
    require_positive,
)

TRACK_COLUMNS = ("along_m", "across_m", "height_m", "speed_m_per_s")
FEWEST = 2
NEAREST_M = 0.05
NARROWEST_M = 0.3
"""Where a single lane is flown, layouts are drawn in a strip of that width."""


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
    """A survey: take-off, lanes there and back (or along waypoints), landing.

    Parameters
    ----------
    lanes, lane_length_m, lane_spacing_m
        Number of lanes, their length, and the distance of neighbours.
    waypoints
        Instead of lanes, where to fly: along, across, and for a waypoint of its own the height and
        the speed to it, 0 for the usual ones. Legs that go on within 10 degrees are one lane.
    track_file
        Name of a CSV file beside the scenario that holds the waypoints: columns ``along_m``,
        ``across_m`` and, where wanted, ``height_m`` and ``speed_m_per_s``.
    lane_speeds_m_per_s
        Speed of each lane, over again when they are used up; without them all alike.
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

    lanes: int = 0
    lane_length_m: float = 0.0
    lane_spacing_m: float = 0.0
    height_m: float = 0.0
    passes: int = 1
    standing_height_m: float = 0.6
    speed_m_per_s: float = 1.0
    climb_m_per_s: float = 0.5
    run_in_m: float = 0.5
    turn_s: float = 2.5
    ground_s: float = 2.0
    waypoints: tuple[tuple[float, ...], ...] = ()
    lane_speeds_m_per_s: tuple[float, ...] = ()
    track_file: str = ""

    def __post_init__(self) -> None:
        if self.waypoints:
            self._require_waypoints()
        elif not self.track_file:
            require_at_least_one(self, "lanes")
            require_positive(self, "lane_length_m", "lane_spacing_m")
        require_at_least_one(self, "passes")
        require_positive(
            self, "standing_height_m", "speed_m_per_s", "climb_m_per_s", "turn_s", "ground_s"
        )
        require_not_negative(self, "run_in_m")
        if any(one <= 0.0 for one in self.lane_speeds_m_per_s):
            msg = (
                f"scenario: lane_speeds_m_per_s = {list(self.lane_speeds_m_per_s)}; give more "
                "than 0 for each"
            )
            raise UsageError(msg)
        if self.height_m <= self.standing_height_m:
            msg = (
                f"scenario: height_m = {self.height_m} is not above standing_height_m = "
                f"{self.standing_height_m}; both are of the vehicle's reference point"
            )
            raise UsageError(msg)

    def _require_waypoints(self) -> None:
        if self.lanes or self.lane_speeds_m_per_s or self.passes != 1:
            msg = (
                "scenario: waypoints and lanes, lane_speeds_m_per_s or passes; give waypoints "
                "alone: [along, across, height, speed]"
            )
            raise UsageError(msg)
        if len(self.waypoints) < FEWEST:
            msg = f"scenario: {len(self.waypoints)} waypoint; give {FEWEST} or more"
            raise UsageError(msg)
        for number, one in enumerate(self.waypoints, start=1):
            fits = 2 <= len(one) <= len(TRACK_COLUMNS)
            low = len(one) > 2 and one[2] != 0.0 and one[2] <= self.standing_height_m
            if not fits or low or min(one[2:], default=0.0) < 0.0:
                msg = (
                    f"scenario: waypoint {number} is {list(one)}; give along, across, and if need "
                    f"be height (over standing_height_m = {self.standing_height_m}) and speed in "
                    "m and m/s, 0 for the usual"
                )
                raise UsageError(msg)
        for number, (one, other) in enumerate(pairwise(self.waypoints), start=1):
            if math.dist(one[:2], other[:2]) < NEAREST_M:
                msg = (
                    f"scenario: waypoints {number} and {number + 1} are at one place, "
                    f"{list(one[:2])}; leave one out"
                )
                raise UsageError(msg)

    def area_m(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the area under the lanes: along from and to, across from and to."""
        if self.waypoints:
            rows = list(zip(*(one[:2] for one in self.waypoints), strict=True))
            low, high = [min(one) for one in rows], [max(one) for one in rows]
        else:
            low, high = [0.0, 0.0], [self.lane_length_m, (self.lanes - 1) * self.lane_spacing_m]
        if high[1] - low[1] < NARROWEST_M:
            middle = 0.5 * (low[1] + high[1])
            low[1], high[1] = middle - 0.5 * NARROWEST_M, middle + 0.5 * NARROWEST_M
        return (low[0], high[0]), (low[1], high[1])


def waypoints_of(text: str, *, where: str) -> tuple[tuple[float, ...], ...]:
    r"""Return the waypoints of a CSV file.

    Parameters
    ----------
    text
        With a first line that names the columns, see `Flight`.
    where
        Name of the file, for errors.

    Raises
    ------
    UsageError
        A column that is missing or unknown, a value that is no number; names the line.

    Examples
    --------
    >>> waypoints_of("along_m,across_m\n0,0\n5,1\n", where="track.csv")
    ((0.0, 0.0), (5.0, 1.0))
    """
    rows = list(csv.reader(text.splitlines()))
    names = [one.strip() for one in rows[0]] if rows else []
    unknown = [one for one in names if one not in TRACK_COLUMNS]
    if unknown or not {*TRACK_COLUMNS[:2]} <= {*names}:
        msg = (
            f"{where}: columns {', '.join(names) or 'none'}; give {', '.join(TRACK_COLUMNS)}, "
            "the first two always"
        )
        raise UsageError(msg)
    wanted = [one for one in TRACK_COLUMNS if one in names or one == TRACK_COLUMNS[2]]
    kept = wanted if len(names) > 2 else wanted[:2]
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        try:
            values = dict(zip(names, (float(one) for one in row), strict=True))
        except ValueError as error:
            msg = f"{where}, line {line}: {','.join(row)!r}: give {len(names)} numbers"
            raise UsageError(msg) from error
        found.append(tuple(values.get(one, 0.0) for one in kept))
    return tuple(found)


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
