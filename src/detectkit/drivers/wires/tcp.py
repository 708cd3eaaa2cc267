"""TCP: to an instrument that listens, or from one that calls."""

from __future__ import annotations

import contextlib
import socket
import time

from detectkit.drivers.wires.address import Address
from detectkit.drivers.wires.waiter import Waiter
from detectkit.drivers.wires.wire import Wire

CONNECT_S = 3.0
CALL_S = 5.0
"""How long opening a listener waits for the instrument to call."""

_OPTIONS = {
    "TCP_NODELAY": 1,
    "TCP_KEEPIDLE": 3,
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 9000,
}
"""A peer whose cable is out is noticed after 9 s, instead of the system's two hours."""


def tune(peer: socket.socket) -> None:
    """Send without delay and notice a peer that is gone, as far as the system can."""
    peer.settimeout(0.0)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.IPPROTO_TCP, option, value)


class _Conversation(Wire):
    """What the two ends share: one peer at a time."""

    def __init__(self, address: Address) -> None:
        address.only()
        super().__init__(address.text)
        self._address = address
        self._peer: socket.socket | None = None

    def _take(self, peer: socket.socket, waiter: Waiter) -> None:
        tune(peer)
        self._peer = peer
        waiter.watch(peer.fileno())

    def _disconnect(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def _receive(self, ready: set[int]) -> bytes:  # noqa: ARG002 - there is one descriptor
        data = self._talking().recv(65536)
        if not data:
            self._fail("hung up: the other side closed the connection")
        return data

    def _transmit(self, data: memoryview) -> int:
        return self._talking().send(data)

    def _descriptor(self) -> int:
        return self._talking().fileno()

    def _talking(self) -> socket.socket:
        if self._peer is None:
            self._fail("is closed")
        return self._peer


class TcpClient(_Conversation):
    """``tcp://host:port``: connects within 3 s, no delay, keep-alive."""

    def _connect(self, waiter: Waiter) -> None:
        where = (self._address.host, self._address.port)
        self._take(socket.create_connection(where, timeout=CONNECT_S), waiter)

    def _explain(self, error: OSError) -> str:
        reason = (
            f"no answer within {CONNECT_S:g} s"
            if isinstance(error, TimeoutError)
            else error.strerror or error
        )
        return f"cannot be reached ({reason}); is the instrument on, and its address right?"


class TcpServer(_Conversation):
    """``tcp-listen://host:port``: waits 5 s for the instrument to call, then talks to it.

    One opening is one conversation. A second call means that the first caller is gone without a
    word (its cable was out, it was switched off): the wire breaks, and the next opening listens
    again. Port 0 takes a free port at the first opening; `name` tells it.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._port = address.port
        self._listener: socket.socket | None = None

    def _connect(self, waiter: Waiter) -> None:
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        self._listener = socket.create_server(
            (self._address.host, self._port), family=family, backlog=1
        )
        self._listener.settimeout(0.0)
        self._port = self._listener.getsockname()[1]
        if self._address.port == 0:
            self.name = self._address.text.replace(":0", f":{self._port}", 1)
        waiter.watch(self._listener.fileno())
        until = time.monotonic() + CALL_S
        while self._peer is None:
            if not waiter.readable(until - time.monotonic()):
                self._fail(f"waited {CALL_S:g} s, and nobody called")
            with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
                self._take(self._listener.accept()[0], waiter)

    def _disconnect(self) -> None:
        super()._disconnect()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _receive(self, ready: set[int]) -> bytes:
        if self._listener is not None and self._listener.fileno() in ready:
            self._fail("was called a second time; the first caller counts as gone")
        return super()._receive(ready)

    def _explain(self, error: OSError) -> str:
        reason = error.strerror or error
        return f"cannot listen ({reason}); is the port taken, or the address another machine's?"
