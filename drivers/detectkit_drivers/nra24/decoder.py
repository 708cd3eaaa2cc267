"""Decoder of the Nanoradar NRA24's 14-byte frames.

Source: the vendor's frame as read in ArduPilot (``AP_RangeFinder_NRA24_CAN``) and in published
captures. ``AA AA``, identifier little-endian, seven bytes, checksum, ``55 55``; in a target frame
the checksum is the sum of the seven bytes, modulo 256. Frames without a target are also seen with
a checksum of 0, which is taken too: nothing is read from their bytes.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import WAIT, Frame, Layout, StreamDecoder, Taken, damaged, good, skip

START = b"\xaa\xaa"
END = b"\x55\x55"
LENGTH = 14
HEARTBEAT = 0x060A
TARGET_COUNT = 0x070B
TARGET = 0x070C

IN_RANGE, NO_TARGET, TOO_FAR, TOO_NEAR = 0.0, 1.0, 2.0, 3.0
"""Values of the column ``range_flag``."""


class Nra24Decoder(StreamDecoder):
    """Distances, and a row of NaN for each heartbeat interval without a target.

    So "no target" (rows of NaN) differs from "disconnected" (no rows). An interval in which
    anything was damaged gives no such row: the target may have been there.

    Parameters
    ----------
    shortest_m, longest_m
        What the instrument can measure; a distance outside is NaN and flagged.
    """

    longest: ClassVar[int] = LENGTH

    def __init__(self, *, shortest_m: float, longest_m: float) -> None:
        super().__init__()
        self._limits = (shortest_m, longest_m)
        self._may_have_target = True
        self._layout = Layout(
            "distance",
            Sensor(id="nra24", kind="altimeter", instrument="Nanoradar NRA24", unit="m"),
            columns=("distance_m", "range_flag", "radar_cross_section_db"),
            quantity="distance",
            irregular=True,
        )

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one frame."""
        if not held.startswith(START, at):
            self._may_have_target = True
            return _to_start(held, at)
        frame = held[at : at + LENGTH]
        if len(frame) < LENGTH:
            return WAIT
        identifier = int.from_bytes(frame[2:4], "little")
        body, checksum = frame[4:11], frame[11]
        is_empty = identifier != TARGET and checksum == 0
        if not frame.endswith(END) or not (is_empty or checksum == sum(body) % 256):
            self._may_have_target = True
            return damaged()
        if identifier == HEARTBEAT:
            return self._heartbeat()
        self._may_have_target |= identifier != TARGET_COUNT
        if identifier == TARGET:
            return good(LENGTH, self._row(body))
        return good(LENGTH, ignored=True)

    def reset(self) -> None:
        """Drop what is unfinished; the first heartbeat ends no whole interval."""
        super().reset()
        self._may_have_target = True

    def _heartbeat(self) -> Taken:
        is_unsure, self._may_have_target = self._may_have_target, False
        return good(LENGTH) if is_unsure else good(LENGTH, self._frame(np.nan, NO_TARGET, np.nan))

    def _row(self, body: bytes) -> Frame:
        """Read a target: index, cross-section in half dB over -50 dB, distance in cm."""
        distance_m = int.from_bytes(body[2:4], "big") / 100
        shortest_m, longest_m = self._limits
        flag = TOO_FAR if distance_m > longest_m else TOO_NEAR if distance_m < shortest_m else 0.0
        return self._frame(np.nan if flag else distance_m, flag, body[1] * 0.5 - 50.0)

    def _frame(self, *values: float) -> Frame:
        return Frame(self._layout, np.array([values], np.float64))


def _to_start(held: bytes, at: int) -> Taken:
    """Go on to the next start, keeping a last byte that may begin one."""
    found = held.find(START, at)
    stop = found if found >= 0 else len(held) - held.endswith(START[:1])
    return skip(stop - at) if stop > at else WAIT
