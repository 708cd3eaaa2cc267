"""Simple sources of measured rows, for tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.drivers.twin import Measured, Source

START_UTC_NS = 1_767_225_600_000_000_000
"""2026-01-01 00:00 UTC: true time of a bench's start in the sources of this module."""

Values = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.generic]]


def steady(values_of_row: Values, rate_hz: float | Callable[[], float]) -> Source:
    """Return a source of evenly spaced rows.

    Parameters
    ----------
    values_of_row
        Given row numbers, shape (rows,), returns their values, shape (rows, columns). Rows are
        numbered from 0 without gaps in the order they are asked for.
    rate_hz
        Rows a second; a function where the host may change it (``lambda: twin.rate_hz``).

    Examples
    --------
    >>> source = steady(lambda rows: rows[:, None] * 10.0, 100.0)
    >>> source(0, 30_000_000).values.ravel().tolist()
    [0.0, 10.0, 20.0]
    """
    row, due_ns = 0, 0.0

    def source(start_ns: int, stop_ns: int) -> Measured | None:
        nonlocal row, due_ns
        rate = rate_hz() if callable(rate_hz) else rate_hz
        if not rate > 0.0:
            return None
        period_ns = 1e9 / rate
        due_ns = max(due_ns, float(start_ns))
        rows = max(int(np.ceil((stop_ns - due_ns) / period_ns)), 0)
        if rows == 0:
            return None
        times_ns = (due_ns + period_ns * np.arange(rows)).astype(np.int64)
        numbers = np.arange(row, row + rows)
        row, due_ns = row + rows, due_ns + rows * period_ns
        return Measured(times_ns, values_of_row(numbers), START_UTC_NS + times_ns)

    return source


class SourceTable:
    """A source that gives the rows of a table, each once its time has come.

    Parameters
    ----------
    times_ns
        Rising, int64 (rows,), since the bench was started.
    values
        Shape (rows, columns).
    """

    def __init__(self, times_ns: npt.NDArray[np.int64], values: npt.NDArray[np.generic]) -> None:
        if np.any(np.diff(times_ns) < 0):
            msg = "the times of a table of rows must not fall; sort it first"
            raise UsageError(msg)
        self._table = Measured(times_ns, values, START_UTC_NS + times_ns)

    def __call__(self, start_ns: int, stop_ns: int) -> Measured | None:
        """Return the rows from `start_ns` to before `stop_ns`."""
        first, last = np.searchsorted(self._table.device_ns, (start_ns, stop_ns))
        if first == last:
            return None
        part = slice(int(first), int(last))
        table = self._table
        return Measured(table.device_ns[part], table.values[part], table.utc_ns[part])
