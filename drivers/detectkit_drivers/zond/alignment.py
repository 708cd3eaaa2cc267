"""Whether traces without any mark between them are still cut at the right places.

A lost byte shifts all traces after it. A shifted trace is unlike those before, and another cut,
also of an odd number of bytes, makes it and the next one like them again. All sums are of whole
numbers, so that how the bytes arrive in pieces changes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit_drivers.zond.shape import Shape

BLOCKS = (1, 1, 2, 4, 8, 16, 32)
"""Traces averaged into each reference, the last again and again."""
UNLIKE = 4
"""A trace this many times as far from the reference as usual is looked at."""
LEAST_PART = 16
FIRST_PART = 4
"""... and at least this part of the reference's own size, at first and later."""
AHEAD = 3
"""Traces that must have come before a shift is looked for."""

Rows = npt.NDArray[np.int16]


class Alignment:
    """Compares each trace with the mean of a block of traces before it.

    Parameters
    ----------
    shape
        How a trace is read.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._block = 0
        self._left = BLOCKS[0]
        self._sum = np.zeros(shape.signal, np.int64)
        self._distances = 0
        self._reference = np.zeros(shape.signal, np.int32)
        self._has_reference = False
        self._limit = 0

    @property
    def left(self) -> int:
        """Traces until the reference changes; no more may be compared and learnt at once."""
        return self._left

    def alike(self, rows: Rows) -> int:
        """Return how many traces, from the first on, are like the reference."""
        if not self._has_reference:
            return len(rows)
        unlike = self._distance(rows) > self._limit
        return int(unlike.argmax()) if unlike.any() else len(rows)

    def learn(self, rows: Rows) -> None:
        """Take traces, `left` at most, into the mean that the next ones are compared with."""
        if self._has_reference:
            self._distances += int(self._distance(rows).sum())
        self._sum += rows.sum(axis=0, dtype=np.int64)
        self._left -= len(rows)
        if self._left == 0:
            self._renew()

    def shift(self, ahead: bytes) -> int:
        """Return how many bytes later traces begin again, 0 where they are cut as they should be.

        Parameters
        ----------
        ahead
            The bytes of `AHEAD` traces, the first of them unlike the reference.
        """
        size, signal = self.shape.record_bytes, self.shape.signal
        as_cut = self._distance(self.shape.rows(ahead)[:, :signal])
        if as_cut[1:].min() <= self._limit:
            return 0  # one trace is disturbed, those after it are not
        places = np.empty(2 * size, np.int64)
        for parity in (0, 1):
            values = np.frombuffer(ahead, self.shape.dtype, size + signal - 1, parity)
            windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.int16), signal)
            places[parity::2] = self._distance(windows[:size])
        first, second = places[:size], places[size:]
        place = int((first + second).argmin())
        is_alike = max(first[place], second[place]) <= self._limit
        is_much_better = 2 * (first[place] + second[place]) < first[0] + second[0]
        return place if is_alike and is_much_better else 0

    def _distance(self, rows: Rows) -> npt.NDArray[np.int64]:
        total: npt.NDArray[np.int64] = np.abs(rows - self._reference).sum(axis=1, dtype=np.int64)
        return total

    def _renew(self) -> None:
        size = BLOCKS[self._block]
        reference = (self._sum // size).astype(np.int32)
        own = int(np.abs(reference - reference.sum(dtype=np.int64) // reference.size).sum())
        if self._has_reference:
            self._limit = max(UNLIKE * (self._distances // size), own // LEAST_PART)
        else:
            self._limit = own // FIRST_PART
        self._reference, self._has_reference = reference, True
        self._block = min(self._block + 1, len(BLOCKS) - 1)
        self._left = BLOCKS[self._block]
        self._sum[:] = 0
        self._distances = 0
