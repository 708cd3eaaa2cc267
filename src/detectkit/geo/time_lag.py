"""A sensor's time lag from lines flown in opposite directions over the same ground.

A row stamped too late is put too far along the flight. Flown the other way, the same object is
put too far the other way: the two profiles of a line and of its opposite are apart by the sum of
the speeds times the lag. For a row of trial lags the profiles are put back to where they would
have been measured, and the lag is the one at which all pairs agree best: their correlation,
pooled so that passes over strong objects count most, refined by a parabola over its peak. Its
error comes from drawing the pairs anew (bootstrap; Efron 1979), or from the peak's sharpness
where there is one pair alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import DetectkitError, ShapeError, UsageError

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

OPPOSITE_COSINE = -0.9
LEAST_OVERLAP_M = 2.0
LEAST_CORRELATION = 0.3
LEAST_CORRELATION_OF_FEW = 0.6
FEW_PAIRS = 3
SAME_LINE_M = 0.25
DRAWS = 400
TRIAL_STEP_S = 0.01
PEAK_STEPS = 8


class NoLagError(DetectkitError, ValueError):
    """The lines do not tell the lag; the message says what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class LagLine:
    """One straight pass of the sensor, as joined with no lag.

    Parameters
    ----------
    time_ns
        Shape (rows,), int64, rising: the stamps of the rows.
    easting_m, northing_m
        Shape (rows,): where the sensor was at these stamps.
    strength
        Shape (rows,): how strong the anomaly is, e.g. the trace's largest score or the coil's
        response; NaN where unknown.
    """

    time_ns: Integers
    easting_m: Values
    northing_m: Values
    strength: Values

    def __post_init__(self) -> None:
        shapes = {one.shape for one in (self.easting_m, self.northing_m, self.strength)}
        if shapes != {self.time_ns.shape} or self.time_ns.ndim != 1 or self.time_ns.size < 3:
            msg = (
                f"a line of times {self.time_ns.shape} and {shapes}: 1-D, of one length, 3 or more"
            )
            raise ShapeError(msg)


@dataclass(frozen=True, slots=True)
class Lag:
    """A sensor's time lag.

    Parameters
    ----------
    lag_s
        How much later than measured the rows are stamped; for `PoseJoin`, in ns.
    error_s
        One standard deviation of it.
    correlation
        Pooled correlation of the pairs at that lag.
    pairs
        Number of pairs of opposite passes that told it.
    """

    lag_s: float
    error_s: float
    correlation: float
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pass:
    """A line along the axis of its pair: seconds and metres, both rising, and its strength."""

    time_s: Values
    along_m: Values
    strength: Values
    sense: float

    def profile(self, places_m: Values, lag_s: float) -> Values:
        """Return the strength at places, were the rows stamped so much too late."""
        measured_m = np.interp(self.time_s - lag_s, self.time_s, self.along_m)
        order = slice(None, None, int(self.sense))
        return np.interp(places_m, self.sense * measured_m[order], self.strength[order])


