"""Length of a path, told position by position."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]


class Odometer:
    """Length of a path that is told position by position; never falling, nothing held back.

    The path grows when a position is at least `minimum_step_m` from where it last grew, and
    then by the straight distance; before, it rests.

    Parameters
    ----------
    minimum_step_m
        About three times the noise of the positions.

    Examples
    --------
    >>> odometer = Odometer(minimum_step_m=1.0)
    >>> odometer.push(np.array([0.0, 0.6, 3.0]), np.array([0.0, 0.0, 4.0]))
    array([0., 0., 5.])
    """

    def __init__(self, *, minimum_step_m: float) -> None:
        self._minimum_step_m = minimum_step_m
        self._anchor = np.array([np.nan, np.nan, 0.0])

    def push(self, easting_m: Values, northing_m: Values) -> Values:
        """Return the path's length at each position in m; NaN where the position is NaN."""
        return _travel(easting_m, northing_m, self._anchor, self._minimum_step_m)


class CourseOdometer:
    """Distance gained along a course, told place by place with its velocity; never falling.

    Progress is signed: what wavers to and fro along the course or across it adds nothing up.

    Parameters
    ----------
    minimum_step_m
        Progress changes when a place is at least this far from where it last changed.

    Examples
    --------
    >>> odometer = CourseOdometer(minimum_step_m=0.1)
    >>> places = np.array([[0.0, 0.0], [2.0, 1.0], [1.0, -1.0], [4.0, 0.0]])
    >>> odometer.push(places, np.tile([1.0, 0.0], (4, 1)))
    array([0., 2., 2., 4.])
    """

    def __init__(self, *, minimum_step_m: float) -> None:
        self._minimum_step_m = minimum_step_m
        self._anchor = np.array([np.nan, np.nan, 0.0, 0.0])

    def push(self, place_m: Values, velocity_m_per_s: Values) -> Values:
        """Return the distance at each place, (rows, 2) east and north, in m; NaN where NaN."""
        return _progress(place_m, velocity_m_per_s, self._anchor, self._minimum_step_m)


@njit
def _progress(
    place: Values, velocity: Values, anchor: Values, minimum_step_m: float
) -> Values:  # pragma: no cover - compiled
    """Update `anchor` (easting, northing, progress, distance so far) in place."""
    distance = np.full(place.shape[0], np.nan)
    for i in range(place.shape[0]):
        if np.isnan(place[i, 0]) or np.isnan(place[i, 1]):
            continue
        if np.isnan(anchor[0]):
            anchor[0], anchor[1] = place[i, 0], place[i, 1]
        east, north = place[i, 0] - anchor[0], place[i, 1] - anchor[1]
        speed = np.hypot(velocity[i, 0], velocity[i, 1])
        if np.hypot(east, north) >= minimum_step_m and speed > 0.0:
            anchor[0], anchor[1] = place[i, 0], place[i, 1]
            anchor[2] += (east * velocity[i, 0] + north * velocity[i, 1]) / speed
            anchor[3] = max(anchor[3], anchor[2])
        distance[i] = anchor[3]
    return distance


@njit
def _travel(easting: Values, northing: Values, anchor: Values, minimum_step_m: float) -> Values:
    """Update `anchor` (easting, northing, length so far) in place."""
    length = np.full(easting.size, np.nan)
    for i in range(easting.size):
        if np.isnan(easting[i]) or np.isnan(northing[i]):
            continue
        step = np.hypot(easting[i] - anchor[0], northing[i] - anchor[1])
        if np.isnan(step):
            anchor[0], anchor[1] = easting[i], northing[i]
        elif step >= minimum_step_m:
            anchor[0], anchor[1], anchor[2] = easting[i], northing[i], anchor[2] + step
        length[i] = anchor[2]
    return length
