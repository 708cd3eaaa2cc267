"""Writing a journal, record by record, in one thread."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from detectkit.core import UsageError
from detectkit.io.durable import sync_folder
from detectkit.io.journal.folder import lock, segment_path, segments, unlock
from detectkit.io.journal.record import JournalError, Record
from detectkit.io.journal.segment import SegmentWriter

SEGMENT_BYTES = 256 << 20
SEGMENT_S = 60.0
CHUNK_BYTES = 65536


class JournalWriter:
    """Writes a new journal into a folder; no thread of its own, used by one thread.

    Parameters
    ----------
    folder
        Made where it is missing; must not hold a journal yet.
    segment_bytes, segment_s
        A new file is begun before a record that would come after so many bytes, or so long
        after the file's first record by `Record.arrival_ns`.
    chunk_bytes
        Size of a chunk, the unit of writing and of checking.

    Raises
    ------
    JournalError
        The folder cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> with JournalWriter(Path(tempfile.mkdtemp())) as journal:
    ...     journal.append(Record(0, "gpr", "in", 5, 1_700_000_000_000_000_000, b"raw bytes"))
    ...     journal.sync()
    ...     journal.durable_seq
    0
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_s: float = SEGMENT_S,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        if min(segment_bytes, segment_s, chunk_bytes) <= 0:
            msg = (
                f"segment_bytes {segment_bytes}, segment_s {segment_s:g}, chunk_bytes "
                f"{chunk_bytes}: all above 0"
            )
            raise UsageError(msg)
        self.folder = Path(folder)
        self._segment_bytes = segment_bytes
        self._segment_ns = round(segment_s * 1e9)
        self._chunk_bytes = chunk_bytes
        self._journal = secrets.token_hex(16)
        self._number = 0
        self._finished_bytes = 0
        self._last_seq = self._durable_seq = -1
        self._longest_sync_s = 0.0
        self._end = ""
        self._lock = _take(self.folder)
        try:
            self._segment = self._begin()
        except OSError as error:
            unlock(self._lock)
            msg = f"{self.folder}: cannot begin a journal ({_reason(error)}); nothing is recorded"
            raise JournalError(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def durable_seq(self) -> int:
        """All records up to this one are on disk; −1 before the first."""
        return max(self._durable_seq, self._segment.durable_seq)

    @property
    def written_bytes(self) -> int:
        """Size of all files, bytes."""
        return self._finished_bytes + self._segment.size

    @property
    def longest_sync_s(self) -> float:
        """The longest that the disk took for one sync, seconds."""
        return max(self._longest_sync_s, self._segment.longest_sync_s)

    def append(self, record: Record) -> None:
        """Take a record; it is on disk once `durable_seq` has reached it.

        Raises
        ------
        JournalError
            The journal has ended or the disk fails; then nothing more can be written.
        """
        self._check_open()
        if record.seq <= self._last_seq:
            msg = f"record {record.seq} after record {self._last_seq}: the numbers must rise"
            raise UsageError(msg)
        try:
            if self._segment_is_full(record):
                self._next_segment()
            self._segment.append(record)
        except OSError as error:
            raise self._failed(error) from error
        self._last_seq = record.seq

    def sync(self) -> None:
        """Write the open chunk and wait until everything is on disk; JournalError as above."""
        self._check_open()
        if self.durable_seq == self._last_seq:
            return
        try:
            self._segment.flush()
            self._segment.sync()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Complete the last file; harmless when the journal has ended. JournalError as above."""
        if self._end:
            return
        try:
            self._segment.finish()
        except OSError as error:
            raise self._failed(error) from error
        self._end = "it is closed"
        unlock(self._lock)

    def abandon(self) -> None:
        """Let go of the files, keeping what was written, without completing the last one."""
        if not self._end:
            self._segment.salvage()
            self._end = "it was given up"
            unlock(self._lock)

    def _check_open(self) -> None:
        if self._end:
            msg = f"{self.folder}: nothing can be added to this journal: {self._end}"
            raise JournalError(msg)

    def _segment_is_full(self, record: Record) -> bool:
        first_ns = self._segment.first_arrival_ns
        return first_ns is not None and (
            self._segment.size_with_open_chunk + len(record.data) > self._segment_bytes
            or record.arrival_ns - first_ns >= self._segment_ns
        )

    def _next_segment(self) -> None:
        done = self._segment
        done.finish()
        self._durable_seq, self._longest_sync_s = self.durable_seq, self.longest_sync_s
        self._number += 1
        self._segment = self._begin()
        self._finished_bytes += done.size

    def _begin(self) -> SegmentWriter:
        path = segment_path(self.folder, self._number)
        segment = SegmentWriter(path, self._number, self._journal, chunk_bytes=self._chunk_bytes)
        try:
            sync_folder(self.folder)
        except OSError:
            segment.salvage()
            raise
        return segment

    def _failed(self, error: OSError) -> JournalError:
        self._segment.salvage()
        unlock(self._lock)
        kept = f"records up to {self.durable_seq} are" if self.durable_seq >= 0 else "nothing is"
        self._end = (
            f"{self._segment.path.name} cannot be written ({_reason(error)}); {kept} on disk"
        )
        return JournalError(f"{self.folder}: {self._end}")


def _take(folder: Path) -> int | None:
    """Make the folder, durably, and lock it."""
    try:
        _make(folder)
        handle = lock(folder)
    except JournalError:
        raise
    except OSError as error:
        msg = f"{folder}: cannot be used for a journal ({_reason(error)}); choose another folder"
        raise JournalError(msg) from error
    if taken := segments(folder):
        unlock(handle)
        msg = f"{folder}: holds a journal already ({taken[0].name}); choose a new folder"
        raise JournalError(msg)
    return handle


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    if not folder.parent.exists():
        _make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
