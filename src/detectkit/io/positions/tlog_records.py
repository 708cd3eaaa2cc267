"""Framing of telemetry logs: stamp, frame, stamp, frame; found again after damage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

STAMP = 8
MAVLINK_1, MAVLINK_2 = 0xFE, 0xFD
FIRST_US, LAST_US = 946_684_800_000_000, 4_102_444_800_000_000
"""2000 to 2100: a stamp outside is none."""
DAY_US = 86_400_000_000
SIGNATURE, LONGEST = 13, STAMP + 12 + 255 + 13


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it stands, its stamp in us, its frame and the frame's message number."""

    offset: int
    stamp_us: int
    frame: bytes
    ident: int


def records_of(
    chunks: Iterable[bytes],
    *,
    tally: Counter[str] | None = None,
    wanted: frozenset[int] | None = None,
    limit: int | None = None,
) -> Iterator[Record]:
    """Yield the records of a log whose parts arrive in chunks.

    Parameters
    ----------
    chunks
        The bytes of the file, in order, cut anywhere.
    tally
        Gets ``lost_bytes``, and the place of the first in ``first_lost``.
    wanted
        Message numbers to yield; None: all.
    limit
        Stop after as many.
    """
    counts = Counter[str]() if tally is None else tally
    held, base, found, last_us = b"", 0, 0, 0
    for chunk in _ended(chunks):
        held += chunk or b""
        at, end = 0, len(held) - (0 if chunk is None else LONGEST)
        while at < end or (chunk is None and at < len(held)):
            size = record_size(held, at, last_us)
            if not size:
                if not counts["lost_bytes"]:
                    counts["first_lost"] = base + at
                counts["lost_bytes"] += 1
                at += 1
                continue
            stamp = int.from_bytes(held[at : at + STAMP], "big")
            frame = held[at + STAMP : at + size]
            ident = _ident(frame)
            if wanted is None or ident in wanted:
                yield Record(base + at, stamp, frame, ident)
            found += 1
            if limit is not None and found >= limit:
                return
            last_us, at = stamp, at + size
        held, base = held[at:], base + at


def _ended(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    yield from chunks
    yield None


def record_size(data: bytes, at: int, last_us: int) -> int:
    """Return the size of the record at a place; 0 where there is no whole one."""
    if at + STAMP + 8 > len(data):
        return 0
    magic = data[at + STAMP]
    if magic not in {MAVLINK_1, MAVLINK_2}:
        return 0
    stamp = int.from_bytes(data[at : at + STAMP], "big")
    if not FIRST_US <= stamp <= LAST_US or (last_us and abs(stamp - last_us) > DAY_US):
        return 0
    length = data[at + STAMP + 1]
    if magic == MAVLINK_1:
        size = STAMP + 8 + length
    else:
        size = STAMP + 12 + length + (SIGNATURE if data[at + STAMP + 2] & 1 else 0)
    return size if at + size <= len(data) else 0


def _ident(frame: bytes) -> int:
    return frame[5] if frame[0] == MAVLINK_1 else int.from_bytes(frame[7:10], "little")
