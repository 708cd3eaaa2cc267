"""Windows at fixed places along the line, each cleaned on its own and cross-faded with the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import Traces, as_traces, at_least, destination

Clean = Callable[[Traces], Traces]


class CrossFade:
    """Apply a method to windows of a fixed number of traces, counted from the line's start.

    Window k holds the traces k·hop … k·hop + window - 1 with hop = window - overlap. In the
    overlap the result fades from one window to the next with weights that sum to one
    (cos² and sin²). The last window ends with the line and is as long as the others; a line
    shorter than one window is one window. Windows lie at absolute places and have one shape,
    so the way the line was cut into pushes changes no bit.

    Parameters
    ----------
    samples
        Samples per trace.
    window, overlap
        Number of traces; 0 ≤ overlap ≤ window / 2. Latency: window - 1 traces.
    clean
        The method: rows in, as many rows out, its input left as it is.

    Examples
    --------
    >>> halved = CrossFade(1, window=4, overlap=2, clean=lambda rows: rows / 2)
    >>> np.concatenate([halved.push(np.ones((5, 1))), halved.finish()]).ravel()
    array([0.5, 0.5, 0.5, 0.5, 0.5], dtype=float32)
    """

    def __init__(self, samples: int, *, window: int, overlap: int, clean: Clean) -> None:
        at_least(window, 1, "window")
        if not 0 <= overlap <= window // 2:
            msg = f"overlap is {overlap} traces; it must be 0 to {window // 2}, half the window"
            raise UsageError(msg)
        self._window, self._hop = window, window - overlap
        self._clean = clean
        self._fade = np.sin(0.5 * np.pi * (np.arange(overlap) + 0.5) / max(overlap, 1)) ** 2
        self._samples = at_least(samples, 1, "samples")
        self._waiting: list[Traces] = []  # rows that came since the last window
        self._rows = np.zeros((0, samples), np.float32)  # from one window before the next one on
        self._next = 0  # index in _rows where the next window begins
        self._tail: Traces | None = None  # the last window's share of the overlap

    @property
    def held(self) -> int:
        """Number of traces taken in and not given back yet."""
        return len(self._rows) - self._next + sum(map(len, self._waiting))

    def push(self, data: npt.ArrayLike, *, out: Traces | None = None) -> Traces:
        """Take the next traces; return those that no later window can change."""
        self._waiting.append(as_traces(data, samples=self._samples).copy())
        windows = max(0, (self.held - self._window) // self._hop + 1)
        result = destination(out, windows * self._hop, self._samples)
        if windows:
            self._join()
        for index in range(windows):
            rows = self._rows[self._next : self._next + self._window]
            cleaned = self._fade_in(self._clean(rows))
            result[index * self._hop : (index + 1) * self._hop] = cleaned[: self._hop]
            self._tail = cleaned[self._hop :].copy()
            self._next += self._hop
        self._forget()
        return result

    def finish(self, *, out: Traces | None = None) -> Traces:
        """Return the traces that are left at the end of the line."""
        left = self.held
        self._join()
        result = destination(out, left, self._samples)
        if self._tail is not None and left == len(self._tail):
            result[:] = self._tail
        elif left:
            result[:] = self._last_window(left)
        self._rows, self._next, self._tail = self._rows[:0], 0, None
        return result

    def _last_window(self, left: int) -> Traces:
        start = max(0, len(self._rows) - self._window)
        return self._fade_in(self._clean(self._rows[start:])[-left:])

    def _fade_in(self, cleaned: Traces) -> Traces:
        """Return the window with its first rows faded in from the window before."""
        if self._tail is None or not len(self._tail):
            return cleaned
        fade = self._fade[:, np.newaxis]
        mixed = (1.0 - fade) * self._tail + fade * cleaned[: len(self._tail)]
        return np.concatenate([mixed.astype(np.float32), cleaned[len(self._tail) :]])

    def _join(self) -> None:
        self._rows = np.concatenate([self._rows, *self._waiting])
        self._waiting = []

    def _forget(self) -> None:
        """Drop rows that neither a window to come nor the last one of the line can need."""
        drop = max(0, self._next - self._window)
        self._rows = self._rows[drop:]
        self._next -= drop