def estimate_lag(
    lines: Sequence[LagLine],
    *,
    longest_lag_s: float = 1.0,
    reach_m: float = 0.75,
    spacing_m: float = 0.02,
    seed: int = 0,
) -> Lag:
    """Return a sensor's time lag from the opposite passes among some lines.

    Neighbouring lanes flown to and fro are opposite passes where the sensor sees the same
    objects from both; of two such lanes alone each may see objects of its own, so fewer than
    three pairs must lie within 25 cm. Lines that cross at an angle are passed over: they meet in
    one place only.

    Parameters
    ----------
    lines
        Straight passes, in any order.
    longest_lag_s
        Lags up to this, of either sign, are tried.
    reach_m
        Passes further apart across the track are no pair.
    spacing_m
        Step of the profiles along the track.
    seed
        Of the bootstrap.

    Raises
    ------
    NoLagError
        No opposite passes with 2 m in common, no agreement between them, or the best agreement
        at the edge of what was tried.

    Examples
    --------
    >>> time = np.arange(1000)
    >>> there = time * 0.01
    >>> def bump(at):
    ...     return np.exp(-(((at - 5.0) / 0.3) ** 2))
    >>> rows = time * 10_000_000, np.zeros(1000)
    >>> to = LagLine(rows[0], there, rows[1], bump(there - 0.2))
    >>> fro = LagLine(rows[0], 10.0 - there, rows[1], bump(10.2 - there))
    >>> round(estimate_lag([to, fro]).lag_s, 3)
    0.2
    """
    if not (longest_lag_s > 0.0 and reach_m > 0.0 and spacing_m > 0.0):
        msg = (
            f"longest lag {longest_lag_s} s, reach {reach_m} m, spacing {spacing_m} m: "
            "all must be positive"
        )
        raise UsageError(msg)
    steps = int(np.ceil(longest_lag_s / TRIAL_STEP_S))
    trials = np.arange(-steps, steps + 1, dtype=np.float64) * TRIAL_STEP_S
    found = [
        pair
        for number, one in enumerate(lines)
        for two in lines[number + 1 :]
        if (pair := _agreement(one, two, trials, reach_m, spacing_m)) is not None
    ]
    if len(found) < FEW_PAIRS:
        found = [pair for pair in found if pair.across_m <= SAME_LINE_M]
    if not found:
        msg = (
            f"none of {len(lines)} lines are opposite passes within {reach_m} m of each other over "
            f"{LEAST_OVERLAP_M} m or more (within {SAME_LINE_M} m, of fewer than {FEW_PAIRS} "
            "pairs); fly one line to and fro over an object"
        )
        raise NoLagError(msg)
    products = np.array([pair.products for pair in found])
    curve = _pooled(products)
    best = _check_peak(curve, trials, len(found))
    if len(found) > 1:
        error = _bootstrap(products, trials, seed)
    else:
        error = _sharpness(curve, best, found[0].span_s)
    return Lag(_peak(curve, trials), error, float(curve[best]), len(found))


def _pooled(products: Values) -> Values:
    """Return the correlation over all pairs at each lag, of (pairs, 2, lags)."""
    shared, power = products.sum(axis=0)
    return np.asarray(shared / np.maximum(power, np.finfo(np.float64).tiny))


