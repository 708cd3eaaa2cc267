"""The wires that instruments hang on: serial, TCP, UDP and files, one address for each.

pyserial is imported when a serial wire is opened; all else needs the standard library only.
"""

from __future__ import annotations

from detectkit.drivers.wires.address import EXAMPLES, Address, parse_address
from detectkit.drivers.wires.opening import open_transport
from detectkit.drivers.wires.reconnect import Reconnect

__all__ = ["EXAMPLES", "Address", "Reconnect", "open_transport", "parse_address"]
