"""Background removal by means across traces: whole line, sliding window, exponentially forgetting.

The background of a radargram is what does not change along the track: the direct wave, the
ground at constant height, ringing. All functions subtract it and keep the rest.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_traces, at_least, destination
from detectkit.signal._jit import njit

Sums = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]

ROWS_IN, ROWS_OUT, OLDER = 0, 1, 2  # what the sliding window's counters count


def mean_trace(data: npt.ArrayLike) -> Sums:
    """Return the mean over all traces, one value per delay sample, in float64.

    Parameters
    ----------
    data
        Shape (trace, delay), at least one trace.

    Examples
    --------
    >>> mean_trace([[1.0, 4.0], [3.0, 4.0]])
    array([2., 4.])
    """
    traces = as_traces(data)
    at_least(len(traces), 1, "number of traces")
    total = np.zeros(traces.shape[1])
    _add_rows(traces, total)
    return total / len(traces)


def subtract_mean_trace(data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
    """Subtract the mean over all traces: y_i = x_i - (1/N) Σ x_j.

    Parameters
    ----------
    data
        Shape (trace, delay), the whole line.
    out
        Buffer for the result, float32, shape (trace, delay); `data` itself to work in place,
        which moves half as many bytes.

    Notes
    -----
    Method: mean-trace background removal, e.g. Daniels, Ground Penetrating Radar (2004), ch. 7.
    A reflector as long as the line goes with the background.

    Examples
    --------
    >>> subtract_mean_trace([[1.0, 4.0], [3.0, 4.0]])
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """
    traces = as_traces(data)
    result = destination(out, *traces.shape)
    if len(traces) and result.ctypes.data == traces.ctypes.data:
        _subtract_row_in_place(result, mean_trace(traces))
    elif len(traces):
        _subtract_row(traces, mean_trace(traces), result)
    return result


class SlidingMean:
    """Subtract the mean of a window of neighbours: y_i = x_i - mean(x_j, i-before ≤ j ≤ i+after).

    The window shrinks at the ends of the line and always holds trace i itself. Sums are
    float64 and never subtract (two-stack queue: sums of the older rows are made once per
    window, the newer rows are added as they come), so nothing drifts over a long line and a
    NaN reaches the traces whose window holds it and no others.

    Parameters
    ----------
    samples
        Samples per trace.
    before, after
        Number of traces on each side; `after` is the latency in traces.

    Notes
    -----
    Moving-average background removal, e.g. Daniels, Ground Penetrating Radar (2004), ch. 7.
    The window should be several times longer than the hyperbolas to keep. The queue is that
    of two stacks (Okasaki, Purely Functional Data Structures, 1998, §5.2).

    Examples
    --------
    >>> window = SlidingMean(1, before=1, after=1)
    >>> first = window.push([[1.0], [2.0], [6.0]])
    >>> np.concatenate([first, window.finish()]).ravel()
    array([-0.5, -1. ,  2. ], dtype=float32)
    """

    def __init__(self, samples: int, *, before: int, after: int) -> None:
        self._before = at_least(before, 0, "before")
        self._after = at_least(after, 0, "after")
        width = before + after + 1
        self._ring = np.zeros((width, at_least(samples, 1, "samples")), np.float32)
        self._older = np.zeros((width, samples))
        self._newer = np.zeros(samples)
        self._counts = np.zeros(3, np.int64)

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces; return those whose window is complete, `after` traces late."""
        traces = as_traces(data, samples=self._newer.size)
        held = int(self._counts[ROWS_IN] - self._counts[ROWS_OUT])
        rows = max(0, held + len(traces) - self._after)
        result = destination(out, rows, self._newer.size)
        _slide(
            traces, result, self._ring, self._older, self._newer, self._counts,
            self._before, self._after,
        )  # fmt: skip
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the last traces of the line, with the window shrunk at its end."""
        rows = int(self._counts[ROWS_IN] - self._counts[ROWS_OUT])
        result = destination(out, rows, self._newer.size)
        _drain(result, self._ring, self._older, self._newer, self._counts, self._before)
        return result


def subtract_sliding_mean(
    data: npt.ArrayLike, *, before: int, after: int, out: Traces | None = None
) -> Traces:
    """Subtract the mean of each trace's window from a whole line; see `SlidingMean`.

    Examples
    --------
    >>> subtract_sliding_mean([[1.0], [2.0], [6.0]], before=1, after=1).ravel()
    array([-0.5, -1. ,  2. ], dtype=float32)
    """
    traces = as_traces(data)
    window = SlidingMean(traces.shape[1], before=before, after=after)
    result = destination(out, *traces.shape)
    ready = len(window.push(traces, out=result))
    window.finish(out=result[ready:])
    return result


class ForgettingMean:
    """Subtract an exponentially forgetting mean of the traces before: no latency.

    With background b and gain g_i = max(1/(i+1), 1 - exp(-1/τ)):

        y_i = x_i - b_i,   b_{i+1} = b_i + g_i (x_i - b_i),   b_0 = x_0.

    The first traces of a line are averaged evenly (1/(i+1)) until the forgetting gain takes
    over, so the start is a mean of what was seen, not of zeros. The first trace gives zero.

    Parameters
    ----------
    samples
        Samples per trace.
    time_constant_traces
        τ: number of traces after which a change has faded to 1/e.

    Notes
    -----
    First-order recursive background estimate; gain schedule of the recursive mean with a
    floor (Ljung, System Identification, 1999, §11.2).

    Examples
    --------
    >>> background = ForgettingMean(1, time_constant_traces=100.0)
    >>> background.push([[5.0], [5.0], [8.0]]).ravel()
    array([0., 0., 3.], dtype=float32)
    """

    def __init__(self, samples: int, *, time_constant_traces: float) -> None:
        if not time_constant_traces > 0 or not math.isfinite(time_constant_traces):
            msg = f"time_constant_traces is {time_constant_traces}; it must be positive and finite"
            raise UsageError(msg)
        self._floor = -math.expm1(-1.0 / time_constant_traces)
        self._background = np.zeros(at_least(samples, 1, "samples"))
        self._seen = 0

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces and return each without the background of those before."""
        traces = as_traces(data, samples=self._background.size)
        result = destination(out, *traces.shape)
        if len(traces) and self._seen == 0:
            self._background[:] = traces[0]
        _forget(traces, result, self._background, self._seen, self._floor)
        self._seen += len(traces)
        return result


