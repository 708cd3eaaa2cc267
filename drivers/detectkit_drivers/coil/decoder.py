"""Decoder of the coil frame; its layout, byte by byte, is in ``docs/drivers/coil.md``."""

from __future__ import annotations

import math
import re
import struct
from binascii import crc_hqx
from collections.abc import Mapping
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

    Until the first description (one a second) the rows are given as bare counts under the
    names ``channel_1_count``, ``channel_2_count``; then the layout changes.

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
        self._layout = _bare_layout(0, rate_hz)
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
        if self._layout.width != channels:
            self._scale, self._description = 1.0, b""
            self._layout = _bare_layout(channels, self._rate_hz)
        sequence, microseconds = STAMP.unpack_from(payload)
        wire = np.dtype("<f4" if flags & FLOAT_VALUES else "<i4")
        values: npt.NDArray[Any] = np.frombuffer(payload, wire, channels, STAMP.size)
        values = values.reshape(1, channels).astype(wire.newbyteorder("="))
        if self._scale != 1.0:
            values = values * np.float64(self._scale)
        stamp = self._unwrapped(sequence, microseconds) * 1000
        frame = Frame(
            self._layout,
            values,
            counter=np.array([sequence], np.int64),
            device_ns=np.array([stamp], np.int64),
            coords=self._coords[flags & (OVERLOAD | BALANCING)],
        )
        return [frame]

    def _unwrapped(self, sequence: int, microseconds: int) -> int:
        """Return the time since switching on; it starts anew where the sequence goes back."""
        if self._last is None or (sequence - self._last[0]) % 2**32 >= 2**31:
            self._clock_us = microseconds
        else:
            self._clock_us += (microseconds - self._last[1]) % 2**32
        self._last = (sequence, microseconds)
        return self._clock_us

    def _describe(self, channels: int, payload: bytes) -> list[Item] | None:
        if payload == self._description and self._layout.width == channels:
            return []
        texts = _texts(payload[SCALES.size :], channels)
        if texts is None or not 1 <= channels <= MOST_CHANNELS:
            return None
        scale, rate_hz = (float(str(np.float32(one))) for one in SCALES.unpack_from(payload))
        if not (math.isfinite(scale) and scale != 0.0):
            return None
        firmware, unit, *names = texts
        self._description, self._scale = payload, scale
        self._layout = Layout(
            "response",
            Sensor(id="coil", kind="metal_detector", instrument=firmware or "coil", unit=unit),
            columns=_columns(names, unit),
            quantity="response",
            counter_modulus=2**32,
            device_clock="boot",
            rate_hz=rate_hz if math.isfinite(rate_hz) and rate_hz > 0.0 else self._rate_hz,
        )
        return [Note(f"firmware {firmware!r}: {channels} channels in {unit}")]


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
