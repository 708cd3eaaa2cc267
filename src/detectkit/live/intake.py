"""Intake: every byte goes to the journal first, and to the processing in the journal's order."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from detectkit.drivers import Decoder, Frame
from detectkit.io.journal import JournalError, Kind, Record, Recorder

WORK_BYTES = 256 << 20
"""What may wait for the processing, far more than a disk may make it wait."""


class WorkQueue:
    """Records on their way to the processing, in the journal's order.

    It never makes the recording wait: when the processing is so far behind that the queue is
    full, the live picture is given up, which is said; the journal has everything.
    """

    def __init__(self, limit_bytes: int = WORK_BYTES) -> None:
        self.overflowed = False
        self._limit = limit_bytes
        self._bytes = 0
        self._records: deque[Record] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, record: Record) -> None:
        """Add a record; never blocks."""
        with self._changed:
            if self._bytes + len(record.data) > self._limit:
                self.overflowed = True
            if self.overflowed:
                return
            self._records.append(record)
            self._bytes += len(record.data)
            self._changed.notify()

    def take(self, timeout_s: float) -> list[Record]:
        """Return all that waits, as soon as there is anything; an empty list after a time."""
        with self._changed:
            if not self._records and not self._closed:
                self._changed.wait(timeout_s)
            taken = list(self._records)
            self._records.clear()
            self._bytes = 0
            return taken

    def give_up(self) -> None:
        """Take nothing more: nobody processes it."""
        with self._changed:
            self.overflowed = True
            self._records.clear()
            self._bytes = 0

    def close(self) -> None:
        """Let `take` return at once from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        """Whether it was closed and nothing waits."""
        with self._changed:
            return self._closed and not self._records


class Watch(Protocol):
    """Tells from an instrument's bytes that the recording is to begin."""

    def sees(self, source: str, data: bytes) -> bool:
        """Look at the next bytes of an instrument; return whether it is time."""
        ...


@dataclass(slots=True)
class TakeoffWatch:
    """Sees the autopilot arm; any instrument whose frames have a column ``armed`` will do."""

    decoders: dict[str, Decoder]

    def sees(self, source: str, data: bytes) -> bool:
        """Decode the next bytes; return whether the motors are armed."""
        decoder = self.decoders.get(source)
        if decoder is None:
            return False
        frames = [one for one in decoder.feed(data) if isinstance(one, Frame)]
        armed = (one for one in frames if "armed" in one.layout.columns and len(one))
        return any(one.values[-1, one.layout.column("armed")] > 0 for one in armed)


@dataclass(slots=True)
class _Early:
    """Bytes from before the recording began."""

    source: str
    kind: Kind
    data: bytes
    arrival_ns: int
    utc_ns: int


@dataclass(slots=True)
class Intake:
    """Stamps what arrives and hands it on: recorder first, processing second.

    Parameters
    ----------
    recorder, work
        Where everything goes.
    watch
        What lets the recording begin; None: it begins at once.
    before_s
        How much of what comes before is kept.
    said
        Called with each event, for the events' file.
    """

    recorder: Recorder
    work: WorkQueue
    watch: Watch | None = None
    before_s: float = 10.0
    said: Callable[[dict[str, Any]], None] | None = None
    failure: str = ""
    _early: deque[_Early] = field(default_factory=deque)
    _opened: dict[str, _Early] = field(default_factory=dict)
    _next_seq: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def recording(self) -> bool:
        """Whether what arrives is recorded."""
        return self.watch is None and not self.failure

    @property
    def waiting(self) -> bool:
        """Whether the recording has yet to begin."""
        return self.watch is not None

    def put(self, source: str, kind: Kind, data: bytes) -> None:
        """Take bytes or an event; returns when the recorder has them in its queue."""
        arrival_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        if self.watch is None:
            self._record(_Early(source, kind, data, arrival_ns, utc_ns))
            return
        with self._lock:
            self._wait(_Early(source, kind, data, arrival_ns, utc_ns))

    def event(self, source: str, event: str, **details: Any) -> None:
        """Record that something happened, and say it."""
        fields = {"event": event, **details}
        self.put(source, "event", json.dumps(fields).encode())
        if self.said is not None:
            self.said({"source": source, **fields})

    def begin(self) -> None:
        """Begin to record, with what was kept from before."""
        with self._lock:
            if self.watch is None:
                return
            early, self._early = self._early, deque()
            kept = {id(one) for one in early}
            opened = [one for one in self._opened.values() if id(one) not in kept]
            for one in sorted([*opened, *early], key=lambda one: one.arrival_ns):
                self._record(one)
            self.watch = None
        self.event("", "recording")

    def _wait(self, one: _Early) -> None:
        """Keep the last seconds; the opening of each link is kept however old."""
        if self.watch is None:
            self._record(one)
            return
        self._early.append(one)
        if one.kind == "event":
            self._opened[one.source] = one
        oldest = one.arrival_ns - round(self.before_s * 1e9)
        while self._early and self._early[0].arrival_ns < oldest:
            self._early.popleft()
        if one.kind == "in" and self.watch.sees(one.source, one.data):
            self.begin()

    def _record(self, one: _Early) -> None:
        try:
            record = self.recorder.put(
                one.source,
                one.kind,
                one.data,
                arrival_ns=one.arrival_ns,
                utc_ns=one.utc_ns,
                then=self.work.put,
            )
            self._next_seq = record.seq + 1
        except JournalError as error:
            # The operator goes on seeing; that nothing is recorded any more is an alarm.
            self.failure = self.failure or str(error)
            with self._lock:
                seq, self._next_seq = self._next_seq, self._next_seq + 1
                self.work.put(
                    Record(seq, one.source, one.kind, one.arrival_ns, one.utc_ns, one.data)
                )
