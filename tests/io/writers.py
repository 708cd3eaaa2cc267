"""Tiny writers of the formats under test, independent of the readers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

QUIET_WORD = {8: 0xF0, 16: 0, 32: 0}
MARK_WORD = {8: 0xE8, 16: 0x6400, 32: 0}


def dzt_header(**fields: Any) -> bytearray:
    """Return one header block of 1024 bytes with SIR-3000 values where not said otherwise."""
    block = bytearray(1024)
    at = {"tag": ("<H", 0), "data_field": ("<H", 2), "samples": ("<H", 4), "bits": ("<H", 6)}
    at |= {"zero": ("<h", 8), "scans_per_s": ("<f", 10), "scans_per_m": ("<f", 14)}
    at |= {"m_per_mark": ("<f", 18), "position_ns": ("<f", 22), "range_ns": ("<f", 26)}
    at |= {"created": ("<I", 32), "modified": ("<I", 36), "channels": ("<H", 52)}
    at |= {"permittivity": ("<f", 54), "antenna": ("14s", 98), "system": ("B", 113)}
    values = {"tag": 0x0700, "data_field": 1024, "samples": 16, "bits": 16, "zero": -32768}
    values |= {"scans_per_s": 100.0, "scans_per_m": 50.0, "range_ns": 48.0, "channels": 1}
    values |= {"permittivity": 6.0, "antenna": b"400MHz", "system": 3 << 3}
    for name, value in {**values, **fields}.items():
        layout, place = at[name]
        struct.pack_into(layout, block, place, value)
    return block


def dzt_words(
    data: npt.NDArray[Any], bits: int, *, first: int = 0, marks: Sequence[int] = ()
) -> npt.NDArray[Any]:
    """Return signed samples as the words of a file; columns 0 and 1 become header words."""
    half = 0 if bits == 32 else 1 << (bits - 1)
    words = (data.astype(np.int64) + half).astype(f"<u{bits // 8}" if half else "<i4")
    words[:, 0] = (np.arange(len(data)) + first) % (1 << min(bits, 31))
    words[:, 1] = QUIET_WORD[bits]
    for mark in marks:
        words[mark - 1, 1] = MARK_WORD[bits]
    return words


def write_dzt(
    path: Path,
    data: npt.NDArray[Any],
    *,
    bits: int = 16,
    first: int = 0,
    marks: Sequence[int] = (),
    tail: bytes = b"",
    **fields: Any,
) -> Path:
    """Write one channel; `data` (trace, sample) signed, its first two columns are overwritten."""
    head = dzt_header(bits=bits, samples=data.shape[1], **fields)
    offset = fields.get("data_field", 1024)
    size = offset * 1024 if 0 < offset < 1024 else 1024
    words = dzt_words(data, bits, first=first, marks=marks)
    path.write_bytes(bytes(head).ljust(size, b"\0") + words.tobytes() + tail)
    return path


def write_channels(
    path: Path,
    channels: Sequence[npt.NDArray[Any]],
    blocks: Sequence[Mapping[str, Any]],
    *,
    marks: Sequence[int] = (),
    tail: bytes = b"",
) -> Path:
    """Write several channels of 16 bit, trace by trace in turn, one header block for each."""
    samples = channels[0].shape[1]
    heads = [dzt_header(samples=samples, channels=len(channels), **one) for one in blocks]
    words = np.stack([dzt_words(one, 16, marks=marks) for one in channels], axis=1)
    path.write_bytes(b"".join(map(bytes, heads)) + words.tobytes() + tail)
    return path


def nmea(sentence: str) -> str:
    """Return a sentence with its checksum."""
    check = 0
    for letter in sentence.encode("ascii"):
        check ^= letter
    return f"${sentence}*{check:02X}"


def gga(*, latitude: float, longitude: float, height_m: float, quality: int) -> str:
    """Return a GGA sentence of a place in degrees."""

    def angle(value: float, width: int) -> str:
        whole = int(abs(value))
        return f"{whole:0{width}d}{60.0 * (abs(value) - whole):010.7f}"

    north, east = "NS"[latitude < 0.0], "EW"[longitude < 0.0]
    place = f"{angle(latitude, 2)},{north},{angle(longitude, 3)},{east}"
    return nmea(f"GPGGA,101010.00,{place},{quality},08,1.0,{height_m:.2f},M,45.0,M,,")


RAD: dict[str, object] = {
    "SAMPLES": 16,
    "FREQUENCY": "1000.000000",
    "SIGNAL POSITION": "12.5",
    "DISTANCE FLAG": 1,
    "TIME FLAG": 0,
    "TIME INTERVAL": " 0.000000",
    "DISTANCE INTERVAL": " 0.050000",
    "ANTENNAS": "500 MHz shielded",
    "ANTENNA SEPARATION": " 0.180000",
    "TIMEWINDOW": "16.000000",
    "LAST TRACE": 9,
    "POSITIVE DIRECTION": 1,
}


def write_mala(
    path: Path,
    data: npt.NDArray[Any],
    *,
    newline: str = "\r\n",
    cor: Sequence[str] | None = None,
    mrk: Sequence[str] | None = None,
    tail: bytes = b"",
    **fields: object,
) -> Path:
    """Write `path` (.rd3 or .rd7) and its .rad; field names with _ for blanks, None = leave out."""
    bits = 32 if path.suffix.lower() == ".rd7" else 16
    path.write_bytes(data.astype(f"<i{bits // 8}").tobytes() + tail)
    pairs = {**RAD, "SAMPLES": data.shape[1], "LAST TRACE": len(data)}
    pairs["TIMEWINDOW"] = f"{float(data.shape[1]):.6f}"
    pairs |= {name.replace("_", " "): value for name, value in fields.items()}
    lines = [f"{name}:{value}" for name, value in pairs.items() if value is not None]
    path.with_suffix(".rad").write_bytes(newline.join([*lines, ""]).encode("latin-1"))
    for suffix, side in ((".cor", cor), (".mrk", mrk)):
        if side is not None:
            path.with_suffix(suffix).write_bytes("\n".join([*side, ""]).encode("latin-1"))
    return path
