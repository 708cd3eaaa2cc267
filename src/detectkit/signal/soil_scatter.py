"""What a detector's channels do over soil: their level, spread and the direction the soil moves.

Metal is rare and large, soil and noise are everywhere. So level and spread of a window come from
that half of its rows that lie closest together; metal in the other half moves neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

SHRINKAGE = 1e-3
"""Share of its own variance added to every channel: keeps a scatter invertible."""
RESOLUTION = 2.0**-22
"""Of a channel's largest magnitude: nothing is told apart below a few steps of float32."""
CONCENTRATIONS = 4
"""Times that the closest half is chosen anew."""
SWEEPS = 8
SOIL_ERROR = 0.03
"""Of the soil's direction, in rad: what the soil moves is explained no better than this share."""
MOST_SOIL = 10.0
"""Deviations: what moves farther along the soil's direction is no longer thought to be soil."""
SOIL_LEADS = 10.0
"""Least ratio of the largest variance to the next that is taken for the soil's."""
LEAST_ROWS = 8
LEAST_ROWS_PER_CHANNEL = 2
NEAR = 4
"""Rows to each side whose soil counts too: it moves most where it turns from low to high."""
SHARED = 4
"""Rows that share one window: those of equal number divided by this."""


@dataclass(frozen=True, slots=True, eq=False)
class OverSoil:
    """Rows of a detector told apart; float64.

    Parameters
    ----------
    anomaly
        (rows,): what the soil's direction does not explain, in standard deviations; 0 or more. NaN
        where the window holds too few rows to tell.
    soil
        (rows,): the soil's part, in standard deviations of the window.
    spread
        (rows,): what of anything in the channels is one deviation, in their unit: the mean over all
        directions but the soil's.
    balanced
        (rows, channels): level and the soil's part taken off, in the channels' unit.
    """

    anomaly: Values
    soil: Values
    spread: Values
    balanced: Values


def over_soil(
    rows: npt.ArrayLike,
    *,
    first: int,
    span: tuple[int, int],
    window: tuple[int, int],
    direction: npt.ArrayLike = (),
    soil_error: float = SOIL_ERROR,
) -> OverSoil:
    """Return some of the rows told apart into level, soil and what is left.

    The level, scatter and soil direction of a row are those of the window around it. The scatter
    is that of the half of the rows with the least determinant, found by concentration steps from
    the rows nearest to the median, scaled so that the median distance is that of normal rows
    (Rousseeuw and Van Driessen, Technometrics 41, 1999). The soil's direction s is the scatter's
    first axis where that leads. With y a row without its level, p = s'y the soil's part, and λ, v
    variances and axes of the scatter without s, ``q = Σ (v'y)² / (λ + (e p)²)`` with d degrees of
    freedom (projection off the soil's direction as Druyts et al., 2009, do; the distance of what is
    left after Mahalanobis, 1936). e is the error of s, and p in it the farthest that the soil moves
    within `NEAR` rows, to at most `MOST_SOIL` deviations. The anomaly is
    ``sqrt(max(q - d + 1, 0))``: linear for large signals, and of normal tail for d = 1.

    Parameters
    ----------
    rows
        Shape (rows, channels), all those within reach.
    first
        Number of the first of `rows` in its run: `SHARED` rows have one window.
    span
        First row that is told apart, and the one behind the last.
    window
        Rows of the window behind and ahead; it shrinks at the ends.
    direction
        The soil's, one part per channel, where it was measured; none: learned.
    soil_error
        Of the soil's direction, in rad.

    Raises
    ------
    UsageError
        The direction does not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> soil = rng.normal(0.0, 50.0, 200)[:, None] * [1.0, -0.1, -0.3]
    >>> rows = soil + rng.normal(0.0, 1.0, (200, 3))
    >>> rows[100] += [0.0, 40.0, 0.0]
    >>> told = over_soil(rows, first=0, span=(0, 200), window=(200, 200))
    >>> int(told.anomaly.argmax()), bool(told.anomaly.max() > 10.0)
    (100, True)
    """
    values = np.ascontiguousarray(rows, dtype=np.float64)
    known = np.asarray(direction, np.float64)
    if known.size not in {0, values.shape[1]} or not np.isfinite(known).all():
        msg = f"a soil direction of {known.size} parts for {values.shape[1]} channels"
        raise UsageError(msg)
    length = float(np.sqrt((known**2).sum()))
    unit = known / length if length > 0.0 else np.zeros(0)
    return OverSoil(*_over_soil(values, unit, np.array([first, *span, *window]), soil_error))


