"""Tiny writers of position logs (synthetic, from the formats' descriptions)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detectkit.io.positions.stamps import SECOND_NS, utc_text_ns

START_NS = utc_text_ns("2026-05-01T10:00:00Z")
BOOT_NS = START_NS - 50 * SECOND_NS
"""UTC at the autopilot's start in the logs made here."""


def place(second: float) -> tuple[float, float, float]:
    """Return longitude, latitude, height at some seconds after START_NS: 1 m/s to the north."""
    return 14.3, 50.1 + second / 111_240.0, 250.0


def write_pos(path: Path, seconds: Sequence[float], *, zone: str = "UTC", q: int = 1) -> Path:
    """Write an RTKLIB solution of rows at seconds after START_NS (in the zone's own clock)."""
    lines = [
        "% program   : synthetic",
        "% (lat/lon/height=WGS84/ellipsoidal,Q=1:fix,2:float,3:sbas,4:dgps,5:single,6:ppp)",
        f"%  {zone}   latitude(deg) longitude(deg)  height(m)   Q  ns  sdn(m)  sde(m)  sdu(m)",
    ]
    for second in seconds:
        lon, lat, up = place(second)
        clock = f"2026/05/01 10:{int(second // 60):02d}:{second % 60:06.3f}"
        lines.append(f"{clock}  {lat:.9f}  {lon:.9f}  {up:.4f}  {q}  12  0.0100  0.0100  0.0200")
    path.write_text("\n".join(lines) + "\n")
    return path


SKYHUB = "Elapsed,Time,Pitch,Roll,Yaw,Latitude,Longitude,Altitude,RTK Status,ALT:Altitude,GPR:Trace"


def write_skyhub(
    path: Path, rows: Sequence[tuple[float, tuple[float, float, float], int]], *, status: str = "50"
) -> Path:
    """Write (second after 10:00:00, place, trace) rows as SkyHub does."""
    lines = [SKYHUB]
    for second, (lon, lat, up), trace in rows:
        clock = f"10:{int(second // 60):02d}:{second % 60:06.3f}"
        angles = "-2.00,1.00,90.00"
        where = f"{lat:.8f},{lon:.8f},{up:.2f}"
        lines.append(f"{round(second * 1000)},{clock},{angles},{where},{status},1.20,{trace}")
    path.write_text("\n".join(lines) + "\n")
    return path


def dataflash_fmt(kind: int, name: str, letters: str, columns: str) -> bytes:
    sizes = {
        "Q": 8,
        "B": 1,
        "I": 4,
        "H": 2,
        "L": 4,
        "e": 4,
        "f": 4,
        "c": 2,
        "C": 2,
        "n": 4,
        "N": 16,
    }
    size = 3 + sum(64 if one == "Z" else sizes[one] for one in letters)
    texts = (name.encode(), letters.encode(), columns.encode())
    return b"\xa3\x95\x80" + struct.pack("<BB4s16s64s", kind, size, *texts)


def write_dataflash(
    path: Path,
    seconds: Sequence[float],
    *,
    status: Sequence[int] | None = None,
    with_pos: bool = True,
) -> Path:
    """Write GPS, POS, ATT and RFND rows at seconds after START_NS."""
    out = dataflash_fmt(128, "FMT", "BBnNZ", "Type,Length,Name,Format,Columns")
    out += dataflash_fmt(130, "GPS", "QBBIHLLe", "TimeUS,I,Status,GMS,GWk,Lat,Lng,Alt")
    out += dataflash_fmt(131, "POS", "QLLf", "TimeUS,Lat,Lng,Alt")
    out += dataflash_fmt(132, "ATT", "QccC", "TimeUS,Roll,Pitch,Yaw")
    out += dataflash_fmt(133, "RFND", "QBCBB", "TimeUS,Instance,Dist,Stat,Orient")
    out += dataflash_fmt(134, "MSG", "QZ", "TimeUS,Message")
    week, within_ms = divmod(gps_ms(START_NS), 7 * 86_400_000)
    for number, second in enumerate(seconds):
        us = round(second * 1e6) + 50_000_000
        lon, lat, up = place(second)
        degrees = (round(lat * 1e7), round(lon * 1e7))
        fix = 3 if status is None else status[number]
        ms = within_ms + round(second * 1000)
        out += b"\xa3\x95\x82" + struct.pack(
            "<QBBIHiii", us, 0, fix, ms, week, *degrees, round(up * 100)
        )
        if with_pos:
            out += b"\xa3\x95\x83" + struct.pack("<Qiif", us, *degrees, up)
        out += b"\xa3\x95\x84" + struct.pack("<QhhH", us, 100, -200, 9000)
        out += b"\xa3\x95\x85" + struct.pack("<QBHBB", us, 0, 120, 4, 25)
        out += b"\xa3\x95\x86" + struct.pack("<Q64s", us, b"text \xa3\x95\x82 inside")
    path.write_bytes(out)
    return path


