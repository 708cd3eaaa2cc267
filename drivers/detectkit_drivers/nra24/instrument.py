"""The NRA24 as an instrument: it talks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import SensorKind
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.nra24.decoder import Nra24Decoder


@dataclass(frozen=True, slots=True)
class Nra24(Instrument):
    """Nanoradar NRA24 radar altimeter on a serial line.

    Parameters
    ----------
    shortest_m, longest_m
        Distances outside are given as NaN and flagged.
    rate_hz
        Frames a second of the twin.
    """

    name: ClassVar[str] = "nra24"
    title: ClassVar[str] = "Nanoradar NRA24"
    kind: ClassVar[SensorKind] = "altimeter"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    shortest_m: float = 0.1
    longest_m: float = 200.0
    rate_hz: float = 20.0

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return Nra24Decoder(shortest_m=self.shortest_m, longest_m=self.longest_m)