@njit
def _over_soil(
    rows: Values, known: Values, places: Numbers, soil_error: float
) -> tuple[Values, Values, Values, Values]:
    first, start, stop, before, after = places
    channels = rows.shape[1]
    anomaly = np.full(stop - start, np.nan)
    soil, spread = anomaly.copy(), anomaly.copy()
    balanced = np.zeros((stop - start, channels))
    row = start
    while row < stop:
        begin = (first + row) // SHARED * SHARED - first
        low, high = max(0, begin - before), min(len(rows), begin + SHARED + after)
        window, end = rows[low:high], min(stop, begin + SHARED)
        if len(window) >= LEAST_ROWS + LEAST_ROWS_PER_CHANNEL * channels:
            centre, scatter = robust_scatter(window)
            variances, axes = _axes(scatter, known)
            for one in range(row, end):
                rest = rows[one] - centre
                part = _dot(axes[0], rest)
                soil[one - start] = part / np.sqrt(max(variances[0], 1e-300))
                most = min(
                    _farthest(
                        rows[max(low, one - NEAR) : min(high, one + NEAR + 1)], centre, axes[0]
                    ),
                    MOST_SOIL**2 * variances[0],
                )
                unsure = soil_error**2 * most
                squared, exact, degrees = 0.0, 0.0, 0
                for k in range(1, len(axes)):
                    if variances[k] > 0.0:
                        squared += _dot(axes[k], rest) ** 2 / (variances[k] + unsure)
                        exact += 1.0 / (variances[k] + unsure)
                        degrees += 1
                anomaly[one - start] = np.sqrt(max(squared - degrees + 1, 0.0))
                spread[one - start] = np.sqrt(degrees / exact)
                balanced[one - start] = rest - part * axes[0]
        row = end
    return anomaly, soil, spread, balanced


@njit
def _farthest(rows: Values, centre: Values, axis: Values) -> float:
    """Return the square of the farthest that the soil moves in some rows."""
    farthest = 0.0
    for row in range(len(rows)):
        farthest = max(farthest, _dot(axis, rows[row] - centre) ** 2)
    return farthest


@njit
def _axes(scatter: Values, known: Values) -> tuple[Values, Values]:
    """Return variances (1 + channels,) and axes (1 + channels, channels), the soil's first.

    Where no soil leads, its axis is 0. An axis of variance 0 is left out.
    """
    channels = len(scatter)
    variances, axes = np.zeros(channels + 1), np.zeros((channels + 1, channels))
    if channels > 1 and len(known):
        axes[0] = known
    elif channels > 1:
        found, turned = principal_axes(scatter)
        order = np.argsort(found)
        if found[order[-1]] > SOIL_LEADS * found[order[-2]]:
            axes[0] = turned[:, order[-1]]
    variances[0] = _dot(axes[0], _times(scatter, axes[0]))
    found, turned = principal_axes(_without(scatter, axes[0]))
    for k in range(channels):
        aside = np.abs(_dot(axes[0], turned[:, k].copy())) < 0.5
        variances[k + 1] = found[k] if aside else 0.0
        axes[k + 1] = turned[:, k]
    return variances, axes


@njit
def _without(scatter: Values, axis: Values) -> Values:
    """Return the scatter of what is left of rows without their part along a unit vector."""
    size = len(scatter)
    along = _times(scatter, axis)
    middle = _dot(axis, along)
    out = scatter.copy()
    for i in range(size):
        for j in range(size):
            out[i, j] += axis[i] * axis[j] * middle - axis[i] * along[j] - along[i] * axis[j]
    return out


@njit
def robust_scatter(window: Values) -> tuple[Values, Values]:
    """Return centre (channels,) and scatter (channels, channels) of the rows' closest half."""
    rows, channels = window.shape
    half = rows // 2
    centre, floor = np.zeros(channels), np.zeros(channels)
    distance, column = np.zeros(rows), np.zeros(rows)
    for one in range(channels):
        largest = 0.0
        for row in range(rows):
            column[row] = window[row, one]
            largest = max(largest, abs(column[row]))
        centre[one] = ranked(column, half)
        floor[one] = (RESOLUTION * largest) ** 2 + 1e-24
        for row in range(rows):
            column[row] = abs(window[row, one] - centre[one])
        spread = 1.4826 * ranked(column, half) + np.sqrt(floor[one])
        for row in range(rows):
            distance[row] += ((window[row, one] - centre[one]) / spread) ** 2
    scatter = np.zeros((channels, channels))
    for _ in range(CONCENTRATIONS):
        centre, scatter = _moments(window, distance, ranked(distance.copy(), half))
        for one in range(channels):
            scatter[one, one] += SHRINKAGE * scatter[one, one] + floor[one]
        inverse = inverse_of(scatter)
        for row in range(rows):
            rest = window[row] - centre
            distance[row] = _dot(rest, _times(inverse, rest))
    usual = channels * (1.0 - 2.0 / (9.0 * channels)) ** 3  # median of chi-square, Wilson-Hilferty
    return centre, scatter * max(ranked(distance, half) / usual, 1e-12)


