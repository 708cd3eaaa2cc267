"""Straight lines through what wavers: heights that grass spoils, positions that a float fix spoils.

Both are local linear regressions around each row, over the rows of a window that is given by its
bounds. A value depends on its own window alone, so cutting the line changes no bit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

UPPER = 0.9
"""How much heavier a value above the line is than one below it: 9 to 1."""
BEND = 2.0
"""Beyond so many errors a value pulls no stronger, only farther."""
ROUNDS = 60
FEWEST = 3


def window_bounds(key: Values, *, rows: tuple[int, int], half: float, most: int) -> Integers:
    """Return, for each of some rows, the rows whose key is within `half`, `most` to a side.

    Parameters
    ----------
    key
        (n,) place or time of each row, never falling.
    rows
        Start and stop of the rows to answer.

    Returns
    -------
        (stop - start, 2): the first row of the window, and the one behind its last.

    Examples
    --------
    >>> window_bounds(np.arange(5.0), rows=(1, 3), half=1.0, most=9)
    array([[0, 3],
           [1, 4]])
    """
    own = np.arange(*rows)
    first = np.searchsorted(key, key[own] - half, side="left")
    behind = np.searchsorted(key, key[own] + half, side="right")
    return np.column_stack([np.maximum(first, own - most), np.minimum(behind, own + most + 1)])


def upper_line(
    values: Values, key: Values, bounds: Integers, *, start: int, half: float, error: float
) -> Values:
    """Return the level, at each row, of the straight line along the top of its window's values.

    Of heights over grass the greatest are those of the ground. The line lies about one error above
    the middle of values that nothing spoils, and at it where half of them are too small.

    Parameters
    ----------
    values
        (n,) NaN where nothing is known.
    key
        (n,) as `window_bounds` took it.
    bounds
        (rows, 2) of each row to answer.
    start
        Number of the first row to answer.
    half
        Values as far as this in the key no longer count.
    error
        One standard deviation of a value that nothing spoils.

    Returns
    -------
        (rows,) NaN where the window holds fewer than `FEWEST` values.

    Notes
    -----
    M-quantile regression (Breckling and Chambers, Biometrika 75, 1988) of `UPPER` with Huber's
    bend, a straight line over the rows' numbers, weighted by tricube in the key (Cleveland, 1979).
    The loss is convex: the line does not jump where the values do not.

    Examples
    --------
    >>> heights = np.where(np.arange(40) % 2, 0.5, 0.3)  # every other row ends in the grass
    >>> key = 0.02 * np.arange(40)
    >>> window = window_bounds(key, rows=(20, 21), half=0.3, most=40)
    >>> upper_line(heights, key, window, start=20, half=0.3, error=0.02).round(3)
    array([0.496])
    """
    if values.shape != key.shape:
        msg = f"values {values.shape}, key {key.shape}: they must be one for each row"
        raise ShapeError(msg)
    level = np.full(len(bounds), np.nan)
    _upper(values, key, bounds, start, half, error, level)
    return level


class Moving(NamedTuple):
    """Where something that moves is, and how it moves: each (rows, columns), NaN where unknown."""

    place: Values
    velocity: Values


def moving_line(
    places: Values, errors: Values, key: Values, bounds: Integers, *, start: int, halves: Values
) -> Moving:
    """Return, at each row, the straight and even course through the places of its window.

    Parameters
    ----------
    places
        (n, columns) e.g. east and north; NaN where not known.
    errors
        (n,) one standard deviation of a place.
    key
        (n,) time of each row, never falling.
    bounds, start
        As for `upper_line`.
    halves
        (rows,) half of each row's window; places as far as this no longer count.

    Notes
    -----
    Locally weighted straight line over the key (Cleveland, 1979), weights tricube in the key and
    inverse to the squared error.

    Examples
    --------
    >>> key = np.arange(9.0)
    >>> places = np.column_stack([2.0 * key, 0.0 * key])
    >>> window = window_bounds(key, rows=(4, 5), half=3.0, most=9)
    >>> told = moving_line(places, np.ones(9), key, window, start=4, halves=np.array([3.0]))
    >>> told.place.round(6), told.velocity.round(6)
    (array([[8., 0.]]), array([[2., 0.]]))
    """
    if len(places) != key.size or errors.shape != key.shape:
        msg = f"places {places.shape}, errors {errors.shape}, key {key.shape}: one for each row"
        raise ShapeError(msg)
    place = np.full((len(bounds), places.shape[1]), np.nan)
    velocity = np.full_like(place, np.nan)
    _moving(places, errors, key, bounds, start, halves, place, velocity)
    return Moving(place, velocity)


def median_near(values: Values, *, rows: tuple[int, int], reach: int) -> Values:
    """Return, for some rows, the median of the values at most `reach` rows away.

    Parameters
    ----------
    values
        (n,) NaN where nothing is known.
    rows
        Start and stop of the rows to answer.

    Returns
    -------
        (stop - start,) NaN where nothing near is known. Of an even number, the lower of the middle
        two: always a value that is there.

    Examples
    --------
    >>> median_near(np.array([1.0, 9.0, 2.0, 2.0]), rows=(0, 3), reach=1)
    array([1., 2., 2.])
    """
    start, stop = rows
    around = np.full(stop - start + 2 * reach, np.nan)
    first = start - reach
    low, high = max(first, 0), min(stop + reach, len(values))
    around[low - first : high - first] = values[low:high]
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(around, 2 * reach + 1), axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    return np.asarray(ordered[np.arange(stop - start), np.maximum(known - 1, 0) // 2])


@njit
def _upper(
    values: Values,
    key: Values,
    bounds: Integers,
    start: int,
    half: float,
    error: float,
    level: Values,
) -> None:  # pragma: no cover - compiled
    longest = 1
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    away, value, share = np.empty(longest), np.empty(longest), np.empty(longest)
    for k in range(bounds.shape[0]):
        row, count = start + k, 0
        for other in range(bounds[k, 0], bounds[k, 1]):
            if not math.isnan(values[other]):
                away[count] = other - row
                value[count] = values[other]
                near = abs(key[other] - key[row]) / half
                share[count] = max(1.0 - near**3, 1e-3) ** 3
                count += 1
        if count >= FEWEST:
            level[k] = _top(away[:count], value[:count], share[:count], error)


@njit
def _top(
    away: Values, value: Values, share: Values, error: float
) -> float:  # pragma: no cover - compiled
    """Return the level at 0 of the line along the upper values."""
    middle: float = value.mean()
    slope = 0.0
    for _ in range(ROUNDS):
        total, first, second, moment, cross = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(value.size):
            rest = value[i] - middle - slope * away[i]
            side = UPPER if rest >= 0.0 else 1.0 - UPPER
            weight = share[i] * side * min(1.0, BEND * error / max(abs(rest), 1e-12))
            total += weight
            first += weight * away[i]
            second += weight * away[i] ** 2
            moment += weight * value[i]
            cross += weight * away[i] * value[i]
        determinant = total * second - first * first
        before = middle
        if determinant > 1e-9 * total * second:
            middle = (second * moment - first * cross) / determinant
            slope = (total * cross - first * moment) / determinant
        else:
            middle, slope = moment / total, 0.0
        if abs(middle - before) < 1e-3 * error:
            break
    return middle


@njit
def _moving(
    places: Values,
    errors: Values,
    key: Values,
    bounds: Integers,
    start: int,
    halves: Values,
    place: Values,
    velocity: Values,
) -> None:  # pragma: no cover - compiled
    columns = places.shape[1]
    moment, cross = np.empty(columns), np.empty(columns)
    for k in range(bounds.shape[0]):
        row = start + k
        total, first, second = 0.0, 0.0, 0.0
        moment[:], cross[:] = 0.0, 0.0
        for other in range(bounds[k, 0], bounds[k, 1]):
            if math.isnan(places[other].sum()):
                continue
            away = key[other] - key[row]
            share = max(1.0 - min(abs(away) / halves[k], 1.0) ** 3, 1e-3) ** 3
            weight = share / errors[other] ** 2
            total += weight
            first += weight * away
            second += weight * away**2
            for column in range(columns):
                # Counted from the row's own place: no digits are lost far from the origin.
                moved = places[other, column] - places[row, column]
                moment[column] += weight * moved
                cross[column] += weight * away * moved
        if not total > 0.0:
            continue
        determinant = total * second - first * first
        for column in range(columns):
            own = places[row, column]
            if determinant > 1e-9 * total * second:
                place[k, column] = (
                    own + (second * moment[column] - first * cross[column]) / determinant
                )
                velocity[k, column] = (total * cross[column] - first * moment[column]) / determinant
            else:
                place[k, column], velocity[k, column] = own + moment[column] / total, 0.0
