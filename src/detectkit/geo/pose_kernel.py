"""Where a sensor was at one time: between two positions and two attitudes, with its error.

Positions are joined by a straight line in the local east-north-up frame. Over the metres between
two fixes that line and the one in degrees are the same to some micrometres, so degrees are
interpolated, and metres turned into degrees by the ellipsoid's radii of curvature at the place
(Torge and Müller 2012, "Geodesy", section 4.1.3). Angles go the short way round, each by itself:
that is exact for one axis, and right to a hundredth of a degree for steps of 1 degree.

The horizontal variance is the sum of: the reported one; (speed · time error)²; (curvature)²,
half the acceleration of the last three fixes times the time to either; (level arm · yaw error)²
and (upright arm · tilt error)². The vertical one likewise, with (level arm · tilt error)².
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.geo._jit import jit
from detectkit.geo.attitude import Triple, between, turn
from detectkit.geo.bracket import Table, bracket, first_not_before
from detectkit.geo.ground_height import level_height

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Tables = tuple[Table, Table, Table, Table]
Settings = tuple[Triple, Triple, int, int]
Motion = tuple[float, float, float, float]

# rows of the answer
LON, LAT, UP, HEIGHT, HEIGHT_ERROR, HORIZONTAL, VERTICAL = 0, 1, 2, 3, 4, 5, 6
ROLL, PITCH, YAW, FIX, WAYPOINT, GROUND_UP = 7, 8, 9, 10, 11, 12
COLUMNS = 13
POSED = 0

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 6.694379990141317e-3
TILT_ERROR_RAD = math.radians(1.0)
YAW_ERROR_RAD = math.radians(2.0)
UNKNOWN_TILT_ERROR_RAD = math.radians(5.0)
COURSE_ERROR_RAD = math.radians(15.0)
COURSE_BASE_NS = 1_000_000_000
COURSE_LEAST_M = 0.3


@jit
def pose_rows(
    rows: Table, tables: Tables, settings: Settings, out: Values, reason: Integers
) -> None:
    """Fill `out` (COLUMNS, rows) and `reason` (rows,) for the times of a sensor."""
    times, errors = rows
    positions, attitudes, _, waypoints = tables
    lag, gap = settings[2], settings[3]
    window = np.full(5, -1.0)
    for row in range(times.size):
        time = times[row] - lag
        column = out[:, row]
        column[:] = np.nan
        reason[row] = _position(time, errors[row], positions, gap, column)
        before, after, share = bracket(time, attitudes[0], gap)
        if before >= 0:
            for axis in range(3):
                start, end = attitudes[1][before, axis], attitudes[1][after, axis]
                column[ROLL + axis] = between(start, end, share)
        _place_arms(time, tables, settings, window, column)
        latest = first_not_before(waypoints[0], time + 1) - 1
        if latest >= 0:
            column[WAYPOINT] = waypoints[1][latest, 0]


@jit
def _position(time: int, time_error: float, positions: Table, gap: int, column: Values) -> int:
    """Fill place, errors and fix of the antenna; return why not."""
    times, values = positions
    before, after, share = bracket(time, times, gap)
    if before < 0:
        return -before
    one, two = values[before], values[after]
    column[LON] = wrapped(one[0] + share * wrapped(two[0] - one[0]))
    column[LAT] = one[1] + share * (two[1] - one[1])
    column[UP] = one[2] + share * (two[2] - one[2])
    level, rise, level_bend, rise_bend = _motion(time, positions, before, after)
    here, there = _reported(one), _reported(two)
    level_error = here[0] + share * (there[0] - here[0])
    rise_error = here[1] + share * (there[1] - here[1])
    moved, climbed = level * time_error * 1e-9, rise * time_error * 1e-9
    column[HORIZONTAL] = math.sqrt(level_error**2 + moved**2 + level_bend**2)
    column[VERTICAL] = math.sqrt(rise_error**2 + climbed**2 + rise_bend**2)
    column[FIX] = _worse(one[5], two[5])
    return POSED


@jit
def _motion(time: int, positions: Table, before: int, after: int) -> Motion:
    """Return level speed, rate of climb (m/s), and what the straight line may miss (m) of each."""
    times, values = positions
    if before == after:
        before = max(before - 1, 0)
    if before == after:
        return 0.0, 0.0, 0.0, 0.0
    east, north, up, seconds = _step(times, values, before, after)
    level, rise = math.hypot(east, north) / seconds, up / seconds
    if math.isnan(rise):
        rise = 0.0
    if before == 0 or times[after] == time:
        return level, rise, 0.0, 0.0
    east_0, north_0, up_0, seconds_0 = _step(times, values, before - 1, before)
    middle = (seconds + seconds_0) / 2.0
    reach = (time - times[before]) * 1e-9 * ((times[after] - time) * 1e-9) / 2.0 / middle
    east_change = east / seconds - east_0 / seconds_0
    north_change = north / seconds - north_0 / seconds_0
    up_change = up / seconds - up_0 / seconds_0
    rise_bend = 0.0 if math.isnan(up_change) else abs(up_change) * reach
    return level, rise, math.hypot(east_change, north_change) * reach, rise_bend


@jit
def _step(times: Integers, values: Values, start: int, end: int) -> Motion:
    """Return metres east, north, up and the seconds between two positions."""
    one, two = values[start], values[end]
    east, north = metres_per_degree(one[1], one[2])
    seconds = (times[end] - times[start]) * 1e-9
    return wrapped(two[0] - one[0]) * east, (two[1] - one[1]) * north, two[2] - one[2], seconds


@jit
def metres_per_degree(latitude: float, up: float) -> tuple[float, float]:
    """Return the metres of one degree of longitude and of latitude at a place on WGS 84."""
    height = 0.0 if math.isnan(up) else up
    sine, cosine = math.sin(math.radians(latitude)), math.cos(math.radians(latitude))
    root = math.sqrt(1.0 - ECCENTRICITY_2 * sine * sine)
    across = SEMI_MAJOR_M / root
    along = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / root**3
    degree = math.pi / 180.0
    return (across + height) * max(cosine, 1e-9) * degree, (along + height) * degree


@jit
def wrapped(degrees: float) -> float:
    """Return an angle as -180 to 180 degrees; values in there stay as they are to the bit."""
    if -180.0 <= degrees <= 180.0:
        return degrees
    return (degrees + 180.0) % 360.0 - 180.0


@jit
def _reported(position: Values) -> tuple[float, float]:
    """Return horizontal and vertical error as reported, else by the quality of the fix."""
    quality = position[5]
    level = 2.5
    if quality == 2.0:
        level = 1.0
    elif quality == 4.0:
        level = 0.02
    elif quality == 5.0:
        level = 0.3
    elif quality == 6.0:
        level = 5.0
    upright = 1.7 * level
    if position[3] >= 0.0:
        level = position[3]
    if position[4] >= 0.0:
        upright = position[4]
    return level, upright


@jit
def _worse(one: float, two: float) -> float:
    """Return the worse of two fix qualities; of an unknown and a known one, the known."""
    if math.isnan(one) or _rank(two) > _rank(one):
        return two
    return one


@jit
def _rank(quality: float) -> float:
    if math.isnan(quality):
        return -1.0
    if quality == 4.0:
        return 0.0
    if quality == 5.0:
        return 1.0
    if 2.0 <= quality <= 3.0:
        return 2.0
    return 3.0 if quality == 1.0 else 4.0


@jit
def _course(time: int, positions: Table) -> float:
    """Return the course over ground of the last second, NaN where hardly anything moved."""
    times, values = positions
    end = min(first_not_before(times, time), times.size - 1)
    start = first_not_before(times, times[end] - COURSE_BASE_NS)
    if start == end:
        return np.nan
    east, north, _, _ = _step(times, values, start, end)
    return math.atan2(east, north) if math.hypot(east, north) >= COURSE_LEAST_M else np.nan


@jit
def _place_arms(
    time: int, tables: Tables, settings: Settings, window: Values, column: Values
) -> None:
    """Move from the antenna to the sensor; add what the arms do to the errors; the ground."""
    positions, attitudes, heights, _ = tables
    arm, altimeter, _, gap = settings
    roll, pitch, yaw = column[ROLL], column[PITCH], column[YAW]
    tilt_error, yaw_error = TILT_ERROR_RAD, YAW_ERROR_RAD
    placed = not math.isnan(column[LON])
    if math.isnan(yaw):
        tilt_error, yaw_error = UNKNOWN_TILT_ERROR_RAD, COURSE_ERROR_RAD
        roll, pitch = 0.0, 0.0
        yaw = _course(time, positions) if placed else np.nan
    if math.isnan(yaw):
        yaw_error = 1.0
        _, _, down = turn(arm, roll, pitch, 0.0)
        north, east = 0.0, 0.0
    else:
        north, east, down = turn(arm, roll, pitch, yaw)
    if placed:
        _move(north, east, down, column)
        level, upright = math.hypot(arm[0], arm[1]), abs(arm[2])
        turned = (level * yaw_error) ** 2 + (upright * tilt_error) ** 2
        column[HORIZONTAL] = math.sqrt(column[HORIZONTAL] ** 2 + turned)
        column[VERTICAL] = math.sqrt(column[VERTICAL] ** 2 + (level * tilt_error) ** 2)
    under, error = level_height(time, heights, attitudes, gap, window)
    _, _, altimeter_down = turn(altimeter, roll, pitch, 0.0)
    apart = math.hypot(altimeter[0] - arm[0], altimeter[1] - arm[1])
    tilted = under * tilt_error * (math.hypot(roll, pitch) + tilt_error / 2.0)
    column[HEIGHT] = under + altimeter_down - down
    column[HEIGHT_ERROR] = math.sqrt(error**2 + tilted**2 + (apart * tilt_error) ** 2)
    column[GROUND_UP] = column[UP] - column[HEIGHT]


@jit
def _move(north: float, east: float, down: float, column: Values) -> None:
    if north == 0.0 and east == 0.0 and down == 0.0:
        return
    east_degree, north_degree = metres_per_degree(column[LAT], column[UP])
    column[LON] = wrapped(column[LON] + east / east_degree)
    column[LAT] += north / north_degree
    column[UP] -= down
