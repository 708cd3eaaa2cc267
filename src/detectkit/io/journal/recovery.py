"""Completing a journal whose recorder was killed or whose disk failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from detectkit.io.durable import sync_folder
from detectkit.io.journal.folder import (
    free_torn_path,
    locked,
    segment_number,
    segment_path,
)
from detectkit.io.journal.reader import SegmentStart, opened, read_chunks
from detectkit.io.journal.record import JournalError
from detectkit.io.journal.report import JournalReport, scan
from detectkit.io.journal.segment import SegmentWriter
from detectkit.io.journal.walk import Chunk
from detectkit.io.journal.writer import CHUNK_BYTES


def recover(folder: str | Path) -> JournalReport:
    """Rewrite the segments that are torn or damaged, so that every MCAP reader reads them.

    Each goes to a temporary file first, is put on disk, read back and compared; then the original
    is renamed to ``.torn`` and the new one takes its name. Nothing is deleted but a temporary file
    of an earlier attempt. It may be cut off at any moment and called again, and changes nothing
    when there is nothing to do.

    Returns
    -------
    JournalReport
        The journal afterwards; `JournalReport.rewritten` names what was rewritten. Records that
        no longer exist remain as gaps.

    Raises
    ------
    JournalError
        There is no journal, it is being recorded, or the disk does not take the new file.
    FormatError
        As `read_records`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return scan(folder)  # says what is wrong
    with locked(folder):
        report = scan(folder)
        broken = {one.path for one in report.segments if not one.complete}
        broken |= {one.path for one in report.segments if one.path.suffix != ".mcap"}
        if not broken:
            return report
        try:
            rewritten = tuple(_rewrite(folder, broken))
        except JournalError:
            raise
        except OSError as error:
            msg = (
                f"{folder}: cannot be recovered ({error.strerror}); no record is lost by it: "
                "make room or set the rights, then recover again"
            )
            raise JournalError(msg) from error
        return replace(scan(folder), rewritten=rewritten)


def _rewrite(folder: Path, broken: set[Path]) -> Iterator[Path]:
    """Rewrite the broken segments in one pass; yield their places."""
    current: _Rewriting | None = None
    try:
        for piece in read_chunks(folder):
            if isinstance(piece, SegmentStart):
                if current is not None:
                    yield current.finish()
                current = _Rewriting(folder, piece) if piece.path in broken else None
            elif isinstance(piece, Chunk) and current is not None:
                current.add(piece)
        if current is not None:
            yield current.finish()
    except OSError:
        if current is not None:
            current.give_up()
        raise


class _Rewriting:
    """One segment on its way from the broken file to a complete one."""

    def __init__(self, folder: Path, start: SegmentStart) -> None:
        self._original = start.path
        self._number = segment_number(start.path)
        self._place = segment_path(folder, self._number)
        self._part = self._place.with_name(f".{self._place.name}.part")
        self._part.unlink(missing_ok=True)
        self._journal = start.journal
        self._writer: SegmentWriter | None = None
        self._records = 0

    def add(self, chunk: Chunk) -> None:
        """Take over the records of a chunk."""
        self._journal = chunk.journal
        writer = self._opened()
        for record in chunk.records:
            writer.append(record)
        self._records += len(chunk.records)

    def finish(self) -> Path:
        """Complete the new file, compare, and put it in place of the old one."""
        self._opened().finish()
        self._compare()
        if self._original == self._place:
            self._original.rename(free_torn_path(self._place))
        self._part.rename(self._place)
        sync_folder(self._place.parent)
        return self._place

    def give_up(self) -> None:
        """Remove the unfinished new file: the room may be needed."""
        if self._writer is not None:
            self._writer.salvage()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _opened(self) -> SegmentWriter:
        if self._writer is None:
            self._writer = SegmentWriter(
                self._part, self._number, self._journal, chunk_bytes=CHUNK_BYTES
            )
        return self._writer

    def _compare(self) -> None:
        with opened(self._part) as segment:
            pieces = list(map(_weight, segment.walk(self._journal)))
        if None in pieces or sum(filter(None, pieces)) != self._records:
            msg = f"{self._part}: cannot be read back as written; the disk may be failing"
            raise JournalError(msg)


def _weight(piece: object) -> int | None:
    """Return how many records a piece has; None for a damage."""
    return len(piece.records) if isinstance(piece, Chunk) else None
