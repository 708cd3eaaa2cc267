"""Decoder of the coil frame; its layout, byte by byte, is in ``docs/drivers/coil.md``."""

from __future__ import annotations

import math
import re
import struct
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Sensor
from detectkit.drivers import (
    WAIT,
    Frame,
    Item,
    Layout,
    Note,
    StreamDecoder,
    Taken,
    damaged,
    good,
    skip,
)

SYNC = b"\xc0\x11"
HEADER = struct.Struct("<2sBBBHB")
"""Sync, kind, flags, channels, length of the payload, check byte."""
STAMP = struct.Struct("<II")
"""Sequence and microseconds, in front of the values."""
SCALES = struct.Struct("<ff")
"""Scale of the values and rate in Hz, in front of the texts of a description."""
SAMPLES = 0x11
DESCRIPTION = 0x12
FLOAT_VALUES = 0x01
OVERLOAD = 0x02
BALANCING = 0x04
MOST_CHANNELS = 64
LONGEST_PAYLOAD = 1024
CRC_BYTES = 2
PATIENCE_ROWS = 512
"""So many rows wait for a description: 1.5 s at the fastest that 115200 baud carry."""

_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")


def header_check(header: bytes) -> int:
    """Return the check byte of a header: all bits of bytes 2 to 6 exclusive-ored, inverted."""
    return 0xFF ^ header[2] ^ header[3] ^ header[4] ^ header[5] ^ header[6]


def checksum(data: bytes) -> int:
    """Return the CRC-16 of a frame from its kind to its last payload byte.

    Polynomial 0x1021, initial value 0xFFFF, not reflected, no final exclusive-or
    (CRC-16/IBM-3740, often called CCITT-FALSE; "123456789" gives 0x29B1).
    """
    return crc_hqx(data, 0xFFFF)


