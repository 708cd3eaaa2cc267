"""The virtual autopilot: speaks as an ArduCopter was seen to, its oddities included."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import Measured, Twin
from detectkit_drivers.mavlink.messages_out import Signer, Voice
from detectkit_drivers.mavlink.signing import Guard, StampClock, read_key
from detectkit_drivers.mavlink.virtual_messages import BUILDERS, Row, heartbeat, row_of
from detectkit_drivers.mavlink.wire import Ear

if TYPE_CHECKING:
    from detectkit_drivers.mavlink.instrument import Mavlink

S = 1_000_000_000
TIMESYNC_EVERY_NS = 10 * S
FASTEST_HZ = 320.0
SHORTEST_US, LONGEST_US = 1000.0, 60e6
ACCEPTED, DENIED = 0, 2
SET_MESSAGE_INTERVAL = 511
COMMAND_LONG, TIMESYNC = 76, 111
KEPT_MESSAGES = 1000
KEPT_DELAYS = 100


class MavlinkTwin(Twin):
    """An autopilot on one link.

    It is told `PLATFORM_COLUMNS`. Like the real one it sends only heartbeats until rates are asked
    for, forgets them on a reboot, truncates intervals to whole milliseconds, tells UTC as 0 and its
    position as 0/0 for a while after boot, and asks for the time every 10 s.

    Parameters
    ----------
    settings
        Vehicle number and signing key.
    utc_after_s, origin_after_s
        When UTC and the position are known, in s since boot.
    clock
        Monotonic time in ns.

    Attributes
    ----------
    heard
        The last messages that came, for tests.
    time_answers
        Answers to its own requests for the time.
    """

    def __init__(
        self,
        settings: Mavlink,
        *,
        utc_after_s: float = 2.0,
        origin_after_s: float = 1.0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.rate_hz = max(50.0, settings.attitude_hz)
        self.heard: deque[Any] = deque(maxlen=KEPT_MESSAGES)
        self.time_answers = 0
        self.system = settings.vehicle or 1
        self._after_ns = (round(utc_after_s * S), round(origin_after_s * S))
        self._clock = clock
        key = read_key(settings.signing_key) if settings.signing_key else b""
        self._guard = Guard(key) if key else None
        signer = Signer(key, StampClock(None), 0) if key else None
        self._packer = Voice(self.system, 1, signer=signer, guard=self._guard)
        self._ear = Ear(self._guard)
        self._intervals_ns: dict[int, int] = {}
        self._next_ns: dict[int, int] = {}
        self._boot_offset_ns: deque[int] = deque(maxlen=KEPT_DELAYS)
        self._waypoint: float | None = None
        self._origin: tuple[float, float, float] | None = None

    def receive(self, data: bytes) -> list[bytes]:
        """Answer commands and requests for the time."""
        answers: list[bytes] = []
        for message in self._ear.hear(data):
            self.heard.append(message)
            ident = message.get_msgId()
            if ident == COMMAND_LONG and message.target_system == self.system:
                answers += self._command(message)
            elif ident == TIMESYNC:
                answers += self._time(message)
        return answers

    def speak(self, measured: Measured) -> list[bytes]:
        """Return the messages that are due at the measured rows."""
        out: list[bytes] = []
        if len(measured):
            self._boot_offset_ns.append(int(measured.device_ns[-1]) - self._clock())
        for at in range(len(measured)):
            out += self._due(row_of(measured, at, after_ns=self._after_ns))
        return out

    def reboot(self) -> None:
        """Forget the rates, the time and the origin."""
        self._intervals_ns.clear()
        self._next_ns.clear()
        self._boot_offset_ns.clear()
        self._waypoint = self._origin = None

    def _due(self, row: Row) -> list[bytes]:
        out: list[bytes] = []
        if self._is_due(0, row.boot_ns, S):
            out.append(self._pack(heartbeat(row)))
        if self._is_due(TIMESYNC, row.boot_ns, TIMESYNC_EVERY_NS):
            asked = dialect.MAVLink_timesync_message(0, row.boot_ns + self.system)
            out.append(self._pack(asked))
        out += self._reached(row)
        if self._origin is None and row.has_origin:
            self._origin = row.place
        for ident, interval_ns in self._intervals_ns.items():
            if self._is_due(ident, row.boot_ns, interval_ns):
                message = BUILDERS[ident](row, self._origin)
                out += [] if message is None else [self._pack(message)]
        return out

    def _is_due(self, ident: int, boot_ns: int, interval_ns: int) -> bool:
        due_ns = self._next_ns.get(ident, boot_ns)
        if boot_ns < due_ns:
            return False
        self._next_ns[ident] = max(due_ns + interval_ns, boot_ns + interval_ns // 2)
        return True

    def _reached(self, row: Row) -> list[bytes]:
        """Tell that a waypoint was reached once the next one is flown to."""
        before, self._waypoint = self._waypoint, row.waypoint
        if before is None or row.waypoint <= before:
            return []
        return [self._pack(dialect.MAVLink_mission_item_reached_message(int(before)))]

    def _command(self, message: Any) -> list[bytes]:
        if message.command != SET_MESSAGE_INTERVAL:
            return []
        sender = (message.get_srcSystem(), message.get_srcComponent())
        result = self._set_interval(int(message.param1), message.param2)
        return [
            self._pack(
                dialect.MAVLink_command_ack_message(
                    message.command, result, target_system=sender[0], target_component=sender[1]
                )
            )
        ]

    def _set_interval(self, ident: int, interval_us: float) -> int:
        if ident not in BUILDERS:
            return DENIED
        if interval_us < 0.0:
            self._intervals_ns.pop(ident, None)
            return ACCEPTED
        if not max(SHORTEST_US, 1e6 / FASTEST_HZ) <= interval_us <= LONGEST_US:
            return DENIED
        self._intervals_ns[ident] = int(interval_us) // 1000 * 1_000_000
        return ACCEPTED

    def _time(self, message: Any) -> list[bytes]:
        if message.tc1 != 0:
            self.time_answers += 1
            return []
        if not self._boot_offset_ns:  # still booting
            return []
        boot_ns = self._clock() + max(self._boot_offset_ns)  # the row that was told soonest
        return [self._pack(dialect.MAVLink_timesync_message(boot_ns, message.ts1))]

    def _pack(self, message: Any) -> bytes:
        return self._packer.packed(message)
