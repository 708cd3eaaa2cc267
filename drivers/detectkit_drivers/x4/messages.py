"""Commands and answers of an X4 module in manual mode, as tables.

Source: Novelda XTAN-11 revision C, chapters 5 and 6. The document writes the pulses per step as a
float in its text and as one byte in its example; modules take a 32-bit integer, as for the other
counts, and that is what is sent.
"""

from __future__ import annotations

import struct
from typing import Literal

PING, PONG = 0x01, 0x01
SET_MODE, RESET, X4 = 0x20, 0x22, 0x50
SET = 0x10
ACKNOWLEDGED, ERROR, SYSTEM = 0x10, 0x20, 0x30

PING_VALUE = 0xEEAAEAAE
PONG_READY, PONG_SAFEMODE = 0xAAEEAEEA, 0xFFEEFEEF
SYSTEM_WORDS = {0x10: "module is starting", 0x11: "module is ready"}
ERROR_WORDS = {1: "not recognised", 2: "checksum failed"}

Mode = Literal["run", "idle", "manual", "stop"]
MODES: dict[Mode, int] = {"run": 0x01, "idle": 0x11, "manual": 0x12, "stop": 0x13}

Parameter = Literal[
    "frames_per_second",
    "pulses_per_step",
    "iterations",
    "downconversion",
    "frame_area",
    "dac_min",
    "dac_max",
    "frame_area_offset",
]
PARAMETERS: dict[Parameter, tuple[int, struct.Struct]] = {
    "frames_per_second": (0x10, struct.Struct("<f")),
    "pulses_per_step": (0x11, struct.Struct("<I")),
    "iterations": (0x12, struct.Struct("<I")),
    "downconversion": (0x13, struct.Struct("<B")),
    "frame_area": (0x14, struct.Struct("<ff")),
    "dac_min": (0x16, struct.Struct("<I")),
    "dac_max": (0x17, struct.Struct("<I")),
    "frame_area_offset": (0x18, struct.Struct("<f")),
}
WORD = struct.Struct("<I")
SET_HEAD = struct.Struct("<BBI")


def ping() -> bytes:
    """Return the data of a ping."""
    return bytes([PING]) + WORD.pack(PING_VALUE)


def set_mode(mode: Mode) -> bytes:
    """Return the data that changes the mode."""
    return bytes([SET_MODE, MODES[mode]])


def set_parameter(name: Parameter, *values: float) -> bytes:
    """Return the data that sets a parameter of the chip."""
    code, form = PARAMETERS[name]
    return SET_HEAD.pack(X4, SET, code) + form.pack(*values)


def word_of(data: bytes) -> int:
    """Return the 32-bit value behind the first byte, 0 where there is none."""
    return int(WORD.unpack_from(data, 1)[0]) if len(data) >= 1 + WORD.size else 0
