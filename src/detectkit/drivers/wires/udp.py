"""UDP: one datagram a read, so that its arrival and its bounds are kept."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from detectkit.drivers.wires.address import Address
from detectkit.drivers.wires.waiter import Waiter
from detectkit.drivers.wires.wire import WRITE_S, Wire

BUFFER_BYTES = 8 << 20
"""Asked for; the system gives what its limit (``net.core.rmem_max``) allows."""


class _Datagrams(Wire):
    """What both ends share."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.text)
        self._address = address
        self._socket: socket.socket | None = None

    def _make(self, family: int, waiter: Waiter) -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM)
        self._socket = made
        made.settimeout(0.0)
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        waiter.watch(made.fileno())
        return made

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _opened_socket(self) -> socket.socket:
        if self._socket is None:
            self._fail("is closed")
        return self._socket

    def _descriptor(self) -> int:
        return self._opened_socket().fileno()


class UdpClient(_Datagrams):
    """``udp://host:port``: speaks first, hears that peer only; ``bind=PORT`` sends from a port."""

    def __init__(self, address: Address) -> None:
        address.only("bind")
        super().__init__(address)
        self._bind = int(address.number("bind", 0))

    def _connect(self, waiter: Waiter) -> None:
        where = (self._address.host, self._address.port)
        family, _, _, _, peer = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
        made = self._make(family, waiter)
        if self._bind:
            made.bind(("", self._bind))
        made.connect(peer)

    def _receive(self, ready: set[int]) -> bytes:  # noqa: ARG002 - there is one descriptor
        return self._opened_socket().recv(65535)

    def _transmit(self, data: memoryview) -> int:
        return self._opened_socket().send(data)


class UdpListener(_Datagrams):
    """``udp-listen://host:port``: hears everybody, answers the last who spoke.

    A write before anybody has spoken waits for the first datagram. Port 0 takes a free port at
    the first opening; `name` tells it.
    """

    def __init__(self, address: Address) -> None:
        address.only()
        super().__init__(address)
        self._port = address.port
        self._speaker: tuple[Any, ...] | None = None

    def _connect(self, waiter: Waiter) -> None:
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        made = self._make(family, waiter)
        made.bind((self._address.host, self._port))
        self._port = made.getsockname()[1]
        if self._address.port == 0:
            self.name = self._address.text.replace(":0", f":{self._port}", 1)
        self._speaker = None

    def _receive(self, ready: set[int]) -> bytes:  # noqa: ARG002 - there is one descriptor
        data, self._speaker = self._opened_socket().recvfrom(65535)
        return data

    def _transmit(self, data: memoryview) -> int:
        if self._speaker is None:
            self._speaker = self._first_speaker()
        return self._opened_socket().sendto(data, self._speaker)

    def _first_speaker(self) -> tuple[Any, ...]:
        ready = self._opened().readable(WRITE_S)
        self._opened()
        if not ready:
            self._fail(f"has nobody to answer: nothing came within {WRITE_S:g} s")
        speaker: tuple[Any, ...] = self._opened_socket().recvfrom(1, socket.MSG_PEEK)[1]
        return speaker

    def _explain(self, error: OSError) -> str:
        reason = error.strerror or error
        return f"cannot listen ({reason}); is the port taken, or the address another machine's?"
