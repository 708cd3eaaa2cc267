"""Messages of PX4's ULog files: walked, resynchronised, gathered by topic as numpy rows.

A message is a 16-bit size, a letter, then its content; ``F`` describes a format, ``A`` gives a
topic the number under which its rows (``D``) come, ``O`` reports a drop-out, ``S`` is a mark to
find the way again (docs.px4.io, "ULog File Format", version 1). Only the topics asked for are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"ULog\x01\x12\x35"
HEADER = 16
SYNC = b"\x08\x00S\x2f\x73\x13\x20\x25\x0c\xbb\x12"
LETTERS = frozenset(b"FADORIMPQLCSB")
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "int8_t": "i1", "uint8_t": "u1", "int16_t": "<i2", "uint16_t": "<u2", "int32_t": "<i4",
        "uint32_t": "<u4", "int64_t": "<i8", "uint64_t": "<u8", "float": "<f4", "double": "<f8",
        "bool": "u1", "char": "S1",
    }
)  # fmt: skip
MOST_FIELDS, DEEPEST, LARGEST = 512, 8, 1 << 16
CHAIN = 3
"""Messages in a row that make a place sure after damage."""
_FIELD = re.compile(r"([A-Za-z0-9_/]+)(?:\[(\d{1,5})\])? ([A-Za-z0-9_]+)", re.ASCII)


@dataclass(slots=True)
class Gathered:
    """What a walk over a log kept.

    Parameters
    ----------
    wanted
        Names of the topics to keep.
    dtypes, payload
        Number types and packed rows of the first instance of each topic.
    messages, lost_bytes, first_lost
        Number of messages, bytes that are none, and where those begin.
    dropouts_ms
        How long the logger itself lost rows, for each time.
    """

    wanted: frozenset[str]
    dtypes: dict[str, np.dtype[Any]] = field(default_factory=dict)
    payload: dict[str, bytearray] = field(default_factory=dict)
    messages: int = 0
    lost_bytes: int = 0
    first_lost: int | None = None
    damaged_rows: int = 0
    dropouts_ms: list[int] = field(default_factory=list)
    _formats: dict[str, str] = field(default_factory=dict)
    _topics: dict[int, str | None] = field(default_factory=dict)
    _instance: dict[str, int] = field(default_factory=dict)

    def rows(self, name: str) -> npt.NDArray[Any]:
        """Return the rows of a topic as a structured array."""
        return np.frombuffer(bytes(self.payload[name]), self.dtypes[name])

    def walk(self, chunks: Iterable[bytes]) -> None:
        """Take a whole log behind its header, cut anywhere."""
        held, base, is_first = b"", 0, True
        for chunk in chunks:
            held += chunk
            if is_first and len(held) >= HEADER:
                held, base, is_first = held[HEADER:], HEADER, False
            at = self._messages(held, base, len(held) - 2 * (LARGEST + 3), is_end=False)
            held, base = held[at:], base + at
        self._messages(held, base, len(held), is_end=True)

    def _messages(self, data: bytes, base: int, end: int, *, is_end: bool) -> int:
        at = 0
        while at < end:
            size = self._size(data, at)
            if size and self._follows(data, at + size):
                self._take(data[at + 2], data[at + 3 : at + size])
                at += size
                continue
            stop = self._next(data, at + 1, len(data) if is_end else max(end, at + 1))
            self.first_lost = base + at if self.first_lost is None else self.first_lost
            self.lost_bytes += stop - at
            at = stop
        return at

    def _next(self, data: bytes, start: int, stop: int) -> int:
        """Return the next place that is surely a message: a mark, or a row and two after it."""
        sync = data.find(SYNC, start, stop)
        limit = stop if sync < 0 else sync
        letter = data.find(b"D", start + 2, limit)
        while letter >= 0:
            at = after = letter - 2
            chained = 0
            while (
                chained < CHAIN and (size := self._size(data, after)) and self._known(data, after)
            ):
                after += size
                chained += 1
            if chained == CHAIN or (chained and after == len(data)):
                return at
            letter = data.find(b"D", letter + 1, limit)
        return limit

    def _known(self, data: bytes, at: int) -> bool:
        """Tell whether a message is no row, or a row of a topic that was announced."""
        if data[at + 2] != ord("D"):
            return True
        ident = int.from_bytes(data[at + 3 : at + 5], "little")
        if ident not in self._topics:
            return False
        name = self._topics[ident]
        size = int.from_bytes(data[at : at + 2], "little") - 2
        return name is None or 0 <= self.dtypes[name].itemsize - size < 8

    def _size(self, data: bytes, at: int) -> int:
        """Return the size of the message at a place with its 3 leading bytes; 0 for none."""
        if at + 3 > len(data) or data[at + 2] not in LETTERS:
            return 0
        size = 3 + int.from_bytes(data[at : at + 2], "little")
        return size if at + size <= len(data) else 0

    @staticmethod
    def _follows(data: bytes, at: int) -> bool:
        """Tell whether a message can begin where this one ends."""
        return at + 3 > len(data) or data[at + 2] in LETTERS

    def _take(self, letter: int, content: bytes) -> None:
        self.messages += 1
        if letter == ord("D"):
            self._row(content)
        elif letter == ord("F"):
            name, colon, fields = content.decode("ascii", "replace").partition(":")
            if colon:
                self._formats.setdefault(name, fields)
        elif letter == ord("A") and len(content) > 3:
            self._subscribe(content)
        elif letter == ord("O") and len(content) == 2:
            self.dropouts_ms.append(int.from_bytes(content, "little"))

    def _subscribe(self, content: bytes) -> None:
        """Note the number of a topic; of several instances the first is kept."""
        instance, ident = content[0], int.from_bytes(content[1:3], "little")
        name = content[3:].decode("ascii", "replace")
        if name not in self.wanted:
            self._topics.setdefault(ident, None)
            return
        if name not in self.dtypes:
            dtype = self._dtype(name, 0)
            if dtype is None:
                return
            self.dtypes[name], self.payload[name] = dtype, bytearray()
            self._instance[name] = instance
        self._topics.setdefault(ident, name if self._instance[name] == instance else None)

    def _row(self, content: bytes) -> None:
        name = self._topics.get(int.from_bytes(content[:2], "little"))
        if name is None:
            return
        size, row = self.dtypes[name].itemsize, content[2:]
        if not 0 <= size - len(row) < 8:  # padding at the end is not written
            self.damaged_rows += 1
            return
        self.payload[name] += row.ljust(size, b"\0")

    def _dtype(self, name: str, depth: int) -> np.dtype[Any] | None:
        """Return the number type of a format with those inside it; None where it is broken."""
        texts = [one for one in self._formats.get(name, "").split(";") if one]
        if not texts or len(texts) > MOST_FIELDS or depth > DEEPEST:
            return None
        fields: list[tuple[Any, ...]] = []
        total = 0
        for text in texts:
            match = _FIELD.fullmatch(text)
            if match is None:
                return None
            plain = TYPES.get(match[1])
            inner = np.dtype(plain) if plain else self._dtype(match[1], depth + 1)
            count = int(match[2] or 1)
            if inner is None or match[3] in {one[0] for one in fields}:
                return None
            total += inner.itemsize * count
            if total > LARGEST or count == 0:
                return None
            fields.append((match[3], inner, (count,)) if match[2] else (match[3], inner))
        return np.dtype(fields)
