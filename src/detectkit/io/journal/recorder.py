"""The recorder: many threads put records, one thread of its own writes and syncs them."""

from __future__ import annotations

import atexit
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from detectkit.core import UsageError
from detectkit.io.journal.record import SEQ_LIMIT, JournalError, Kind, Record
from detectkit.io.journal.writer import SEGMENT_BYTES, SEGMENT_S, JournalWriter

State = Literal["recording", "stopped", "closed"]

OVERHEAD_BYTES = 200
"""What a waiting record needs in memory beside its bytes."""
BATCH_BYTES = 1 << 20
WAKE_BYTES = 65536


class Recorder:
    """Records without loss: `put` never drops, it waits while the queue is full.

    A single thread writes, so that no instrument waits for the disk: single syncs of a second
    were seen. The queue holds half a minute at 1.8 MB/s. When the disk fails, the recorder stops
    once and for all, says why, and keeps what is on disk.

    Parameters
    ----------
    folder
        A new journal's folder, see `JournalWriter`.
    sync_s
        Records are on disk at most this long after `put`, plus what the disk takes.
    queue_bytes
        Memory for records that wait; a single larger record is taken when the queue is empty.
    minimum_free_bytes
        Recording stops, with all that was put on disk and the last file complete, when less
        than this is free; 0 does not look.
    on_stop
        Told the reason when recording stops by itself; called once, in the recorder's thread.
    segment_bytes, segment_s
        See `JournalWriter`.

    Examples
    --------
    >>> import tempfile
    >>> with Recorder(Path(tempfile.mkdtemp()), minimum_free_bytes=0) as recorder:
    ...     recorder.put("gpr", "in", b"raw bytes", arrival_ns=5, utc_ns=10**18).seq
    0
    >>> recorder.state, recorder.durable_seq
    ('closed', 0)
    """

    def __init__(
        self,
        folder: Path,
        *,
        sync_s: float = 0.5,
        queue_bytes: int = 64 << 20,
        minimum_free_bytes: int = 256 << 20,
        on_stop: Callable[[str], None] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
    ) -> None:
        if sync_s <= 0.0 or queue_bytes <= 0 or minimum_free_bytes < 0:
            msg = (
                f"sync_s {sync_s:g}, queue_bytes {queue_bytes}, minimum_free_bytes "
                f"{minimum_free_bytes}: above 0, above 0, 0 or more"
            )
            raise UsageError(msg)
        self.folder = Path(folder)
        self._sync_s = sync_s
        self._queue_bytes = queue_bytes
        self._minimum_free_bytes = minimum_free_bytes
        self._on_stop = on_stop
        self._segment_bytes, self._segment_s = segment_bytes, segment_s
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._queue: deque[Record] = deque()
        self._used_bytes = 0
        self._wake_bytes = max(1, min(WAKE_BYTES, queue_bytes // 4))
        self._next_seq = 0
        self._blocked_s = 0.0
        self._state: State = "stopped"
        self._reason = "it was not started"
        self._draining = False
        self._writer: JournalWriter | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin the journal; JournalError when the folder cannot be used or has no room."""
        with self._lock:
            if self._thread is not None or self._state == "closed":
                msg = f"{self.folder}: a recorder is started once; make a new one"
                raise UsageError(msg)
            if shortage := self._shortage():
                raise JournalError(shortage)
            writer = self._writer = JournalWriter(
                self.folder, segment_bytes=self._segment_bytes, segment_s=self._segment_s
            )
            self._state, self._reason = "recording", ""
            self._thread = threading.Thread(
                target=self._run, args=(writer,), name="journal", daemon=True
            )
            self._thread.start()
            atexit.register(self.close)

    def put(
        self,
        source: str,
        kind: Kind,
        data: bytes,
        *,
        arrival_ns: int,
        utc_ns: int,
        then: Callable[[Record], None] | None = None,
    ) -> Record:
        """Give a record its place in the order and queue it; waits while the queue is full.

        Parameters
        ----------
        source, kind, data, arrival_ns, utc_ns
            See `Record`.
        then
            Called with the record before any other record gets its place, so that a second
            consumer sees all records in the journal's order. Must be quick. What it raises goes
            to the caller; the record is recorded all the same.

        Raises
        ------
        JournalError
            Recording has stopped; the record has no place.
        UsageError
            No journal can hold such a record.
        """
        size = len(data) + OVERHEAD_BYTES
        with self._lock:
            self._wait_for_room(size)
            if self._state != "recording" or self._draining:
                msg = f"{self.folder}: nothing is recorded: {self._reason or 'it is closed'}"
                raise JournalError(msg)
            if self._next_seq >= SEQ_LIMIT:
                msg = f"{self.folder}: the journal is full ({SEQ_LIMIT} records); begin a new one"
                raise JournalError(msg)
            record = Record(self._next_seq, source, kind, arrival_ns, utc_ns, bytes(data))
            self._next_seq += 1
            self._queue.append(record)
            self._used_bytes += size
            if self._used_bytes >= self._wake_bytes:
                self._work.notify()
            if then is not None:
                then(record)
        return record

    def close(self) -> None:
        """Write what is queued, complete the last file, end; harmless when it has ended.

        It raises nothing: `state` is ``"closed"`` when all is on disk, else ``"stopped"``. It
        waits as long as the disk takes. A program that ends without it calls it at its exit.
        """
        with self._lock:
            self._draining = True
            self._work.notify()
            if self._thread is None:
                self._state, self._reason = "closed", ""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            atexit.unregister(self.close)

    @property
    def state(self) -> State:
        """What the recorder does."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it stopped; "" while it records and after it was closed."""
        return self._reason

    @property
    def durable_seq(self) -> int:
        """All records up to this one are on disk, synced; −1 before the first."""
        return self._writer.durable_seq if self._writer else -1

    @property
    def written_bytes(self) -> int:
        """Size of the journal's files, bytes."""
        return self._writer.written_bytes if self._writer else 0

    @property
    def longest_sync_s(self) -> float:
        """The longest that the disk took for one sync, seconds."""
        return self._writer.longest_sync_s if self._writer else 0.0

    @property
    def blocked_s(self) -> float:
        """How long `put` has waited for room in the queue, summed over all threads, seconds."""
        return self._blocked_s

    @property
    def queue_fill(self) -> float:
        """How full the queue is, 0 … 1."""
        return min(1.0, self._used_bytes / self._queue_bytes)

    def _wait_for_room(self, size: int) -> None:
        if not self._is_full(size):
            return
        start = time.monotonic()
        while self._is_full(size):
            self._work.notify()
            self._room.wait()
        self._blocked_s += time.monotonic() - start

    def _is_full(self, size: int) -> bool:
        """Tell whether a record must wait; after the end nothing waits."""
        return (
            self._state == "recording"
            and self._used_bytes > 0
            and self._used_bytes + size > self._queue_bytes
        )

    def _run(self, writer: JournalWriter) -> None:
        """Be the recorder's thread: whatever ends it, those who put get to know."""
        reason = "its thread ended by a fault of the program"
        try:
            reason = self._record(writer)
        except JournalError as error:
            reason = str(error)
        finally:
            writer.abandon()
            self._ended(reason)

    def _record(self, writer: JournalWriter) -> str:
        """Write until the end; return why recording stopped, "" when it was closed."""
        shortage = ""
        next_sync = time.monotonic() + self._sync_s
        while (batch := self._take(next_sync)) is not None:
            for record in batch:
                writer.append(record)
            self._written(batch)
            if time.monotonic() >= next_sync:
                writer.sync()
                next_sync = time.monotonic() + self._sync_s
                shortage = shortage or self._shortage()
                if shortage:
                    self._drain(shortage)
        writer.close()
        return shortage

    def _take(self, until: float) -> list[Record] | None:
        """Return waiting records once there are enough or it is time to sync; None at the end."""
        with self._lock:
            while self._used_bytes < self._wake_bytes and not self._draining:
                left_s = until - time.monotonic()
                if left_s <= 0.0:
                    break
                self._work.wait(left_s)
            if self._draining and not self._queue:
                return None
            batch, size = [], 0
            while self._queue and size < BATCH_BYTES:
                batch.append(self._queue.popleft())
                size += len(batch[-1].data) + OVERHEAD_BYTES
        return batch

    def _written(self, batch: list[Record]) -> None:
        with self._lock:
            self._used_bytes -= sum(len(one.data) + OVERHEAD_BYTES for one in batch)
            self._room.notify_all()

    def _drain(self, reason: str) -> None:
        """Take nothing more; what is queued is still written."""
        with self._lock:
            self._draining = True
            self._state, self._reason = "stopped", reason
            self._room.notify_all()

    def _shortage(self) -> str:
        """Say that the disk is nearly full, or ""."""
        if not self._minimum_free_bytes:
            return ""
        place = next(one for one in (self.folder, *self.folder.absolute().parents) if one.exists())
        try:
            free = shutil.disk_usage(place).free
        except OSError as error:
            return f"{place}: the disk does not answer ({error.strerror}); recording stops"
        if free >= self._minimum_free_bytes:
            return ""
        return (
            f"{self.folder}: {free / 1e6:.0f} MB are free on the disk, recording stops below "
            f"{self._minimum_free_bytes / 1e6:.0f} MB; make room or use another disk"
        )

    def _ended(self, reason: str) -> None:
        with self._lock:
            lost = self._next_seq - 1 - self.durable_seq
            if reason and lost:
                reason = f"{reason}; later records lost: {lost}"
            self._state, self._reason = ("stopped", reason) if reason else ("closed", "")
            self._draining = True
            self._queue.clear()
            self._used_bytes = 0
            self._room.notify_all()
        if reason and self._on_stop is not None:
            self._on_stop(reason)
