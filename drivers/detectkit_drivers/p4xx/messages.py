"""Messages of the monostatic radar interface (MRM), as tables of fields; big-endian throughout.

Source: Time Domain, "Monostatic Radar Application Programming Interface (API) Specification,
PulsON 400 Series", 320-0298E, version 1.2.2, January 2015.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

SET_CONFIG, SET_CONFIG_CONFIRM = 0x1001, 0x1101
GET_CONFIG, GET_CONFIG_CONFIRM = 0x1002, 0x1102
CONTROL, CONTROL_CONFIRM = 0x1003, 0x1103
STATUS, STATUS_CONFIRM = 0xF001, 0xF101
REBOOT, REBOOT_CONFIRM = 0xF002, 0xF102
SCAN_INFO = 0xF201

SCAN_POINTS = 350  # values in each scan message, used or not
FOREVER = 65535  # scans to make, in CONTROL; 0 stops

HEAD = struct.Struct(">HH")  # type, number
CONFIGURATION = struct.Struct(">IiiHH4H4BBBBB")
CONTROL_BODY = struct.Struct(">HHI")  # scans, reserved, interval in µs
CONFIRM_BODY = struct.Struct(">I")  # status
CONFIGURATION_TAIL = struct.Struct(">II")  # ms since boot, status
STATUS_BODY = struct.Struct(">BBHBBHBBBBIBBBBi32sI")
SCAN_HEAD = struct.Struct(">HHIIIIIIiihBBBBHIHH")
SCAN_BYTES = SCAN_HEAD.size + 4 * SCAN_POINTS

# The size of a message follows from its type: this is what tells messages apart over UDP.
FROM_RADAR = {
    SET_CONFIG_CONFIRM: 8,
    GET_CONFIG_CONFIRM: 44,
    CONTROL_CONFIRM: 8,
    STATUS_CONFIRM: 64,
    REBOOT_CONFIRM: 4,
    SCAN_INFO: SCAN_BYTES,
}
TO_RADAR = {SET_CONFIG: 36, GET_CONFIG: 4, CONTROL: 12, STATUS: 4, REBOOT: 4}

PICOSECOND = 1e-12
BIN_S = 1e-9 / (512.0 * 1.024)
"""Finest step of the radar's clock: 1.907 ps; a scan steps by a number of them, usually 32."""
BINS = 32
EARLIEST_PS, LATEST_PS = -499_998, 499_998

STATUS_WORDS = {
    1: "general failure",
    2: "wrong mode of operation",
    3: "a value that it does not support",
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """What SET_CONFIG sets and GET_CONFIG tells; the segments, not used by the radar, are zero."""

    node: int = 100
    start_ps: int = 10_000
    stop_ps: int = 39_297
    bins: int = BINS
    pulse_integration_index: int = 11
    antenna_mode: int = 2
    transmit_gain: int = 63
    code_channel: int = 0
    persist: int = 0

    def to_bytes(self) -> bytes:
        """Return the 32 bytes that follow type and number."""
        first = (self.node, self.start_ps, self.stop_ps, self.bins, self.pulse_integration_index)
        last = (self.antenna_mode, self.transmit_gain, self.code_channel, self.persist)
        return CONFIGURATION.pack(*first, *([0] * 8), *last)

    @classmethod
    def from_bytes(cls, data: bytes) -> Configuration:
        """Read the bytes that follow type and number."""
        fields = CONFIGURATION.unpack_from(data)
        return cls(*fields[:5], *fields[13:])


class ScanHead(NamedTuple):
    """The 52 bytes before the samples of one SCAN_INFO message."""

    kind: int
    number: int
    node: int
    boot_ms: int
    reserved_1: int
    reserved_2: int
    reserved_3: int
    reserved_4: int
    start_ps: int
    stop_ps: int
    step_bins: int
    filtering: int
    reserved_5: int
    antenna: int
    mode: int
    points_here: int
    points: int
    part: int
    messages: int

    @property
    def is_plausible(self) -> bool:
        """Whether the fields fit each other: all that stands for a checksum over UDP."""
        return (
            0 < self.points_here <= SCAN_POINTS
            and self.points_here <= self.points
            and self.part < self.messages <= self.points <= SCAN_POINTS * self.messages
            and EARLIEST_PS <= self.start_ps < self.stop_ps <= LATEST_PS
            and self.step_bins > 0
            and 0 < self.filtering <= 7
        )

    @property
    def is_raw(self) -> bool:
        """Whether the scan is as measured; the radar may send filtered ones beside it."""
        return bool(self.filtering & 1)


def request(kind: int, number: int, body: bytes = b"") -> bytes:
    """Return a message: type, number, body."""
    return HEAD.pack(kind, number) + body


def control(number: int, *, scans: int, interval_us: int = 0) -> bytes:
    """Return a CONTROL request: 0 scans stop, `FOREVER` goes on until then."""
    return request(CONTROL, number, CONTROL_BODY.pack(scans, 0, interval_us))


def kind_and_number(message: bytes) -> tuple[int, int]:
    """Return the type and the number of a message."""
    kind, number = HEAD.unpack_from(message)
    return kind, number


def status_of(message: bytes) -> int:
    """Return the status at the end of a confirming message; 0 is success."""
    return int(CONFIRM_BODY.unpack_from(message, len(message) - CONFIRM_BODY.size)[0])


def health_of(message: bytes) -> dict[str, float | str]:
    """Return temperature, serial number and versions from a STATUS confirmation."""
    fields = STATUS_BODY.unpack_from(message, HEAD.size)
    return {
        "firmware": f"{fields[0]}.{fields[1]}.{fields[2]}",
        "package": fields[16].split(b"\0")[0].decode("ascii", "replace"),
        "serial": f"{fields[10]:08X}",
        "temperature_degC": fields[15] / 4.0,
    }
