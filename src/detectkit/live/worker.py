"""Worker: the thread that turns records into located traces, and traces into indications."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, DetectkitError
from detectkit.io.journal import Record
from detectkit.live.intake import WorkQueue
from detectkit.mission import Flow, Processing, Track

FLUSH_S = 0.05
"""Longest time that a trace waits for others to be processed with."""
LATENCIES = 20_000
"""How many of the last traces' latencies are kept."""


@dataclass(slots=True)
class Durable:
    """Rows whose raw bytes are synced to the disk, per stream."""

    rows: dict[str, int] = field(default_factory=dict)
    _waiting: deque[tuple[int, str, int]] = field(default_factory=deque)

    def decoded(self, seq: int, stream: str, rows: int) -> None:
        """Take note that the stream has `rows` rows once record `seq` is read."""
        self._waiting.append((seq, stream, rows))

    def advance(self, durable_seq: int) -> None:
        """Take note that all records up to `durable_seq` are on the disk."""
        while self._waiting and self._waiting[0][0] <= durable_seq:
            _, stream, rows = self._waiting.popleft()
            self.rows[stream] = rows


@dataclass(slots=True)
class Worker:
    """Takes records off the queue until it is closed.

    Parameters
    ----------
    work
        The queue.
    flow, processing
        What is done with them.
    durable_seq
        Returns up to which record the journal is on the disk.
    show
        Called with processed traces, for a display that may drop them.
    """

    work: WorkQueue
    flow: Flow
    processing: Processing
    durable_seq: Callable[[], int]
    show: Callable[[Block], None] | None = None
    durable: Durable = field(default_factory=Durable)
    fault: str = ""
    done: bool = False
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES))
    lock: threading.Lock = field(default_factory=threading.Lock)
    track: Track = field(default_factory=Track)
    latest: dict[str, float] = field(default_factory=dict)
    _arrived: dict[str, deque[npt.NDArray[np.int64]]] = field(default_factory=dict)
    _flushed: float = 0.0
    _at_ns: int | None = None
    _rows: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Work until the queue is closed and empty, then finish."""
        while not self.work.finished:
            records = self.work.take(FLUSH_S)
            with self.lock:
                for record in records:
                    self._record(record)
                self._at_ns = None
                self._flush_in_time()
                self.durable.advance(self.durable_seq())
        with self.lock:
            self._process(self.flow.finish())
            if not self.fault:
                self._shown(self.processing.finish())
            self.durable.advance(self.durable_seq())
        self.done = True

    @property
    def lag_s(self) -> float:
        """How long ago what is being processed arrived; 0 where nothing waits."""
        at_ns = self._at_ns
        return 0.0 if at_ns is None else (time.monotonic_ns() - at_ns) / 1e9

    def _record(self, record: Record) -> None:
        self._at_ns = record.arrival_ns
        self._process(self.flow.push(record))
        for name, count in self.flow.counts.items():
            if self._rows.get(name) != count.rows:
                self._rows[name] = count.rows
                self.durable.decoded(record.seq, name, count.rows)

    def _process(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if block.sensor.kind == "gpr" and len(block):
                self._arrived.setdefault(block.sensor.id, deque()).append(block.coord("host_ns"))
                self._note(block)
                self.track.push(block)
            if not self.fault:
                self._try(block)

    def _try(self, block: Block) -> None:
        """Process; a pipeline that cannot work stops the picture, never the recording."""
        try:
            self._shown(self.processing.push(block))
        except DetectkitError as error:
            self.fault = str(error)
        else:
            self._measure()

    def _flush_in_time(self) -> None:
        now = time.monotonic()
        if now - self._flushed < FLUSH_S or self.fault:
            return
        self._flushed = now
        self._shown(self.processing.flush())
        self._measure()

    def _shown(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if self.show is not None:
                self.show(block)

    def _measure(self) -> None:
        """Note how long ago the traces that are now processed were measured."""
        now = time.monotonic_ns()
        for name, waiting in self._arrived.items():
            left = self.processing.gathered_rows(name)
            held = sum(one.size for one in waiting)
            while waiting and held - waiting[0].size >= left:
                host_ns = waiting.popleft()
                held -= host_ns.size
                self.latencies_s.extend(((now - host_ns) / 1e9).tolist())

    def _note(self, block: Block) -> None:
        """Keep the platform's last state, for the display and the alarms."""
        for name in ("longitude_deg", "latitude_deg", "height_m", "fix_quality"):
            if name in block.coords:
                self.latest[name] = float(block.coord(name)[-1])
