"""Instrument ticks to the computer's monotonic clock: the line of least delay, row by row.

A row arrives after it was measured, never before: arrival = time + delay, with a delay that is
mostly small, sometimes a burst, now and then a stall. So the arrivals lie above a straight line
(offset + rate) over the instrument's ticks and touch it where the delay was least. The lowest
arrival of every second of ticks is kept. The rate is that of the lower convex hull of the last
64 of them, at the edge over their centre: the line below all points with the least sum of
distances (Moon, Skelly and Towsley 1999, "Estimation and removal of clock skew from network
delay measurements", INFOCOM). The offset is the highest that leaves the last ten below no point.

The answer follows the line: down at once (an arrival under it proves it wrong), up slowly, always
rising. What it cannot see is the least delay itself, which is the same for all rows: that is part
of a sensor's time lag (`estimate_lag`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError
from detectkit.geo._jit import jit

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Carried = tuple[Values, Integers, Values, Integers]

BIN_NS = 1e9
LONG_BINS = 64
SHORT_BINS = 10
BINS_TO_TRUST = 6
QUARTZ = 5e-4
LINE_LIKE = 0.1
JUMP_NS = 1e9
SETTLED_NS = 0.5e9
PROGRESS_NS = 5e6
UNKNOWN_DELAY_NS = 20e6
LONGEST_COUNTED_DELAY_NS = 100e6
LEAST_ERROR_NS = 50e3
LEAST_STEP = 0.25
DELAY_MEMORY = 1.0 / 64.0

# places in the carried state
_OFFSET, _RATE, _REFERENCE, _OUT, _LAST_X, _LAST_Y = 0, 1, 2, 3, 4, 5
_DELAY, _MISFIT, _STALL_LEAST, _STALL_AT, _BIN, _BIN_X, _BIN_D = 6, 7, 8, 9, 10, 11, 12
_STATE = 13
# places in the carried integers
_TICK_0, _ARRIVAL_0, _BINS, _RESETS, _ROWS = 0, 1, 2, 3, 4
_COUNTS = 5


class ArrivalClock:
    """Time of every row on the computer's monotonic clock, from its tick and its arrival.

    Causal: every row is answered at once, from itself and those before it; cutting the input
    anywhere changes nothing. About a minute of history is held, whatever the rate.

    Parameters
    ----------
    period_ns
        Nominal time between two ticks of a counter (or two rows, where the ticks are the row's
        index). None: the ticks are nanoseconds of the instrument's clock.
    rate_tolerance
        How far the true rate may be from the nominal one. More than 500 ppm is believed only
        after six seconds, of arrivals that lie on a line and not on a step.

    Raises
    ------
    UsageError
        A period or a tolerance that is not positive.

    Examples
    --------
    >>> clock = ArrivalClock(period_ns=10_000_000)
    >>> arrival = np.array([0, 10_000_000, 48_000_000, 48_100_000, 48_200_000])
    >>> host, error = clock.push(np.arange(5), arrival)
    >>> host
    array([       0, 10000000, 20000000, 30000000, 40000000])
    """

    def __init__(self, *, period_ns: float | None = None, rate_tolerance: float = 0.1) -> None:
        if not (period_ns is None or period_ns > 0.0) or not 0.0 < rate_tolerance <= 0.5:
            msg = (
                f"a period of {period_ns} ns and a rate tolerance of {rate_tolerance}: the period "
                "must be positive or None, the tolerance over 0 and at most 0.5"
            )
            raise UsageError(msg)
        self._period_ns = 1.0 if period_ns is None else float(period_ns)
        self._tolerance = float(rate_tolerance)
        self._state = np.zeros(_STATE)
        self._counts = np.zeros(_COUNTS, np.int64)
        self._least = np.zeros((LONG_BINS, 2))
        self._hull = np.zeros(LONG_BINS, np.int64)

    @property
    def resets(self) -> int:
        """How often the ticks jumped back, or tick and arrival parted, by more than a second."""
        return int(self._counts[_RESETS])

    def push(self, ticks: Integers, arrival_ns: Integers) -> tuple[Integers, Values]:
        """Return the time of each row and its stated error.

        Parameters
        ----------
        ticks
            Shape (rows,), int64: nanoseconds of the instrument, or an unwrapped counter. Rows out
            of order are placed in between; the same tick again gives the same time.
        arrival_ns
            Shape (rows,), int64: when the computer received each row, on its monotonic clock.

        Returns
        -------
        host_ns, error_ns
            Shape (rows,) each, int64 and float64. `host_ns` rises strictly with the ticks between
            resets. `error_ns` is one standard deviation, without the link's least delay.
        """
        if ticks.shape != arrival_ns.shape or ticks.ndim != 1:
            msg = f"ticks {ticks.shape} and arrivals {arrival_ns.shape} must be 1-D, of one length"
            raise ShapeError(msg)
        host, error = np.empty(ticks.size, np.int64), np.empty(ticks.size)
        _push(
            (ticks.astype(np.int64, copy=False), arrival_ns.astype(np.int64, copy=False)),
            (self._period_ns, self._tolerance),
            (self._state, self._counts, self._least, self._hull),
            (host, error),
        )
        return host, error


@jit
def _push(
    rows: tuple[Integers, Integers],
    settings: tuple[float, float],
    carried: Carried,
    answer: tuple[Integers, Values],
) -> None:
    ticks, arrivals = rows
    state, counts, _, _ = carried
    host, error = answer
    for row in range(ticks.size):
        x = float(ticks[row] - counts[_TICK_0]) * settings[0]
        y = float(arrivals[row] - counts[_ARRIVAL_0])
        if counts[_ROWS] == 0 or _jumped(state, x, y):
            floor = counts[_ARRIVAL_0] + np.int64(np.floor(state[_OUT]))
            _restart(state, counts, ticks[row], arrivals[row], floor)
            x, y = 0.0, 0.0
        else:
            counts[_ROWS] += 1
            _follow(carried, x, y, settings[1])
        out, gap = _answer(state, counts[_ROWS], x, settings[1])
        host[row] = counts[_ARRIVAL_0] + np.int64(np.floor(out))
        error[row] = _error(state, counts[_BINS], gap, x, y)


@jit
def _jumped(state: Values, x: float, y: float) -> bool:
    """Tell whether the instrument started afresh; follow a stall until it is one or the other."""
    delay = y - x - _line(state, x)
    if x < state[_LAST_X] - JUMP_NS or delay < -JUMP_NS:
        return True
    if delay <= JUMP_NS:
        state[_STALL_LEAST] = np.inf
        return False
    if y - x < state[_STALL_LEAST] - PROGRESS_NS:  # a backlog that is being worked off
        state[_STALL_LEAST] = y - x
        state[_STALL_AT] = y
    return bool(y - state[_STALL_AT] > SETTLED_NS)


@jit
def _restart(state: Values, counts: Integers, tick: int, arrival: int, floor: int) -> None:
    again = counts[_ROWS] > 0
    backwards = arrival < counts[_ARRIVAL_0] + np.int64(state[_LAST_Y])
    counts[_RESETS] += again
    counts[_TICK_0] = tick
    counts[_ARRIVAL_0] = arrival
    counts[_BINS] = 0
    counts[_ROWS] = 1
    state[:] = 0.0
    state[_OUT] = float(max(floor + 1 - arrival, 0)) if again and not backwards else 0.0
    state[_DELAY] = UNKNOWN_DELAY_NS
    state[_STALL_LEAST] = np.inf


@jit
def _follow(carried: Carried, x: float, y: float, tolerance: float) -> None:
    """Let one row bear on the line."""
    state, counts, least, hull = carried
    delay = y - x - _line(state, x)
    if delay < 0.0:
        state[_OFFSET] += delay
        delay = 0.0
    state[_DELAY] += DELAY_MEMORY * (min(delay, LONGEST_COUNTED_DELAY_NS) - state[_DELAY])
    state[_LAST_Y] = y
    number = np.floor(x / BIN_NS)
    if number > state[_BIN]:
        least[counts[_BINS] % LONG_BINS, 0] = state[_BIN_X]
        least[counts[_BINS] % LONG_BINS, 1] = state[_BIN_D]
        counts[_BINS] += 1
        state[_BIN] = number
        state[_BIN_X] = x
        state[_BIN_D] = y - x
        _refit(state, counts[_BINS], least, hull, tolerance)
    elif y - x < state[_BIN_D]:
        state[_BIN_X] = x
        state[_BIN_D] = y - x


@jit
def _refit(state: Values, bins: int, least: Values, hull: Integers, tolerance: float) -> None:
    """Fit rate and offset to the lowest arrivals of the finished bins and the newest row."""
    held = min(bins, LONG_BINS)
    first = bins - held
    rate = _hull_rate(least, hull, first, held)
    span = least[(bins - 1) % LONG_BINS, 0] - least[first % LONG_BINS, 0]
    most = min(tolerance, QUARTZ)
    if held >= BINS_TO_TRUST and _scatter(least, first, held, rate) < LINE_LIKE * abs(rate) * span:
        most = tolerance
    doubt = (state[_MISFIT] + 4.0 * LEAST_ERROR_NS) / most
    rate = min(max(rate, -most), most) * (span * span / (span * span + doubt * doubt))
    state[_RATE] = rate
    state[_REFERENCE] = state[_BIN_X]
    offset = state[_BIN_D]
    for number in range(max(first, bins - SHORT_BINS), bins):
        at = number % LONG_BINS
        offset = min(offset, least[at, 1] + rate * (state[_BIN_X] - least[at, 0]))
    state[_OFFSET] = offset
    state[_MISFIT] = _misfit(state, bins, least, first)


@jit
def _hull_rate(least: Values, hull: Integers, first: int, held: int) -> float:
    """Return the slope of the lower convex hull over the mean of the ticks; 0 of one point."""
    size = 0
    mean = 0.0
    for number in range(first, first + held):
        at = number % LONG_BINS
        mean += (least[at, 0] - least[first % LONG_BINS, 0]) / held
        while size >= 2 and _turns_down(least, hull[size - 2], hull[size - 1], at):
            size -= 1
        hull[size] = at
        size += 1
    mean += least[first % LONG_BINS, 0]
    for edge in range(size - 1):
        left, right = hull[edge], hull[edge + 1]
        if least[right, 0] >= mean:
            rise = least[right, 1] - least[left, 1]
            return float(rise / (least[right, 0] - least[left, 0]))
    return 0.0


@jit
def _turns_down(least: Values, left: int, middle: int, right: int) -> bool:
    to_middle = (least[middle, 1] - least[left, 1]) * (least[right, 0] - least[left, 0])
    to_right = (least[right, 1] - least[left, 1]) * (least[middle, 0] - least[left, 0])
    return bool(to_middle >= to_right)


@jit
def _scatter(least: Values, first: int, held: int, rate: float) -> float:
    """Return how far the lowest arrivals lie above the line of a rate under them, in the median."""
    above = np.empty(held)
    for number in range(first, first + held):
        at = number % LONG_BINS
        above[number - first] = least[at, 1] - rate * (least[at, 0] - least[first % LONG_BINS, 0])
    above.sort()
    return float(above[above.size // 2] - above[0])


@jit
def _misfit(state: Values, bins: int, least: Values, first: int) -> float:
    """Return how far the lowest arrivals of the last bins lie above the line, in the median."""
    start = max(first, bins - SHORT_BINS)
    above = np.empty(bins - start)
    for number in range(start, bins):
        at = number % LONG_BINS
        above[number - start] = least[at, 1] - _line(state, least[at, 0])
    above.sort()
    return float(above[above.size // 2])


@jit
def _line(state: Values, x: float) -> float:
    return float(state[_OFFSET] + state[_RATE] * (x - state[_REFERENCE]))


@jit
def _answer(state: Values, rows: int, x: float, tolerance: float) -> tuple[float, float]:
    """Return the answer for ticks `x`, and how far from the line it still is."""
    wanted = x + _line(state, x)
    step = x - state[_LAST_X]
    if rows == 1:
        return state[_OUT], state[_OUT]
    if step <= 0.0:  # out of order, or again
        out = min(wanted, state[_OUT] + LEAST_STEP * step) if step < 0.0 else state[_OUT]
        return out, out - wanted
    even = step * (1.0 + state[_RATE])
    change = wanted - state[_OUT] - even
    change = min(max(change, -(1.0 - LEAST_STEP) * even), 2.0 * tolerance * step)
    state[_OUT] = max(state[_OUT] + even + change, np.floor(state[_OUT]) + 1.0)
    state[_LAST_X] = x
    return state[_OUT], state[_OUT] - wanted


@jit
def _error(state: Values, bins: int, gap: float, x: float, y: float) -> float:
    start = state[_DELAY] / (1.0 + min(bins, SHORT_BINS)) ** 2
    delay = y - x - _line(state, x)
    stalled = delay if delay > JUMP_NS else 0.0
    parts = LEAST_ERROR_NS**2 + state[_MISFIT] ** 2 + start**2 + gap**2 + stalled**2
    return math.sqrt(parts)
