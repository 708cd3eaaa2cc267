"""Connection: one thread that owns one instrument's link, for as long as the mission lasts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from detectkit.drivers import (
    Announcement,
    Instrument,
    InstrumentError,
    Link,
    LinkError,
    Session,
    Transport,
)
from detectkit.drivers.wires import Reconnect
from detectkit.live.intake import Intake

State = Literal["opening", "preparing", "streaming", "broken", "refused", "stopped"]
READ_S = 0.05
"""Longest wait for bytes: so often the session may do what is due."""
DRAIN_S = 0.1
"""So long what was said before the stop is still read."""


@dataclass(slots=True)
class Connection:
    """Opens, prepares, reads, and opens again when the link breaks; one policy for all.

    Parameters
    ----------
    id, instrument, address
        What hangs on which wire.
    intake
        Where every byte goes.
    messages
        Returns how many messages were decoded so far; None while that is not known, because
        the processing is behind. Without a new one for the instrument's `silence_s` the link
        is opened anew.
    policy
        How long to wait before the next attempt.
    """

    id: str
    instrument: Instrument
    address: str
    intake: Intake
    messages: Callable[[], int | None]
    policy: Reconnect = Reconnect()
    state: State = "opening"
    fault: str = ""
    openings: int = 0
    bytes_in: int = 0
    last_byte_ns: int | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _announcements: deque[Announcement] = field(default_factory=lambda: deque(maxlen=64))
    _session: Session | None = None
    _progress: tuple[int | None, float] = (None, 0.0)

    def run(self) -> None:
        """Keep the instrument going until `stop` is called."""
        delays = self.policy.delays()
        while not self._stop.is_set():
            try:
                self._visit()
            except InstrumentError as error:
                self._failed("refused", str(error))
                self._stop.wait(self.policy.longest_s)
            except (LinkError, OSError) as error:
                if self.state == "streaming":
                    delays = self.policy.delays()
                self._failed("broken", str(error))
                self._stop.wait(next(delays))
            except Exception as error:  # noqa: BLE001 - one driver's fault never ends the others
                self._failed("broken", f"fault of the driver: {error!r}")
                self._stop.wait(next(delays))
        self.state = "stopped"

    def stop(self) -> None:
        """Ask the thread to stop the instrument and end."""
        self._stop.set()

    def announce(self, announcement: Announcement) -> None:
        """Pass something on to the instrument; the oldest of many waiting is dropped."""
        self._announcements.append(announcement)

    def health(self) -> Mapping[str, float | str]:
        """Return what the conversation knows of the instrument."""
        return {} if self._session is None else self._session.health()

    def _visit(self) -> None:
        """Open the link and talk until it breaks or the mission ends."""
        transport = self.instrument.connect(self.address)
        transport.open()
        try:
            self.openings += 1
            self.intake.event(self.id, "opened", address=self.address, opening=self.openings)
            self._talk(transport)
        finally:
            transport.close()

    def _talk(self, transport: Transport) -> None:
        link = Link(
            transport,
            on_read=self._heard,
            on_sent=lambda data: self.intake.put(self.id, "out", data),
        )
        session = self._session = self.instrument.session()
        self.state = "preparing"
        session.prepare(link)
        session.start(link)
        self.state, self.fault = "streaming", ""
        self._progress = (None, time.monotonic())
        try:
            while not self._stop.is_set():
                data = link.read(READ_S)
                if data:
                    session.received(link, data)
                session.poll(link, time.monotonic_ns())
                while self._announcements:
                    session.announce(link, self._announcements.popleft())
                self._check_silence()
        finally:
            if self._stop.is_set():
                session.stop(link)
                _drain(link)
        self.intake.event(self.id, "closed")

    def _heard(self, data: bytes) -> None:
        self.bytes_in += len(data)
        self.last_byte_ns = time.monotonic_ns()
        self.intake.put(self.id, "in", data)

    def _check_silence(self) -> None:
        count, now = self.messages(), time.monotonic()
        seen, since = self._progress
        if count is None or count != seen:
            self._progress = (count, now)
        elif now - since > self.instrument.silence_s:
            msg = (
                f"{self.address}: no message for {now - since:.1f} s though the link is open; "
                "it is opened again"
            )
            raise LinkError(msg)

    def _failed(self, state: State, why: str) -> None:
        if self._stop.is_set():
            return
        if (state, why) != (self.state, self.fault):
            self.intake.event(self.id, state, why=why)
        self.state, self.fault = state, why


def _drain(link: Link) -> None:
    """Record what was said before the stop; an instrument that cannot be stopped talks on."""
    until = time.monotonic() + DRAIN_S
    while time.monotonic() < until and link.read(DRAIN_S / 4):
        pass
