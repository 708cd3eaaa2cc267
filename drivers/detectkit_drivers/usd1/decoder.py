"""Decoders of the Ainstein US-D1, today's six-byte frame and the old three-byte one.

Source: the frames as read by ArduPilot (``AP_RangeFinder_USD1_Serial``) and INAV. Six bytes:
``FE``, version, distance in cm little-endian, signal-to-noise ratio, sum of bytes 1 to 4 modulo
256. Three bytes: ``48``, then two bytes of 7 bits, low first, in steps of 2.5 cm; no checksum.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, StreamDecoder, Taken, damaged, good, skip

START = 0xFE
OLD_START = 0x48
LENGTH = 6
OLD_LENGTH = 3
OLD_STEP_M = 0.025

IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR = 0.0, 1.0, 2.0, 3.0
"""Values of the column ``range_flag``."""


class UsD1Decoder(StreamDecoder):
    """Distances with the signal-to-noise ratio.

    Parameters
    ----------
    shortest_m, longest_m
        What the instrument can measure; a distance outside is NaN and flagged, 0 is no target.
    """

    longest: ClassVar[int] = LENGTH

    def __init__(self, *, shortest_m: float, longest_m: float) -> None:
        super().__init__()
        self._limits = (shortest_m, longest_m)
        self._layout = Layout(
            "distance",
            Sensor(id="usd1", kind="altimeter", instrument="Ainstein US-D1", unit="m"),
            columns=("distance_m", "range_flag", "signal_to_noise"),
            quantity="distance",
            irregular=True,
        )

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one frame."""
        if held[at] != START:
            return _to_start(held, at, START)
        frame = held[at : at + LENGTH]
        if len(frame) < LENGTH:
            return WAIT
        if sum(frame[1:5]) % 256 != frame[5]:
            return damaged()
        centimetres = int.from_bytes(frame[2:4], "little")
        return good(LENGTH, self._row(centimetres / 100, float(frame[4])))

    def _row(self, distance_m: float, signal_to_noise: float) -> Frame:
        flag = self._flag(distance_m)
        values = (math.nan if flag else distance_m, flag, signal_to_noise)
        return Frame(self._layout, np.array([values], np.float64))

    def _flag(self, distance_m: float) -> float:
        shortest_m, longest_m = self._limits
        if distance_m == 0.0:
            return NO_TARGET
        if distance_m > longest_m:
            return TOO_FAR
        return TOO_NEAR if distance_m < shortest_m else IN_RANGE


class OldUsD1Decoder(UsD1Decoder):
    """The three-byte frame, taken where the next begins right after it: it has no checksum."""

    longest: ClassVar[int] = OLD_LENGTH + 1

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one frame and the start of the next."""
        if held[at] != OLD_START:
            return _to_start(held, at, OLD_START)
        if len(held) - at <= OLD_LENGTH:
            return WAIT
        if held[at + OLD_LENGTH] != OLD_START:
            return damaged()
        steps = (held[at + 1] & 0x7F) + 128 * (held[at + 2] & 0x7F)
        return good(OLD_LENGTH, self._row(steps * OLD_STEP_M, math.nan))


def _to_start(held: bytes, at: int, start: int) -> Taken:
    found = held.find(start, at)
    return skip((found if found >= 0 else len(held)) - at)
