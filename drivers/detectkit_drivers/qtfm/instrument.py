"""The QTFM as an instrument: it talks by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.qtfm.decoder import FirstQtfmDecoder, QtfmDecoder


@dataclass(frozen=True, slots=True)
class Qtfm(Instrument):
    """QuSpin QTFM total-field magnetometer on its serial line.

    Parameters
    ----------
    generation
        1 or 2, by the electronics.
    counter_modulus
        Where the counter of the lines wraps, as observed; 0 for not known: no gaps are counted.
    timestamp_s
        One step of the second generation's timestamp in seconds; the maker does not print it.
    rate_hz
        Nominal lines a second.
    """

    name: ClassVar[str] = "qtfm"
    title: ClassVar[str] = "QuSpin QTFM"
    kind: ClassVar[SensorKind] = "magnetometer"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    generation: Literal[1, 2] = 2
    counter_modulus: int = 0
    timestamp_s: float = 0.001
    rate_hz: float = 200.0

    def __post_init__(self) -> None:
        if not 0.0 < self.timestamp_s <= 0.1:
            msg = f"timestamp_s must be above 0 and at most 0.1 s; got {self.timestamp_s:g}"
            raise UsageError(msg)

    def decoder(self) -> Decoder:
        """Return a new decoder of the generation."""
        kind = FirstQtfmDecoder if self.generation == 1 else QtfmDecoder
        return kind(
            counter_modulus=self.counter_modulus,
            timestamp_ns=round(self.timestamp_s * 1e9),
            rate_hz=self.rate_hz,
        )
