"""The US-D1's twin."""

from __future__ import annotations

import math

from detectkit.drivers import Measured, Twin
from detectkit_drivers.usd1.decoder import OLD_START, OLD_STEP_M, START
from detectkit_drivers.usd1.instrument import UsD1

VERSION = 0x02
SIGNAL_TO_NOISE = 200


def six_bytes(distance_m: float) -> bytes:
    """Return today's frame; no target is a distance of 0."""
    centimetres = 0 if math.isnan(distance_m) else min(max(round(distance_m * 100), 0), 0xFFFF)
    body = bytes([VERSION, *centimetres.to_bytes(2, "little"), SIGNAL_TO_NOISE])
    return bytes([START]) + body + bytes([sum(body) % 256])


def three_bytes(distance_m: float) -> bytes:
    """Return the old frame."""
    steps = 0 if math.isnan(distance_m) else min(max(round(distance_m / OLD_STEP_M), 0), 0x3FFF)
    return bytes([OLD_START, steps % 128, steps // 128])


class UsD1Twin(Twin):
    """Speaks rows of (rows, 1) metres, NaN for no target."""

    def __init__(self, settings: UsD1) -> None:
        self.rate_hz = settings.rate_hz
        self._encode = six_bytes if settings.frame == "six-byte" else three_bytes

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a frame for each row."""
        return [self._encode(distance_m) for distance_m in measured.values[:, 0].tolist()]
