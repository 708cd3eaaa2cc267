"""The autopilot's clock: milliseconds since boot, 32 bits, unwrapped to ns."""

from __future__ import annotations

WRAP_MS = 1 << 32
EDGE_MS = 600_000
NS_PER_MS = 1_000_000


class BootClock:
    """Counts the times that the 32 bits ran over, which they do after 49 days.

    A jump back elsewhere is a reboot; it is passed on as it is.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._last_ms: int | None = None

    @property
    def now_ns(self) -> int | None:
        """The latest time that was told, None before the first."""
        return None if self._last_ms is None else self._unwrapped(self._last_ms)

    def tick(self, boot_ms: int) -> int:
        """Return a stamp made when its message was sent, in ns, and note it as the time."""
        last = self._last_ms
        if last is not None:
            if last > WRAP_MS - EDGE_MS and boot_ms < EDGE_MS:
                self._epoch += 1
            elif last < EDGE_MS and boot_ms > WRAP_MS - EDGE_MS and self._epoch:
                return self.place(boot_ms)  # late, from before the count ran over
            elif boot_ms < last - EDGE_MS:
                self._epoch = 0
        self._last_ms = boot_ms
        return self._unwrapped(boot_ms)

    def place(self, boot_ms: int) -> int:
        """Return a stamp that may be old in ns: the one nearest to the latest time."""
        stamp, now = self._unwrapped(boot_ms), self.now_ns
        if now is None:
            return stamp
        wrap = WRAP_MS * NS_PER_MS
        near = min((stamp - wrap, stamp, stamp + wrap), key=lambda one: abs(one - now))
        return near if near >= 0 else stamp

    def _unwrapped(self, boot_ms: int) -> int:
        return (self._epoch * WRAP_MS + boot_ms) * NS_PER_MS
