"""Distance along the line for every trace: from marks at known spacing, or from positions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]


def distance_from_marks(
    mark_trace: npt.ArrayLike,
    *,
    traces: int,
    mark_spacing_m: float,
    outside: Literal["undefined", "extend"] = "undefined",
) -> Values:
    """Return the distance of each trace, straight between marks (rubber-banding).

    Parameters
    ----------
    mark_trace
        Rows of the marks, rising; mark k is at k · `mark_spacing_m`.
    traces
        Number of traces of the line.
    mark_spacing_m
        Distance between marks in m.
    outside
        Before the first and after the last mark: ``"undefined"`` gives NaN, ``"extend"`` goes
        on at the pace of the nearest pair of marks.

    Returns
    -------
    Distance in m, float64, shape (traces,).

    Raises
    ------
    UsageError
        Fewer than two marks, marks that do not rise or lie outside of the line.

    Examples
    --------
    >>> distance_from_marks([1, 3], traces=5, mark_spacing_m=1.0)
    array([nan, 0. , 0.5, 1. , nan])
    >>> distance_from_marks([1, 3], traces=5, mark_spacing_m=1.0, outside="extend")
    array([-0.5,  0. ,  0.5,  1. ,  1.5])
    """
    marks = np.asarray(mark_trace, dtype=np.float64)
    if marks.ndim != 1 or marks.size < 2 or np.any(np.diff(marks) <= 0):
        msg = f"marks at traces {marks.tolist()}: give two or more, each after the one before"
        raise UsageError(msg)
    if marks[0] < 0 or marks[-1] > traces - 1 or not mark_spacing_m > 0.0:
        msg = (
            f"marks at traces {marks[0]} to {marks[-1]}, {mark_spacing_m} m apart: they must lie "
            f"in 0 to {traces - 1} and be more than 0 m apart"
        )
        raise UsageError(msg)
    row = np.arange(traces, dtype=np.float64)
    pair = np.clip(np.searchsorted(marks, row, side="right") - 1, 0, marks.size - 2)
    pace = mark_spacing_m / np.diff(marks)
    distance = pair * mark_spacing_m + (row - marks[pair]) * pace[pair]
    if outside == "undefined":
        distance[(row < marks[0]) | (row > marks[-1])] = np.nan
    return np.asarray(distance, dtype=np.float64)


def distance_from_positions(
    easting_m: npt.ArrayLike, northing_m: npt.ArrayLike, *, minimum_step_m: float = 0.0
) -> Values:
    """Return the length of the path travelled up to each trace.

    The path runs straight between anchors: the first known position, and then each one at
    least `minimum_step_m` from the anchor before. So the noise of a resting receiver does not
    grow into distance, and positions known only at some traces are joined by straight lines at
    even pace. After the last anchor the distance rests.

    Parameters
    ----------
    easting_m, northing_m
        Position of each trace in a plane, m; NaN where unknown.
    minimum_step_m
        About three times the noise of the positions.

    Returns
    -------
    Distance in m, float64, one per trace, never falling; NaN before the first known position.

    Examples
    --------
    >>> distance_from_positions([0.0, np.nan, 3.0], [0.0, np.nan, 4.0])
    array([0. , 2.5, 5. ])
    """
    easting = np.asarray(easting_m, dtype=np.float64)
    northing = np.asarray(northing_m, dtype=np.float64)
    if easting.ndim != 1 or easting.shape != northing.shape:
        msg = f"eastings {easting.shape} and northings {northing.shape} must be two equal lists"
        raise ShapeError(msg)
    if not minimum_step_m >= 0.0:
        msg = f"minimum_step_m is {minimum_step_m}; it must be 0 or more metres"
        raise UsageError(msg)
    known = np.flatnonzero(np.isfinite(easting) & np.isfinite(northing))
    if not known.size:
        return np.full(easting.size, np.nan)
    anchor, reached = _anchors(easting[known], northing[known], minimum_step_m)
    rows = np.arange(easting.size, dtype=np.float64)
    distance = np.interp(rows, known[anchor].astype(np.float64), reached)
    distance[: known[0]] = np.nan
    return np.asarray(distance, dtype=np.float64)


@njit
def _anchors(easting: Values, northing: Values, minimum_step_m: float) -> tuple[Counters, Values]:
    """Return which positions are anchors, and the length of the path at each."""
    rows, reached = np.zeros(easting.size, np.int64), np.zeros(easting.size)
    number = 1
    for i in range(1, easting.size):
        last = rows[number - 1]
        step = np.hypot(easting[i] - easting[last], northing[i] - northing[last])
        if step >= minimum_step_m:
            rows[number] = i
            reached[number] = reached[number - 1] + step
            number += 1
    return rows[:number], reached[:number]


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
