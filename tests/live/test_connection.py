"""A connection over a pretended wire: opens again, says why, and never takes others with it."""

# ruff: noqa: ARG002 - the arguments are the contract's

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from detectkit.drivers import (
    Announcement,
    Instrument,
    InstrumentError,
    Link,
    LinkError,
    Session,
)
from detectkit.drivers.wires import Reconnect
from detectkit.live.connection import Connection

QUICK = Reconnect(first_s=0.01, factor=2.0, longest_s=0.04)


@dataclass
class Wire:
    """Says what it is given, then is silent; opening and reading may fail."""

    says: list[bytes] = field(default_factory=list)
    opening: Exception | None = None
    ending: Exception | None = None
    name: str = "pretended"
    closed: bool = False

    def open(self) -> None:
        if self.opening is not None:
            raise self.opening

    def read(self, timeout_s: float) -> bytes:
        if self.says:
            return self.says.pop(0)
        if self.ending is not None:
            raise self.ending
        time.sleep(min(timeout_s, 0.005))
        return b""

    def write(self, data: bytes) -> None:
        if self.ending is not None:
            raise self.ending

    def close(self) -> None:
        self.closed = True


class Heard(Session):
    """Keeps what happens to it."""

    def __init__(self, happened: list[Any], faults: dict[str, Exception]) -> None:
        self.happened, self.faults = happened, faults

    def prepare(self, link: Link) -> None:
        self._do("prepare")

    def received(self, link: Link, data: bytes) -> None:
        self._do("received")

    def announce(self, link: Link, announcement: Announcement) -> None:
        self.happened.append(announcement.text)

    def stop(self, link: Link) -> None:
        self.happened.append("stop")

    def _do(self, what: str) -> None:
        if what in self.faults:
            raise self.faults[what]


class Device(Instrument):
    """An instrument on one pretended wire after the other; the last one is used again."""

    silence_s: ClassVar[float] = 0.1

    def __init__(self, *wires: Wire, **faults: Exception) -> None:
        object.__setattr__(self, "wires", list(wires))
        object.__setattr__(self, "happened", [])
        object.__setattr__(self, "faults", faults)

    def connect(self, address: str) -> Wire:
        return self.wires.pop(0) if len(self.wires) > 1 else self.wires[0]

    def session(self) -> Session:
        return Heard(self.happened, self.faults)


@dataclass
class Notes:
    """An intake that keeps what it is given."""

    heard: list[tuple[str, bytes]] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put(self, source: str, kind: str, data: bytes) -> None:
        self.heard.append((kind, data))

    def event(self, source: str, event: str, **details: Any) -> None:
        self.events.append((event, details))

    def count(self, event: str) -> int:
        return sum(one == event for one, _ in self.events)


Start = Callable[..., tuple[Connection, Notes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a connection; all are stopped at the end, and must end."""
    running: list[tuple[Connection, threading.Thread]] = []

    def begin(device: Device, *, messages: Callable[[], int | None] = lambda: None):
        notes = Notes()
        one = Connection("gpr", device, "pretended", notes, messages, QUICK)
        thread = threading.Thread(target=one.run)
        thread.start()
        running.append((one, thread))
        return one, notes

    yield begin
    for one, thread in running:
        one.stop()
        thread.join(20.0)
        assert not thread.is_alive()
        assert one.state == "stopped"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20.0
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)


def test_all_bytes_reach_the_intake_as_they_came(start: Start) -> None:
    one, notes = start(Device(Wire([b"ab", b"c"])))
    until(lambda: one.bytes_in == 3)
    assert notes.heard == [("in", b"ab"), ("in", b"c")]
    assert one.state == "streaming"
    assert notes.events[0] == ("opened", {"address": "pretended", "opening": 1})


def test_a_link_that_cannot_be_opened_is_tried_again_and_said_once(start: Start) -> None:
    shut = [Wire(opening=LinkError("no such port")) for _ in range(4)]
    one, notes = start(Device(*shut, Wire()))
    until(lambda: one.state == "streaming")
    assert notes.count("broken") == 1
    assert one.openings == 1
    assert one.fault == ""


def test_the_pauses_grow_and_begin_anew_after_a_success() -> None:
    waits: list[float] = []
    wires = [
        Wire(opening=LinkError("a")),
        Wire(opening=LinkError("b")),
        Wire(ending=LinkError("c")),
        Wire(opening=LinkError("d")),
    ]
    one = Connection("gpr", Device(*wires), "pretended", Notes(), lambda: None, QUICK)

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 6:
            one._stop.set()

    class Stop(threading.Event):
        def wait(self, timeout=None):
            wait(timeout)
            return self.is_set()

    one._stop = Stop()
    one.run()
    assert waits == [0.01, 0.02, 0.01, 0.02, 0.04, 0.04]


def test_a_broken_link_is_closed_and_opened_again(start: Start) -> None:
    first = Wire([b"a"], ending=LinkError("hung up"))
    one, notes = start(Device(first, Wire([b"b"])))
    until(lambda: one.bytes_in == 2)
    assert first.closed
    assert one.openings == 2
    assert ("broken", {"why": "hung up"}) in notes.events


def test_an_instrument_that_must_be_seen_to_is_refused_and_tried_later(start: Start) -> None:
    one, notes = start(Device(Wire(), prepare=InstrumentError("this is radar 7, not 3")))
    until(lambda: one.openings >= 3)
    assert notes.count("refused") >= 1
    assert {event for event, _ in notes.events} == {"opened", "refused"}
    assert one.fault == "this is radar 7, not 3"


def test_a_fault_of_a_driver_breaks_its_own_link_only(start: Start) -> None:
    one, _ = start(Device(Wire([b"a"] * 9), received=ZeroDivisionError("oh")))
    until(lambda: one.openings >= 2)
    until(lambda: "fault of the driver: ZeroDivisionError('oh')" in one.fault)


def test_silence_on_an_open_link_opens_it_again(start: Start) -> None:
    one, notes = start(Device(Wire()), messages=lambda: 5)
    until(lambda: one.openings >= 2)
    why = next(details["why"] for event, details in notes.events if event == "broken")
    assert "no message for 0.1 s though the link is open" in why


def test_silence_is_not_judged_while_the_processing_is_behind(start: Start) -> None:
    one, _ = start(Device(Wire()), messages=lambda: None)
    until(lambda: one.state == "streaming")
    time.sleep(0.3)
    assert one.openings == 1


def test_announcements_reach_the_conversation_in_order(start: Start) -> None:
    device = Device(Wire())
    one, _ = start(device)
    for text in ("one", "two"):
        one.announce(Announcement(text))
    until(lambda: device.happened == ["one", "two"])


def test_the_instrument_is_stopped_at_the_end() -> None:
    device = Device(Wire())
    notes = Notes()
    one = Connection("gpr", device, "pretended", notes, lambda: None, QUICK)
    thread = threading.Thread(target=one.run)
    thread.start()
    until(lambda: one.state == "streaming")
    one.stop()
    thread.join(20.0)
    assert device.happened == ["stop"]
    assert device.wires[0].closed
    assert notes.events[-1][0] == "closed"


def test_a_stop_while_the_link_is_opened_again_ends_at_once() -> None:
    slow = Reconnect(first_s=600.0, longest_s=600.0)
    device = Device(Wire(opening=LinkError("no such port")))
    one = Connection("gpr", device, "pretended", Notes(), lambda: None, slow)
    thread = threading.Thread(target=one.run)
    thread.start()
    until(lambda: one.state == "broken")
    one.stop()
    thread.join(20.0)
    assert one.state == "stopped"
