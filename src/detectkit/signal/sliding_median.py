"""Background removal by the median across a sliding window of traces.

The median ignores what fills less than half of the window, so a strong reflector leaves no
shadow of the opposite sign beside it, as it does with a mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.signal._arrays import Traces, as_traces, at_least, destination
from detectkit.signal._jit import njit

Ranks = npt.NDArray[np.float32]  # (rank, lane): each lane is one sorted window
TraceNumbers = npt.NDArray[np.int64]

LANES = 64  # delay samples that move together: enough to fill the vector units and no cache


class SlidingMedian:
    """Subtract the median of neighbours: y_i = x_i - median(x_j, i-before ≤ j ≤ i+after).

    Exact. The window shrinks at the ends of the line and always holds trace i itself; an even
    number of values gives the mean of the two middle ones. A NaN makes NaN of the traces whose
    window holds it and no others.

    Parameters
    ----------
    samples
        Samples per trace.
    before, after
        Number of traces on each side; `after` is the latency in traces.

    Notes
    -----
    Each delay sample keeps its window sorted. One pass takes the oldest value out and clamps the
    new one between its neighbours (running median by insertion, Tukey, Exploratory Data
    Analysis, 1977, ch. 7), without branches and many delay samples at a time. Time grows with
    the window; memory is 12 bytes per sample of it.

    Examples
    --------
    >>> window = SlidingMedian(1, before=1, after=1)
    >>> first = window.push([[1.0], [2.0], [9.0]])
    >>> np.concatenate([first, window.finish()]).ravel()
    array([-0.5,  0. ,  3.5], dtype=float32)
    """

    def __init__(self, samples: int, *, before: int, after: int) -> None:
        self._reach = (at_least(before, 0, "before"), at_least(after, 0, "after"))
        width = before + after + 1
        self._ring = np.full((width, at_least(samples, 1, "samples")), np.inf, np.float32)
        # Two copies, written in turn, because an update in place cannot use the vector units.
        self._sorted = np.full((-(-samples // LANES), 2, width + 1, LANES), np.inf, np.float32)
        self._last_nan = np.full(samples, -1, np.int64)
        self._rows_in = 0
        self._rows_out = 0

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces; return those whose window is complete, `after` traces late."""
        samples = self._last_nan.size
        traces = as_traces(data, samples=samples)
        rows = max(0, self._rows_in - self._rows_out + len(traces) - self._reach[1])
        result = destination(out, rows, samples)
        self._advance(traces, len(traces), result)
        self._rows_in += len(traces)
        self._rows_out += rows
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the last traces of the line, with the window shrunk at its end."""
        rows = self._rows_in - self._rows_out
        result = destination(out, rows, self._last_nan.size)
        self._advance(as_traces(self._ring[:0]), self._reach[1], result)
        self._rows_out += rows
        return result

    def _advance(self, traces: Traces, steps: int, result: Traces) -> None:
        for tile, ordered in enumerate(self._sorted):
            lanes = slice(tile * LANES, (tile + 1) * LANES)
            _slide_tile(
                traces[:, lanes], result[:, lanes], self._ring[:, lanes], ordered,
                self._last_nan[lanes], self._rows_in, steps, self._reach,
            )  # fmt: skip


def subtract_sliding_median(
    data: npt.ArrayLike, *, before: int, after: int, out: Traces | None = None
) -> Traces:
    """Subtract the median of each trace's window from a whole line; see `SlidingMedian`.

    Examples
    --------
    >>> subtract_sliding_median([[1.0], [2.0], [9.0]], before=1, after=1).ravel()
    array([-0.5,  0. ,  3.5], dtype=float32)
    """
    traces = as_traces(data)
    window = SlidingMedian(traces.shape[1], before=before, after=after)
    result = destination(out, *traces.shape)
    ready = len(window.push(traces, out=result))
    window.finish(out=result[ready:])
    return result


@njit
def _slide_tile(
    traces: Traces,
    out: Traces,
    ring: Traces,
    ordered: Ranks,
    last_nan: TraceNumbers,
    rows_in: int,
    steps: int,
    reach: tuple[int, int],
) -> None:
    """Move the window `steps` traces on; past the last of `traces` it only shrinks."""
    width = ring.shape[0]
    before, after = reach
    oldest = np.full(LANES, np.inf, np.float32)
    newest = np.full(LANES, np.inf, np.float32)
    done = 0
    for i in range(steps):
        row = rows_in + i
        slot = ring[row % width]
        for j in range(slot.size):
            oldest[j] = np.inf if row < width or np.isnan(slot[j]) else slot[j]
        if i < traces.shape[0]:
            for j in range(slot.size):
                slot[j] = traces[i, j]
                if np.isnan(slot[j]):
                    last_nan[j] = row
                newest[j] = np.inf if np.isnan(slot[j]) else slot[j]
        else:
            newest[:] = np.inf
        ranked = ordered[(row + 1) % 2]
        _replace(ordered[row % 2], ranked, oldest, newest)
        if row >= after and done < out.shape[0]:
            centre = row - after
            first = max(centre - before, 0)
            held = min(row, rows_in + traces.shape[0] - 1) - first + 1
            _subtract_middle(ring[centre % width], out[done], ranked, last_nan, first, held)
            done += 1


@njit
def _replace(source: Ranks, target: Ranks, oldest: Traces, newest: Traces) -> None:
    """Take `oldest` out of each sorted lane and put `newest` in; +inf fills unused ranks."""
    for rank in range(source.shape[0] - 1):
        below, here, above = source[max(rank - 1, 0)], source[rank], source[rank + 1]
        updated = target[rank]
        for lane in range(LANES):
            kept = here[lane] if here[lane] < oldest[lane] else above[lane]
            lower = below[lane] if below[lane] < oldest[lane] else here[lane]
            raised = newest[lane] if newest[lane] > lower or rank == 0 else lower
            updated[lane] = min(raised, kept)


@njit
def _subtract_middle(
    centre: Traces, out: Traces, ordered: Ranks, last_nan: TraceNumbers, first: int, held: int
) -> None:
    low, high = ordered[(held - 1) // 2], ordered[held // 2]
    for j in range(out.size):
        median = 0.5 * (np.float64(low[j]) + np.float64(high[j]))
        out[j] = np.nan if last_nan[j] >= first else centre[j] - median
