"""What a journal holds and what is wrong with it, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from detectkit.io.journal.damage import Damage
from detectkit.io.journal.reader import SegmentStart, read_chunks
from detectkit.io.journal.record import Kind, Record
from detectkit.io.journal.walk import Chunk


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """One file: how large, how many records, and its damages."""

    path: Path
    bytes: int
    records: int = 0
    damages: tuple[Damage, ...] = ()

    @property
    def torn_at(self) -> int | None:
        """Byte from which on the end is missing or broken; None: it has its end."""
        return next((one.offset for one in self.damages if one.kind == "torn"), None)

    @property
    def complete(self) -> bool:
        """Whether every byte is as written and any MCAP reader can read it."""
        return not self.damages


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """What came from one source in one way; `bytes` counts the payload."""

    source: str
    kind: Kind
    records: int
    bytes: int
    first_arrival_ns: int
    last_arrival_ns: int


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What `scan` or `recover` found.

    Parameters
    ----------
    segments
        One per file, in order.
    channels
        One per source and kind, in order of their first record.
    gaps
        First and last number of each run of records that are missing between others.
    rewritten
        The files that `recover` completed; their originals lie beside them as ``.torn``.
    """

    folder: Path
    segments: tuple[SegmentReport, ...]
    channels: tuple[ChannelReport, ...]
    gaps: tuple[tuple[int, int], ...]
    last_seq: int
    rewritten: tuple[Path, ...] = ()

    @property
    def records(self) -> int:
        """Number of records that can be read."""
        return sum(one.records for one in self.segments)

    @property
    def damages(self) -> tuple[Damage, ...]:
        """All damages, in order."""
        return tuple(damage for one in self.segments for damage in one.damages)

    @property
    def complete(self) -> bool:
        """Whether all files are as written and no record between the others is missing."""
        return not self.gaps and all(one.complete for one in self.segments)


@dataclass
class _Tally:
    """Counts while the journal is read."""

    segments: list[SegmentReport] = field(default_factory=list)
    channels: dict[tuple[str, Kind], ChannelReport] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    last_seq: int = -1

    def segment(self, start: SegmentStart) -> None:
        self.segments.append(SegmentReport(start.path, start.bytes))

    def damage(self, damage: Damage) -> None:
        now = self.segments[-1]
        self.segments[-1] = replace(now, damages=(*now.damages, damage))

    def chunk(self, chunk: Chunk) -> None:
        now = self.segments[-1]
        self.segments[-1] = replace(now, records=now.records + len(chunk.records))
        for record in chunk.records:
            if record.seq > self.last_seq + 1:
                self.gaps.append((self.last_seq + 1, record.seq - 1))
            self.last_seq = record.seq
            self._count(record)

    def _count(self, record: Record) -> None:
        key = record.source, record.kind
        at = record.arrival_ns
        old = self.channels.get(key) or ChannelReport(record.source, record.kind, 0, 0, at, at)
        self.channels[key] = ChannelReport(
            *key, old.records + 1, old.bytes + len(record.data), old.first_arrival_ns, at
        )


def scan(folder: str | Path) -> JournalReport:
    """Read a whole journal and say what it holds; changes nothing.

    Raises
    ------
    JournalError, FormatError
        As `read_records`.
    """
    folder = Path(folder)
    tally = _Tally()
    for piece in read_chunks(folder):
        match piece:
            case SegmentStart():
                tally.segment(piece)
            case Damage():
                tally.damage(piece)
            case Chunk():
                tally.chunk(piece)
    return JournalReport(
        folder,
        tuple(tally.segments),
        tuple(tally.channels.values()),
        tuple(tally.gaps),
        tally.last_seq,
    )
