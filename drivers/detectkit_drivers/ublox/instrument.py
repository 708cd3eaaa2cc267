"""A u-blox receiver as an instrument: told to send NAV-PVT, or only listened to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pyubx2 import SET_LAYER_RAM, UBXMessage

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument, InstrumentError, Link, Session
from detectkit_drivers.ublox.decoder import CHECKSUM_BYTES, SYNC, UbloxDecoder

ACK = SYNC + bytes.fromhex("05010200068a")
NAK = SYNC + bytes.fromhex("05000200068a")
"""Answers to CFG-VALSET (06 8A), without their checksum."""
ANSWER_S = 2.0
FASTEST_HZ = 50.0


def configuration(rate_hz: float, port: str) -> bytes:
    """Return the CFG-VALSET that turns NAV-PVT on at a rate, in RAM: gone when switched off."""
    keys = [
        ("CFG_RATE_MEAS", round(1000.0 / rate_hz)),
        ("CFG_RATE_NAV", 1),
        (f"CFG_MSGOUT_UBX_NAV_PVT_{port}", 1),
    ]
    message: bytes = UBXMessage.config_set(SET_LAYER_RAM, 0, keys).serialize()
    return message


class UbloxSession(Session):
    """Sends the configuration and waits until the receiver agrees."""

    def __init__(self, rate_hz: float, port: str) -> None:
        self._rate_hz = rate_hz
        self._port = port

    def prepare(self, link: Link) -> None:
        """Turn NAV-PVT on."""
        agreed = link.ask(
            configuration(self._rate_hz, self._port),
            _answer,
            timeout_s=ANSWER_S,
            what="the receiver's answer to CFG-VALSET",
        )
        if not agreed:
            msg = (
                f"{link.name}: the receiver refuses NAV-PVT at {self._rate_hz:g} Hz on its port "
                f"{self._port}; lower rate_hz, name another port, or set `configure = "
                '"never"` and configure it with the maker\'s program'
            )
            raise InstrumentError(msg)

    def health(self) -> Mapping[str, float | str]:
        """Return what was asked for."""
        return {"asked_rate_hz": self._rate_hz}


def _answer(heard: bytes) -> bool | None:
    """Return whether the receiver agreed, None while it has not answered."""
    whole = len(ACK) + CHECKSUM_BYTES
    for answer, agreed in ((ACK, True), (NAK, False)):
        at = heard.rfind(answer)
        if at >= 0 and len(heard) - at >= whole:
            return agreed
    return None


@dataclass(frozen=True, slots=True)
class Ublox(Instrument):
    """u-blox receiver of generation 8 or later that sends UBX NAV-PVT.

    Parameters
    ----------
    rate_hz
        Positions a second.
    configure
        ``"nav-pvt"`` asks for NAV-PVT at `rate_hz` by CFG-VALSET (generation 9 and later), in
        RAM only; ``"never"`` sends nothing.
    port
        The receiver's own port that we hang on.
    """

    name: ClassVar[str] = "ublox"
    title: ClassVar[str] = "u-blox receiver (UBX)"
    kind: ClassVar[SensorKind] = "gnss"
    address: ClassVar[str] = "serial:/dev/ttyACM0?baud=115200"

    rate_hz: float = 10.0
    configure: Literal["nav-pvt", "never"] = "nav-pvt"
    port: Literal["UART1", "UART2", "USB"] = "USB"

    def __post_init__(self) -> None:
        if not 0.0 < self.rate_hz <= FASTEST_HZ:
            msg = f"rate_hz must be above 0 and at most {FASTEST_HZ:g}; got {self.rate_hz:g}"
            raise UsageError(msg)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        return UbloxDecoder(rate_hz=self.rate_hz)

    def session(self) -> Session:
        """Return a session that configures, or one that only listens."""
        if self.configure == "never":
            return Session()
        return UbloxSession(self.rate_hz, self.port)
