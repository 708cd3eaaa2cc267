"""Frames of a pretended autopilot, for tests; packed by pymavlink, signatures and checksums too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import PLATFORM_COLUMNS, Frame, Item, LinkTimeoutError, Measured, Note, Twin
from detectkit.drivers.bench.sources import START_UTC_NS

S = 1_000_000_000
Message = Any


class Peer:
    """Packs messages as one component; each frame has the next number."""

    def __init__(self, system: int = 1, component: int = 1, *, step: int = 1) -> None:
        self.packer = dialect.MAVLink(None, srcSystem=system, srcComponent=component)
        self._numbers = count(0, step)

    def pack(self, *messages: Message, version_1: bool = False) -> bytes:
        return b"".join(self._one(message, version_1) for message in messages)

    def _one(self, message: Message, version_1: bool) -> bytes:
        self.packer.seq = next(self._numbers) % 256
        return bytes(message.pack(self.packer, force_mavlink1=version_1))


def heartbeat(*, armed: bool = False, kind: int = 2, autopilot: int = 3) -> Message:
    return dialect.MAVLink_heartbeat_message(kind, autopilot, 0x80 * armed, 3, 4, 3)


def attitude(boot_ms: int, roll: float = 0.0) -> Message:
    return dialect.MAVLink_attitude_message(boot_ms, roll, 0.0, 0.0, 0.0, 0.0, 0.0)


def position(boot_ms: int, lat: int = 501000000, lon: int = 143000000) -> Message:
    return dialect.MAVLink_global_position_int_message(
        boot_ms, lat, lon, 250_100, 1_017, 100, -50, 25, 9000
    )


def gps(usec: int, *, fix: int = 6, **extension: int) -> Message:
    return dialect.MAVLink_gps_raw_int_message(
        usec, fix, 501000000, 143000000, 250_100, 121, 200, 0, 0, 10, **extension
    )


def distance(boot_ms: int, cm: int, *, orientation: int = 25, quality: int = 100) -> Message:
    return dialect.MAVLink_distance_sensor_message(
        boot_ms, 10, 5000, cm, 0, 0, orientation, 0, signal_quality=quality
    )


def text(words: bytes, *, level: int = 6, ident: int = 0, chunk: int = 0) -> Message:
    return dialect.MAVLink_statustext_message(level, words, ident, chunk)


def platform(rows: int, *, rate_hz: float = 50.0, start_s: float = 3.0, **columns: Any) -> Measured:
    """Return rows of a platform that hovers at 1.017 m unless columns say otherwise."""
    values = np.zeros((rows, len(PLATFORM_COLUMNS)))
    still = {
        "longitude_deg": 14.3,
        "latitude_deg": 50.1,
        "up_m": 250.1,
        "height_m": 1.017,
        "fix_quality": 4,
        "horizontal_error_m": 0.014,
        "vertical_error_m": 0.02,
        "waypoint": 1,
        "armed": 1,
    }
    for name, value in {**still, **columns}.items():
        values[:, PLATFORM_COLUMNS.index(name)] = value
    times = np.rint((start_s + np.arange(rows) / rate_hz) * S).astype(np.int64)
    return Measured(times, values, START_UTC_NS + times)


def frames(items: list[Item], stream: str) -> list[Frame]:
    return [one for one in items if isinstance(one, Frame) and one.layout.stream == stream]


def notes(items: list[Item]) -> list[Note]:
    return [one for one in items if isinstance(one, Note)]


def column(items: list[Item], stream: str, name: str) -> list[float]:
    return [float(one.values[0, one.layout.column(name)]) for one in frames(items, stream)]


def tlog_frames(path: Path) -> Iterator[bytes]:
    """Yield the frames of a .tlog without the 8 bytes of time before each."""
    data = path.read_bytes()
    at = 8
    while at + 6 < len(data):
        is_v2 = data[at] == 0xFD
        size = 12 + data[at + 1] + 13 * (data[at + 2] & 1) if is_v2 else 8 + data[at + 1]
        yield data[at : at + size]
        at += size + 8


class FakeLink:
    """A link whose other end is a twin, or nobody; keeps what was sent. Time is `Clock`'s."""

    name = "fake"

    def __init__(self, twin: Twin | None = None) -> None:
        self.twin = twin
        self.sent = b""
        self.waiting = b""

    def read(self, _timeout_s: float) -> bytes:
        data, self.waiting = self.waiting, b""
        return data

    def send(self, data: bytes) -> None:
        self.sent += data
        if self.twin is not None:
            self.waiting += b"".join(self.twin.receive(data))

    def ask(self, *_: Any, **__: Any) -> bytes:
        raise LinkTimeoutError(self.name)


class Clock:
    """Monotonic time that passes when told to."""

    def __init__(self, now_ns: int = 1000 * S) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * S)


def heard(data: bytes) -> list[Message]:
    """Return the messages in bytes that were sent."""
    reader = dialect.MAVLink(None)
    return reader.parse_buffer(bytearray(data)) or []


def named(messages: list[Message], name: str) -> list[Message]:
    return [one for one in messages if one.get_type() == name]
