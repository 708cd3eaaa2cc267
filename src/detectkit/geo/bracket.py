"""The two samples around a time, and how far between them it lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detectkit.geo._jit import jit

Integers = npt.NDArray[np.int64]
Table = tuple[Integers, npt.NDArray[np.float64]]
"""Times (samples,), rising, and values (samples, columns)."""

# why there are none
TOO_EARLY, GAP, NOT_THERE = 1, 2, 3


@jit
def first_not_before(times: Integers, time: int) -> int:
    """Return the index of the first sample at or after a time; their number where there is none."""
    low, high = 0, times.size
    while low < high:
        middle = (low + high) // 2
        if times[middle] < time:
            low = middle + 1
        else:
            high = middle
    return low


@jit
def bracket(time: int, times: Integers, longest_gap: int) -> tuple[int, int, float]:
    """Return the sample before, the one after, and the share of the way; equal where one is met.

    The first is -TOO_EARLY, -GAP (further apart than allowed) or -NOT_THERE (none after) where
    there are none: nothing is extrapolated.
    """
    after = first_not_before(times, time)
    if after == times.size:
        return -NOT_THERE, 0, 0.0
    if times[after] == time:
        return after, after, 0.0
    before = after - 1
    if before < 0:
        return -TOO_EARLY, 0, 0.0
    if times[after] - times[before] > longest_gap:
        return -GAP, 0, 0.0
    return before, after, (time - times[before]) / (times[after] - times[before])
