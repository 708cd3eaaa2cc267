"""Latency: how long after its bytes arrived a trace was located and processed, the whole flight.

A trace first waits for the position after it, then it is computed. By how many traces or metres
the result of a pipeline trails the newest trace is not in these times; it is the pipeline's own
property, see `detectkit.mission.Processing.latencies`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SHORTEST_S, LONGEST_S = 1e-5, 1e3
CLASSES = 1600
"""Between two classes are 1.2 %."""
KEPT_RECORDS = 4096
"""Records whose rows may wait at once to be measured; older ones are not measured."""
_PER_CLASS = np.log(LONGEST_S / SHORTEST_S) / CLASSES


@dataclass(slots=True)
class Times:
    """How often which time was seen: quantiles of a whole flight in a memory that does not grow.

    Examples
    --------
    >>> times = Times()
    >>> times.push(0.01, rows=99)
    >>> times.push(0.5, rows=1)
    >>> round(times.quantile(0.5), 3), times.longest_s
    (0.01, 0.5)
    """

    rows: int = 0
    longest_s: float = 0.0
    _counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(CLASSES, np.int64))

    def push(self, time_s: float, *, rows: int) -> None:
        """Take note of a time that so many rows had in common."""
        bounded = min(max(time_s, SHORTEST_S), LONGEST_S)
        at = int(np.log(bounded / SHORTEST_S) / _PER_CLASS)
        self._counts[min(at, CLASSES - 1)] += rows
        self.rows += rows
        self.longest_s = max(self.longest_s, time_s)

    def quantile(self, share: float) -> float | None:
        """Return the time below which such a share of the rows stayed; None without rows.

        It is the upper end of its class, so never too short.
        """
        if not self.rows:
            return None
        at = int(np.searchsorted(np.cumsum(self._counts), share * self.rows))
        return min(float(SHORTEST_S * np.exp((at + 1) * _PER_CLASS)), self.longest_s)


@dataclass(slots=True)
class _Passing:
    """Rows of one stream on their way: each entry is (rows up to it, rows in it, arrival)."""

    decoded: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=KEPT_RECORDS))
    located: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=KEPT_RECORDS))
    decoded_rows: int = 0
    located_rows: int = 0


@dataclass(slots=True)
class Latency:
    """Follows the rows of radars from the arrival of their bytes.

    The rows of one record count as through when its last one is.

    Attributes
    ----------
    located, processed
        Times from the arrival of its bytes until a trace has its position, and until it went
        through the pipeline.
    """

    radars: Iterable[str]
    located: Times = field(default_factory=Times)
    processed: Times = field(default_factory=Times)
    _passing: dict[str, _Passing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._passing = {name: _Passing() for name in self.radars}

    def rows_decoded(self, stream: str, total: int, arrival_ns: int) -> None:
        """Take note that a stream has `total` rows with a record that arrived at a time."""
        one = self._passing.get(stream)
        if one is not None and total > one.decoded_rows:
            one.decoded.append((total, total - one.decoded_rows, arrival_ns))
            one.decoded_rows = total

    def rows_located(self, stream: str, rows: int, now_ns: int) -> None:
        """Take note that the next rows of a stream have their positions."""
        one = self._passing.get(stream)
        if one is None:
            return
        one.located_rows += rows
        for entry in _through(one.decoded, one.located_rows, now_ns, self.located):
            one.located.append(entry)

    def rows_processed(self, stream: str, held: int, now_ns: int) -> None:
        """Take note that all located rows of a stream are processed but the last `held`."""
        one = self._passing.get(stream)
        if one is not None:
            deque(_through(one.located, one.located_rows - held, now_ns, self.processed), maxlen=0)

    @property
    def streams(self) -> Iterable[str]:
        """The streams that are followed."""
        return self._passing


def _through(
    waiting: deque[tuple[int, int, int]], rows: int, now_ns: int, times: Times
) -> list[tuple[int, int, int]]:
    """Take off and note what is through once a stream has so many rows behind it."""
    taken = []
    while waiting and waiting[0][0] <= rows:
        entry = waiting.popleft()
        times.push((now_ns - entry[2]) / 1e9, rows=entry[1])
        taken.append(entry)
    return taken
