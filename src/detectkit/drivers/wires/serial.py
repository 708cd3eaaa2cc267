"""Serial ports, through pyserial for the settings and the system's own calls for the bytes.

pyserial's `read` waits for a number of bytes, and dies when another thread closes the port; so
the wire waits on the descriptor itself, and every form of a hang-up becomes a LinkError.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import termios
from pathlib import Path
from typing import Any

from detectkit.core import MissingDependencyError
from detectkit.drivers.wires.address import Address
from detectkit.drivers.wires.waiter import Waiter
from detectkit.drivers.wires.wire import Wire

BY_ID = Path("/dev/serial/by-id")
"""Where udev keeps a name for each adapter that stays when it is plugged into another socket."""

_noted: dict[str, str] = {}
"""Stable names of devices, noted at their first opening in this process: a mission makes a new
transport for each opening, and the adapter may have another number by then."""

_STOP_BITS = {"1": 1, "1.5": 1.5, "2": 2}


class Serial(Wire):
    """``serial:DEVICE?baud=115200&parity=N&stopbits=1&rtscts=0``: 8 bits, for this program alone.

    The port is locked both ways: `flock` keeps out programs that look for the lock, TIOCEXCL the
    others (but not root's). The first opening notes the adapter's stable name; later openings use
    it, since a plugged-in adapter may come back under another number.
    """

    def __init__(self, address: Address) -> None:
        address.only("baud", "parity", "stopbits", "rtscts")
        super().__init__(address.text)
        self._path = address.path
        self._settings: dict[str, Any] = {
            "baudrate": int(address.number("baud", 115200)),
            "parity": address.choice("parity", ("N", "E", "O"), "N"),
            "stopbits": _STOP_BITS[address.choice("stopbits", tuple(_STOP_BITS), "1")],
            "rtscts": address.choice("rtscts", ("0", "1"), "0") == "1",
        }
        self._port: Any = None

    def _connect(self, waiter: Waiter) -> None:
        serial = _pyserial()
        path = _noted.get(self._path, self._path)
        try:
            self._port = serial.Serial(path, exclusive=True, timeout=0, **self._settings)
        except (ValueError, termios.error) as error:
            msg = f"refuses its settings {self._settings} ({error})"
            self._fail(msg, error)
        descriptor = self._port.fileno()
        with contextlib.suppress(ValueError, OSError):
            # FTDI adapters hold bytes back for 16 ms otherwise; others cannot, and need not.
            self._port.set_low_latency_mode(True)
        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, termios.TIOCEXCL)
        if path == self._path and (link := stable_name(path)):
            _noted[path] = link
        waiter.watch(descriptor)

    def _disconnect(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        with contextlib.suppress(OSError, termios.error):
            fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
        with contextlib.suppress(OSError, termios.error):
            port.close()

    def _receive(self, ready: set[int]) -> bytes:  # noqa: ARG002 - there is one descriptor
        data = os.read(self._descriptor(), 65536)
        if not data:
            self._fail("hung up: ready to read, and no byte there; is its cable out?")
        return data

    def _transmit(self, data: memoryview) -> int:
        return os.write(self._descriptor(), data)

    def _descriptor(self) -> int:
        if self._port is None:
            self._fail("is closed")
        return int(self._port.fileno())

    def _explain(self, error: OSError) -> str:
        if error.errno == errno.ENOENT:
            tried = _noted.get(self._path, self._path)
            there = ", ".join(map(str, _links())) or "none"
            return f"is not there (looked for {tried}); adapters that are: {there}"
        if error.errno == errno.EACCES:
            return "may not be opened by this user; add the user to the port's group (dialout)"
        if error.errno in (errno.EBUSY, errno.EAGAIN):
            return "is in use by another program; close that first"
        return f"cannot be opened ({error})"


def stable_name(path: str) -> str:
    """Return the link in /dev/serial/by-id that names the same device, "" where there is none."""
    for link in _links():
        if os.path.realpath(link) == os.path.realpath(path):
            return str(link)
    return ""


def _links() -> list[Path]:
    return sorted(BY_ID.iterdir()) if BY_ID.is_dir() else []


def _pyserial() -> Any:
    try:
        import serial
    except ImportError as error:
        msg = "serial ports need pyserial; install it with `pip install detectkit[live]`"
        raise MissingDependencyError(msg) from error
    return serial