def gps_ms(utc_ns: int) -> int:
    return (utc_ns - utc_text_ns("1980-01-06T00:00:00Z")) // 1_000_000 + 18_000


def ulog_message(letter: str, content: bytes) -> bytes:
    return struct.pack("<H", len(content)) + letter.encode() + content


_ULOG_TEXT = """\
sensor_gps:uint64_t timestamp;uint64_t time_utc_usec;double latitude_deg;double longitude_deg;\
double altitude_msl_m;float eph;float epv;uint8_t fix_type;uint8_t[7] _padding0;
vehicle_global_position:uint64_t timestamp;uint64_t timestamp_sample;double lat;double lon;\
float alt;uint8_t[4] _padding0;
vehicle_attitude:uint64_t timestamp;float[4] q;
distance_sensor:uint64_t timestamp;float min_distance;float max_distance;float current_distance;\
int8_t signal_quality;uint8_t orientation;uint8_t[2] _padding0;
"""
ULOG_FORMATS = _ULOG_TEXT.splitlines()


def write_ulog(
    path: Path, seconds: Sequence[float], *, fix_type: int = 3, with_estimate: bool = True
) -> Path:
    """Write a log of a newer PX4: degrees as doubles, an estimate beside the receiver."""
    out = b"ULog\x01\x12\x35\x01" + struct.pack("<Q", 50_000_000)
    out += b"".join(ulog_message("F", one.encode()) for one in ULOG_FORMATS)
    for number, one in enumerate(ULOG_FORMATS):
        name = one.partition(":")[0].encode()
        out += ulog_message("A", struct.pack("<BH", 0, number) + name)
    for second in seconds:
        us = round(second * 1e6) + 50_000_000
        lon, lat, up = place(second)
        utc = START_NS // 1000 + round(second * 1e6)
        gps = struct.pack("<HQQdddffB", 0, us, utc, lat, lon, up, 0.5, 0.8, fix_type)
        out += ulog_message("D", gps)
        if with_estimate:
            estimate = struct.pack("<HQQddf", 1, us, us, lat, lon, up)
            out += ulog_message("D", estimate)
        half = 2.0**-0.5
        out += ulog_message("D", struct.pack("<HQ4f", 2, us, half, 0.0, 0.0, half))
        out += ulog_message("D", struct.pack("<HQfffbB", 3, us, 0.1, 40.0, 1.2, 100, 25))
    path.write_bytes(out)
    return path


def write_tlog(
    path: Path,
    seconds: Sequence[float],
    *,
    fix_type: int = 6,
    utc: bool = True,
    system: int = 1,
) -> Path:
    """Write a ground station's log whose stamps come in bursts, half a second late."""
    from pymavlink.dialects.v20 import ardupilotmega as dialect

    link = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
    out = b""
    for second in seconds:
        for message in _messages(dialect, second, fix_type, utc=utc):
            arrival = START_NS // 1000 + int(second * 2 + 2) * 500_000
            out += struct.pack(">Q", arrival) + message.pack(link)
    path.write_bytes(out)
    return path


def _messages(dialect: Any, second: float, fix_type: int, *, utc: bool) -> list[Any]:
    boot_ms = round(second * 1000) + 50_000
    lon, lat, up = place(second)
    degrees = (round(lat * 1e7), round(lon * 1e7))
    usec = START_NS // 1000 + round(second * 1e6) if utc else 0
    millimetres = round(up * 1000)
    return [
        dialect.MAVLink_heartbeat_message(2, 3, 0x81, 3, 4, 3),
        dialect.MAVLink_system_time_message(usec, boot_ms),
        dialect.MAVLink_gps_raw_int_message(
            boot_ms * 1000, fix_type, *degrees, millimetres, 80, 90, 0, 0, 12,
            alt_ellipsoid=millimetres, h_acc=20, v_acc=30, vel_acc=0, hdg_acc=0, yaw=0,
        ),
        dialect.MAVLink_attitude_message(boot_ms, 0.01, -0.02, 1.5, 0, 0, 0),
        dialect.MAVLink_global_position_int_message(
            boot_ms, *degrees, millimetres, 1000, 100, 0, 0, 0
        ),
        dialect.MAVLink_distance_sensor_message(boot_ms, 10, 4000, 120, 0, 0, 25, 0),
    ]  # fmt: skip