@njit
def ranked(values: Values, rank: int) -> float:
    """Return the value of a rank, 0 the least; the order of the values is lost (Hoare, 1961)."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot, i, j = values[(low + high) // 2], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    found: float = values[rank]
    return found


@njit
def _moments(window: Values, distance: Values, farthest: float) -> tuple[Values, Values]:
    """Return mean and covariance of the rows within a distance, summed in their order."""
    rows, channels = window.shape
    mean, total = np.zeros(channels), 0
    for row in range(rows):
        if distance[row] <= farthest:
            mean += window[row]
            total += 1
    mean /= total
    scatter = np.zeros((channels, channels))
    for row in range(rows):
        if distance[row] <= farthest:
            for i in range(channels):
                for j in range(i + 1):
                    scatter[i, j] += (window[row, i] - mean[i]) * (window[row, j] - mean[j])
    for i in range(channels):
        for j in range(i + 1):
            scatter[i, j] /= total
            scatter[j, i] = scatter[i, j]
    return mean, scatter


@njit
def principal_axes(scatter: Values) -> tuple[Values, Values]:
    """Return variances (channels,) and axes (channels, channels), as columns, unordered.

    By Jacobi's rotations; the largest part of every axis is positive.
    """
    size = len(scatter)
    turned, axes = scatter.copy(), np.eye(size)
    for _ in range(SWEEPS):
        for p in range(size):
            for q in range(p + 1, size):
                _rotate(turned, axes, p, q)
    variances = np.zeros(size)
    for k in range(size):
        variances[k], strongest = max(turned[k, k], 0.0), 0.0
        for i in range(size):
            strongest = axes[i, k] if abs(axes[i, k]) > abs(strongest) else strongest
        if strongest < 0.0:
            axes[:, k] *= -1.0
    return variances, axes


@njit
def _rotate(turned: Values, axes: Values, p: int, q: int) -> None:
    """Turn axes p and q so that their covariance becomes 0."""
    if turned[p, q] == 0.0:
        return
    ratio = (turned[q, q] - turned[p, p]) / (2.0 * turned[p, q])
    tangent = 1.0 / (abs(ratio) + np.sqrt(ratio * ratio + 1.0))
    if ratio < 0.0:
        tangent = -tangent
    cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for k in range(len(turned)):
        at_p, at_q = turned[k, p], turned[k, q]
        turned[k, p], turned[k, q] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q
    for k in range(len(turned)):
        at_p, at_q = turned[p, k], turned[q, k]
        turned[p, k], turned[q, k] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q
    for k in range(len(turned)):
        at_p, at_q = axes[k, p], axes[k, q]
        axes[k, p], axes[k, q] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q


@njit
def inverse_of(scatter: Values) -> Values:
    """Return the inverse of a positive definite matrix (Gauss and Jordan: one order of sums).

    Without a choice of pivots, which a scatter does not need.
    """
    size = len(scatter)
    left, right = scatter.copy(), np.eye(size)
    for pivot in range(size):
        scale = 1.0 / max(left[pivot, pivot], 1e-15 * scatter[pivot, pivot])
        left[pivot] *= scale
        right[pivot] *= scale
        for other in range(size):
            if other != pivot:
                factor = left[other, pivot]
                left[other] -= factor * left[pivot]
                right[other] -= factor * right[pivot]
    return right


@njit
def _times(matrix: Values, vector: Values) -> Values:
    out = np.zeros(len(vector))
    for i in range(len(vector)):
        for j in range(len(vector)):
            out[i] += matrix[i, j] * vector[j]
    return out


@njit
def _dot(one: Values, other: Values) -> float:
    total = 0.0
    for i in range(len(one)):
        total += one[i] * other[i]
    return total
