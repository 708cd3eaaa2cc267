"""Reading a journal: all segments in order, tolerant of whatever became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detectkit.io.journal.damage import Damage
from detectkit.io.journal.folder import segments
from detectkit.io.journal.record import JournalError, Record
from detectkit.io.journal.walk import Chunk, Segment


def _ignore(damage: Damage) -> None:
    """Note nothing."""


def read_records(
    folder: str | Path, *, on_damage: Callable[[Damage], None] | None = None
) -> Iterator[Record]:
    """Yield the records of a journal in its order; damaged places are left out, never guessed.

    A record comes only from a chunk whose checksum is right, that names this journal, and whose
    numbers continue those before it. Memory: one chunk at a time. A journal that is still being
    written gives what has been written so far.

    Parameters
    ----------
    folder
        Holds ``journal-000.mcap`` and so on.
    on_damage
        Told each damage when the reading comes to it; None ignores them.

    Raises
    ------
    JournalError
        There is no journal, or a segment cannot be opened at all.
    FormatError
        The journal was written by a later detectkit, in a layout that this one does not know.
    """
    tell = on_damage or _ignore
    for piece in read_chunks(Path(folder)):
        if isinstance(piece, Damage):
            tell(piece)
        elif isinstance(piece, Chunk):
            yield from piece.records


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """A segment begins."""

    path: Path
    bytes: int
    journal: str


def read_chunks(folder: Path) -> Iterator[SegmentStart | Chunk | Damage]:
    """Yield what each segment holds, in order; refuses chunks that do not continue the order."""
    paths = segments(folder)
    if not paths:
        msg = f"{folder}: no journal there; name the folder that holds journal-000.mcap"
        raise JournalError(msg)
    journal, last = identify(paths), -1
    for path in paths:
        with opened(path) as segment:
            yield SegmentStart(path, segment.size, journal)
            for piece in segment.walk(journal):
                if isinstance(piece, Chunk):
                    journal = piece.journal
                    if not _continues(piece, last):
                        yield _repeated(path, piece, last)
                        continue
                    last = piece.records[-1].seq
                yield piece


def identify(paths: list[Path]) -> str:
    """Return the journal's id from the first segment whose start is sound; "" if none is."""
    for path in paths:
        with opened(path) as segment:
            if journal := segment.journal():
                return journal
    return ""


@contextmanager
def opened(path: Path) -> Iterator[Segment]:
    """Open a segment for reading; JournalError says why it cannot be."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        msg = f"{path}: cannot be opened ({error.strerror}); look at its rights and at the disk"
        raise JournalError(msg) from error
    with file:
        yield Segment(path, file)


def _continues(chunk: Chunk, last: int) -> bool:
    for record in chunk.records:
        if record.seq <= last:
            return False
        last = record.seq
    return True


def _repeated(path: Path, chunk: Chunk, last: int) -> Damage:
    text = (
        f"a chunk with records {chunk.records[0].seq} to {chunk.records[-1].seq} after record "
        f"{last} is left out"
    )
    return Damage(path, chunk.offset, 0, "repeated", text)
