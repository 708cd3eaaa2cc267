"""An NMEA receiver as an instrument: it talks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import SensorKind
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.nmea.decoder import NmeaDecoder


@dataclass(frozen=True, slots=True)
class Nmea(Instrument):
    """Any satellite receiver that sends GGA, better with GST and RMC or ZDA.

    Parameters
    ----------
    rate_hz
        Nominal positions a second.
    separation_m
        Geoid's height over the ellipsoid in m, for receivers that leave the field empty.
    """

    name: ClassVar[str] = "nmea"
    title: ClassVar[str] = "NMEA 0183 receiver"
    kind: ClassVar[SensorKind] = "gnss"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    rate_hz: float = 5.0
    separation_m: float | None = None

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return NmeaDecoder(separation_m=self.separation_m, rate_hz=self.rate_hz)
