"""The records of an MCAP file as bytes, as far as a journal has them.

Source: MCAP format specification, version 0 (https://mcap.dev/spec). Every record is an opcode
(1 byte), the length of its content (uint64) and the content; all numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from detectkit.io.journal.record import KINDS, Kind

MAGIC = b"\x89MCAP0\r\n"
PROFILE = "detectkit-journal"
LAYOUT_VERSION = "1"

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = 1, 2, 3, 4, 5, 6
MESSAGE_INDEX, CHUNK_INDEX, STATISTICS, METADATA = 7, 8, 11, 12
SUMMARY_OFFSET, DATA_END = 14, 15

PREFIX = struct.Struct("<BQ")
MESSAGE_HEAD = struct.Struct("<BQHIQQ")
"""Opcode, length, channel, sequence, log time (UTC), publish time (host monotonic)."""
CHUNK_HEAD = struct.Struct("<BQQQQIIQ")
"""Opcode, length, first and last log time, size, CRC, length of the empty compression, size."""
CHUNK_FIXED = CHUNK_HEAD.size - PREFIX.size
FOOTER_BODY = struct.Struct("<QQI")
MESSAGE_FIXED = MESSAGE_HEAD.size - PREFIX.size
TAIL_BYTES = PREFIX.size + FOOTER_BODY.size + len(MAGIC)
DATA_END_BYTES = PREFIX.size + 4

BYTES_SCHEMA, JSON_SCHEMA = 1, 2
SCHEMAS = {
    BYTES_SCHEMA: ("detectkit.Bytes", "", b""),
    JSON_SCHEMA: ("detectkit.Json", "jsonschema", b'{"type": "object"}'),
}
JOURNAL_KEY, SOURCE_KEY, KIND_KEY = "journal", "source", "kind"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: what comes from one source in one way, in the journal of that id."""

    number: int
    source: str
    kind: Kind
    journal: str

    @property
    def topic(self) -> str:
        """The channel's name for other programs."""
        return f"{self.source}/{self.kind}"


@dataclass(frozen=True, slots=True)
class ChunkEntry:
    """What the summary says of one chunk."""

    offset: int
    length: int
    first_utc_ns: int
    last_utc_ns: int
    index_offsets: Mapping[int, int]
    index_length: int

    def encode(self) -> bytes:
        """Return the chunk index record."""
        size = self.length - CHUNK_HEAD.size
        offsets = b"".join(struct.pack("<HQ", *one) for one in self.index_offsets.items())
        head = struct.pack(
            "<QQQQI", self.first_utc_ns, self.last_utc_ns, self.offset, self.length, len(offsets)
        )
        return framed(
            CHUNK_INDEX, head, offsets, struct.pack("<QIQQ", self.index_length, 0, size, size)
        )


def framed(opcode: int, *parts: bytes) -> bytes:
    """Return a record with its opcode and length in front."""
    body = b"".join(parts)
    return PREFIX.pack(opcode, len(body)) + body


def text(value: str) -> bytes:
    """Return a text with its length in front."""
    encoded = value.encode()
    return struct.pack("<I", len(encoded)) + encoded


def text_map(values: Mapping[str, str]) -> bytes:
    """Return a map of texts with its length in front."""
    body = b"".join(text(key) + text(value) for key, value in values.items())
    return struct.pack("<I", len(body)) + body


def header(library: str) -> bytes:
    """Return the record that follows the magic."""
    return framed(HEADER, text(PROFILE), text(library))


def schema(number: int) -> bytes:
    """Return the record of one of `SCHEMAS`."""
    name, encoding, data = SCHEMAS[number]
    return framed(
        SCHEMA,
        struct.pack("<H", number),
        text(name),
        text(encoding),
        struct.pack("<I", len(data)),
        data,
    )


def identity(journal: str, segment: int) -> bytes:
    """Return the metadata record that says which journal this is; it carries its own CRC."""
    values = {"layout_version": LAYOUT_VERSION, JOURNAL_KEY: journal, "segment": str(segment)}
    values["crc32"] = _check(values)
    return framed(METADATA, text(PROFILE), text_map(values))


