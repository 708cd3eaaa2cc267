"""The SF11/C's twin: answers with its latest distance, or talks by itself."""

from __future__ import annotations

import math

from detectkit.drivers import Measured, Twin
from detectkit_drivers.sf11.decoder import LONGEST_LINE, LOST_M
from detectkit_drivers.sf11.instrument import ASK, ASK_LEGACY, Sf11


class Sf11Twin(Twin):
    """Speaks rows of (rows, 1) metres, NaN for a lost signal."""

    def __init__(self, settings: Sf11) -> None:
        self.rate_hz = settings.rate_hz
        self._talks = settings.ask == "never"
        self._distance_m = LOST_M
        self._heard = b""

    def receive(self, data: bytes) -> list[bytes]:
        """Answer each question with the latest distance."""
        answers = []
        self._heard += data
        while self._heard:
            if self._heard.startswith(ASK):
                answers.append(b"?LD " + self._line())
                self._heard = self._heard[len(ASK) :]
            elif self._heard.startswith(ASK_LEGACY):
                answers.append(self._line())
                self._heard = self._heard[1:]
            elif ASK.startswith(self._heard[:LONGEST_LINE]):
                break
            else:
                self._heard = self._heard[1:]
        return answers

    def speak(self, measured: Measured) -> list[bytes]:
        """Remember the latest row; return a line for each where it talks by itself."""
        lines = []
        for distance_m in measured.values[:, 0].tolist():
            self._distance_m = LOST_M if math.isnan(distance_m) else distance_m
            lines.append(self._line())
        return lines if self._talks else []

    def reboot(self) -> None:
        """Forget the latest distance and half a question."""
        self._distance_m, self._heard = LOST_M, b""

    def _line(self) -> bytes:
        return f"{self._distance_m:.2f}\r\n".encode()
