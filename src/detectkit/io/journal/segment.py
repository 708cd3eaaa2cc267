"""Writing one segment: a complete MCAP file once it is finished, whole chunks before that."""

from __future__ import annotations

import os
import time
import zlib
from array import array
from contextlib import suppress
from pathlib import Path

from detectkit import __version__
from detectkit.io.journal import layout
from detectkit.io.journal.layout import Channel, ChunkEntry
from detectkit.io.journal.record import Kind, Record


class SegmentWriter:
    """Writes one new file. Its methods raise OSError; the caller then salvages what is whole.

    Every chunk repeats the channels of its messages with the journal's id in them, so that each
    chunk can be understood, and recognised as this journal's, without the rest of the file.

    Parameters
    ----------
    path
        Must not exist.
    number
        The segment's place in the journal.
    journal
        The journal's id.
    chunk_bytes
        A chunk is written before it would grow beyond; one larger record makes one larger chunk.
    """

    def __init__(self, path: Path, number: int, journal: str, *, chunk_bytes: int) -> None:
        self.path = path
        self.size = 0
        self.last_seq = self.durable_seq = self._written_seq = -1
        self.first_arrival_ns: int | None = None
        self.longest_sync_s = 0.0
        self._journal = journal
        self._chunk_bytes = chunk_bytes
        self._crc = 0
        self._sync_can_be_trusted = True
        self._channels: dict[tuple[str, Kind], tuple[Channel, bytes]] = {}
        self._counts: dict[int, int] = {}
        self._entries: list[ChunkEntry] = []
        self._content = bytearray()
        self._indexes: dict[int, array[int]] = {}
        self._file = path.open("xb", buffering=0)
        schemas = b"".join(map(layout.schema, layout.SCHEMAS))
        identity = layout.identity(journal, number)
        head = layout.MAGIC + layout.header(f"detectkit {__version__}") + identity + schemas
        try:
            self._write(head)
        except OSError:
            self.salvage()
            raise

    @property
    def size_with_open_chunk(self) -> int:
        """How large the file is with the records that wait for their chunk, bytes."""
        return self.size + len(self._content)

    def append(self, record: Record) -> None:
        """Take a record into the open chunk; writes the chunk before where that is full."""
        channel, described = self._channel(record.source, record.kind)
        number = channel.number
        needed = layout.MESSAGE_HEAD.size + len(record.data)
        needed += 0 if number in self._indexes else len(described)
        if self._content and len(self._content) + needed > self._chunk_bytes:
            self.flush()
        if number not in self._indexes:
            self._content += described
            self._indexes[number] = array("Q")
        self._indexes[number].extend((record.utc_ns, len(self._content)))
        self._content += layout.MESSAGE_HEAD.pack(
            layout.MESSAGE,
            layout.MESSAGE_FIXED + len(record.data),
            number,
            record.seq,
            record.utc_ns,
            record.arrival_ns,
        )
        self._content += record.data
        self.last_seq = record.seq
        if self.first_arrival_ns is None:
            self.first_arrival_ns = record.arrival_ns

    def flush(self) -> None:
        """Hand the open chunk to the system; not yet to the disk."""
        if not self._content:
            return
        times = [time_ns for index in self._indexes.values() for time_ns in index[::2]]
        first, last = min(times), max(times)
        parts = [layout.chunk_head(first, last, self._content), bytes(self._content)]
        start, length = self.size, sum(map(len, parts))
        offsets, position = {}, start + length
        for number, entries in self._indexes.items():
            self._counts[number] += len(entries) // 2
            offsets[number] = position
            parts.append(layout.message_index(number, entries))
            position += len(parts[-1])
        self._write(b"".join(parts))
        entry = ChunkEntry(start, length, first, last, offsets, position - start - length)
        self._entries.append(entry)
        self._written_seq = self.last_seq
        self._content.clear()
        self._indexes.clear()

    def sync(self) -> None:
        """Put on disk all chunks that were written."""
        start = time.monotonic()
        self._sync_can_be_trusted = False
        os.fsync(self._file.fileno())
        self._sync_can_be_trusted = True
        self.longest_sync_s = max(self.longest_sync_s, time.monotonic() - start)
        self.durable_seq = self._written_seq

    def finish(self) -> None:
        """Complete the file, put it on disk, close it."""
        self.flush()
        self._write(layout.framed(layout.DATA_END, self._crc.to_bytes(4, "little")))
        self._write(layout.summary(self.size, self._summary()))
        self.sync()
        self._file.close()

    def salvage(self) -> None:
        """After a failure: put on disk what was written whole, and let go of the file.

        After a failed sync no second one is tried: systems forget the failure and then report
        a success although the data is lost.
        """
        with suppress(OSError, ValueError):  # ValueError: the file is closed
            if self._sync_can_be_trusted:
                self.sync()
        with suppress(OSError):
            self._file.close()

    def _channel(self, source: str, kind: Kind) -> tuple[Channel, bytes]:
        """Return the channel and its record."""
        known = self._channels.get((source, kind))
        if known is None:
            new = Channel(len(self._channels) + 1, source, kind, self._journal)
            known = new, layout.channel(new)
            self._channels[source, kind] = known
            self._counts[new.number] = 0
        return known

    def _summary(self) -> dict[int, bytes]:
        first = min((entry.first_utc_ns for entry in self._entries), default=0)
        last = max((entry.last_utc_ns for entry in self._entries), default=0)
        return {
            layout.SCHEMA: b"".join(map(layout.schema, layout.SCHEMAS)),
            layout.CHANNEL: b"".join(encoded for _, encoded in self._channels.values()),
            layout.STATISTICS: layout.statistics(self._counts, len(self._entries), first, last),
            layout.CHUNK_INDEX: b"".join(entry.encode() for entry in self._entries),
        }

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size += len(data)
        self._crc = zlib.crc32(data, self._crc)
