"""Ports over TCP and UDP, the instrument listening or calling."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import time
from collections.abc import Mapping, Sequence

from detectkit.drivers.bench.port import Port, StreamPort
from detectkit.drivers.wires.tcp import tune

CALL_AGAIN_S = 0.05
Place = tuple[str, int]


def free_port(kind: socket.SocketKind, host: str) -> int:
    """Return a port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def reachable(host: str) -> str:
    """Return the address under which this machine reaches a listener."""
    return "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104 - compared, not bound


class TcpPort(StreamPort):
    """What the two kinds of TCP port share: one host at a time, real back-pressure."""

    def __init__(self, where: Place) -> None:
        super().__init__()
        self._where = where
        self._host: socket.socket | None = None

    @property
    def takes_rows(self) -> bool:
        """Whether a host is there and the buffer is not full."""
        return self._host is not None and len(self._pending) < self.buffer_bytes

    def unplug(self) -> None:
        """Close the connection."""
        self._lose()
        if self._host is not None:
            self._host.close()
            self._host = None

    def _room(self) -> int:
        # The instrument loses whole rows instead, before they are said: see `takes_rows`. So the
        # buffer grows past its limit by one slice of rows at most.
        return sys.maxsize

    def reboot(self) -> None:
        """Close the connection; the host calls, or is called, again."""
        TcpPort.unplug(self)

    def _take(self, host: socket.socket) -> None:
        TcpPort.unplug(self)
        tune(host)
        self._host = host

    def _descriptor(self) -> int | None:
        return None if self._host is None else self._host.fileno()

    def _read(self) -> bytes:
        return b"" if self._host is None else self._host.recv(65536)

    def _write(self, data: memoryview) -> int:
        return 0 if self._host is None else self._host.send(data)

    def _hung_up(self) -> None:
        TcpPort.unplug(self)


class TcpListenPort(TcpPort):
    """``tcp-listen://host:port``: the instrument is a server; a new host replaces the old one."""

    def __init__(self, where: Place) -> None:
        super().__init__(where)
        self._listener: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port that hosts connect to."""
        return self._where[1]

    def plug(self) -> None:
        """Listen, always on the same port."""
        if self._listener is None:
            self._listener = socket.create_server(self._where, backlog=4)
            self._listener.settimeout(0.0)
            self._where = (self._where[0], self._listener.getsockname()[1])
            self.address = f"tcp://{reachable(self._where[0])}:{self.port}"

    def unplug(self) -> None:
        """Close the connection and listen no longer."""
        super().unplug()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def interest(self) -> Mapping[int, int]:
        """Wait for calls as well."""
        calls = {} if self._listener is None else {self._listener.fileno(): selectors.EVENT_READ}
        return {**super().interest(), **calls}

    def receive(self) -> list[bytes]:
        """Accept a call, and return what came."""
        if self._listener is not None:
            with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
                self._take(self._listener.accept()[0])
        return super().receive()


class TcpCallPort(TcpPort):
    """``tcp://host:port``: the instrument is a client, and calls until the host listens."""

    def __init__(self, where: Place) -> None:
        port = where[1] or free_port(socket.SOCK_STREAM, where[0])
        super().__init__((where[0], port))
        self._plugged = False
        self._call_at = 0.0
        self.address = f"tcp-listen://{where[0]}:{port}"

    def plug(self) -> None:
        """Begin to call."""
        self._plugged = True

    def unplug(self) -> None:
        """Close the connection and call no longer."""
        self._plugged = False
        super().unplug()

    def receive(self) -> list[bytes]:
        """Call where there is no connection, and return what came."""
        now = time.monotonic()
        if self._plugged and self._host is None and now >= self._call_at:
            self._call_at = now + CALL_AGAIN_S
            with contextlib.suppress(OSError):
                self._take(socket.create_connection(self._where, timeout=1.0))
        return super().receive()


class UdpPort(Port):
    """What the two kinds of UDP port share: one message a datagram."""

    def __init__(self, own: Place, host: Place | None) -> None:
        super().__init__()
        self._own = own
        self._host = host
        self._socket: socket.socket | None = None

    def plug(self) -> None:
        """Open the socket, always on the same port."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.settimeout(0.0)
            self._socket.bind(self._own)
            self._own = (self._own[0], self._socket.getsockname()[1])

    def unplug(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def interest(self) -> Mapping[int, int]:
        """Wait for datagrams."""
        return {} if self._socket is None else {self._socket.fileno(): selectors.EVENT_READ}

    def receive(self) -> list[bytes]:
        """Return the datagrams that came."""
        heard: list[bytes] = []
        while self._socket is not None:
            try:
                data, speaker = self._socket.recvfrom(65535)
            except (BlockingIOError, ConnectionError):
                break
            self._heard_from(speaker)
            heard.append(data)
        return heard

    def send(self, messages: Sequence[bytes]) -> None:
        """Send each message as a datagram; what cannot be sent is lost."""
        for message in messages:
            if self._socket is None or self._host is None:
                self.lost += len(message)
                continue
            try:
                self._socket.sendto(message, self._host)
            except (BlockingIOError, ConnectionError):
                self.lost += len(message)

    def _heard_from(self, speaker: Place) -> None:
        """Note who spoke."""


class UdpListenPort(UdpPort):
    """``udp-listen://host:port``: the instrument answers and streams to the last who spoke."""

    def __init__(self, where: Place) -> None:
        super().__init__(where, None)

    @property
    def port(self) -> int:
        """The port that hosts speak to."""
        return self._own[1]

    @property
    def takes_rows(self) -> bool:
        """Whether somebody has spoken."""
        return self._host is not None

    def plug(self) -> None:
        """Open the socket."""
        super().plug()
        self.address = f"udp://{reachable(self._own[0])}:{self.port}"

    def reboot(self) -> None:
        """Forget the host."""
        self._host = None

    def _heard_from(self, speaker: Place) -> None:
        self._host = speaker


class UdpCallPort(UdpPort):
    """``udp://host:port``: the instrument sends there, whether anybody listens or not."""

    def __init__(self, where: Place) -> None:
        port = where[1] or free_port(socket.SOCK_DGRAM, where[0])
        super().__init__(("", 0), (where[0], port))
        self.address = f"udp-listen://{where[0]}:{port}"
