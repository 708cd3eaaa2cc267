"""The DUALEM as an instrument: it talks by itself, and tells its status when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument, Link, Session
from detectkit_drivers.dualem.decoder import DualemDecoder

ASK_STATUS = b"%"


class DualemSession(Session):
    """Asks for the status now and then."""

    def __init__(self, every_s: float) -> None:
        self._every_ns = round(every_s * 1e9)
        self._asked_ns: int | None = None

    def poll(self, link: Link, now_ns: int) -> None:
        """Ask when it is due."""
        if self._asked_ns is None or now_ns - self._asked_ns >= self._every_ns:
            link.send(ASK_STATUS)
            self._asked_ns = now_ns


@dataclass(frozen=True, slots=True)
class Dualem(Instrument):
    """DUALEM electromagnetic induction sensor on its serial line.

    Parameters
    ----------
    checksum
        ``"xor"`` refuses sentences whose checksum is not NMEA's; ``"ignored"`` takes all.
    status_every_s
        How often voltage, temperature, pitch and roll are asked for.
    array
        Length of the twin's array in m, ``"H"`` for half a metre.
    rate_hz
        Sentences a second of the twin.
    """

    name: ClassVar[str] = "dualem"
    title: ClassVar[str] = "DUALEM"
    kind: ClassVar[SensorKind] = "metal_detector"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=9600"

    checksum: Literal["xor", "ignored"] = "xor"
    status_every_s: float = 1.0
    array: Literal["H", "1", "2", "4"] = "1"
    rate_hz: float = 10.0

    def __post_init__(self) -> None:
        if not self.status_every_s > 0.0:
            msg = f"status_every_s must be above 0 s; got {self.status_every_s:g}"
            raise UsageError(msg)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return DualemDecoder(checksum=self.checksum)

    def session(self) -> Session:
        """Return a session that asks for the status."""
        return DualemSession(self.status_every_s)