def _check_peak(curve: Values, trials: Values, pairs: int) -> int:
    best = int(curve.argmax())
    needed = LEAST_CORRELATION if pairs >= FEW_PAIRS else LEAST_CORRELATION_OF_FEW
    if curve[best] < needed:
        msg = (
            f"the {pairs} opposite passes agree at no lag (correlation {curve[best]:.2f} at best, "
            f"{needed} needed); fly one line to and fro over an object that shows"
        )
        raise NoLagError(msg)
    if best in {0, trials.size - 1}:
        msg = (
            f"the passes agree best at {trials[best]:.2f} s, the edge of what was tried; "
            "give a longer longest_lag_s"
        )
        raise NoLagError(msg)
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two opposite passes: (2, lags) of shared product and power; length in common as lag."""

    products: Values
    span_s: float
    across_m: float


def _agreement(
    one: LagLine, two: LagLine, trials: Values, reach_m: float, spacing_m: float
) -> _Pair | None:
    """Return how two lines agree at each trial lag; None where they are no opposite passes."""
    axis = _axis(one)
    if float(axis @ _axis(two)) > OPPOSITE_COSINE:
        return None
    first, second = _pass(one, axis), _pass(two, axis)
    across = abs(_across(one, two, axis))
    if first is None or second is None or not across <= reach_m:
        return None
    ends = [np.sort(each.sense * each.along_m[[0, -1]]) for each in (first, second)]
    speeds = [float(np.ptp(each.along_m) / np.ptp(each.time_s)) for each in (first, second)]
    margin = max(speeds) * float(trials[-1])
    start, end = max(e[0] for e in ends) + margin, min(e[1] for e in ends) - margin
    if end - start < LEAST_OVERLAP_M:
        return None
    places = np.arange(start, end, spacing_m)
    products = np.empty((2, trials.size))
    for number, lag in enumerate(trials):
        products[:, number] = _products(first.profile(places, lag), second.profile(places, lag))
    return _Pair(products, float(end - start) / sum(speeds), across)


def _axis(line: LagLine) -> Values:
    way = np.array(
        [line.easting_m[-1] - line.easting_m[0], line.northing_m[-1] - line.northing_m[0]]
    )
    length = float(np.hypot(*way))
    return way / length if length > 0.0 else way


def _across(one: LagLine, two: LagLine, axis: Values) -> float:
    """Return how far two lines lie apart, across the axis, in the median."""
    left = np.array([-axis[1], axis[0]])
    first = left[0] * one.easting_m + left[1] * one.northing_m
    second = left[0] * two.easting_m + left[1] * two.northing_m
    return float(np.nanmedian(first) - np.nanmedian(second))


def _pass(line: LagLine, axis: Values) -> _Pass | None:
    """Return the rows of a line that move on along the axis; None where hardly any do."""
    along = axis[0] * line.easting_m + axis[1] * line.northing_m
    known = np.isfinite(along) & np.isfinite(line.strength)
    along, strength, time = along[known], line.strength[known], line.time_ns[known]
    if along.size < 3:
        return None
    sense = 1.0 if along[-1] > along[0] else -1.0
    forward = sense * along
    reached = np.maximum.accumulate(forward)
    moving = np.concatenate([[True], forward[1:] > reached[:-1]])
    if np.count_nonzero(moving) < 3:
        return None
    seconds = (time - time[0])[moving] * 1e-9
    return _Pass(seconds, forward[moving], strength[moving], sense)


def _products(one: Values, two: Values) -> tuple[float, float]:
    """Return the shared product of two profiles about their means, and the most it could be."""
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two), float((one @ one) * (two @ two)) ** 0.5


def _parabola(curve: Values, best: int) -> tuple[float, float, float]:
    """Return bend, slope and height of the parabola that fits the peak best, per trial step."""
    reach = min(PEAK_STEPS, best, curve.size - 1 - best)
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    bend, slope, height = np.polyfit(steps, curve[best - reach : best + reach + 1], 2)
    return float(bend), float(slope), float(height)


def _peak(curve: Values, trials: Values) -> float:
    """Return where a curve is highest, by the parabola over its peak."""
    best = int(np.clip(curve.argmax(), 1, curve.size - 2))
    bend, slope, _ = _parabola(curve, best)
    shift = -slope / (2.0 * bend) if bend < 0.0 else 0.0
    return float(trials[best] + TRIAL_STEP_S * np.clip(shift, -PEAK_STEPS, PEAK_STEPS))


def _bootstrap(products: Values, trials: Values, seed: int) -> float:
    """Return half the width of the middle 68 % of the lags of pairs drawn anew."""
    draws = np.random.default_rng(seed).integers(0, len(products), (DRAWS, len(products)))
    lags = [_peak(_pooled(products[draw]), trials) for draw in draws]
    low, high = np.percentile(lags, [16.0, 84.0])
    return float(high - low) / 2.0


def _sharpness(curve: Values, best: int, span_s: float) -> float:
    """Return the error of one correlation peak (Carter 1987, "Coherence and time delay").

    variance = width² (1 / r² - 1) / N with width² = r / |r″| of the peak and N = span / (2.5
    width), the number of places that tell the lag apart.
    """
    bend, _, height = _parabola(curve, best)
    if bend >= 0.0 or height <= 0.0:
        return float("inf")
    peak = min(height, 1.0 - 1e-9)
    width = TRIAL_STEP_S * (peak / (-2.0 * bend)) ** 0.5
    return float(width * ((1.0 / peak**2 - 1.0) / max(span_s / (2.5 * width), 1.0)) ** 0.5)
