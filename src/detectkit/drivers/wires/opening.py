"""From an address to its transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detectkit.drivers.transport import Transport
from detectkit.drivers.wires.address import Address, parse_address
from detectkit.drivers.wires.replay import Replay
from detectkit.drivers.wires.serial import Serial
from detectkit.drivers.wires.tcp import TcpClient, TcpServer
from detectkit.drivers.wires.udp import UdpClient, UdpListener

TRANSPORTS: Mapping[str, Callable[[Address], Transport]] = {
    "serial": Serial,
    "tcp": TcpClient,
    "tcp-listen": TcpServer,
    "udp": UdpClient,
    "udp-listen": UdpListener,
    "replay": Replay,
}


def open_transport(address: str) -> Transport:
    """Return the transport of an address, not open yet.

    Parameters
    ----------
    address
        ``serial:/dev/ttyUSB0?baud=115200`` (parity=N|E|O, stopbits=1|1.5|2, rtscts=0|1),
        ``tcp://host:port``, ``tcp-listen://host:port``, ``udp://host:port`` (bind=PORT: send from
        this port), ``udp-listen://host:port`` or ``replay:FILE?rate=bytes_per_s``.

    Raises
    ------
    UsageError
        No such scheme or option; says which there are.
    """
    parsed = parse_address(address)
    return TRANSPORTS[parsed.scheme](parsed)
