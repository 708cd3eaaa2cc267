"""Find the samples at which the digitiser ran into its limits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_rows
from detectkit.signal._jit import njit


class Clipping(NamedTuple):
    """What was found at full scale."""

    clipped_samples: npt.NDArray[np.int32]
    """(trace,) how many samples of each trace are clipped."""
    mask: npt.NDArray[np.bool_]
    """(trace, delay) which ones."""


@njit
def _mark(
    data: Traces,
    low: float,
    high: float,
    minimum_run: int,
    counts: npt.NDArray[np.int32],
    mask: npt.NDArray[np.bool_],
) -> None:  # pragma: no cover - compiled
    samples = data.shape[1]
    for trace in range(data.shape[0]):
        side, run = 0, 0
        for i in range(samples + 1):
            now = 0
            if i < samples and data[trace, i] >= high:
                now = 1
            elif i < samples and data[trace, i] <= low:
                now = -1
            if now == side and side != 0:
                run += 1
                continue
            if side != 0 and run >= minimum_run:
                mask[trace, i - run : i] = True
                counts[trace] += run
            side, run = now, 1


def count_clipped(
    data: npt.NDArray[Any], *, low: float, high: float, minimum_run: int = 2
) -> Clipping:
    """Count the samples of each trace that stand at or beyond full scale.

    Only a run of `minimum_run` or more neighbouring samples at the same limit counts: one
    sample that just reaches it is a true peak as often as not.

    Parameters
    ----------
    data
        (trace, delay), float32, as recorded: before any filter.
    low, high
        Limits of the digitiser in the unit of `data`, e.g. -32768 and 32767.
    minimum_run
        Shortest run that counts.

    Examples
    --------
    >>> import numpy as np
    >>> trace = np.array([[0.0, 9.0, 9.0, 3.0, 9.0, 0.0]], np.float32)
    >>> count_clipped(trace, low=-9, high=9).clipped_samples
    array([2], dtype=int32)
    """
    if not low < high:
        msg = f"limits are {low} and {high}; the low limit must lie below the high one"
        raise UsageError(msg)
    if minimum_run < 1:
        msg = f"minimum_run is {minimum_run}; give 1 or more"
        raise UsageError(msg)
    rows = as_rows(data)
    counts = np.zeros(rows.shape[0], np.int32)
    mask = np.zeros(rows.shape, np.bool_)
    _mark(rows, low, high, minimum_run, counts, mask)
    return Clipping(counts, mask)
