"""The twin of a u-blox receiver: NAV-PVT, and the answer to CFG-VALSET."""

from __future__ import annotations

import datetime as dt
import math
import struct

from detectkit.core import ShapeError
from detectkit.drivers import PLATFORM_COLUMNS, Measured, Twin
from detectkit_drivers.ublox.decoder import (
    CHECKSUM_BYTES,
    HEADER_BYTES,
    LONGEST_PAYLOAD,
    NAV_PVT,
    SYNC,
    checksum,
)
from detectkit_drivers.ublox.instrument import Ublox

VALSET = bytes.fromhex("068a")
RATE_MEASURE = (0x30210001).to_bytes(4, "little")
"""Key of CFG-RATE-MEAS, followed by milliseconds as u16."""
GPS_EPOCH = dt.datetime(1980, 1, 6, tzinfo=dt.UTC)
LEAP_SECONDS = 18
WEEK_MS = 7 * 86_400_000
SECOND_NS = 1_000_000_000
PAYLOAD = struct.Struct("<IHBBBBBBIiBBBBiiiiIIiiiiiIIHH4xihH")
"""NAV-PVT, 92 bytes, field by field as in the maker's interface description."""
VALID_TIME = 0x07
SATELLITES = 18
FLAGS = {0: 0x00, 1: 0x01, 2: 0x03, 4: 0x83, 5: 0x43, 6: 0x01}
"""gnssFixOk, diffSoln and carrSoln by the fix quality of NMEA GGA."""


def message(kind: tuple[int, int], payload: bytes) -> bytes:
    """Return a whole message."""
    body = bytes(kind) + len(payload).to_bytes(2, "little") + payload
    return SYNC + body + checksum(body)


def navigation(values: list[float], utc_ns: int) -> bytes:
    """Return the NAV-PVT of one row of `PLATFORM_COLUMNS`."""
    row = dict(zip(PLATFORM_COLUMNS, values, strict=True))
    seconds, nano = divmod(utc_ns, SECOND_NS)
    when = dt.datetime.fromtimestamp(seconds, dt.UTC)
    gps_ms = round((when - GPS_EPOCH).total_seconds() + LEAP_SECONDS) * 1000 + nano // 1_000_000
    quality = 0 if math.isnan(row["fix_quality"]) else int(row["fix_quality"])
    fix_type = 0 if quality == 0 else 1 if quality == 6 else 3
    east, north = row["velocity_east_m_per_s"], row["velocity_north_m_per_s"]
    payload = PAYLOAD.pack(
        gps_ms % WEEK_MS,
        *(when.year, when.month, when.day, when.hour, when.minute, when.second),
        *(VALID_TIME, 20, nano),
        *(fix_type, FLAGS.get(quality, 0x01), 0, SATELLITES),
        *(_scaled(row[name], 1e7) for name in ("longitude_deg", "latitude_deg")),
        *(_scaled(row["up_m"], 1e3), _scaled(row["up_m"], 1e3)),
        *(_scaled(row[name], 1e3) for name in ("horizontal_error_m", "vertical_error_m")),
        *(_scaled(north, 1e3), _scaled(east, 1e3), -_scaled(row["velocity_up_m_per_s"], 1e3)),
        _scaled(math.hypot(east, north), 1e3),
        _scaled(math.degrees(math.atan2(east, north)) % 360.0, 1e5),
        *(100, 1_000_000, 120, 0, 0, 0, 0),
    )
    return message(NAV_PVT, payload)


def _scaled(value: float, scale: float) -> int:
    return 0 if math.isnan(value) else round(value * scale)


class UbloxTwin(Twin):
    """Speaks rows of `PLATFORM_COLUMNS`, once configured where the settings say so."""

    def __init__(self, settings: Ublox) -> None:
        self._settings = settings
        self._heard = b""
        self.rate_hz = settings.rate_hz
        self.running = settings.configure == "never"

    def receive(self, data: bytes) -> list[bytes]:
        """Answer CFG-VALSET and take its rate."""
        self._heard = (self._heard + data)[-2 * LONGEST_PAYLOAD :]
        answers = []
        while (at := self._heard.find(SYNC)) >= 0:
            rest = self._heard[at:]
            end = HEADER_BYTES + int.from_bytes(rest[4:6], "little") + CHECKSUM_BYTES
            if len(rest) < max(end, HEADER_BYTES):
                break
            whole = rest[:end]
            if checksum(whole[2:-2]) == whole[-2:]:
                self._heard = rest[end:]
                answers.append(self._answer(whole))
            else:
                self._heard = rest[1:]
        return [one for one in answers if one]

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a NAV-PVT for each row."""
        if measured.values.shape[1] != len(PLATFORM_COLUMNS):
            msg = f"a receiver's twin wants PLATFORM_COLUMNS; got {measured.values.shape}"
            raise ShapeError(msg)
        rows = zip(measured.values.tolist(), measured.utc_ns.tolist(), strict=True)
        return [navigation(row, utc_ns) for row, utc_ns in rows]

    def reboot(self) -> None:
        """Forget the configuration, which was in RAM."""
        self._heard = b""
        self.rate_hz = self._settings.rate_hz
        self.running = self._settings.configure == "never"

    def _answer(self, whole: bytes) -> bytes:
        if whole[2:4] != VALSET:
            return b""
        at = whole.find(RATE_MEASURE)
        milliseconds = int.from_bytes(whole[at + 4 : at + 6], "little") if at > 0 else 0
        if at > 0 and milliseconds == 0:
            return message((0x05, 0x00), VALSET)
        self.running = True
        self.rate_hz = 1000.0 / milliseconds if milliseconds else self.rate_hz
        return message((0x05, 0x01), VALSET)
