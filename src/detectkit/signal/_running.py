"""The mean in a window that slides along one trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.signal._jit import njit


@njit
def running_mean(
    row: npt.NDArray[Any], before: int, after: int, mean: npt.NDArray[Any]
) -> None:  # pragma: no cover - compiled
    """Write the mean of row[i - before : i + after + 1] to mean[i]; the window shrinks at ends.

    One running sum in float64. Entering and leaving samples are subtracted from each other
    first, so that the chain of dependent additions has one link per sample.
    """
    samples = row.size
    total = 0.0
    count = 0
    for i in range(min(after, samples)):
        total += row[i]
        count += 1
    head = min(before + 1, samples)
    for i in range(head):
        if i + after < samples:
            total += row[i + after]
            count += 1
        mean[i] = total / count
    tail = max(samples - after, head)
    inverse = 1.0 / (before + after + 1)
    for i in range(head, tail):
        total += np.float64(row[i + after]) - np.float64(row[i - before - 1])
        mean[i] = total * inverse
    for i in range(tail, samples):
        total -= row[i - before - 1]
        mean[i] = total / (samples - i + before)


def window_sides(window_samples: int) -> tuple[int, int]:
    """Return how many samples a window reaches before and after its centre."""
    return (window_samples - 1) // 2, window_samples // 2
