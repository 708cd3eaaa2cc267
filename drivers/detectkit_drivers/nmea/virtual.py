"""The twin of an NMEA receiver: GGA, GST and RMC for every row."""

from __future__ import annotations

import datetime as dt
import math
from functools import reduce
from operator import xor

from detectkit.core import ShapeError
from detectkit.drivers import PLATFORM_COLUMNS, Measured, Twin
from detectkit_drivers.nmea.epoch import SECOND_NS
from detectkit_drivers.nmea.instrument import Nmea

SEPARATION_M = 44.5
KNOTS_PER_M_PER_S = 3600.0 / 1852.0


def sentence(body: str) -> bytes:
    """Return a whole sentence around what lies between ``$`` and ``*``."""
    return f"${body}*{reduce(xor, body.encode(), 0):02X}\r\n".encode()


def angle(degrees: float, width: int, signs: str) -> str:
    """Return degrees and decimal minutes with the hemisphere, empty for NaN."""
    if math.isnan(degrees):
        return ","
    units = round(abs(degrees) * 60e8)  # of 1e-8 minutes, so that no 60.0 is printed
    whole, rest = divmod(units, 60 * 10**8)
    return f"{whole:0{width}d}{rest // 10**8:02d}.{rest % 10**8:08d},{signs[degrees < 0.0]}"


class NmeaTwin(Twin):
    """Speaks rows of `PLATFORM_COLUMNS`; the time is the true UTC, to the microsecond."""

    def __init__(self, settings: Nmea) -> None:
        self.rate_hz = settings.rate_hz

    def speak(self, measured: Measured) -> list[bytes]:
        """Return three sentences for each row."""
        if measured.values.shape[1] != len(PLATFORM_COLUMNS):
            msg = f"a receiver's twin wants PLATFORM_COLUMNS; got {measured.values.shape}"
            raise ShapeError(msg)
        rows = zip(measured.values.tolist(), measured.utc_ns.tolist(), strict=True)
        return [one for row, utc_ns in rows for one in epoch(row, utc_ns)]


def epoch(values: list[float], utc_ns: int) -> list[bytes]:
    """Return the sentences of one row."""
    row = dict(zip(PLATFORM_COLUMNS, values, strict=True))
    seconds, rest = divmod(utc_ns, SECOND_NS)
    when = dt.datetime.fromtimestamp(seconds, dt.UTC)
    clock = f"{when:%H%M%S}.{rest // 1000:06d}"
    quality = 0 if math.isnan(row["fix_quality"]) else int(row["fix_quality"])
    place, height = ",,,", ",M"
    if quality > 0:
        latitude = angle(row["latitude_deg"], 2, "NS")
        place = f"{latitude},{angle(row['longitude_deg'], 3, 'EW')}"
        height = f"{row['up_m'] - SEPARATION_M:.4f},M"
    east, north = row["velocity_east_m_per_s"], row["velocity_north_m_per_s"]
    speed = f"{math.hypot(east, north) * KNOTS_PER_M_PER_S:.3f}"
    course = f"{math.degrees(math.atan2(east, north)) % 360.0:.2f}"
    status = "A" if quality > 0 else "V"
    return [
        sentence(f"GNGGA,{clock},{place},{quality},18,0.60,{height},{SEPARATION_M:.3f},M,,"),
        sentence(f"GNGST,{clock},,,,,{_errors(row)}"),
        sentence(f"GNRMC,{clock},{status},{place},{speed},{course},{when:%d%m%y},,,{status}"),
    ]


def _errors(row: dict[str, float]) -> str:
    axis_m, up_m = row["horizontal_error_m"] / math.sqrt(2.0), row["vertical_error_m"]
    texts = ["" if math.isnan(one) else f"{one:.5f}" for one in (axis_m, axis_m, up_m)]
    return ",".join(texts)
