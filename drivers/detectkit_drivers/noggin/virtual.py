"""Twin of the Noggin: answers the commands, and each request with the next measured trace."""

from __future__ import annotations

import re

import numpy as np

from detectkit.drivers import Measured, Twin
from detectkit_drivers.noggin.decoder import MARKER
from detectkit_drivers.noggin.instrument import Noggin

TRAILER = b"\r\n>"
LONGEST_COMMAND = 64
BAUD_FOUND_AFTER = 3
COMMAND = re.compile(rb"(?:XON|R|\d{1,5} ?P|\d{1,5}[-+]|T)")


class NogginTwin(Twin):
    """A Noggin without hardware.

    The text of its answers is made up, except that the one to ``XON`` holds ``TPU``.

    Parameters
    ----------
    rate_hz
        Traces a second that it can measure; a request waits for the next of them.
    """

    def __init__(self, *, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.reboot()

    def reboot(self) -> None:
        """Forget the baud rate and all requests."""
        self.running = True
        self._line = b""
        self._returns = 0
        self._is_on = False
        self._requests = 0

    def receive(self, data: bytes) -> list[bytes]:
        """Answer every command that ends with a carriage return."""
        *commands, self._line = (self._line + data).split(b"\r")
        self._line = self._line[-LONGEST_COMMAND:]
        return [answer for one in commands if (answer := self._answer(one.strip()))]

    def speak(self, measured: Measured) -> list[bytes]:
        """Answer the requests that wait, each with one trace; other rows are not sent."""
        rows = min(self._requests, len(measured))
        self._requests -= rows
        samples = np.clip(np.rint(measured.values[:rows]), -32768, 32767).astype(">i2")
        return [MARKER + row.tobytes() + TRAILER for row in samples]

    def _answer(self, command: bytes) -> bytes:
        if not command:
            self._returns += 1
            return b"\r\n>" if self._returns == BAUD_FOUND_AFTER else b""
        if self._returns < BAUD_FOUND_AFTER or not COMMAND.fullmatch(command):
            return b""
        if command in {b"XON", b"R"}:
            self._is_on = True
            return b"\r\nTPU Noggin twin\r\n>"
        if command == b"T":
            self._requests += self._is_on
            return b""
        return b"\r\nOK\r\n>"


def twin_of(settings: Noggin) -> NogginTwin:
    """Return the twin of an instrument with these settings."""
    return NogginTwin(rate_hz=2.0 * settings.rate_hz)
