"""What the kernels along the delay axis check first, on top of `_rows`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal._rows import Traces, as_traces, destination


def as_rows(data: npt.ArrayLike) -> Traces:
    """Return `data` as read-only (trace, delay) float32 with at least one sample per trace."""
    rows = as_traces(data)
    if rows.shape[1] == 0:
        msg = f"traces have shape {rows.shape}; give at least one sample per trace"
        raise ShapeError(msg)
    return rows


def output_rows(data: Traces, out: Traces | None, *, samples: int | None = None) -> Traces:
    """Return the rows of the caller's buffer for `data`, or a new one.

    It has `samples` columns, those of `data` if not given, and must not share memory with
    `data`: a kernel would overwrite what it still has to read.
    """
    result = destination(out, data.shape[0], data.shape[1] if samples is None else samples)
    if np.may_share_memory(data, result):
        msg = "out shares memory with data; give a buffer of its own"
        raise ShapeError(msg)
    return result


def sample_window(samples: int, start: int, stop: int | None) -> tuple[int, int]:
    """Return [start, stop) within a trace of `samples`, or say what is wrong with it."""
    end = samples if stop is None else stop
    if not 0 <= start < end <= samples:
        msg = (
            f"window [{start}, {end}) does not lie within a trace of {samples} samples; "
            "need 0 <= start < stop <= samples"
        )
        raise UsageError(msg)
    return start, end


def require_positive(name: str, value: float) -> None:
    """Reject a value that is not a finite number above zero."""
    if not (math.isfinite(value) and value > 0):
        msg = f"{name} is {value}; give a finite number above zero"
        raise UsageError(msg)


def require_share(name: str, value: float) -> None:
    """Reject a value outside 0 to 1."""
    if not 0 <= value <= 1:
        msg = f"{name} is {value}; give a number from 0 to 1"
        raise UsageError(msg)
