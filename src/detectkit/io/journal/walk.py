"""Reading one segment chunk by chunk, whatever became of the file.

Nothing is believed but chunks whose CRC is right and that name this journal. What lies between
two of them must be well-formed records that fill the place exactly; if not, it is damage, and the
search went on from its first byte, so a damaged length cannot hide the chunks behind it.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from detectkit.core import FormatError
from detectkit.io.journal import layout
from detectkit.io.journal.damage import Damage
from detectkit.io.journal.record import LARGEST_RECORD_BYTES, Record

LARGEST_CHUNK_BYTES = LARGEST_RECORD_BYTES + (1 << 20)
WINDOW_BYTES = 1 << 18
FIRST_WINDOW_BYTES = 1 << 14
BLOCK_BYTES = 4096
START_BYTES = 4096
UNKNOWN = -1
MESSAGE_BODY = struct.Struct("<HIQQ")
INDEX_FIXED = layout.PREFIX.size + 6
INDEX_ENTRY = 16

# A chunk's opcode, and zeros where its lengths (below 2³²) and the absent compression have them.
CANDIDATE = re.compile(rb"\x06.{4}\0{4}.{20}\0{4}.{4}\0{4}.{4}\0{4}", re.DOTALL)
START_RECORDS = [layout.HEADER, layout.METADATA, *(layout.SCHEMA for _ in layout.SCHEMAS)]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one sound chunk."""

    offset: int
    journal: str
    records: tuple[Record, ...]
    channels: int

    @property
    def index_bytes(self) -> int:
        """How long the message indexes behind the chunk are."""
        return INDEX_FIXED * self.channels + INDEX_ENTRY * len(self.records)


