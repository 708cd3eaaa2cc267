"""Twin of the zGPR: answers the commands and speaks traces."""

from __future__ import annotations

import re

import numpy as np

from detectkit.drivers import Measured, Twin
from detectkit_drivers.zgpr.instrument import Zgpr

NUMBERED = re.compile(r"\$(tune|start|stop) #(\d+)")
STACKING = re.compile(r"\$tune #\d+ set stacking (\d{1,5})")
ANTENNA = "Zond Aero LF"


class ZgprTwin(Twin):
    """A zGPR without hardware.

    The text of its acknowledgements is made up: public sources say only that each command is
    acknowledged by one line.

    Parameters
    ----------
    stacking
        Stacking that the traces carry until it is tuned.
    rate_hz
        Traces a second.
    """

    def __init__(self, *, stacking: int, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._default_stacking = stacking
        self.reboot()

    def reboot(self) -> None:
        """Stop, and fall back to the stacking after switching on."""
        self.running = False
        self._stacking = self._default_stacking
        self._line = b""

    def receive(self, data: bytes) -> list[bytes]:
        """Answer every line that is complete."""
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-256:]
        return [self._answer(line.decode("latin-1").strip()) for line in lines if line.strip()]

    def speak(self, measured: Measured) -> list[bytes]:
        """Return one message for each trace."""
        samples = np.clip(np.rint(measured.values), -32768, 32767).astype("<i2")
        size = 2 * samples.shape[1]
        head = f"$trace +{size} 1_1 {samples.shape[1]}_{self._stacking} \r\n".encode()
        return [head + row.tobytes() for row in samples]

    def _answer(self, command: str) -> bytes:
        if command == "$whois":
            return b"$iam zGPR twin\r\n"
        if command == "$antenna":
            return f"$antenna {ANTENNA}\n".encode()
        numbered = NUMBERED.match(command)
        if numbered is None:
            return b"$error unknown command\r\n"
        verb, number = numbered.groups()
        if verb != "tune":
            self.running = verb == "start"
        elif stacking := STACKING.fullmatch(command):
            self._stacking = int(stacking.group(1))
        return f"$ok #{number}\r\n".encode()


def twin_of(settings: Zgpr) -> ZgprTwin:
    """Return the twin of an instrument with these settings."""
    return ZgprTwin(stacking=settings.stacking, rate_hz=settings.rate_hz)
