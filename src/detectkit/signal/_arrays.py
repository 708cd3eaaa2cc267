"""What every kernel asks of its arguments: float32 rows in, the caller's buffer out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError, UsageError

Traces = npt.NDArray[np.float32]


def as_traces(data: npt.ArrayLike, *, samples: int | None = None) -> Traces:
    """Return `data` as a read-only C-ordered float32 view (trace, delay), copied only if needed.

    Always read-only, so that a kernel is compiled once and cannot change its input.

    Raises
    ------
    ShapeError
        Not two-dimensional, or its rows are not `samples` long.
    """
    rows = np.ascontiguousarray(data, dtype=np.float32)
    if rows.ndim != 2 or (samples is not None and rows.shape[1] != samples):
        wanted = "(trace, delay)" if samples is None else f"(trace, {samples})"
        msg = f"traces have shape {rows.shape}; give {wanted}, one row per trace"
        raise ShapeError(msg)
    view = rows.view()
    view.flags.writeable = False
    return view


def destination(out: Traces | None, rows: int, samples: int) -> Traces:
    """Return the first `rows` rows of `out`, or a new array where `out` is None.

    Raises
    ------
    ShapeError
        `out` is too small, or not a writable C-ordered float32 array.
    """
    if out is None:
        return np.empty((rows, samples), np.float32)
    fits = out.ndim == 2 and out.shape[0] >= rows and out.shape[1] == samples
    if not fits or out.dtype != np.float32 or not out.flags.c_contiguous or not out.flags.writeable:
        msg = (
            f"out is {out.dtype} {out.shape}; it must be a writable C-ordered float32 array "
            f"of at least {rows} rows of {samples} samples"
        )
        raise ShapeError(msg)
    return out[:rows]


def at_least(value: int, lowest: int, name: str) -> int:
    """Return `value` if it is `lowest` or more.

    Raises
    ------
    UsageError
        It is smaller; the message names the option.
    """
    if value < lowest:
        msg = f"{name} is {value}; it must be {lowest} or more"
        raise UsageError(msg)
    return value


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