@njit
def _add_rows(traces: Traces, total: Sums) -> None:
    for i in range(traces.shape[0]):
        row = traces[i]
        for j in range(total.size):
            total[j] += row[j]


@njit
def _subtract_row(traces: Traces, background: Sums, out: Traces) -> None:
    for i in range(traces.shape[0]):
        row, target = traces[i], out[i]
        for j in range(background.size):
            target[j] = row[j] - background[j]


@njit
def _subtract_row_in_place(traces: Traces, background: Sums) -> None:
    """Twice as fast as with two arrays: one that the compiler must not fear to overlap."""
    for i in range(traces.shape[0]):
        for j in range(background.size):
            traces[i, j] -= background[j]


@njit
def _forget(traces: Traces, out: Traces, background: Sums, seen: int, floor: float) -> None:
    for i in range(traces.shape[0]):
        row, target = traces[i], out[i]
        gain = max(1.0 / (seen + i + 1), floor)
        for j in range(background.size):
            difference = row[j] - background[j]
            background[j] += gain * difference
            target[j] = difference


@njit
def _drop_oldest(ring: Traces, older: Sums, newer: Sums, counts: Counters, held: int) -> None:
    """Take the oldest of `held` rows out of the window's two stacks."""
    if counts[OLDER] == 0:
        newest = counts[ROWS_IN] - 1
        for back in range(held):
            row, sums = ring[(newest - back) % ring.shape[0]], older[back]
            below = older[max(back - 1, 0)]
            for j in range(newer.size):
                sums[j] = row[j] if back == 0 else below[j] + row[j]
        newer[:] = 0.0
        counts[OLDER] = held
    counts[OLDER] -= 1


@njit
def _subtract_window(
    centre: Traces, out: Traces, older: Sums, newer: Sums, counts: Counters, held: int
) -> None:
    scale = 1.0 / held
    if counts[OLDER] == 0:
        for j in range(newer.size):
            out[j] = centre[j] - newer[j] * scale
        return
    rest = older[counts[OLDER] - 1]
    for j in range(newer.size):
        out[j] = centre[j] - (rest[j] + newer[j]) * scale


@njit
def _slide(
    traces: Traces,
    out: Traces,
    ring: Traces,
    older: Sums,
    newer: Sums,
    counts: Counters,
    before: int,
    after: int,
) -> None:
    width = ring.shape[0]
    done = 0
    for i in range(traces.shape[0]):
        if counts[ROWS_IN] >= width:
            _drop_oldest(ring, older, newer, counts, width)
        _keep(traces[i], ring[counts[ROWS_IN] % width], newer)
        counts[ROWS_IN] += 1
        if counts[ROWS_IN] > after:
            centre = counts[ROWS_OUT]
            held = counts[ROWS_IN] - max(centre - before, 0)
            _subtract_window(ring[centre % width], out[done], older, newer, counts, held)
            counts[ROWS_OUT] += 1
            done += 1


@njit
def _keep(row: Traces, slot: Traces, newer: Sums) -> None:
    for j in range(newer.size):
        slot[j] = row[j]
        newer[j] += row[j]


@njit
def _drain(
    out: Traces, ring: Traces, older: Sums, newer: Sums, counts: Counters, before: int
) -> None:
    width = ring.shape[0]
    for i in range(out.shape[0]):
        centre = counts[ROWS_OUT]
        if centre > before:  # else the window still begins at the line's first trace
            held = counts[ROWS_IN] - (centre - before - 1)
            _drop_oldest(ring, older, newer, counts, held)
        held = counts[ROWS_IN] - max(centre - before, 0)
        _subtract_window(ring[centre % width], out[i], older, newer, counts, held)
        counts[ROWS_OUT] += 1
