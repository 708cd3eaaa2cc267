"""Stacking: the mean of every N traces, for less noise and less data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.signal._arrays import Traces, as_traces, at_least, destination
from detectkit.signal._jit import njit

Sums = npt.NDArray[np.float64]


class Stack:
    """Average every `traces_per_stack` traces; groups are counted from the start of the line.

    Uncorrelated noise falls by the square root of the number of traces. A group at the end of
    the line, or at its start if the first trace is not number 0, may be smaller; it is kept and
    `held` says how many traces are in the group that is still open.

    Parameters
    ----------
    samples
        Samples per trace.
    traces_per_stack
        N.
    first_trace
        Number of the first trace pushed; group k holds the traces k·N … k·N + N - 1.

    Examples
    --------
    >>> stack = Stack(1, traces_per_stack=2)
    >>> stack.push([[1.0], [3.0], [5.0]])
    array([[2.]], dtype=float32)
    >>> stack.held, stack.finish()
    (1, array([[5.]], dtype=float32))
    """

    def __init__(self, samples: int, *, traces_per_stack: int, first_trace: int = 0) -> None:
        self._size = at_least(traces_per_stack, 1, "traces_per_stack")
        self._sum = np.zeros(at_least(samples, 1, "samples"))
        self._place = first_trace % traces_per_stack
        self._held = 0

    @property
    def held(self) -> int:
        """Number of traces in the group that is not complete yet."""
        return self._held

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces and return the means of the groups they complete."""
        traces = as_traces(data, samples=self._sum.size)
        rows, place = divmod(self._place + len(traces), self._size)
        result = destination(out, rows, self._sum.size)
        self._held = _average(traces, result, self._sum, self._place, self._held, self._size)
        self._place = place
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the mean of the last, incomplete group: one row, or none."""
        result = destination(out, min(self._held, 1), self._sum.size)
        if self._held:
            result[0] = self._sum / self._held
        self._sum[:] = 0.0
        self._held = self._place = 0
        return result


@njit
def _average(traces: Traces, out: Traces, total: Sums, place: int, held: int, size: int) -> int:
    """Return how many traces the open group holds at the end."""
    done = 0
    for i in range(traces.shape[0]):
        row = traces[i]
        for j in range(total.size):
            total[j] += row[j]
        held += 1
        place += 1
        if place == size:
            target = out[done]
            for j in range(total.size):
                target[j] = total[j] / held
                total[j] = 0.0
            held = place = 0
            done += 1
    return held
