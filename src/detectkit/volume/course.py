"""The course over ground of a line's traces, told by where they came from."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
STEP_M = 0.1
"""The course is that of the last stretch of at least this length: the noise of a position is not
a direction."""


class Course:
    """Follows one line; how its rows are cut into pushes changes nothing.

    Examples
    --------
    >>> course = Course()
    >>> course.push(np.array([0.0, 0.05, 0.1, 0.1]), np.array([0.0, 0.0, 0.0, 0.05])).round(3)
    array([  nan,   nan, 1.571, 1.571])
    """

    def __init__(self) -> None:
        self._from: tuple[float, float] | None = None
        self._course = math.nan

    def push(self, easting_m: Values, northing_m: Values) -> Values:
        """Return each row's course in rad from north, clockwise; NaN while it is not known."""
        out = np.empty(easting_m.size)
        places = zip(easting_m.tolist(), northing_m.tolist(), strict=True)
        for row, (east, north) in enumerate(places):
            if self._from is None:
                self._from = east, north
            step = east - self._from[0], north - self._from[1]
            if math.hypot(*step) >= STEP_M:
                self._course = math.atan2(*step)
                self._from = east, north
            out[row] = self._course
        return out
