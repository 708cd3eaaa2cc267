"""Lines of equal spacing: their axes, and the windows in which a migration walks along them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import (
    Traces,
    as_traces,
    at_least,
    destination,
    require_positive,
)

Migrate = Callable[[Traces], Traces]
"""Rows of a whole window in, its `hop` rows in the middle out."""


@dataclass(frozen=True, slots=True)
class RegularLine:
    """Axes of a line: sample k of a trace arrived at ``first_twt_s + k sample_interval_s``.

    Parameters
    ----------
    samples
        Per trace.
    sample_interval_s, first_twt_s
        Two-way time; 0 is when the wave left the surface that the line is migrated from.
    trace_spacing_m
        The same between all traces.

    Raises
    ------
    UsageError
        No sample, or a step that is not above zero.
    """

    samples: int
    sample_interval_s: float
    first_twt_s: float
    trace_spacing_m: float

    def __post_init__(self) -> None:
        at_least(self.samples, 1, "samples")
        require_positive("sample_interval_s", self.sample_interval_s)
        require_positive("trace_spacing_m", self.trace_spacing_m)

    @property
    def last_twt_s(self) -> float:
        """Time of the last sample."""
        return self.first_twt_s + (self.samples - 1) * self.sample_interval_s


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one length: window k gives the traces from k hop on, and sees `reach` around.

    Parameters
    ----------
    hop
        Traces that a window gives.
    reach
        Traces that it needs before them and behind.
    """

    hop: int
    reach: int

    @property
    def length(self) -> int:
        """Traces of a window."""
        return self.hop + 2 * self.reach

    @classmethod
    def around(cls, reach: int, *, traces: int | None = None) -> Windows:
        """Return windows of at least so many traces, of a length that the FFT is fast at.

        Without `traces` a window is four times its reach, at least 128: half of the work is then
        on traces that are thrown away, and half a window waits.

        Raises
        ------
        UsageError
            `traces` leaves nothing in the middle.

        Examples
        --------
        >>> Windows.around(128), Windows.around(128).length
        (Windows(hop=256, reach=128), 512)
        """
        wanted = max(4 * reach, 128) if traces is None else traces
        if wanted <= 2 * reach:
            msg = (
                f"a window of {wanted} traces is too short: events reach {reach} traces to each "
                f"side, so give more than {2 * reach}, or shorten the traces or the largest dip"
            )
            raise UsageError(msg)
        return cls(int(next_fast_len(wanted)) - 2 * reach, reach)


class OverlapSave:
    """Walk along a line in windows at absolute places; the way it was cut changes no bit.

    Beyond either end of the line stand its mirrored traces, which fade to nothing over `reach`
    traces (half a cosine): a layer does not end abruptly there.

    Parameters
    ----------
    samples
        Samples per trace.
    windows
        Their lengths. Latency: ``hop + reach - 1`` traces.
    migrate
        What is done to a window of ``windows.length`` rows; it returns the `hop` in the middle.

    Examples
    --------
    >>> same = OverlapSave(1, Windows(hop=2, reach=1), lambda rows: rows[1:-1])
    >>> line = np.arange(5.0)[:, np.newaxis]
    >>> np.concatenate([same.push(line), same.finish()]).ravel()
    array([0., 1., 2., 3., 4.], dtype=float32)
    """

    def __init__(self, samples: int, windows: Windows, migrate: Migrate) -> None:
        self._samples = at_least(samples, 1, "samples")
        self._windows = windows
        self._migrate = migrate
        away = np.arange(1, windows.reach + 1) / (windows.reach + 1)
        self._fade = (0.5 + 0.5 * np.cos(np.pi * away)).astype(np.float32)[:, np.newaxis]
        self._rows = np.zeros((0, samples), np.float32)  # from trace number _first on
        self._first = 0
        self._next = 0  # number of the first trace not given back yet

    @property
    def held(self) -> int:
        """Number of traces taken in and not given back yet."""
        return self._first + len(self._rows) - self._next

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces; return those that no later trace can change."""
        self._rows = np.concatenate([self._rows, as_traces(data, samples=self._samples)])
        hop, reach = self._windows.hop, self._windows.reach
        count = max(0, (self.held - reach) // hop)
        result = destination(out, count * hop, self._samples)
        for index in range(count):
            result[index * hop : (index + 1) * hop] = self._migrate(self._window())
            self._next += hop
        self._forget()
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the traces that are left at the end of the line."""
        left = self.held
        result = destination(out, left, self._samples)
        for start in range(0, left, self._windows.hop):
            rows = self._migrate(self._window())[: left - start]
            result[start : start + len(rows)] = rows
            self._next += len(rows)
        self._rows, self._first, self._next = self._rows[:0], 0, 0
        return result

    def _window(self) -> Traces:
        """Return the rows around the next traces to give, with mirrors where the line ends."""
        reach, length = self._windows.reach, self._windows.length
        start = self._next - reach - self._first  # in _rows; negative only where _first is 0
        here = self._rows[max(0, start) : start + length]
        window = np.zeros((length, self._samples), np.float32)
        before = max(0, -start)
        window[before : before + len(here)] = here
        if before:
            rows = self._mirror(-1 - np.arange(before))
            window[:before] = (rows * self._fade[:before])[::-1]
        behind = min(length - before - len(here), reach)
        if behind > 0:
            rows = self._mirror(len(self._rows) + np.arange(behind)) * self._fade[:behind]
            window[before + len(here) : before + len(here) + behind] = rows
        return window

    def _mirror(self, index: npt.NDArray[np.int64]) -> Traces:
        """Return rows whose index lies beyond the ends, each end a mirror."""
        folded = index % (2 * len(self._rows))
        return self._rows[np.minimum(folded, 2 * len(self._rows) - 1 - folded)]

    def _forget(self) -> None:
        drop = max(0, self._next - self._windows.reach - self._first)
        self._rows = self._rows[drop:]
        self._first += drop


def along(
    data: npt.ArrayLike, windows: Windows, migrate: Migrate, *, out: Traces | None = None
) -> Traces:
    """Return a whole line migrated window by window; beside the result it holds a few windows."""
    rows = as_traces(data)
    result = destination(out, *rows.shape)
    stream = OverlapSave(rows.shape[1], windows, migrate)
    done = 0
    for start in range(0, len(rows), windows.hop):
        done += len(stream.push(rows[start : start + windows.hop], out=result[done:]))
    stream.finish(out=result[done:])
    return result
