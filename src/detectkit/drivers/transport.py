"""The contract of a transport: bytes to and from one address, blocking, with a time limit.

The transports that ship lie in `detectkit.drivers.wires`; `open_transport` chooses by the scheme.
"""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A wire. Used by one thread; `close` may be called from another and ends a `read`."""

    name: str
    """The address, for messages."""

    def open(self) -> None:
        """Open the wire.

        Raises
        ------
        LinkError
            It cannot be opened; says what was tried and what to look at.
        """
        ...

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, as soon as there is anything; b"" after `timeout_s`.

        Raises
        ------
        LinkError
            The other side hung up or the cable is out.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises
        ------
        LinkError
            The other side hung up, or takes nothing for several seconds.
        """
        ...

    def close(self) -> None:
        """Close the wire; harmless when it is closed."""
        ...
