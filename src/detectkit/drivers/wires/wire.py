"""Wire: base of the transports that wait on a descriptor."""

from __future__ import annotations

import threading
import time
from typing import NoReturn

from detectkit.drivers.errors import LinkError
from detectkit.drivers.wires.waiter import Waiter

WRITE_S = 5.0
"""A peer that takes no byte for so long counts as gone."""


class Wire:
    """A transport over non-blocking descriptors. Fill in `_connect`, `_receive` and the others.

    `_in_use` is held while the wire is opened, read or written, so that `close` from another
    thread never takes a descriptor away under a system call: it wakes the call, then waits.

    Parameters
    ----------
    name
        The address, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._in_use = threading.Lock()
        self._gate = threading.Lock()
        self._waiter: Waiter | None = None

    def _connect(self, waiter: Waiter) -> None:
        """Open the descriptors and let `waiter` watch them. May raise OSError."""
        raise NotImplementedError

    def _disconnect(self) -> None:
        """Close the descriptors as far as they are open."""
        raise NotImplementedError

    def _receive(self, ready: set[int]) -> bytes:
        """Read what is there without waiting; LinkError at a hang-up. May raise OSError."""
        raise NotImplementedError

    def _transmit(self, data: memoryview) -> int:
        """Write without waiting; return the number of bytes taken. May raise OSError."""
        raise NotImplementedError

    def _descriptor(self) -> int:
        """Return the descriptor that is written to; LinkError where there is no peer yet."""
        raise NotImplementedError

    def _explain(self, error: OSError) -> str:
        """Say why the wire cannot be opened and what to look at."""
        return f"cannot be opened ({error.strerror or error})"

    def open(self) -> None:
        """Open the wire; LinkError where that fails."""
        with self._in_use:
            if self._waiter is not None:
                self._fail("is open already; close it first")
            waiter = Waiter()
            with self._gate:
                self._waiter = waiter
            try:
                self._connect(waiter)
            except OSError as error:
                self._release()
                if isinstance(error, LinkError):
                    raise
                self._fail(self._explain(error), error)
            except BaseException:
                self._release()
                raise

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, b"" after `timeout_s`; LinkError at a hang-up."""
        with self._in_use:
            waiter = self._opened()
            ready = waiter.readable(timeout_s)
            self._opened()
            if not ready:
                return b""
            try:
                return self._receive(ready)
            except LinkError:
                raise
            except (BlockingIOError, InterruptedError):
                return b""
            except OSError as error:
                self._fail(f"hung up ({error.strerror or error})", error)

    def write(self, data: bytes) -> None:
        """Send all of `data`; LinkError at a hang-up, or when nothing is taken for 5 s."""
        with self._in_use:
            left = memoryview(data)
            while left:
                waiter = self._opened()
                sent = self._write_some(left)
                left = left[sent:]
                if left and not sent:
                    self._wait_to_write(waiter)

    def close(self) -> None:
        """Close the wire; a read or write in another thread ends with a LinkError."""
        with self._gate:
            if self._waiter is not None:
                self._waiter.wake()
        with self._in_use:
            self._release()

    def _write_some(self, data: memoryview) -> int:
        try:
            return self._transmit(data)
        except LinkError:
            raise
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._fail(f"hung up ({error.strerror or error})", error)

    def _wait_to_write(self, waiter: Waiter) -> None:
        until = time.monotonic() + WRITE_S
        while not waiter.writable(self._descriptor(), until - time.monotonic()):
            self._opened()
            if time.monotonic() >= until:
                self._fail(f"took no byte for {WRITE_S:g} s")

    def _opened(self) -> Waiter:
        if self._waiter is None or self._waiter.woken:
            self._fail("is closed")
        return self._waiter

    def _release(self) -> None:
        with self._gate:
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._disconnect()
            waiter.close()

    def _fail(self, what: str, cause: BaseException | None = None) -> NoReturn:
        msg = f"{self.name} {what}"
        raise LinkError(msg) from cause
