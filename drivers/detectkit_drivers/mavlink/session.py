"""The conversation with an autopilot: heartbeat, rates, time, and what the mission announces."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from detectkit.drivers import Announcement, Link, LinkTimeoutError, Session
from detectkit_drivers.mavlink.decoder import (
    COMMAND_ACK,
    HEARTBEAT,
    SET_MESSAGE_INTERVAL,
    TIMESYNC_ID,
    is_autopilot,
    is_for,
)
from detectkit_drivers.mavlink.losses import Losses
from detectkit_drivers.mavlink.messages_out import Outbox, Voice
from detectkit_drivers.mavlink.rates import Rates
from detectkit_drivers.mavlink.timesync import Timesync
from detectkit_drivers.mavlink.wire import Ear

S = 1_000_000_000
GROUND_STATION = 6
BACK_MS = 1000
REBOOT_NS = 3 * S
MOST_SENT_AT_ONCE = 8


class MavlinkSession(Session):
    """Talks to one autopilot as a component of its system.

    Parameters
    ----------
    voice, ear
        Pack and read messages.
    rates, timesync, outbox
        What is asked for, and what is told.
    vehicle
        System number of the vehicle; 0: the first autopilot heard.
    component
        Our own component number.
    heartbeat_s
        How long to wait for the autopilot.
    clock
        Monotonic time in ns.
    """

    def __init__(
        self,
        voice: Voice,
        ear: Ear,
        *,
        rates: Rates,
        timesync: Timesync,
        outbox: Outbox,
        component: int,
        vehicle: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.heartbeat_s = 6.0
        self.vehicle = vehicle
        self.ground_station: tuple[int, int] | None = None
        self.reboots = 0
        self._voice, self._ear = voice, ear
        self._rates, self._timesync, self._outbox = rates, timesync, outbox
        self._component = component
        self._clock = clock
        self._losses = Losses()
        self._is_joined = False
        self._is_started = False
        self._began_ns = clock()
        self._next_heartbeat_ns = 0
        self._boot_ms: int | None = None
        self._rebooted_ns: int | None = None

    def prepare(self, link: Link) -> None:
        """Wait for the autopilot's heartbeat; ours goes first, so that a router knows the way.

        Raises
        ------
        LinkTimeoutError
            No heartbeat of an autopilot came.
        """
        until_ns = self._clock() + round(self.heartbeat_s * S)
        while not self._is_joined:
            now_ns = self._clock()
            if now_ns >= until_ns:
                raise LinkTimeoutError(self._nobody(link))
            self._beat(link, now_ns)
            self.received(link, link.read(min(0.2, (until_ns - now_ns) / S)))

    def start(self, link: Link) -> None:
        """Ask for the messages."""
        self._is_started = True
        self._rates.ask_all(self._clock())
        self.poll(link, self._clock())

    def received(self, link: Link, data: bytes) -> None:
        """Look at what arrived: answers, requests for the time, who is there."""
        now_ns = self._clock()
        for message in self._ear.hear(data):
            self._understand(link, message, now_ns)
        if self._is_started:
            self._ask_rates(link, now_ns)

    def poll(self, link: Link, now_ns: int) -> None:
        """Send what is due: heartbeat, time request, rates, announcements."""
        self._beat(link, now_ns)
        if not self._is_started:
            return
        self._request_time(link)
        self._ask_rates(link, now_ns)
        for _ in range(MOST_SENT_AT_ONCE):
            boot_ms = (now_ns - self._began_ns) // 1_000_000 & 0xFFFFFFFF
            message = self._outbox.next(now_ns, boot_ms=boot_ms, ground_station=self.ground_station)
            if message is None:
                return
            self._voice.say(link, message)

    def announce(self, link: Link, announcement: Announcement) -> None:  # noqa: ARG002 - contract
        """Queue words, values and a payload; `poll` sends them, a few a second."""
        self._outbox.put(announcement)

    def health(self) -> Mapping[str, float | str]:
        """Return achieved rates, losses, round trip, and who is there."""
        now_ns = self._clock()
        station = self.ground_station
        health: dict[str, float | str] = {
            "vehicle": f"{self.vehicle}/1" if self._is_joined else "none",
            "ground_station": f"{station[0]}/{station[1]}" if station else "none",
            "reboots": float(self.reboots),
            "rate_requests": float(self._rates.requests),
            "announcements_dropped": float(self._outbox.dropped),
            "unsigned": float(self._ear.unsigned),
        }
        measured = {
            "lost_share": self._losses.share((self.vehicle, 1)),
            "round_trip_s": self._timesync.round_trip_s,
        }
        health |= {name: value for name, value in measured.items() if math.isfinite(value)}
        health |= {f"{name}_hz": rate for name, rate in self._rates.achieved_hz(now_ns).items()}
        health |= {f"{name}_refused": why for name, why in self._rates.refused().items()}
        return health

    def _beat(self, link: Link, now_ns: int) -> None:
        if now_ns >= self._next_heartbeat_ns:
            self._next_heartbeat_ns = now_ns + S
            self._voice.heartbeat(link)

    def _request_time(self, link: Link) -> None:
        ts1 = self._timesync.request(self._clock())
        if ts1 is not None:
            self._voice.timesync(link, 0, ts1)

    def _ask_rates(self, link: Link, now_ns: int) -> None:
        for _ in range(MOST_SENT_AT_ONCE):
            wanted = self._rates.due(now_ns)
            if wanted is None:
                return
            self._voice.ask_rate(link, self.vehicle, wanted.ident, wanted.rate_hz)

    def _understand(self, link: Link, message: Any, now_ns: int) -> None:
        sender = (message.get_srcSystem(), message.get_srcComponent())
        if not self._losses.heard(sender, message.get_seq(), message.get_crc()):
            return
        ident = message.get_msgId()
        if ident == HEARTBEAT:
            self._meet(sender, message)
        elif ident == TIMESYNC_ID and sender != (self._voice.system, self._component):
            self._time(link, sender, message)
        if not self._is_joined or sender != (self.vehicle, 1):
            return
        self._rates.heard(ident, now_ns)
        if ident == COMMAND_ACK:
            self._acknowledged(message)
        self._watch_boot(getattr(message, "time_boot_ms", None))

    def _meet(self, sender: tuple[int, int], message: Any) -> None:
        if message.type == GROUND_STATION:
            self.ground_station = sender
        elif is_autopilot(message) and not self._is_joined and self.vehicle in {0, sender[0]}:
            self._is_joined = True
            self.vehicle = sender[0]
            self._voice.join(sender[0])

    def _time(self, link: Link, sender: tuple[int, int], message: Any) -> None:
        now_ns = self._clock()
        if message.tc1 == 0:
            if self._timesync.may_answer(now_ns):
                self._voice.timesync(link, now_ns, message.ts1)
        elif sender == (self.vehicle, 1) and self._timesync.answered(
            message.tc1, message.ts1, now_ns
        ):
            self._rebooted()

    def _acknowledged(self, message: Any) -> None:
        if message.command == SET_MESSAGE_INTERVAL and is_for(
            message, self._voice.system, self._component
        ):
            self._rates.acknowledged(message.result)

    def _watch_boot(self, boot_ms: int | None) -> None:
        if not boot_ms:  # none, or left empty by the sender
            return
        if self._boot_ms is not None and boot_ms < self._boot_ms - BACK_MS:
            self._rebooted()
        self._boot_ms = boot_ms

    def _rebooted(self) -> None:
        """Ask for everything anew. Time stamps and TIMESYNC may both tell of one reboot."""
        now_ns = self._clock()
        self._boot_ms = None
        if self._rebooted_ns is None or now_ns - self._rebooted_ns > REBOOT_NS:
            self.reboots += 1
            self._rates.ask_all(now_ns)
        self._rebooted_ns = now_ns

    def _nobody(self, link: Link) -> str:
        heard = ", ".join(f"{system}/{part}" for system, part in self._losses.senders) or "nobody"
        wanted = f"system {self.vehicle}" if self.vehicle else "an autopilot"
        return (
            f"{link.name}: no heartbeat of {wanted} within {self.heartbeat_s:g} s; heard {heard}. "
            "Check the baud rate, the autopilot's SERIALn_PROTOCOL = 2 (MAVLink 2), and `vehicle`"
        )
