"""When to open a broken link again: one policy for all wires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectkit.core import UsageError


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Pauses that grow from `first_s` by `factor` up to `longest_s`, the same each time.

    Parameters
    ----------
    first_s
        Pause before the first attempt to open again.
    factor
        Each pause is this many times the one before.
    longest_s
        No pause is longer.

    Examples
    --------
    >>> from itertools import islice
    >>> list(islice(Reconnect().delays(), 7))
    [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    """

    first_s: float = 0.2
    factor: float = 2.0
    longest_s: float = 5.0

    def __post_init__(self) -> None:
        if not (0.0 < self.first_s <= self.longest_s < float("inf") and self.factor >= 1.0):
            msg = (
                f"first_s={self.first_s:g}, factor={self.factor:g}, longest_s={self.longest_s:g} "
                "make no pauses; use 0 < first_s <= longest_s and a factor of at least 1"
            )
            raise UsageError(msg)

    def delays(self) -> Iterator[float]:
        """Yield the pauses in s without end; ask anew after each success."""
        pause_s = self.first_s
        while True:
            yield pause_s
            pause_s = min(pause_s * self.factor, self.longest_s)
