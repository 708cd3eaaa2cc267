"""A session and a virtual autopilot on one pretended link and clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detectkit_drivers.mavlink.instrument import Mavlink
from detectkit_drivers.mavlink.messages_out import Outbox, Voice
from detectkit_drivers.mavlink.rates import Rates
from detectkit_drivers.mavlink.session import MavlinkSession
from detectkit_drivers.mavlink.timesync import Timesync
from detectkit_drivers.mavlink.virtual import MavlinkTwin
from detectkit_drivers.mavlink.wire import Ear

from .writers import Clock, FakeLink, S, heard, named, platform


class Flight:
    """A session and a twin on one pretended link and clock."""

    def __init__(self, *, settings: Mavlink | None = None, step_s: float = 0.02) -> None:
        self.settings = settings or Mavlink()
        self.clock = Clock()
        self.twin = MavlinkTwin(self.settings, clock=self.clock)
        self.link: Any = FakeLink(self.twin)
        self.session = session_of(self.settings, self.clock)
        self.boot_ns = self.clock.now_ns - 3 * S
        self._step_s = step_s

    def begin(self) -> None:
        self.speak()
        self.session.prepare(self.link)
        self.session.start(self.link)

    def speak(self) -> None:
        since_s = (self.clock.now_ns - self.boot_ns) / S
        self.link.waiting += b"".join(self.twin.speak(platform(1, start_s=since_s)))

    def fly(self, seconds: float) -> None:
        for _ in range(round(seconds / self._step_s)):
            self.clock.wait(self._step_s)
            self.speak()
            self.session.received(self.link, self.link.read(0.0))
            self.session.poll(self.link, self.clock.now_ns)

    def reboot(self) -> None:
        self.twin.reboot()
        self.boot_ns = self.clock.now_ns

    def sent(self, name: str) -> list[Any]:
        return named(heard(self.link.sent), name)


def session_of(settings: Mavlink, clock: Callable[[], int]) -> MavlinkSession:
    return MavlinkSession(
        Voice(settings.vehicle or 1, settings.component, signer=None, guard=None),
        Ear(),
        rates=Rates(settings.catalogue()),
        timesync=Timesync(settings.timesync_hz),
        outbox=Outbox(settings.tunnel_type),
        component=settings.component,
        vehicle=settings.vehicle,
        clock=clock,
    )


def begun() -> Flight:
    one = Flight()
    one.begin()
    return one
