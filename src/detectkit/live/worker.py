"""Worker: the thread that turns records into located traces, and traces into indications."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from detectkit.core import Block, DetectkitError
from detectkit.io.journal import Record
from detectkit.live.intake import WorkQueue
from detectkit.live.latency import Latency
from detectkit.mission import Flow, Processing, Track

FLUSH_S = 0.05
"""Longest time that a trace waits for others to be processed with."""
WAITING_RECORDS = 65536
"""Records that may wait for the disk; of more, the older ones are acknowledged with the newer."""


@dataclass(slots=True)
class Durable:
    """Rows whose raw bytes are synced to the disk, per stream."""

    rows: dict[str, int] = field(default_factory=dict)
    _waiting: deque[tuple[int, str, int]] = field(
        default_factory=lambda: deque(maxlen=WAITING_RECORDS)
    )

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
    weighing_fault: str = ""
    done: bool = False
    latency: Latency = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)
    track: Track = field(default_factory=Track)
    latest: dict[str, float] = field(default_factory=dict)
    _flushed: float = 0.0
    _at_ns: int | None = None
    _rows: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mounts = self.flow.mission.mounts
        self.latency = Latency([one.id for one in mounts if one.instrument().kind == "gpr"])

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
        self._process(self._counted(record))
        self._count(record)

    def _counted(self, record: Record) -> Iterator[Block]:
        """Yield what is located, once the rows that the record brought are counted."""
        for block in self.flow.push(record):
            self._count(record)
            yield block

    def _count(self, record: Record) -> None:
        for name, count in self.flow.counts.items():
            if self._rows.get(name) != count.rows:
                self._rows[name] = count.rows
                self.durable.decoded(record.seq, name, count.rows)
                self.latency.rows_decoded(name, count.rows, record.arrival_ns)

    def _process(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if block.sensor.kind == "gpr" and len(block):
                self.latency.rows_located(block.sensor.id, len(block), time.monotonic_ns())
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
        self._weigh()

    def _weigh(self) -> None:
        """Weigh what was found; a model that fails stops the weighing, nothing else."""
        if self.weighing_fault:
            return
        try:
            self.processing.weigh()
        except Exception as error:  # noqa: BLE001 - whatever a network does, the flight goes on
            self.weighing_fault = repr(error)

    def _shown(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if self.show is not None:
                self.show(block)

    def _measure(self) -> None:
        """Note how long ago the bytes of the traces came that are now processed."""
        now_ns = time.monotonic_ns()
        for name in self.latency.streams:
            self.latency.rows_processed(name, self.processing.gathered_rows(name), now_ns)

    def _note(self, block: Block) -> None:
        """Keep the platform's last state, for the display and the alarms."""
        for name in ("longitude_deg", "latitude_deg", "height_m", "fix_quality"):
            if name in block.coords:
                self.latest[name] = float(block.coord(name)[-1])
