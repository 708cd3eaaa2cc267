"""The MagElement as an instrument: it talks to whoever connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import SensorKind
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.magelement.decoder import MagElementDecoder


@dataclass(frozen=True, slots=True)
class MagElement(Instrument):
    """Geometrics MagElement with two MFAM sensors, over TCP or UDP; it has no settings here."""

    name: ClassVar[str] = "magelement"
    title: ClassVar[str] = "Geometrics MagElement"
    kind: ClassVar[SensorKind] = "magnetometer"
    address: ClassVar[str] = "tcp://192.168.10.3:1000"

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return MagElementDecoder()