def parse_identity(body: bytes) -> dict[str, str] | None:
    """Return the values of `identity`, None where they are damaged or another program's."""
    try:
        name, position = _text_at(body, 0)
        values = _map_at(body, position)
    except (struct.error, UnicodeDecodeError):
        return None
    check = values.pop("crc32", "")
    return values if name == PROFILE and check == _check(values) else None


def channel(one: Channel) -> bytes:
    """Return the channel's record."""
    raw = one.kind in {"in", "out"}
    encoding = "application/octet-stream" if raw else "json"
    numbers = struct.pack("<HH", one.number, BYTES_SCHEMA if raw else JSON_SCHEMA)
    told = {JOURNAL_KEY: one.journal, SOURCE_KEY: one.source, KIND_KEY: one.kind}
    return framed(CHANNEL, numbers, text(one.topic), text(encoding), text_map(told))


@lru_cache(maxsize=1024)
def parse_channel(body: bytes) -> Channel:
    """Return the channel; ValueError, KeyError or struct.error when it is none of a journal's."""
    (number,) = struct.unpack_from("<H", body)
    _, position = _text_at(body, 4)
    _, position = _text_at(body, position)
    told = _map_at(body, position)
    if told[KIND_KEY] not in KINDS:
        msg = f"kind {told[KIND_KEY]!r} is none of {KINDS}"
        raise ValueError(msg)
    return Channel(number, told[SOURCE_KEY], cast("Kind", told[KIND_KEY]), told[JOURNAL_KEY])


def chunk_head(first_utc_ns: int, last_utc_ns: int, content: bytes | bytearray) -> bytes:
    """Return what stands before the records of a chunk."""
    size = len(content)
    crc = zlib.crc32(content)
    return CHUNK_HEAD.pack(CHUNK, CHUNK_FIXED + size, first_utc_ns, last_utc_ns, size, crc, 0, size)


def message_index(number: int, entries: array[int]) -> bytes:
    """Return the index of one channel's messages in a chunk: log time, offset, log time, …."""
    body = entries.tobytes()
    return framed(MESSAGE_INDEX, struct.pack("<HI", number, len(body)), body)


def statistics(
    counts: Mapping[int, int], chunks: int, first_utc_ns: int, last_utc_ns: int
) -> bytes:
    """Return the summary's counts."""
    body = b"".join(struct.pack("<HQ", *one) for one in counts.items())
    head = struct.pack(
        "<QHIIIIQQI",
        sum(counts.values()),
        len(SCHEMAS),
        len(counts),
        0,
        1,
        chunks,
        first_utc_ns,
        last_utc_ns,
        len(body),
    )
    return framed(STATISTICS, head, body)


def summary(start: int, groups: Mapping[int, bytes]) -> bytes:
    """Return all that follows the data: the groups by opcode, their offsets, footer, magic."""
    body, offsets = b"", b""
    for opcode, group in groups.items():
        if group:
            place = struct.pack("<BQQ", opcode, start + len(body), len(group))
            offsets += framed(SUMMARY_OFFSET, place)
            body += group
    tail = PREFIX.pack(FOOTER, FOOTER_BODY.size) + struct.pack("<QQ", start, start + len(body))
    crc = zlib.crc32(body + offsets + tail)
    return body + offsets + tail + struct.pack("<I", crc) + MAGIC


def split(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and body of each record; ValueError where they do not fill `content`."""
    position = 0
    while position < len(content):
        body = position + PREFIX.size
        if body > len(content):
            msg = f"half a record at {position}"
            raise ValueError(msg)
        opcode, length = PREFIX.unpack_from(content, position)
        position = body + length
        if position > len(content):
            msg = f"a record ends at {position}, behind the end {len(content)}"
            raise ValueError(msg)
        yield opcode, content[body:position]


def _check(values: Mapping[str, str]) -> str:
    return f"{zlib.crc32(text_map(values)):08x}"


def _text_at(body: bytes, position: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", body, position)
    end = position + 4 + length
    return body[position + 4 : end].decode(), end


def _map_at(body: bytes, position: int) -> dict[str, str]:
    (length,) = struct.unpack_from("<I", body, position)
    position += 4
    end = min(position + length, len(body))
    values = {}
    while position < end:
        key, position = _text_at(body, position)
        values[key], position = _text_at(body, position)
    return values
