"""An X4 module without its hardware: acknowledges commands and sends radar frames in bulk."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from detectkit.drivers import Measured, Twin
from detectkit_drivers.x4.conversion import to_baseband
from detectkit_drivers.x4.framing import FLOATS_CODES, FLOATS_HEAD, bulk_frame, cut, frame
from detectkit_drivers.x4.instrument import X4
from detectkit_drivers.x4.messages import (
    ACKNOWLEDGED,
    ERROR,
    MODES,
    PARAMETERS,
    PING,
    PONG,
    PONG_READY,
    RESET,
    SET_HEAD,
    SET_MODE,
    WORD,
    Parameter,
    ping,
)
from detectkit_drivers.x4.messages import X4 as X4_COMMAND

COUNTER_MODULUS = 1 << 32
NOT_RECOGNISED = bytes([ERROR]) + WORD.pack(1)
CODES = {code: name for name, (code, _) in PARAMETERS.items()}


class X4Twin(Twin):
    """Rows are radio-frequency samples; with ``output = "iq"`` they are converted as in the chip.

    It streams in manual mode while its frame rate is above zero.
    """

    def __init__(self, settings: X4) -> None:
        self._settings = settings
        self.rate_hz = settings.frames_per_second
        self.reboot()

    def reboot(self) -> None:
        """Fall back to the state after switching on."""
        self.running = False
        self.mode = MODES["run"]
        self.parameters: dict[Parameter, tuple[float, ...]] = {}
        self._held = b""
        self._counter = 0

    def skip(self, rows: int) -> None:
        """Count frames that are measured and lost."""
        self._counter = (self._counter + rows) % COUNTER_MODULUS

    def receive(self, data: bytes) -> list[bytes]:
        """Take commands; return the answers."""
        held = self._held + data
        answers: list[bytes] = []
        at = 0
        while at < len(held) and (found := cut(held, at)).verdict != "wait":
            if found.verdict == "good":
                answers.append(frame(self._answer(found.data)))
            at += found.used
        self._held = held[at:]
        self.running = self.mode == MODES["manual"] and self._frames_per_second > 0.0
        return answers

    def speak(self, measured: Measured) -> list[bytes]:
        """Return a bulk frame for each row."""
        return [self._bulk(row) for row in measured.values]

    @property
    def _frames_per_second(self) -> float:
        return self.parameters.get("frames_per_second", (0.0,))[0]

    def _answer(self, data: bytes) -> bytes:
        code, acknowledged = data[0], bytes([ACKNOWLEDGED])
        if code == PING and data == ping():
            return bytes([PONG]) + WORD.pack(PONG_READY)
        if code == SET_MODE and len(data) == 2 and data[1] in MODES.values():
            self.mode = data[1]
            return acknowledged
        if code == RESET:
            self.reboot()
            return acknowledged
        if code == X4_COMMAND and len(data) > SET_HEAD.size:
            return acknowledged if self._set(data) else NOT_RECOGNISED
        return NOT_RECOGNISED

    def _set(self, data: bytes) -> bool:
        name = CODES.get(SET_HEAD.unpack_from(data)[2])
        if name is None or len(data) != SET_HEAD.size + PARAMETERS[name][1].size:
            return False
        self.parameters[name] = PARAMETERS[name][1].unpack_from(data, SET_HEAD.size)
        if name == "frames_per_second" and self._frames_per_second > 0.0:
            self.rate_hz = self._frames_per_second
        return True

    def _bulk(self, row: npt.NDArray[np.floating]) -> bytes:
        floats = row.astype("<f4")
        if self._settings.output == "iq":
            baseband = to_baseband(row)
            floats = np.concatenate([baseband.real, baseband.imag]).astype("<f4")
        first, second = struct.unpack("BB", FLOATS_CODES)
        head = FLOATS_HEAD.pack(first, second, 0, self._counter, floats.size)
        self.skip(1)
        return bulk_frame(head + floats.tobytes())
