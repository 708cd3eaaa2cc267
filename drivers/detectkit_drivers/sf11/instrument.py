"""The SF11/C as an instrument: asked for each distance, or listened to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument, Link, Session
from detectkit_drivers.sf11.decoder import Sf11Decoder

ASK = b"?LD\r\n"
ASK_LEGACY = b"d"
POLL_SLACK = 0.8
"""The supervisor polls some 20 times a second: a question is due a little before its time."""


class Sf11Session(Session):
    """Asks for distances at a rate."""

    def __init__(self, question: bytes, rate_hz: float) -> None:
        self._question = question
        self._every_ns = round(POLL_SLACK * 1e9 / rate_hz)
        self._asked_ns: int | None = None

    def poll(self, link: Link, now_ns: int) -> None:
        """Ask when it is due."""
        if self._asked_ns is None or now_ns - self._asked_ns >= self._every_ns:
            link.send(self._question)
            self._asked_ns = now_ns


@dataclass(frozen=True, slots=True)
class Sf11(Instrument):
    """LightWare SF11/C laser altimeter on its serial or USB port.

    Parameters
    ----------
    ask
        ``"?LD"`` or the legacy ``"d"`` ask for each distance; ``"never"`` listens to an
        instrument that was set to talk by itself.
    rate_hz
        Questions a second, 20 at most.
    shortest_m, longest_m
        Distances outside are given as NaN and flagged.
    """

    name: ClassVar[str] = "sf11"
    title: ClassVar[str] = "LightWare SF11/C"
    kind: ClassVar[SensorKind] = "altimeter"
    address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

    ask: Literal["?LD", "d", "never"] = "?LD"
    rate_hz: float = 20.0
    shortest_m: float = 0.2
    longest_m: float = 120.0

    def __post_init__(self) -> None:
        if not 0.0 < self.rate_hz <= 20.0:
            msg = f"the SF11/C answers up to 20 times a second; got rate_hz = {self.rate_hz:g}"
            raise UsageError(msg)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return Sf11Decoder(shortest_m=self.shortest_m, longest_m=self.longest_m)

    def session(self) -> Session:
        """Return a session that asks, or one that only listens."""
        if self.ask == "never":
            return Session()
        return Sf11Session(ASK if self.ask == "?LD" else ASK_LEGACY, self.rate_hz)
