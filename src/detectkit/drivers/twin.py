"""The contract of a twin: an instrument's voice without its hardware, no sockets inside.

A twin is the other side of the protocol. It answers what the host says and turns measured rows
into the instrument's bytes. `detectkit.drivers.bench` puts it on a pseudo-terminal or a socket,
paces it, and makes faults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Rows that the twin's instrument has just measured.

    Parameters
    ----------
    device_ns
        Time of each row since the instrument was switched on, on its own clock, int64 (rows,).
    values
        Shape (rows, columns): radar samples in counts, a detector's channels, a magnetometer's nT,
        an altimeter's metres (NaN: no target), or `PLATFORM_COLUMNS`.
    utc_ns
        True time of each row, int64 (rows,), for instruments that tell UTC.
    """

    device_ns: npt.NDArray[np.int64]
    values: npt.NDArray[Any]
    utc_ns: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        sizes = {self.device_ns.shape[0], self.utc_ns.shape[0], self.values.shape[0]}
        if self.values.ndim != 2 or len(sizes) != 1:
            msg = f"times and values must have one number of rows; got {sorted(sizes)}"
            raise ShapeError(msg)

    def __len__(self) -> int:
        return int(self.values.shape[0])


Source = Callable[[int, int], Measured | None]
"""Gives the rows measured from one true time to another, in ns since the bench was started."""


class Twin:
    """Base of twins. Sans I/O: bytes and rows in, bytes out.

    Attributes
    ----------
    running
        Whether the instrument streams; many do so only after a start command.
    rate_hz
        Rows a second that the twin measures; the bench asks its source for so many.
    """

    running: bool = True
    rate_hz: float = 50.0

    def receive(self, data: bytes) -> list[bytes]:  # noqa: ARG002 - part of the contract
        """Take bytes from the host; return the messages that answer them, in order."""
        return []

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the instrument's messages for measured rows, in order."""
        raise NotImplementedError

    def skip(self, rows: int) -> None:
        """Count rows that the instrument measures and loses (a counter gap)."""

    def reboot(self) -> None:
        """Fall back to the state after switching on; counters and settings are lost."""


class ControlledTwin(Twin):
    """A twin of an instrument that is commanded on one TCP port and streams on another.

    Attributes
    ----------
    data_port
        Where the bench serves the stream; set before it serves.
    """

    data_port: int = 0

    def command(self, data: bytes) -> list[bytes]:
        """Take bytes from a client of the command port; return the answers, in order."""
        raise NotImplementedError
