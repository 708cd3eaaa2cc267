"""What we say: the few messages that a payload may send, paced, signed where wanted.

Nothing here steers: no LANDING_TARGET (a drone would land on what it marks), no obstacle, no
position target, no message of our own invention (an autopilot drops what it does not know).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import Announcement, Link
from detectkit_drivers.mavlink.signing import Guard, StampClock, is_signed
from detectkit_drivers.mavlink.status_text import LEVELS, chunks

ONBOARD_CONTROLLER, NO_AUTOPILOT, ACTIVE = 18, 8, 4
SET_MESSAGE_INTERVAL = 511
TUNNEL_BYTES = 128
NAME_BYTES = 10
MOST_WAITING = 64
PER_S = 10.0
BURST = 5.0
S = 1_000_000_000
LARGEST_FLOAT32 = 3.4e38


class Signer:
    """Signs what goes out over one link."""

    def __init__(self, key: bytes, stamps: StampClock, link_id: int) -> None:
        self.key = key
        self.stamps = stamps
        self.link_id = link_id


class Voice:
    """Packs and sends messages as one component of the vehicle's system."""

    def __init__(
        self, system: int, component: int, *, signer: Signer | None, guard: Guard | None
    ) -> None:
        self._packer = dialect.MAVLink(None, srcSystem=system, srcComponent=component)
        self._signer = signer
        self._guard = guard
        if signer is not None:
            self._packer.signing.secret_key = signer.key
            self._packer.signing.link_id = signer.link_id
            self._packer.signing.sign_outgoing = True

    @property
    def system(self) -> int:
        """The system number that we speak as."""
        return int(self._packer.srcSystem)

    def join(self, system: int) -> None:
        """Become a component of this system."""
        self._packer.srcSystem = system

    def say(self, link: Link, message: Any) -> None:
        """Send a message."""
        link.send(self.packed(message))

    def packed(self, message: Any) -> bytes:
        """Return the next frame: numbered, and signed with a key."""
        if self._signer is not None:
            newest = 0 if self._guard is None else self._guard.newest
            self._packer.signing.timestamp = self._signer.stamps.next(at_least=newest)
        frame: bytes = message.pack(self._packer)
        self._packer.seq = (self._packer.seq + 1) % 256
        if self._guard is not None and is_signed(frame):
            self._guard.own(frame)
        return frame

    def heartbeat(self, link: Link) -> None:
        """Say that we are there; without it no router has a way to us."""
        self.say(
            link,
            dialect.MAVLink_heartbeat_message(ONBOARD_CONTROLLER, NO_AUTOPILOT, 0, 0, ACTIVE, 3),
        )

    def ask_rate(self, link: Link, vehicle: int, ident: int, rate_hz: float) -> None:
        """Ask the autopilot to send a message at a rate."""
        self.say(
            link,
            dialect.MAVLink_command_long_message(
                vehicle, 1, SET_MESSAGE_INTERVAL, 0, ident, 1e6 / rate_hz, 0, 0, 0, 0, 0
            ),
        )

    def timesync(self, link: Link, tc1: int, ts1: int) -> None:
        """Send a request (tc1 = 0) or an answer."""
        self.say(link, dialect.MAVLink_timesync_message(tc1, ts1))


class Outbox:
    """Announcements on their way: at most 10 messages a second, and a bounded number waiting.

    Alarms go before other words. When too much waits, the oldest of the least urgent is dropped
    and counted. Compact indications wait until a ground station was heard.
    """

    def __init__(self, tunnel_type: int) -> None:
        self.dropped = 0
        self._tunnel_type = tunnel_type
        self._texts: deque[tuple[int, list[bytes]]] = deque()
        self._values: dict[str, float] = {}
        self._payloads: deque[bytes] = deque()
        self._chunks: deque[Any] = deque()
        self._text_number = 0
        self._allowance = BURST
        self._last_ns: int | None = None

    def put(self, announcement: Announcement) -> None:
        """Take an announcement; a value not yet sent is replaced by its newer one."""
        if announcement.text:
            self._put_text(LEVELS[announcement.severity], chunks(announcement.text))
        for name, value in announcement.values.items():
            if name in self._values or len(self._values) < MOST_WAITING:
                self._values[name] = value
            else:
                self.dropped += 1
        if announcement.payload:
            self._put_payload(announcement.payload)

    def next(
        self, now_ns: int, *, boot_ms: int, ground_station: tuple[int, int] | None
    ) -> Any | None:
        """Return a message to send now, None when nothing waits or it is too early."""
        if not self._may_send(now_ns):
            return None
        message = self._next_text() or self._next_payload(ground_station)
        if message is None and self._values:
            name = next(iter(self._values))
            value = self._values.pop(name)
            message = dialect.MAVLink_named_value_float_message(
                boot_ms, _short(name), _float32(value)
            )
        if message is not None:
            self._allowance -= 1.0
        return message

    def _may_send(self, now_ns: int) -> bool:
        passed_s = 0.0 if self._last_ns is None else (now_ns - self._last_ns) / S
        self._last_ns = now_ns
        self._allowance = min(self._allowance + PER_S * passed_s, BURST)
        return self._allowance >= 1.0

    def _put_text(self, level: int, parts: list[bytes]) -> None:
        if len(self._texts) >= MOST_WAITING:
            self.dropped += 1
            least = max(one[0] for one in self._texts)
            if level > least:
                return
            del self._texts[next(at for at, one in enumerate(self._texts) if one[0] == least)]
        self._texts.append((level, parts))

    def _put_payload(self, payload: bytes) -> None:
        if len(payload) > TUNNEL_BYTES:
            self.dropped += 1
            return
        if len(self._payloads) >= MOST_WAITING:
            self.dropped += 1
            self._payloads.popleft()
        self._payloads.append(payload)

    def _next_text(self) -> Any | None:
        if not self._chunks and self._texts:
            first = min(range(len(self._texts)), key=lambda at: self._texts[at][0])
            level, parts = self._texts[first]
            del self._texts[first]
            if len(parts) > 1:
                self._text_number = self._text_number % 65535 + 1
            ident = self._text_number if len(parts) > 1 else 0
            for at, part in enumerate(parts):
                self._chunks.append(dialect.MAVLink_statustext_message(level, part, ident, at))
        return self._chunks.popleft() if self._chunks else None

    def _next_payload(self, ground_station: tuple[int, int] | None) -> Any | None:
        if ground_station is None or not self._payloads:
            return None
        payload = self._payloads.popleft()
        padded = payload.ljust(TUNNEL_BYTES, b"\0")
        return dialect.MAVLink_tunnel_message(
            *ground_station, self._tunnel_type, len(payload), padded
        )


def _short(name: str) -> bytes:
    return name.encode("ascii", "replace")[:NAME_BYTES]


def _float32(value: float) -> float:
    """Return a value as far as the field can hold it."""
    return math.copysign(math.inf, value) if abs(value) > LARGEST_FLOAT32 else value
