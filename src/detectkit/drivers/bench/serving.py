"""From what a bench is told to serve to the port that serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from detectkit.core import UsageError
from detectkit.drivers.bench.port import Port
from detectkit.drivers.bench.pty_port import PtyPort
from detectkit.drivers.bench.socket_ports import (
    Place,
    TcpCallPort,
    TcpListenPort,
    UdpCallPort,
    UdpListenPort,
)
from detectkit.drivers.wires import parse_address

SOCKETS: Mapping[str, Callable[[Place], Port]] = {
    "tcp-listen": TcpListenPort,
    "tcp": TcpCallPort,
    "udp-listen": UdpListenPort,
    "udp": UdpCallPort,
}
OTHER_END = {
    "serial": "pty:",
    "tcp": "tcp-listen://127.0.0.1:0",
    "tcp-listen": "tcp://127.0.0.1:0",
    "udp": "udp-listen://127.0.0.1:0",
    "udp-listen": "udp://127.0.0.1:0",
}


def serve_for(address: str) -> str:
    """Return what a bench serves to a host that would use `address`: the wire's other end here.

    Examples
    --------
    >>> serve_for("udp-listen://0.0.0.0:14550")
    'udp://127.0.0.1:0'
    """
    scheme = parse_address(address).scheme
    if scheme not in OTHER_END:
        msg = f"{address}: a bench cannot stand behind {scheme!r}; use {', '.join(OTHER_END)}"
        raise UsageError(msg)
    return OTHER_END[scheme]


def make_port(serve: str) -> Port:
    """Return the port for what a bench is told to serve, not plugged in yet."""
    if serve == "pty:":
        return PtyPort()
    try:
        parts = urlsplit(serve)
        where = (parts.hostname or "", parts.port)
    except ValueError:
        parts, where = urlsplit(""), ("", None)
    host, port = where
    if parts.scheme not in SOCKETS or port is None:
        msg = (
            f"a bench cannot serve {serve!r}; use 'pty:', or {', '.join(SOCKETS)} followed by "
            "://host:port, where port 0 takes a free one"
        )
        raise UsageError(msg)
    return SOCKETS[parts.scheme]((host, port))
