"""Window: what a stream's counts did over the last seconds, from one look at them a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

LATELY_S = 60.0
"""Nothing older is kept."""


class Counts(NamedTuple):
    """The counts of a stream at one moment, or by how much they grew in a time."""

    at_s: float
    rows: int = 0
    dropped: int = 0
    unplaced: int = 0
    resets: int = 0
    clipped: int = 0
    samples: int = 0


@dataclass(slots=True)
class Window:
    """The last minute of a stream's counts.

    Examples
    --------
    >>> window = Window()
    >>> window.push(Counts(10.0, rows=100))
    >>> window.push(Counts(12.0, rows=300))
    >>> window.over(4.0)[:2]
    (2.0, 200)
    """

    _seen: deque[Counts] = field(default_factory=deque)
    _fresh_s: float = float("-inf")
    _is_away: bool = False

    def push(self, counts: Counts) -> None:
        """Take the counts of this moment."""
        is_still = bool(self._seen) and counts.rows == self._seen[-1].rows
        if self._is_away or is_still:
            self._fresh_s, self._is_away = counts.at_s, is_still
        self._seen.append(counts)
        while len(self._seen) > 2 and counts.at_s - self._seen[1].at_s >= LATELY_S:
            self._seen.popleft()

    def reopened(self) -> None:
        """Let `steady` begin anew with the next rows: the link was away between two looks."""
        self._is_away = True

    def over(self, seconds: float) -> Counts:
        """Return the growth over the last seconds, or over what was seen of them."""
        return self._since(self._seen[-1].at_s - seconds)

    def steady(self, seconds: float) -> Counts:
        """Return the same, from no earlier than when rows began to come without a pause."""
        return self._since(max(self._seen[-1].at_s - seconds, self._fresh_s))

    def _since(self, start_s: float) -> Counts:
        last = self._seen[-1]
        first = next(one for one in self._seen if one.at_s >= start_s or one is last)
        rows, *rest = (new - old for new, old in zip(last[1:], first[1:], strict=True))
        return Counts(last.at_s - first.at_s, rows, *rest)
