"""The stream's port of LibreVNA-GUI, which the control port must find and may have to switch on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from detectkit.drivers import LinkError, Transport
from detectkit.drivers.wires import open_transport, parse_address
from detectkit_drivers.librevna.scpi import Scpi

Stream = Literal["calibrated", "raw", "deembedded"]
SERVERS: Mapping[Stream, str] = {
    "calibrated": "StreamingServers.VNACalibratedData",
    "raw": "StreamingServers.VNARawData",
    "deembedded": "StreamingServers.VNADeembeddedData",
}


class StreamTransport:
    """The stream's port, found and switched on through the control port.

    Parameters
    ----------
    address
        ``tcp://host:control?data=port``.
    server
        Name of the streaming server among the preferences of the GUI.
    """

    def __init__(self, address: str, server: str) -> None:
        self.name = address
        self._parsed = parse_address(address)
        self._parsed.only("data")
        self._server = server
        self._inner: Transport | None = None

    def open(self) -> None:
        """Open the stream.

        Raises
        ------
        LinkError
            The GUI is not there.
        InstrumentError
            It has no such stream.
        """
        with Scpi(control_address(self.name)) as scpi:
            port = self._parsed.options.get("data") or scpi.ask(f":DEV:PREF? {self._server}.port")
            if scpi.ask(f":DEV:PREF? {self._server}.enabled").lower() != "true":
                scpi.tell(f":DEV:PREF {self._server}.enabled true")
                scpi.tell(f":DEV:PREF {self._server}.port {port}")
                scpi.tell(":DEV:APPLYPREF")
        self._inner = open_transport(f"tcp://{self._parsed.host}:{port}")
        self._inner.open()

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived."""
        return self._opened().read(timeout_s)

    def write(self, data: bytes) -> None:
        """Send to the stream's port, which takes nothing."""
        self._opened().write(data)

    def close(self) -> None:
        """Close the stream."""
        if self._inner is not None:
            self._inner.close()

    def _opened(self) -> Transport:
        if self._inner is None:
            msg = f"{self.name} is not open"
            raise LinkError(msg)
        return self._inner


def control_address(address: str) -> str:
    """Return the address of the control port."""
    return address.partition("?")[0]
