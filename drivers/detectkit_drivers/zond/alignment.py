"""Whether traces without any mark between them are still cut at the right places.

A lost byte shifts all traces after it. A shifted trace is unlike the few before it, and another
cut, also by an odd number of bytes, makes it and the next one like them again. All sums are of
whole numbers, so that how the bytes arrive in pieces changes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit_drivers.zond.shape import Shape

BEFORE = 4
"""Traces that make the reference of the next one."""
BLOCKS = (1, 3, 4, 8, 16)
"""Traces after which it is judged anew what is usual, the last again and again."""
UNLIKE = 2
VERY_UNLIKE = 4
"""A trace is looked at when it is twice as far from its reference as usual; where traces are much
alike, only from four times as far on, or half as far as the reference is from itself shifted."""
LEAST_SHIFT = 12
"""Samples that count as a long shift. What a shorter one does, the ground may do as well."""
BETTER = 0.5
MUCH_BETTER = 0.1
"""Another cut must bring the traces this much nearer; much more for a short shift."""
AHEAD = 4
"""Traces that must have come before a shift is looked for."""

Rows = npt.NDArray[np.int16]
Distances = npt.NDArray[np.int64]


class Alignment:
    """Compares each trace with the mean of a few before it.

    Parameters
    ----------
    shape
        How a trace is read.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._before: npt.NDArray[np.int32] | None = None
        self._block = 0
        self._left = BLOCKS[0]
        self._distances = 0
        self._limit = 0

    @property
    def left(self) -> int:
        """Traces until the limit changes; no more may be compared and learnt at once."""
        return self._left

    def alike(self, rows: Rows) -> int:
        """Return how many traces, from the first on, are as like those before as usual."""
        if self._before is None:
            return len(rows)
        unlike = self._distances_of(rows) > self._limit
        return int(unlike.argmax()) if unlike.any() else len(rows)

    def learn(self, rows: Rows) -> None:
        """Take traces, `left` at most, as those that the next ones are compared with."""
        if self._before is not None:
            self._distances += int(self._distances_of(rows).sum())
        self._before = self._with(rows)[-BEFORE:]
        self._left -= len(rows)
        if self._left == 0:
            self._limit = self._new_limit(_to_itself(self._before))
            self._block = min(self._block + 1, len(BLOCKS) - 1)
            self._left, self._distances = BLOCKS[self._block], 0

    def _new_limit(self, to_itself: int) -> int:
        if self._block == 0:
            return 2 * to_itself  # nothing is known of how traces differ
        usual = self._distances // BLOCKS[self._block]
        return max(UNLIKE * usual, min(VERY_UNLIKE * usual, to_itself // 2))

    def shift(self, ahead: bytes) -> int:
        """Return how many bytes later traces begin again, 0 where they are cut as they should be.

        Parameters
        ----------
        ahead
            The bytes of `AHEAD` traces, the first of them unlike those before: bytes were lost
            before or within it, so that the second and third of another cut are compared.
        """
        size = self.shape.record_bytes
        first, second, third = self._at_every_byte(ahead).reshape(3, size)
        wanted = np.full(size, BETTER)
        wanted[: 2 * LEAST_SHIFT : 2] = wanted[size - 2 * LEAST_SHIFT + 2 :: 2] = MUCH_BETTER
        is_better = (second < wanted * second[0]) & (third < wanted * third[0])
        if not is_better.any():
            return 0
        place = int(np.where(is_better, second + third, second[0] + third[0]).argmin())
        return place if first[place] <= max(self._limit, 2 * second[place]) else place + size

    def _at_every_byte(self, ahead: bytes) -> Distances:
        """Return the distance of the trace that would begin at each byte of the first three."""
        size, signal = self.shape.record_bytes, self.shape.signal
        reference = self._with(np.zeros((0, signal), np.int16)).sum(axis=0, dtype=np.int32)
        places = np.empty(3 * size, np.int64)
        for parity in (0, 1):
            count = 3 * size // 2
            values = np.frombuffer(ahead, self.shape.dtype, count + signal - 1, parity)
            windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.int16), signal)
            places[parity::2] = _distances(windows, reference)
        return places

    def _distances_of(self, rows: Rows) -> Distances:
        """Return the distance of each trace from the mean of those before it, times `BEFORE`."""
        known = self._with(rows)
        reference = sum(known[lag : lag + len(rows)] for lag in range(BEFORE))
        return _distances(rows, np.asarray(reference))

    def _with(self, rows: Rows) -> npt.NDArray[np.int32]:
        """Return the traces before and these; the very first stands for those before it."""
        before = np.repeat(rows[:1], BEFORE, axis=0) if self._before is None else self._before
        return np.vstack([before, rows]).astype(np.int32, copy=False)


def _distances(rows: Rows, reference: npt.NDArray[np.int32]) -> Distances:
    scaled = np.multiply(rows, BEFORE, dtype=np.int32)
    total: Distances = np.abs(scaled - reference).sum(axis=1, dtype=np.int64)
    return total


def _to_itself(rows: npt.NDArray[np.int32]) -> int:
    """Return how far the mean of traces is from itself shifted, times `BEFORE`."""
    total = rows.sum(axis=0, dtype=np.int64)
    return int(np.abs(total[LEAST_SHIFT:] - total[:-LEAST_SHIFT]).sum())
