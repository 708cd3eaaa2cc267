"""The contract of an instrument: frozen settings that make a decoder, a session and a twin.

An instrument is three small things put together: a `Transport` carries bytes, a `Decoder` turns
them into frames, a `Session` holds the conversation (handshake, settings, start, stop, keep-alive).
The twin speaks the instrument's bytes back, for tests and simulated missions.

How to write one
----------------
::

    @dataclass(frozen=True, slots=True)
    class Sonar(Instrument):
        # docstring: one line on what it is, then the settings and where the protocol is described

        name: ClassVar[str] = "sonar"
        title: ClassVar[str] = "Maker Sonar 3"
        kind: ClassVar[SensorKind] = "altimeter"
        address: ClassVar[str] = "serial:/dev/ttyUSB0?baud=115200"

        rate_hz: float = 20.0

        def decoder(self) -> Decoder:
            return SonarDecoder()

        def session(self) -> Session:
            return SonarSession(self)

and two lines in pyproject: the class under ``[project.entry-points."detectkit.drivers"]``, and what
makes its twin of it under ``[project.entry-points."detectkit.twins"]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, cast

from detectkit.core import SensorKind, UsageError
from detectkit.core.plugins import PlugIns
from detectkit.drivers.decoder import Decoder
from detectkit.drivers.frame import Severity
from detectkit.drivers.link import Link
from detectkit.drivers.transport import Transport

if TYPE_CHECKING:
    from detectkit.drivers.twin import Twin


TWINS = PlugIns("detectkit.twins", "twin", "detectkit drivers", UsageError)


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something the mission tells those who can hear it, e.g. a ground station over MAVLink.

    Parameters
    ----------
    text
        Words for the operator, empty for none.
    severity
        How urgent the words are.
    values
        Numbers by a short name (10 characters at most).
    payload
        At most 128 bytes for a program at the other end: a compact indication.
    """

    text: str = ""
    severity: Severity = "note"
    values: Mapping[str, float] = field(default_factory=dict)
    payload: bytes = b""


class Session:
    """The conversation with an instrument over one open link; made anew for each opening.

    All methods are called by the one thread that owns the link. They may raise LinkError (the
    link broke: it is opened again) and InstrumentError (the operator must act: it is said, and
    tried again later). The defaults suit an instrument that simply talks.
    """

    def prepare(self, link: Link) -> None:
        """Shake hands, check that it is the right instrument, send the settings."""

    def start(self, link: Link) -> None:
        """Start the stream."""

    def stop(self, link: Link) -> None:
        """Stop the stream, as far as the link still works."""

    def received(self, link: Link, data: bytes) -> None:
        """Look at bytes that arrived while streaming, and answer what wants an answer."""

    def poll(self, link: Link, now_ns: int) -> None:
        """Do what is due at the monotonic time `now_ns`; called some 20 times a second."""

    def announce(self, link: Link, announcement: Announcement) -> None:
        """Pass something on; instruments that show nothing ignore it."""

    def health(self) -> Mapping[str, float | str]:
        """Return what the conversation knows: temperatures, achieved rates, firmware."""
        return {}


@dataclass(frozen=True, slots=True)
class Instrument:
    """Base of instruments: settings as fields, each with a default that works.

    Attributes
    ----------
    name
        Name in a mission's TOML, as registered.
    title
        Maker and model.
    kind
        What it measures.
    address
        Where it is found unless the mission says otherwise.
    silence_s
        Without a single frame for this long it counts as stalled, and the link is opened again.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    kind: ClassVar[SensorKind] = "unknown"
    address: ClassVar[str] = ""
    silence_s: ClassVar[float] = 3.0

    def connect(self, address: str) -> Transport:
        """Return the transport, not open; override where the address must first be asked for."""
        from detectkit.drivers.wires import open_transport

        return open_transport(address)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        raise NotImplementedError

    def session(self) -> Session:
        """Return a new session."""
        return Session()

    def twin(self) -> Twin:
        """Return a new twin with these settings: what is registered under the instrument's name.

        So an instrument knows nothing of its twin, which knows its instrument.

        Raises
        ------
        UsageError
            None is registered.
        """
        return cast("Twin", TWINS.load(self.name)(self))
