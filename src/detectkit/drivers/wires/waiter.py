"""Waiting for a descriptor in such a way that another thread can end the wait."""

from __future__ import annotations

import os
import selectors


class Waiter:
    """Waits until watched descriptors can be read, or one can be written.

    `wake` may be called from any thread while the waiter is not closed; from then on every wait
    ends at once.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = os.pipe()
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self.woken = False

    def watch(self, descriptor: int) -> None:
        """Watch for bytes to read, or a hang-up."""
        self._selector.register(descriptor, selectors.EVENT_READ)

    def forget(self, descriptor: int) -> None:
        """Watch no longer; call it before the descriptor is closed."""
        self._selector.unregister(descriptor)

    def readable(self, timeout_s: float) -> set[int]:
        """Return the watched descriptors that can be read, empty after `timeout_s`."""
        ready = self._selector.select(max(timeout_s, 0.0))
        return {key.fd for key, _ in ready} - {self._wake_out}

    def writable(self, descriptor: int, timeout_s: float) -> bool:
        """Wait until one watched descriptor takes bytes; False after `timeout_s`."""
        self._selector.modify(descriptor, selectors.EVENT_WRITE)
        try:
            ready = self._selector.select(max(timeout_s, 0.0))
        finally:
            self._selector.modify(descriptor, selectors.EVENT_READ)
        return any(key.fd == descriptor for key, _ in ready)

    def wake(self) -> None:
        """End the wait."""
        if not self.woken:
            self.woken = True
            os.write(self._wake_in, b"\0")

    def close(self) -> None:
        """Release the descriptors."""
        self._selector.close()
        os.close(self._wake_out)
        os.close(self._wake_in)
