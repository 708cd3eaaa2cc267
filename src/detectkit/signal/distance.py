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
