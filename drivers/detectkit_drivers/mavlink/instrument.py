"""An autopilot that speaks MAVLink: ArduPilot; PX4 as far as it sends the same messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectkit.core import SensorKind, UsageError
from detectkit.drivers import Decoder, Instrument, Session

if TYPE_CHECKING:
    from detectkit_drivers.mavlink.messages_out import Signer
    from detectkit_drivers.mavlink.rates import Wanted
    from detectkit_drivers.mavlink.signing import Guard

FIRST_FREE_TUNNEL = 32768


@dataclass(frozen=True, slots=True)
class Mavlink(Instrument):
    """An autopilot on a telemetry port, a TCP server or UDP; protocol: mavlink.io/en.

    Parameters
    ----------
    vehicle
        System number of the vehicle; 0: the first autopilot heard.
    component
        Our own component number in the vehicle's system: 191 to 194 are on-board computers.
    attitude_hz, position_hz, range_hz, gps_hz
        Rates that are asked for. ArduPilot keeps whole milliseconds and at most about 0.8 of its
        main loop. At the defaults 7.3 kB/s arrive: ask for 230400 baud or more.
    timesync_hz
        Time requests a second, 1 to 10.
    tunnel_type
        Type of the TUNNEL messages that carry compact indications, 32768 to 65535.
    signing_key
        File with the key, 32 bytes or 64 hexadecimal digits. Then all that we send is signed and
        what comes in unsigned is refused. Signing hides nothing.
    signing_link
        Link number in our signatures, another one for each link of the same component.
    """

    name: ClassVar[str] = "mavlink"
    title: ClassVar[str] = "MAVLink autopilot"
    kind: ClassVar[SensorKind] = "autopilot"
    address: ClassVar[str] = "serial:/dev/ttyACM0?baud=921600"
    silence_s: ClassVar[float] = 5.0

    vehicle: int = 0
    component: int = 191
    attitude_hz: float = 50.0
    position_hz: float = 20.0
    range_hz: float = 20.0
    gps_hz: float = 5.0
    timesync_hz: float = 5.0
    tunnel_type: int = 33191
    signing_key: str = ""
    signing_link: int = 191

    def __post_init__(self) -> None:
        self._check("vehicle", self.vehicle, 0, 255)
        self._check("component", self.component, 2, 255)
        for name in ("attitude_hz", "position_hz", "range_hz", "gps_hz"):
            self._check(name, getattr(self, name), 0.02, 1000.0)
        self._check("timesync_hz", self.timesync_hz, 1.0, 10.0)
        self._check("tunnel_type", self.tunnel_type, FIRST_FREE_TUNNEL, 65535)
        self._check("signing_link", self.signing_link, 0, 255)

    @staticmethod
    def _check(name: str, value: float, low: float, high: float) -> None:
        if not low <= value <= high:
            msg = f"{name} = {value!r} must lie from {low:g} to {high:g}"
            raise UsageError(msg)

    def catalogue(self) -> tuple[Wanted, ...]:
        """Return the messages that are asked for, at the rates of these settings."""
        from detectkit_drivers.mavlink.rates import CATALOGUE

        rates = {
            "attitude": self.attitude_hz,
            "position": self.position_hz,
            "local": self.position_hz,
            "range": self.range_hz,
            "rangefinder": self.range_hz,
            "gps": self.gps_hz,
            "gps2": self.gps_hz,
        }
        return tuple(replace(one, rate_hz=rates.get(one.name, one.rate_hz)) for one in CATALOGUE)

    def decoder(self) -> Decoder:
        """Return a new decoder."""
        from detectkit_drivers.mavlink.decoder import MavlinkDecoder

        return MavlinkDecoder(
            vehicle=self.vehicle,
            component=self.component,
            rates_hz={one.ident: one.rate_hz for one in self.catalogue()},
            guard=self._guard(),
        )

    def session(self) -> Session:
        """Return a new session."""
        from detectkit_drivers.mavlink.messages_out import Outbox, Voice
        from detectkit_drivers.mavlink.rates import Rates
        from detectkit_drivers.mavlink.session import MavlinkSession
        from detectkit_drivers.mavlink.timesync import Timesync
        from detectkit_drivers.mavlink.wire import Ear

        guard = self._guard()
        voice = Voice(self.vehicle or 1, self.component, signer=self._signer(), guard=guard)
        return MavlinkSession(
            voice,
            Ear(guard),
            rates=Rates(self.catalogue()),
            timesync=Timesync(self.timesync_hz),
            outbox=Outbox(self.tunnel_type),
            component=self.component,
            vehicle=self.vehicle,
        )

    def _guard(self) -> Guard | None:
        from detectkit_drivers.mavlink.signing import Guard, read_key

        return Guard(read_key(self.signing_key)) if self.signing_key else None

    def _signer(self) -> Signer | None:
        from detectkit_drivers.mavlink.messages_out import Signer
        from detectkit_drivers.mavlink.signing import StampClock, read_key, stamp_file

        if not self.signing_key:
            return None
        stamps = StampClock(stamp_file(self.signing_key))
        return Signer(read_key(self.signing_key), stamps, self.signing_link)