class Segment:
    """One segment, open for reading.

    Parameters
    ----------
    path
        The file.
    file
        The same, open for reading in binary, unbuffered.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.size = os.fstat(file.fileno()).st_size
        self._file = file

    def journal(self) -> str:
        """Return the journal's id from the start of the file; "" where that is damaged.

        Raises
        ------
        FormatError
            The segment has a later layout than this program knows.
        """
        start = self.at(0, START_BYTES)
        for opcode, body in _records_until_broken(start[len(layout.MAGIC) :]):
            told = layout.parse_identity(body) if opcode == layout.METADATA else None
            if told is None:
                continue
            if told["layout_version"] != layout.LAYOUT_VERSION:
                msg = (
                    f"{self.path}: layout {told['layout_version']} of the journal; this detectkit "
                    f"reads layout {layout.LAYOUT_VERSION}; use a newer one"
                )
                raise FormatError(msg)
            return told[layout.JOURNAL_KEY]
        return ""

    def walk(self, journal: str) -> Iterator[Chunk | Damage]:
        """Yield the chunks in order, and the damages where they lie.

        Parameters
        ----------
        journal
            Id of the journal; "" takes that of the first sound chunk.
        """
        position, crc, before = 0, 0, None
        while (found := self._next_chunk(position, journal)) is not None:
            chunk, end = found
            journal = chunk.journal
            if (damage := self._between(before, position, chunk.offset)) is not None:
                crc = UNKNOWN
                yield damage
            if crc != UNKNOWN:
                crc = zlib.crc32(self.at(position, end - position), crc)
            yield chunk
            position, before = end, chunk
        yield from self._tail(before, position, crc)

    def at(self, offset: int, length: int) -> bytes:
        """Return bytes; fewer at the end of the file, zeros where the disk cannot read."""
        length = max(0, min(length, self.size - offset))
        try:
            return self._read(offset, length)
        except OSError:
            end = offset + length
            cuts = [offset, *range(offset // BLOCK_BYTES * BLOCK_BYTES, end, BLOCK_BYTES)[1:], end]
            return b"".join(self._block(*one) for one in pairwise(cuts))

    def _read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        parts = []
        while length and (part := self._file.read(length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _block(self, start: int, end: int) -> bytes:
        try:
            return self._read(start, end - start).ljust(end - start, b"\0")
        except OSError:
            return bytes(end - start)

    def _next_chunk(self, position: int, journal: str) -> tuple[Chunk, int] | None:
        """Return the first sound chunk from `position` on, and where it ends."""
        window_bytes = FIRST_WINDOW_BYTES
        while position + layout.CHUNK_HEAD.size <= self.size:
            window = self.at(position, window_bytes)
            start = 0
            while match := CANDIDATE.search(window, start):
                start = match.start() + 1
                found = self._chunk(position + match.start(), match.group(), journal)
                if found is not None:
                    return found
            position += max(1, len(window) - layout.CHUNK_HEAD.size + 1)
            window_bytes = WINDOW_BYTES
        return None

    def _chunk(self, offset: int, head: bytes, journal: str) -> tuple[Chunk, int] | None:
        _, length, _, _, size, crc, _, stored = layout.CHUNK_HEAD.unpack(head)
        start = offset + layout.CHUNK_HEAD.size
        fits = start + size <= self.size and size <= LARGEST_CHUNK_BYTES
        if not (fits and size == stored and length == layout.CHUNK_FIXED + size):
            return None
        content = self.at(start, size)
        if zlib.crc32(content) != crc:
            return None
        chunk = parse(offset, content)
        if chunk is None or (journal and chunk.journal != journal):
            return None
        return chunk, start + size

    def _between(self, before: Chunk | None, start: int, end: int) -> Damage | None:
        """Judge what lies between a chunk, or the start of the file, and the next."""
        expected = START_BYTES if before is None else before.index_bytes
        if end - start <= expected and self._sound_bytes(before, start) == end - start:
            return None
        text = f"{end - start:,} bytes are not as written; what records were there is lost"
        return Damage(self.path, start, end - start, "damaged", text)

    def _sound_bytes(self, before: Chunk | None, start: int) -> int:
        """Return how much is sound of what must follow a chunk or begin the file; 0: not all."""
        if before is not None:
            content = self.at(start, before.index_bytes)
            opcodes = [opcode for opcode, _ in _records_until_broken(content)]
            sound = opcodes == [layout.MESSAGE_INDEX] * before.channels
            return before.index_bytes if sound and len(content) == before.index_bytes else 0
        content = self.at(start, START_BYTES)
        if not content.startswith(layout.MAGIC):
            return 0
        length = len(layout.MAGIC)
        records = _records_until_broken(content[length:])
        for wanted, (opcode, body) in zip(START_RECORDS, records, strict=False):
            if opcode != wanted:
                return 0
            length += layout.PREFIX.size + len(body)
        return length

    def _tail(self, before: Chunk | None, start: int, crc: int) -> Iterator[Damage]:
        """Judge what lies behind the last chunk."""
        end = self._end_of_data(start)
        if end is None:
            yield self._torn(start + self._sound_bytes(before, start))
        elif (damage := self._between(before, start, end)) is not None:
            yield damage
        elif crc != UNKNOWN and not self._is_data_end(end, start, crc):
            text = "indexes or descriptions before this place are not as written; no record is lost"
            yield Damage(self.path, end, 0, "index", text)

    def _is_data_end(self, end: int, start: int, crc: int) -> bool:
        crc = zlib.crc32(self.at(start, end - start), crc)
        wanted = layout.framed(layout.DATA_END, crc.to_bytes(4, "little"))
        return self.at(end, len(wanted)) == wanted

    def _torn(self, sound: int) -> Damage:
        rest = self.size - sound
        text = "the file was not completed; every byte gave its records"
        if rest:
            text = f"the end of the file is missing or broken; {rest:,} bytes there give no record"
        return Damage(self.path, sound, rest, "torn", text)

    def _end_of_data(self, start: int) -> int | None:
        """Return where the data end when footer and summary are sound, else None."""
        tail = self.at(max(0, self.size - layout.TAIL_BYTES), layout.TAIL_BYTES)
        prefix = layout.PREFIX.pack(layout.FOOTER, layout.FOOTER_BODY.size)
        if not (tail.startswith(prefix) and tail.endswith(layout.MAGIC)):
            return None
        summary_start, _, crc = layout.FOOTER_BODY.unpack_from(tail, len(prefix))
        end = summary_start - layout.DATA_END_BYTES
        size = self.size - summary_start
        if not (start <= end and layout.TAIL_BYTES <= size <= LARGEST_CHUNK_BYTES):
            return None
        checked = self.at(summary_start, size - len(layout.MAGIC) - 4)
        return end if zlib.crc32(checked) == crc else None


def parse(offset: int, content: bytes) -> Chunk | None:
    """Return the records of a chunk, None when it is not one of a journal's."""
    channels: dict[int, layout.Channel] = {}
    records = []
    try:
        for opcode, body in layout.split(content):
            if opcode == layout.CHANNEL:
                one = layout.parse_channel(body)
                channels[one.number] = one
            elif opcode == layout.MESSAGE:
                number, seq, utc_ns, arrival_ns = MESSAGE_BODY.unpack_from(body)
                one, data = channels[number], body[MESSAGE_BODY.size :]
                records.append(Record(seq, one.source, one.kind, arrival_ns, utc_ns, data))
    except (ValueError, KeyError, struct.error):  # UsageError is a ValueError
        return None
    journals = {one.journal for one in channels.values()}
    if len(journals) != 1 or not records:
        return None
    return Chunk(offset, journals.pop(), tuple(records), len(channels))


def _records_until_broken(content: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        yield from layout.split(content)
    except ValueError:
        return
