"""The ground's surface along a line, from an altimeter and from the radar's own reflection.

Both measure the antennas' height over the ground. The altimeter is always there or nearly so, but
jagged by centimetres and off by a constant; the reflection is true to millimetres, but is lost at
times and jumps by half a cycle. Two estimators put them together:

- `altimeter_offset`: how far the altimeter stands off the reflection, as a random walk along the
  line by a Kalman filter with clipped innovations, so that it can stand in where the reflection is
  lost (Masreliez and Martin 1977, "Robust Bayesian estimation for the linear model").
- `smooth_line`: a straight line through the values within some length, with weights that fall with
  the distance (tricube), with each sensor's error, and with the residual (Tukey's biweight), so
  that what disagrees is left out: locally weighted regression (Cleveland 1979, "Robust locally
  weighted regression").

Neighbouring traces see the same clods and the same altimeter sample, so their errors are alike; a
length of correlation says over which distance, and the error of the line counts only what is
independent. Every value depends on its own window alone: cutting the line changes no bit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ROUNDS = 4
TUKEY = 4.685
CLIP = 2.0
WALK_M_PER_SQRT_M = 0.002
PRIOR_ROWS = 4.0
"""So many independent values the stated errors weigh against the scatter that is seen."""


class Smoothed(NamedTuple):
    """A smoothed quantity: its level, slope per metre, one standard deviation, values left out.

    All shape (rows,). `level` and `error` are NaN where the window holds too little; `slope`
    likewise. `rejected` counts the row's own values that disagree with the line. `leverage` is
    the share, by sensor, that its values have in the level, (rows, sensors).
    """

    level: Values
    slope: Values
    error: Values
    slope_error: Values
    rejected: Integers
    leverage: Values


class OffsetState(NamedTuple):
    """All that `altimeter_offset` carries: place of the last row, offset and variance."""

    along_m: float
    offset_m: float
    variance_m2: float


def altimeter_offset(
    along_m: Values,
    heights_m: Values,
    errors_m: Values,
    *,
    correlated_m: float,
    state: OffsetState,
) -> tuple[Values, Values, OffsetState]:
    """Return by how much the altimeter stands over the reflection, as known up to each row.

    Parameters
    ----------
    along_m
        (rows,) never falling.
    heights_m, errors_m
        (rows, 2): altimeter, reflection; NaN where there is none.
    correlated_m
        Distance over which errors are alike.
    state
        ``OffsetState(nan, 0, bias²)`` at the line's start, else what the last call returned.

    Returns
    -------
        Offset (rows,), its standard deviation (rows,), and the state.
    """
    _check_columns(along_m, heights_m, errors_m)
    offset, error = np.empty(along_m.size), np.empty(along_m.size)
    plain = (float(state.along_m), float(state.offset_m), float(state.variance_m2))
    end = _offsets(along_m, heights_m, errors_m, float(correlated_m), plain, offset, error)
    return offset, error, OffsetState(*end)


def smooth_line(
    along_m: Values,
    values: Values,
    errors: Values,
    bounds: Integers,
    *,
    rows: tuple[int, int],
    half_m: float,
    correlated_m: float,
) -> Smoothed:
    """Return a robust straight line around each of some rows.

    Parameters
    ----------
    along_m
        (n,) where each row is, never falling.
    values, errors
        (n, sensors) what each sensor says there, and its stated standard deviation; NaN where it
        says nothing.
    bounds
        (stop - start, 2) first row of the window and the row behind its last, of each row.
    rows
        Start and stop of the rows to answer.
    half_m
        Half the window's length; values farther away do not count.
    correlated_m
        Distance over which the errors of one sensor are alike.

    Examples
    --------
    >>> along = np.arange(40) * 0.02
    >>> jagged = (1.0 + 0.1 * along + 0.01 * (-1.0) ** np.arange(40))[:, np.newaxis]
    >>> jagged[20] += 0.5
    >>> window = window_rows(along, rows=(20, 21), half_m=0.25, most=100)
    >>> told = smooth_line(along, jagged, np.full((40, 1), 0.01), window, rows=(20, 21),
    ...                    half_m=0.25, correlated_m=0.02)
    >>> told.level.round(2), told.rejected
    (array([1.04]), array([1]))
    """
    _check_columns(along_m, values, errors)
    if not (half_m > 0.0 and correlated_m >= 0.0):
        msg = f"half_m = {half_m}, correlated_m = {correlated_m}: above 0, and 0 or more"
        raise UsageError(msg)
    count, sensors = rows[1] - rows[0], values.shape[1]
    lines, rejected = np.full((4, count), np.nan), np.zeros(count, np.int64)
    leverage = np.zeros((count, sensors))
    settings = (int(rows[0]), float(half_m), float(correlated_m))
    _smooth(along_m, values, errors, bounds, settings, lines, rejected, leverage)
    return Smoothed(lines[0], lines[1], lines[2], lines[3], rejected, leverage)


def window_rows(along_m: Values, *, rows: tuple[int, int], half_m: float, most: int) -> Integers:
    """Return, for each of some rows, the rows within `half_m` of it, at most `most` to a side.

    Shape (stop - start, 2): first, and behind the last.
    """
    own = np.arange(*rows)
    first = np.searchsorted(along_m, along_m[own] - half_m, side="left")
    behind = np.searchsorted(along_m, along_m[own] + half_m, side="right")
    return np.column_stack([np.maximum(first, own - most), np.minimum(behind, own + most + 1)])


def _check_columns(along_m: Values, values: Values, errors: Values) -> None:
    if values.ndim != 2 or values.shape != errors.shape or values.shape[:1] != along_m.shape:
        msg = (
            f"values {values.shape}, errors {errors.shape}, places {along_m.shape}: give (rows, "
            "sensors) twice and (rows,)"
        )
        raise ShapeError(msg)


@njit
def _offsets(
    along: Values,
    heights: Values,
    errors: Values,
    correlated: float,
    state: tuple[float, float, float],
    offset: Values,
    error: Values,
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    place, mean, variance = state
    for row in range(along.size):
        step = 0.0 if math.isnan(place) else max(along[row] - place, 0.0)
        place = along[row]
        variance += WALK_M_PER_SQRT_M**2 * step
        told = heights[row, 0] - heights[row, 1]
        if step > 0.0 and not math.isnan(told):
            single = errors[row, 0] ** 2 + errors[row, 1] ** 2
            reach = CLIP * math.sqrt(variance + single)
            surprise = min(max(told - mean, -reach), reach)
            gain = variance / (variance + single * max(1.0, correlated / step))
            mean += gain * surprise
            variance *= 1.0 - gain
        offset[row], error[row] = mean, math.sqrt(variance)
    return place, mean, variance


@njit
def _smooth(
    along: Values,
    values: Values,
    errors: Values,
    bounds: Integers,
    settings: tuple[int, float, float],
    lines: Values,
    rejected: Integers,
    leverage: Values,
) -> None:  # pragma: no cover - compiled
    start, half, correlated = settings
    level, slope, error, slope_error = lines[0], lines[1], lines[2], lines[3]
    sensors = values.shape[1]
    longest = 0
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    away, value = np.empty(longest * sensors), np.empty(longest * sensors)
    sigma, weight = np.empty(longest * sensors), np.empty(longest * sensors)
    rest, whose = np.empty(longest * sensors), np.empty(longest * sensors, np.int64)
    for k in range(bounds.shape[0]):
        row = start + k
        count = 0
        for other in range(bounds[k, 0], bounds[k, 1]):
            for sensor in range(sensors):
                if not (math.isnan(values[other, sensor]) or math.isnan(errors[other, sensor])):
                    away[count] = (along[other] - along[row]) / half
                    value[count] = values[other, sensor]
                    sigma[count] = errors[other, sensor]
                    whose[count] = sensor
                    count += 1
        if count < 3:
            continue
        near = (away[:count], value[:count], sigma[:count])
        line = _robust_line(near, weight[:count], rest[:count])
        if math.isnan(line[0]):
            continue
        level[k], slope[k] = line[0], line[1] / half
        told = _errors(near, weight[:count], whose[:count], line, correlated / half, leverage[k])
        error[k], slope_error[k] = told[0], told[1] / half
        for sensor in range(sensors):
            surprise = abs(values[row, sensor] - line[0]) / errors[row, sensor]
            if surprise >= TUKEY * line[2]:
                rejected[k] += 1


@njit
def _robust_line(
    near: tuple[Values, Values, Values], weight: Values, rest: Values
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Return level and slope at 0 and the scale of the residuals in stated errors."""
    away, value, sigma = near
    # The start is the median of the more exact half, so that a jump of a part of it does not lead.
    middle, slope = float(np.median(value[sigma <= np.median(sigma)])), 0.0
    scale = 1.0
    for _ in range(ROUNDS):
        for i in range(value.size):
            rest[i] = abs(value[i] - middle - slope * away[i]) / sigma[i]
        scale = max(1.4826 * float(np.median(rest)), 1.0)
        total, first, second, moment, cross = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(value.size):
            share = 1.0 - min(abs(away[i]), 1.0) ** 3
            bent = 1.0 - min(rest[i] / (TUKEY * scale), 1.0) ** 2
            weight[i] = share**3 * bent**2 / sigma[i] ** 2
            total += weight[i]
            first += weight[i] * away[i]
            second += weight[i] * away[i] ** 2
            moment += weight[i] * value[i]
            cross += weight[i] * away[i] * value[i]
        determinant = total * second - first * first
        if not determinant > 1e-9 * total * total:
            return np.nan, np.nan, scale
        middle = (second * moment - first * cross) / determinant
        slope = (total * cross - first * moment) / determinant
    return middle, slope, scale


