"""Twin of the legacy Zond and the Cobra."""

from __future__ import annotations

import re

import numpy as np

from detectkit.drivers import Measured, Twin
from detectkit_drivers.zond.instrument import Zond
from detectkit_drivers.zond.shape import SERVICE_PART, ByteOrder, LayoutName

MARKER = b"\x00\x7f\x00\x7f"
MODELS = {"lite": b"ZLITE_0", "zond": b"ZOND-12E"}
SERVICE = 0x2A2A
"""What fills service samples; what a real radar puts there is not known."""
SETUP = re.compile(rb"[01]{32}|[01]{64}")
LONGEST_COMMAND = 300
LONGEST_LINE = 16


class ZondTwin(Twin):
    """A Zond or Cobra without hardware.

    Parameters
    ----------
    layout
        What its traces look like, and so which model it is.
    order
        Byte order of the samples.
    rate_hz
        Traces a second.

    Attributes
    ----------
    setup
        The settings last received, 32 characters a channel; empty: none.
    """

    def __init__(self, *, layout: LayoutName, order: ByteOrder, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._layout = layout
        self._dtype = np.dtype("<i2" if order == "little" else ">i2")
        self.reboot()

    def reboot(self) -> None:
        """Stop; settings are lost."""
        self.running = False
        self.setup = ""
        self._heard = b""

    def receive(self, data: bytes) -> list[bytes]:
        """Answer ``W``, and take settings after ``T``, whose length is told by a byte."""
        self._heard = (self._heard + data)[-LONGEST_COMMAND:]
        answers = []
        while (used := self._command_bytes()) > 0:
            command, self._heard = self._heard[:used], self._heard[used:]
            answers += self._answer(command)
        return answers

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the traces; service samples are put after the measured ones."""
        samples = np.clip(np.rint(measured.values), -32768, 32767).astype(self._dtype)
        width = samples.shape[1]
        parts = {"zond": 0, "lite": width // SERVICE_PART, "cobra": width // (SERVICE_PART - 1)}
        service = np.full(parts[self._layout], SERVICE, self._dtype).tobytes()
        return [row.tobytes() + service for row in samples]

    def _command_bytes(self) -> int:
        """Return how many bytes the first command has, 0 while it is not complete."""
        heard = self._heard
        if heard[:1] == b"T":
            size = heard[1] + 3 if len(heard) > 1 else 2
            return size if len(heard) >= size and len(heard) > 1 else 0
        stop = heard.find(b"\n") + 1
        return stop if stop or len(heard) < LONGEST_LINE else len(heard)

    def _answer(self, command: bytes) -> list[bytes]:
        if command == b"W\n" and self._layout in MODELS:
            self.running = False
            return [MARKER + MODELS[self._layout]]
        setup = command[2:-1]
        if command[:1] != b"T" or not SETUP.fullmatch(setup):
            return []
        self.setup = setup.decode("ascii")
        self.running = True
        return [] if self._layout == "lite" else [MARKER + b"\x00"]


def twin_of(settings: Zond) -> ZondTwin:
    """Return the twin of an instrument, of the likeliest layout where that is left open."""
    layout = settings.layouts()[0] if settings.layout == "auto" else settings.layout
    if settings.byte_order == "auto":
        order: ByteOrder = "big" if layout == "cobra" else "little"
    else:
        order = settings.byte_order
    return ZondTwin(layout=layout, order=order, rate_hz=settings.rate_hz)
