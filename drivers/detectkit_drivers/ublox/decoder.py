"""Decoder of u-blox UBX: NAV-PVT into position rows.

Framing (``B5 62``, class, identifier, length, payload, two checksum bytes) is ours, so that
nothing raises and every byte is counted; pyubx2 reads the fields. NMEA sentences between the
messages, which receivers send unless told not to, are passed over as ignored.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import reduce
from itertools import accumulate
from operator import xor
from typing import Any, ClassVar

import numpy as np
from pyubx2 import UBXMessageError, UBXParseError, UBXReader, UBXStreamError, UBXTypeError

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

SYNC = b"\xb5\x62"
HEADER_BYTES = 6
CHECKSUM_BYTES = 2
LONGEST_PAYLOAD = 4096
LONGEST_SENTENCE = 256
NAV_PVT = (0x01, 0x07)
INF = 0x04
LENGTHS = {NAV_PVT: 92}
"""Payloads of one length only: a damaged length is seen at once."""
POSITION_COLUMNS = (
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "fix_quality",
    "horizontal_error_m",
    "vertical_error_m",
    "velocity_east_m_per_s",
    "velocity_north_m_per_s",
    "velocity_up_m_per_s",
    "satellites",
)
WEEK_NS = 7 * 86_400 * 1_000_000_000
NO_FIX, STANDALONE, DIFFERENTIAL, RTK_FIXED, RTK_FLOAT, ESTIMATED = 0, 1, 2, 4, 5, 6
"""Fix qualities as NMEA GGA counts them."""

_ERRORS = (UBXMessageError, UBXParseError, UBXStreamError, UBXTypeError, ValueError, TypeError)
_NMEA = re.compile(rb"\$([ -)+-~]*)\*([0-9A-Fa-f]{2})\r?")
_UNIX = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UbloxDecoder(StreamDecoder):
    """A position row for each NAV-PVT; the receiver's own words (INF) become notes.

    Parameters
    ----------
    rate_hz
        Nominal positions a second.
    """

    longest: ClassVar[int] = HEADER_BYTES + LONGEST_PAYLOAD + CHECKSUM_BYTES

    def __init__(self, *, rate_hz: float | None = None) -> None:
        super().__init__()
        self._last_ns: int | None = None
        self._weeks = 0
        self._layout = Layout(
            "position",
            Sensor(id="ublox", kind="gnss", instrument="u-blox receiver", unit="1"),
            columns=POSITION_COLUMNS,
            quantity="state",
            device_clock="gnss time of week",
            rate_hz=rate_hz,
        )

    def take(self, held: bytes, at: int) -> Taken:
        """Look for one message, or a sentence of NMEA."""
        if held[at] == ord("$"):
            return _sentence(held, at)
        if held.startswith(SYNC, at):
            return self._message(held, at)
        return _to_start(held, at)

    def _message(self, held: bytes, at: int) -> Taken:
        if len(held) - at < HEADER_BYTES:
            return WAIT
        kind = (held[at + 2], held[at + 3])
        length = int.from_bytes(held[at + 4 : at + 6], "little")
        if length != LENGTHS.get(kind, length) or length > LONGEST_PAYLOAD:
            return damaged()
        end = at + HEADER_BYTES + length + CHECKSUM_BYTES
        if len(held) < end:
            return WAIT
        message = held[at:end]
        items = self._read(kind, message) if checksum(message[2:-2]) == message[-2:] else None
        if items is None:
            return damaged()
        return good(len(message), *items, ignored=kind != NAV_PVT and not items)

    def _read(self, kind: tuple[int, int], message: bytes) -> list[Item] | None:
        if kind == NAV_PVT:
            return self._position(message)
        if kind[0] == INF:
            text = message[HEADER_BYTES:-CHECKSUM_BYTES].decode("ascii", "replace")
            return [Note(text, "warning" if kind[1] <= 1 else "note")]
        return []

    def _position(self, message: bytes) -> list[Item] | None:
        try:
            fields: Any = UBXReader.parse(message)
        except _ERRORS:  # a field that the library cannot read, under a right checksum
            return None
        time_of_week_ms = int.from_bytes(message[HEADER_BYTES : HEADER_BYTES + 4], "little")
        quality = fix_quality(fields)
        place = [math.nan] * 3
        if quality != NO_FIX:
            place = [fields.lon, fields.lat, fields.height / 1000]
        errors = [fields.hAcc / 1000, fields.vAcc / 1000] if quality != NO_FIX else [math.nan] * 2
        velocity = [fields.velE / 1000, fields.velN / 1000, -fields.velD / 1000]
        row = [*place, quality, *errors, *velocity, fields.numSV]
        utc_ns = _utc_ns(fields)
        frame = Frame(
            self._layout,
            np.array([row], np.float64),
            device_ns=np.array([self._unwrapped(time_of_week_ms * 1_000_000)], np.int64),
            coords={} if utc_ns is None else {"time_ns": np.array([utc_ns], np.int64)},
        )
        return [frame]

    def _unwrapped(self, time_ns: int) -> int:
        """Return the time of week with the weeks counted since the first row."""
        self._weeks += self._last_ns is not None and time_ns < self._last_ns - WEEK_NS // 2
        self._last_ns = time_ns
        return self._weeks * WEEK_NS + time_ns


def checksum(data: bytes) -> bytes:
    """Return the two bytes of the 8-bit Fletcher sum over class, identifier, length, payload."""
    return bytes([sum(data) % 256, sum(accumulate(data)) % 256])


def fix_quality(fields: Any) -> int:
    """Return a NAV-PVT's fix as NMEA GGA counts: fixType, gnssFixOk, diffSoln and carrSoln."""
    if not fields.gnssFixOk or fields.fixType not in {1, 2, 3, 4} or fields.invalidLlh:
        return NO_FIX
    if fields.fixType == 1:
        return ESTIMATED
    carrier = {1: RTK_FLOAT, 2: RTK_FIXED}.get(fields.carrSoln)
    return carrier or (DIFFERENTIAL if fields.diffSoln else STANDALONE)


def _utc_ns(fields: Any) -> int | None:
    """Return UTC where date and time are valid; ``nano`` may be negative."""
    if not (fields.validDate and fields.validTime):
        return None
    try:
        when = dt.datetime(
            fields.year,
            fields.month,
            fields.day,
            fields.hour,
            fields.min,
            min(fields.second, 59),
            tzinfo=dt.UTC,
        )
    except ValueError:
        return None
    seconds = (when - _UNIX) // dt.timedelta(seconds=1) + max(int(fields.second) - 59, 0)
    return seconds * 1_000_000_000 + int(fields.nano)


def _sentence(held: bytes, at: int) -> Taken:
    """Pass over a whole sentence of NMEA."""
    end = held.find(b"\n", at, at + LONGEST_SENTENCE)
    start = held.find(SYNC[:1], at, at + LONGEST_SENTENCE if end < 0 else end)
    if start > 0:
        return skip(start - at)
    if end < 0:
        return WAIT if len(held) - at < LONGEST_SENTENCE else skip()
    found = _NMEA.fullmatch(held, at, end)
    if found is None or int(found[2], 16) != reduce(xor, found[1], 0):
        return skip()
    return good(end + 1 - at, ignored=True)


def _to_start(held: bytes, at: int) -> Taken:
    """Go on to the next message or sentence, keeping a last byte that may begin one."""
    starts = [one for one in (held.find(SYNC, at), held.find(b"$", at)) if one >= 0]
    stop = min(starts) if starts else len(held) - held.endswith(SYNC[:1])
    return skip(stop - at) if stop > at else WAIT