class CoilDecoder(StreamDecoder):
    """Rows of a detector's channels, in the unit and with the names that it describes.

    Rows that come before their description (one a second) wait for it. After `PATIENCE_ROWS` of
    them the rows are given as bare counts under the names ``channel_1_count``,
    ``channel_2_count``, with a warning.

    Parameters
    ----------
    rate_hz
        Nominal rate until the instrument tells it.
    """

    longest: ClassVar[int] = HEADER.size + LONGEST_PAYLOAD + CRC_BYTES

    def __init__(self, *, rate_hz: float | None = None) -> None:
        super().__init__()
        self._rate_hz = rate_hz
        self._scale = 1.0
        self._description = b""
        self._layout: Layout | None = None
        self._waiting: list[_Row] = []
        self._last: tuple[int, int] | None = None
        self._clock_us = 0
        self._coords = {flags: _coords(flags) for flags in range(0, 8, 2)}

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one frame."""
        if not held.startswith(SYNC, at):
            return _to_sync(held, at)
        if len(held) - at < HEADER.size:
            return WAIT
        head = held[at : at + HEADER.size]
        _, kind, flags, channels, length, check = HEADER.unpack(head)
        if check != header_check(head) or length > LONGEST_PAYLOAD:
            return damaged()
        end = at + HEADER.size + length
        if len(held) < end + CRC_BYTES:
            return WAIT
        items = None
        if checksum(held[at + 2 : end]) == int.from_bytes(held[end : end + CRC_BYTES], "little"):
            items = self._read(kind, flags, channels, held[at + HEADER.size : end])
        if items is None:
            return damaged()
        known = kind in {SAMPLES, DESCRIPTION}
        return good(end + CRC_BYTES - at, *items, ignored=not known)

    def _read(self, kind: int, flags: int, channels: int, payload: bytes) -> list[Item] | None:
        """Return what a payload says, None where it contradicts its header."""
        if kind == SAMPLES:
            return self._samples(flags, channels, payload)
        if kind == DESCRIPTION:
            return self._describe(channels, payload)
        return []

    def _samples(self, flags: int, channels: int, payload: bytes) -> list[Item] | None:
        if not 1 <= channels <= MOST_CHANNELS or len(payload) != STAMP.size + 4 * channels:
            return None
        if self._layout is not None and self._layout.width != channels:
            self._layout, self._description = None, b""
        if self._waiting and self._waiting[-1].values.shape[1] != channels:
            self._waiting = []  # nobody will ever say what they mean
        sequence, microseconds = STAMP.unpack_from(payload)
        wire = np.dtype("<f4" if flags & FLOAT_VALUES else "<i4")
        values: npt.NDArray[Any] = np.frombuffer(payload, wire, channels, STAMP.size)
        values = values.reshape(1, channels).astype(wire.newbyteorder("="))
        row = _Row(sequence, self._unwrapped(sequence, microseconds) * 1000, values, flags)
        if self._layout is not None:
            return [self._frame(row, self._layout)]
        self._waiting.append(row)
        if len(self._waiting) < PATIENCE_ROWS:
            return []
        self._scale = 1.0
        words = f"{PATIENCE_ROWS} rows came without a description: channels have no names"
        return [Note(words, "warning"), *self._give_out(_bare_layout(channels, self._rate_hz))]

    def _give_out(self, layout: Layout) -> list[Item]:
        """Return the rows that waited for this layout."""
        waiting, self._waiting, self._layout = self._waiting, [], layout
        fitting = [one for one in waiting if one.values.shape[1] == layout.width]
        return [self._frame(one, layout) for one in fitting]

    def _frame(self, row: _Row, layout: Layout) -> Frame:
        return Frame(
            layout,
            row.values if self._scale == 1.0 else row.values * np.float64(self._scale),
            counter=np.array([row.sequence], np.int64),
            device_ns=np.array([row.device_ns], np.int64),
            coords=self._coords[row.flags & (OVERLOAD | BALANCING)],
        )

    def _unwrapped(self, sequence: int, microseconds: int) -> int:
        """Return the time since switching on; it starts anew where the sequence goes back."""
        if self._last is None or (sequence - self._last[0]) % 2**32 >= 2**31:
            self._clock_us = microseconds
        else:
            self._clock_us += (microseconds - self._last[1]) % 2**32
        self._last = (sequence, microseconds)
        return self._clock_us

    def _describe(self, channels: int, payload: bytes) -> list[Item] | None:
        if payload == self._description and self._layout is not None:
            return []
        texts = _texts(payload[SCALES.size :], channels)
        if texts is None or not 1 <= channels <= MOST_CHANNELS:
            return None
        scale, rate_hz = (float(str(np.float32(one))) for one in SCALES.unpack_from(payload))
        if not (math.isfinite(scale) and scale != 0.0):
            return None
        firmware, unit, *names = texts
        self._description, self._scale = payload, scale
        layout = Layout(
            "response",
            Sensor(id="coil", kind="metal_detector", instrument=firmware or "coil", unit=unit),
            columns=_columns(names, unit),
            quantity="response",
            counter_modulus=2**32,
            device_clock="boot",
            rate_hz=rate_hz if math.isfinite(rate_hz) and rate_hz > 0.0 else self._rate_hz,
        )
        words = f"firmware {firmware!r}: {channels} channels in {unit}"
        return [Note(words), *self._give_out(layout)]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it was sent, but for the unwrapped clock."""

    sequence: int
    device_ns: int
    values: npt.NDArray[Any]
    flags: int


def _to_sync(held: bytes, at: int) -> Taken:
    """Go on to the next sync word, keeping a last byte that may begin one."""
    found = held.find(SYNC, at)
    stop = found if found >= 0 else len(held) - held.endswith(SYNC[:1])
    return skip(stop - at) if stop > at else WAIT


def _texts(data: bytes, channels: int) -> list[str] | None:
    """Return firmware, unit and the names of the channels; None where they do not fit."""
    parts = data.split(b"\0")
    if len(parts) != channels + 3 or parts.pop():
        return None
    try:
        return [part.decode("utf-8") for part in parts]
    except UnicodeDecodeError:
        return None


def _columns(names: list[str], unit: str) -> tuple[str, ...]:
    """Return unique column names with the unit in each."""
    suffix = _NO_NAME.sub("_per_" if "/" in unit else "_", unit) or "count"
    columns: list[str] = []
    for number, name in enumerate(names, start=1):
        column = f"{_NO_NAME.sub('_', name) or f'channel_{number}'}_{suffix}"
        columns.append(column if column not in columns else f"channel_{number}_{suffix}")
    return tuple(columns)


def _bare_layout(channels: int, rate_hz: float | None) -> Layout:
    return Layout(
        "response",
        Sensor(id="coil", kind="metal_detector", instrument="coil", unit="count"),
        columns=tuple(f"channel_{number}_count" for number in range(1, channels + 1)),
        quantity="response",
        counter_modulus=2**32,
        device_clock="boot",
        rate_hz=rate_hz,
    )


def _coords(flags: int) -> Mapping[str, npt.NDArray[Any]]:
    return {
        "overload": np.array([bool(flags & OVERLOAD)], np.uint8),
        "balancing": np.array([bool(flags & BALANCING)], np.uint8),
    }
