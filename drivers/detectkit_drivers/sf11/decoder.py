"""Decoder of the LightWare SF11/C's lines.

Source: the maker's manual. A distance in metres with two decimals, alone (legacy and continuous
output) or after the command that asked for it: ``?LD 98.67`` and, in firmware 7, ``?LD!98.67``.
A lost signal is reported as 130.00. There is no checksum.
"""

from __future__ import annotations

import math
import re
from typing import ClassVar

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, StreamDecoder, Taken, damaged, good

LOST_M = 130.0
LONGEST_LINE = 64

IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR = 0.0, 1.0, 2.0, 3.0
"""Values of the column ``range_flag``."""

_DISTANCE = re.compile(rb"(?:\?LD[ !])?\s*(\d{1,4}\.\d{2})\s*(?:m\s*)?")
_ANSWER = re.compile(rb"[ -~]*")


class Sf11Decoder(StreamDecoder):
    """Distances; the sentinel of a lost signal is NaN.

    Parameters
    ----------
    shortest_m, longest_m
        What the instrument can measure; a distance outside is NaN and flagged.
    """

    longest: ClassVar[int] = LONGEST_LINE

    def __init__(self, *, shortest_m: float, longest_m: float) -> None:
        super().__init__()
        self._limits = (shortest_m, longest_m)
        self._layout = Layout(
            "distance",
            Sensor(id="sf11", kind="altimeter", instrument="LightWare SF11/C", unit="m"),
            columns=("distance_m", "range_flag"),
            quantity="distance",
            irregular=True,
        )

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one line; other answers are ignored, what is not text is damaged."""
        end = held.find(b"\n", at, at + LONGEST_LINE)
        if end < 0:
            return WAIT
        used = end + 1 - at
        line = held[at:end].removesuffix(b"\r")
        match = _DISTANCE.fullmatch(line)
        if match is None:
            return good(used, ignored=True) if _ANSWER.fullmatch(line) else damaged(used)
        distance_m = float(match[1])
        flag = self._flag(distance_m)
        values = (math.nan if flag else distance_m, flag)
        return good(used, Frame(self._layout, np.array([values], np.float64)))

    def _flag(self, distance_m: float) -> float:
        shortest_m, longest_m = self._limits
        if distance_m == LOST_M:
            return NO_TARGET
        if distance_m > longest_m:
            return TOO_FAR
        return TOO_NEAR if distance_m < shortest_m else IN_RANGE
