"""An invented instrument with a CRC frame, to test the benches and the suite on.

Frame: A5 5A, counter u16, stamp in ms u32, two float32, CRC-32 of all before it; little-endian.
Commands: ``S`` starts the stream, ``P`` stops it; both are answered by their letter in brackets.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from detectkit.core import Sensor, SensorKind
from detectkit.drivers import (
    WAIT,
    Decoder,
    Frame,
    Instrument,
    Layout,
    Link,
    Measured,
    Note,
    Session,
    StreamDecoder,
    Taken,
    Twin,
    damaged,
    good,
    skip,
)

SYNC = b"\xa5\x5a"
BODY = struct.Struct("<2sHIff")
SIZE = BODY.size + 4
LAYOUT = Layout(
    "field",
    Sensor("beacon", "magnetometer", "Invented beacon", unit="nT"),
    columns=("field_nt", "gradient_nt"),
    quantity="amplitude",
    counter_modulus=65536,
    device_clock="boot",
)


def frame(counter: int, stamp_ms: int, values: tuple[float, float]) -> bytes:
    body = BODY.pack(SYNC, counter % 65536, stamp_ms % 2**32, *values)
    return body + struct.pack("<I", zlib.crc32(body))


class BeaconDecoder(StreamDecoder):
    longest: ClassVar[int] = SIZE

    def take(self, held: bytes, at: int) -> Taken:
        if held[at] == 0x3C:
            return self.answer(held, at)
        if held[at] != SYNC[0]:
            return skip(1)
        message = held[at : at + SIZE]
        if not SYNC.startswith(message[:2]):
            return skip(1)
        if len(message) < SIZE:
            return WAIT
        if not self.intact(message):
            return damaged(1)
        return good(SIZE, self.row(message))

    def answer(self, held: bytes, at: int) -> Taken:
        answer = held[at : at + 3]
        if len(answer) < 3 and answer in (b"<", b"<S", b"<P"):
            return WAIT
        if answer in (b"<S>", b"<P>"):
            return good(3, Note(answer[1:2].decode()))
        return skip(1)

    def intact(self, message: bytes) -> bool:
        return zlib.crc32(message[:-4]).to_bytes(4, "little") == message[-4:]

    def row(self, message: bytes) -> Frame:
        _, counter, stamp_ms, *values = BODY.unpack_from(message)
        return Frame(
            LAYOUT,
            np.array([values], dtype=np.float32),
            counter=np.array([counter]),
            device_ns=np.array([stamp_ms * 1_000_000]),
        )


class BeaconSession(Session):
    def start(self, link: Link) -> None:
        link.ask(b"S", lambda heard: b"<S>" in heard or None, timeout_s=2.0, what="<S>")

    def stop(self, link: Link) -> None:
        link.send(b"P")

    def health(self) -> Mapping[str, float | str]:
        return {"firmware": "1"}


class BeaconTwin(Twin):
    def __init__(self, rate_hz: float, *, talks_at_once: bool = False) -> None:
        self.rate_hz = rate_hz
        self.talks_at_once = talks_at_once
        self.reboot()

    def reboot(self) -> None:
        self.counter = 0
        self.running = self.talks_at_once

    def receive(self, data: bytes) -> list[bytes]:
        answers = []
        for letter in (b"S", b"P"):
            if letter in data:
                self.running = letter == b"S"
                answers.append(b"<" + letter + b">")
        return answers

    def speak(self, measured: Measured) -> list[bytes]:
        first, self.counter = self.counter, self.counter + len(measured)
        stamps_ms = measured.device_ns // 1_000_000
        rows: list[Any] = measured.values.tolist()
        return [
            frame(first + row, stamp_ms, (values[0], values[1]))
            for row, (stamp_ms, values) in enumerate(zip(stamps_ms.tolist(), rows, strict=True))
        ]

    def skip(self, rows: int) -> None:
        self.counter += rows


@dataclass(frozen=True, slots=True)
class Beacon(Instrument):
    """An invented beacon.

    Parameters
    ----------
    rate_hz
        Rows a second.
    """

    name: ClassVar[str] = "beacon"
    title: ClassVar[str] = "Invented beacon"
    kind: ClassVar[SensorKind] = "magnetometer"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    rate_hz: float = 100.0

    def decoder(self) -> Decoder:
        return BeaconDecoder()

    def session(self) -> Session:
        return BeaconSession()

    def twin(self) -> Twin:
        return BeaconTwin(self.rate_hz)


@dataclass(frozen=True, slots=True)
class Talker(Beacon):
    """A beacon that talks from the moment it is switched on."""

    name: ClassVar[str] = "talker"
    address: ClassVar[str] = "udp-listen://0.0.0.0:4001"

    def session(self) -> Session:
        return Session()

    def twin(self) -> Twin:
        return BeaconTwin(self.rate_hz, talks_at_once=True)