@njit
def _errors(
    near: tuple[Values, Values, Values],
    weight: Values,
    whose: Integers,
    line: tuple[float, float, float],
    correlated: float,
    leverage: Values,
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Return the standard deviations of level and slope; fill in the sensors' leverage."""
    away, value, sigma = near
    total, first, second = 0.0, 0.0, 0.0
    for i in range(away.size):
        total += weight[i]
        first += weight[i] * away[i]
        second += weight[i] * away[i] ** 2
    determinant = total * second - first * first
    span = max(away.max() - away.min(), 1e-9)
    numbers = np.zeros(leverage.size)
    for i in range(away.size):
        numbers[whose[i]] += 1.0
    of_level, of_slope, squares, kept = 0.0, 0.0, 0.0, 0.0
    for i in range(away.size):
        alike = max(1.0, numbers[whose[i]] * correlated / span)
        pull = weight[i] * (second - first * away[i]) / determinant
        turn = weight[i] * (total * away[i] - first) / determinant
        leverage[whose[i]] += pull
        of_level += pull**2 * sigma[i] ** 2 * alike
        of_slope += turn**2 * sigma[i] ** 2 * alike
        used = weight[i] * sigma[i] ** 2 / alike
        squares += used * ((value[i] - line[0] - line[1] * away[i]) / sigma[i]) ** 2
        kept += used
    scatter = (squares + PRIOR_ROWS) / (kept + PRIOR_ROWS)
    return math.sqrt(scatter * of_level), math.sqrt(scatter * of_slope)
