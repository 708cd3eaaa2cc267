"""The coil as an instrument: it talks by itself, nothing is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument
from detectkit_drivers.coil.decoder import MOST_CHANNELS, CoilDecoder


@dataclass(frozen=True, slots=True)
class Coil(Instrument):
    """Metal detector that speaks the coil frame (``docs/drivers/coil.md``).

    The wire tells channels, names, unit and scale; the settings below only tell the twin what
    to be, and `rate_hz` is the nominal rate until the instrument says its own.

    Parameters
    ----------
    rate_hz
        Rows a second.
    channels
        Number of channels of the twin, 1 to 64.
    unit
        Unit of the twin's values.
    value_type
        Number type of the twin's values on the wire.
    scale
        The unit per count that the twin describes.
    """

    name: ClassVar[str] = "coil"
    title: ClassVar[str] = "Metal detector with the coil frame"
    kind: ClassVar[SensorKind] = "metal_detector"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    rate_hz: float = 100.0
    channels: int = 4
    unit: str = "mV"
    value_type: Literal["int32", "float32"] = "float32"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= MOST_CHANNELS:
            msg = f"a coil frame carries 1 to {MOST_CHANNELS} channels; got {self.channels}"
            raise UsageError(msg)
        if self.scale == 0.0:
            msg = "scale = 0 makes every value zero; give the unit per count, 1.0 for none"
            raise UsageError(msg)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return CoilDecoder(rate_hz=self.rate_hz)
