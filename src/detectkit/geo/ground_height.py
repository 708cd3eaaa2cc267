"""Height above the ground from a tilted altimeter with spikes, or from a table of the terrain.

The altimeter measures along the airframe's down axis; over level ground the height under it is
the distance times cos(roll) cos(pitch). Low flight knows two faults of altimeters: no echo, and
single wrong echoes well inside the range (grass, a wire, a double bounce). The first are left
out, the second are recognised by the median of the last samples (Hampel 1974).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError
from detectkit.geo._jit import jit
from detectkit.geo.attitude import between
from detectkit.geo.bracket import NOT_THERE, Table, bracket

Values = npt.NDArray[np.float64]

WINDOW = 5
SPIKE_SIGMA = 5.0
LEAST_SPIKE_M = 0.25
ALTIMETER_ERROR_M = 0.03
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class TerrainGrid:
    """Heights of the ground on a grid of degrees, read between its nodes by two lines.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Shape (columns,) and (rows,), rising, at least two each.
    up_m
        Shape (rows, columns), m in the datum of the positions; NaN where unknown.
    error_m
        One standard deviation of them.

    Examples
    --------
    >>> axis = np.array([0.0, 1.0])
    >>> TerrainGrid(axis, axis, np.array([[0.0, 1.0], [2.0, 3.0]])).at(
    ...     np.array([0.5]), np.array([0.5])
    ... )
    array([1.5])
    """

    longitude_deg: Values
    latitude_deg: Values
    up_m: Values
    error_m: float = 1.0

    def __post_init__(self) -> None:
        if self.up_m.shape != (self.latitude_deg.size, self.longitude_deg.size):
            msg = (
                f"terrain of shape {self.up_m.shape} on {self.latitude_deg.size} latitudes and "
                f"{self.longitude_deg.size} longitudes; it must be (latitudes, longitudes)"
            )
            raise ShapeError(msg)
        for axis in (self.longitude_deg, self.latitude_deg):
            if axis.size < 2 or not (np.diff(axis) > 0.0).all():
                msg = "the axes of a terrain must rise and have two nodes at least"
                raise UsageError(msg)

    def at(self, longitude_deg: Values, latitude_deg: Values) -> Values:
        """Return the height of the ground in m, shape as given; NaN outside of the grid."""
        column, right = _cell(self.longitude_deg, longitude_deg)
        row, upper = _cell(self.latitude_deg, latitude_deg)
        south = (1.0 - right) * self.up_m[row, column] + right * self.up_m[row, column + 1]
        north = (1.0 - right) * self.up_m[row + 1, column] + right * self.up_m[row + 1, column + 1]
        return np.asarray((1.0 - upper) * south + upper * north)


def _cell(axis: Values, at: Values) -> tuple[npt.NDArray[np.intp], Values]:
    """Return the cell of each place along an axis, and the share of it; NaN outside."""
    cell = np.clip(np.searchsorted(axis, at, side="right") - 1, 0, axis.size - 2)
    share = (at - axis[cell]) / (axis[cell + 1] - axis[cell])
    return cell, np.where((share >= 0.0) & (share <= 1.0), share, np.nan)


@jit
def level_height(
    time: int, heights: Table, attitudes: Table, longest_gap: int, window: Values
) -> tuple[float, float]:
    """Return the height under the altimeter at one time and its error in m; NaN where unknown.

    The two samples around the time must lie within `longest_gap`; the three before them help to
    tell a spike. `window`, shape (5,), keeps what neighbouring rows share; it begins with -1.
    """
    before, after, share = bracket(time, heights[0], longest_gap)
    if before < 0:
        return math.nan, math.nan
    if window[0] != after:
        _fill_window(after, heights, attitudes, longest_gap, window)
    middle, spread = window[3], window[4]
    low, high = window[2] if before == after else window[1], window[2]
    error = math.hypot(ALTIMETER_ERROR_M, spread)
    limit = max(SPIKE_SIGMA * spread, LEAST_SPIKE_M)
    if abs(low - middle) > limit or abs(high - middle) > limit:
        return middle, math.hypot(error, LEAST_SPIKE_M)
    return low + share * (high - low), error


@jit
def _fill_window(
    after: int, heights: Table, attitudes: Table, longest_gap: int, window: Values
) -> None:
    """Fill in: the newest sample, the two newest level heights, median and spread of the last."""
    times, distance = heights
    start = max(0, after - WINDOW + 1)
    while times[after] - times[start] > 2 * longest_gap:
        start += 1
    level = np.empty(after - start + 1)
    for at in range(start, after + 1):
        level[at - start] = distance[at, 0] * _upright(times[at], attitudes, longest_gap)
    window[0] = after
    window[1] = level[max(level.size - 2, 0)]
    window[2] = level[level.size - 1]
    window[3] = _median(level)
    window[4] = MAD_TO_SIGMA * _median(np.abs(level - window[3]))


@jit
def _median(few: Values) -> float:
    """Return the median of a handful of values, sorting them in place by insertion."""
    for at in range(1, few.size):
        value, to = few[at], at
        while to > 0 and few[to - 1] > value:
            few[to] = few[to - 1]
            to -= 1
        few[to] = value
    return float((few[(few.size - 1) // 2] + few[few.size // 2]) / 2.0)


@jit
def _upright(time: int, attitudes: Table, longest_gap: int) -> float:
    """Return cos(roll) cos(pitch) at a time, past the ends that of the nearest sample; else 1."""
    times, angles = attitudes
    if times.size == 0:
        return 1.0
    before, after, share = bracket(time, times, longest_gap)
    if before < 0:
        before = times.size - 1 if before == -NOT_THERE else 0
        after = before
        if abs(times[before] - time) > longest_gap:
            return 1.0
    roll = between(float(angles[before, 0]), float(angles[after, 0]), share)
    pitch = between(float(angles[before, 1]), float(angles[after, 1]), share)
    return math.cos(roll) * math.cos(pitch)
