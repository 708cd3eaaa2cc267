"""The US-D1 as an instrument: it talks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.usd1.decoder import OldUsD1Decoder, UsD1Decoder


@dataclass(frozen=True, slots=True)
class UsD1(Instrument):
    """Ainstein (formerly Aerotenna) US-D1 radar altimeter on a serial line.

    Parameters
    ----------
    frame
        ``"six-byte"``, or ``"three-byte"`` for the first firmware.
    shortest_m, longest_m
        Distances outside are given as NaN and flagged.
    rate_hz
        Frames a second of the twin.
    """

    name: ClassVar[str] = "usd1"
    title: ClassVar[str] = "Ainstein US-D1"
    kind: ClassVar[SensorKind] = "altimeter"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    frame: Literal["six-byte", "three-byte"] = "six-byte"
    shortest_m: float = 0.5
    longest_m: float = 50.0
    rate_hz: float = 80.0

    def decoder(self) -> Decoder:
        """Return a new decoder of the chosen frame."""
        kind = UsD1Decoder if self.frame == "six-byte" else OldUsD1Decoder
        return kind(shortest_m=self.shortest_m, longest_m=self.longest_m)
