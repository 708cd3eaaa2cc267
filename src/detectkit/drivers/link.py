"""Link: an open transport during a conversation, with every byte noted as it passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from detectkit.drivers.errors import LinkTimeoutError
from detectkit.drivers.transport import Transport

T = TypeVar("T")
Tap = Callable[[bytes], None]


def _ignore(data: bytes) -> None:
    """Note nothing."""


class Link:
    """What an instrument's session talks through.

    Parameters
    ----------
    transport
        Open.
    on_read, on_sent
        Called with all bytes as they pass, before anybody looks at them: the journal's taps.
    """

    def __init__(
        self, transport: Transport, *, on_read: Tap = _ignore, on_sent: Tap = _ignore
    ) -> None:
        self._transport = transport
        self._on_read = on_read
        self._on_sent = on_sent

    @property
    def name(self) -> str:
        """The address, for messages."""
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, b"" after `timeout_s`; LinkError when the link broke."""
        data = self._transport.read(timeout_s)
        if data:
            self._on_read(data)
        return data

    def send(self, data: bytes) -> None:
        """Send all of `data`; LinkError when the link broke."""
        self._on_sent(data)
        self._transport.write(data)

    def ask(
        self, data: bytes, answer: Callable[[bytes], T | None], *, timeout_s: float, what: str
    ) -> T:
        """Send `data`, then read until `answer` finds in all that came what it looks for.

        Parameters
        ----------
        data
            The question; b"" only listens.
        answer
            Given all bytes since the question; returns None while the answer is not there.
        timeout_s
            How long to wait.
        what
            Names the answer in the error: ``"the reply to $whois"``.

        Raises
        ------
        LinkTimeoutError
            No answer in time; says what came instead.
        """
        if data:
            self.send(data)
        heard = b""
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0.0:
            heard += self.read(left)
            if heard and (found := answer(heard)) is not None:
                return found
        msg = (
            f"{self.name}: {what} did not come within {timeout_s:g} s; "
            f"{len(heard)} bytes came: {heard[:32]!r}"
        )
        raise LinkTimeoutError(msg)
