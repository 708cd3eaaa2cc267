"""The NRA24's twin: a heartbeat for every row, a target frame where there is a distance."""

from __future__ import annotations

import math

from detectkit.drivers import Measured, Twin
from detectkit_drivers.nra24.decoder import END, HEARTBEAT, START, TARGET
from detectkit_drivers.nra24.instrument import Nra24

CROSS_SECTION = 0xB8
FARTHEST_CM = 0xFFFF


def frame(identifier: int, body: bytes) -> bytes:
    """Return a whole frame around seven bytes."""
    checksum = bytes([sum(body) % 256])
    return START + identifier.to_bytes(2, "little") + body + checksum + END


def target(distance_m: float) -> bytes:
    """Return a target frame."""
    centimetres = min(max(round(distance_m * 100), 0), FARTHEST_CM)
    body = bytes([1, CROSS_SECTION, *centimetres.to_bytes(2, "big"), 0x2D, 0x02, 0xBE])
    return frame(TARGET, body)


class Nra24Twin(Twin):
    """Speaks rows of (rows, 1) metres, NaN for no target."""

    def __init__(self, settings: Nra24) -> None:
        self.rate_hz = settings.rate_hz
        self._beats = 0

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a message for each row: the target if any, then the heartbeat."""
        messages = []
        for distance_m in measured.values[:, 0].tolist():
            self._beats = (self._beats + 1) % 256
            beat = frame(HEARTBEAT, bytes([1, self._beats, 0, 0, 0, 0, 0]))
            messages += [] if math.isnan(distance_m) else [target(distance_m)]
            messages.append(beat)
        return messages

    def reboot(self) -> None:
        """Count heartbeats from zero."""
        self._beats = 0
