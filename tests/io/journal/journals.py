"""Journals for tests: records whose bytes follow from their number, so that any can be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from detectkit.io.journal import Damage, JournalWriter, Kind, Record, read_records

UTC_NS = 1_700_000_000_000_000_000
STREAMS: tuple[tuple[str, Kind], ...] = (
    ("gpr", "in"),
    ("gpr", "in"),
    ("magnetometer", "in"),
    ("gpr", "out"),
    ("", "event"),
    ("", "clock"),
)


def payload(seq: int, size: int) -> bytes:
    """Return bytes that depend on the number in every place."""
    return hashlib.shake_128(seq.to_bytes(8, "little")).digest(size)


def record(seq: int, *, size: int | None = None) -> Record:
    source, kind = STREAMS[seq % len(STREAMS)]
    size = 37 * seq % 501 if size is None else size
    return Record(seq, source, kind, 1_000 + 1_000_000 * seq, UTC_NS + seq, payload(seq, size))


def records(count: int) -> list[Record]:
    return [record(seq) for seq in range(count)]


def write(folder: Path, taken: Iterable[Record], **settings: float) -> list[Path]:
    """Write a finished journal; return its segments."""
    with JournalWriter(folder, **settings) as journal:  # type: ignore[arg-type]
        for one in taken:
            journal.append(one)
    return sorted(folder.glob("journal-*.mcap"))


def read(folder: Path) -> tuple[list[Record], list[Damage]]:
    damages: list[Damage] = []
    return list(read_records(folder, on_damage=damages.append)), damages


def chunks(path: Path) -> Iterator[tuple[int, int]]:
    """Yield where each chunk of a sound file begins and ends, by a plain walk over the lengths."""
    data = path.read_bytes()
    position = 8
    while position < len(data) - 8:
        end = position + 9 + int.from_bytes(data[position + 1 : position + 9], "little")
        if data[position] == 6:
            yield position, end
        position = end
