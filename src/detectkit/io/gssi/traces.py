"""Traces of a .DZT file: numbers with their offset removed, and the two words that are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.io.records import Columns, RecordFile

MARK_WORDS: dict[int, tuple[int, ...]] = {8: (0xE8,), 16: (0x6400, 0xE800), 32: ()}
"""Second word of a marked trace by word length, as met in marked files; none at 32 bit."""

QUIET_WORDS: dict[int, tuple[int, ...]] = {8: (0xF0,), 16: (0, 0x8000, 0xF000), 32: (0,)}
"""Second word of traces without mark."""

SCAN_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DztTraces:
    """One channel's traces.

    Parameters
    ----------
    file
        Records of one field ``words``.
    blank
        Leading words that are not signal: 2, or 0 where the user says so.
    offset_binary
        Whether the words are unsigned with the zero in the middle of their range.
    mark_words
        Values of the second word that mean a mark.
    side_marks
        1-based marks of the .DZX file.
    counts
        Whether the first word counts scans.
    """

    file: RecordFile
    blank: int
    offset_binary: bool
    mark_words: tuple[int, ...]
    side_marks: tuple[int, ...] = ()
    counts: bool = False

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[Any], Columns]:
        """Return samples as int8, int16 or int32 and the columns of the header words."""
        words = unsigned(self.file.read(start, stop)["words"])
        columns: dict[str, npt.NDArray[Any]] = {}
        if self.blank:
            columns = self._columns(words, start, stop)
        data = self._signal(words)
        data[:, : self.blank] = data[:, self.blank : self.blank + 1]
        return data, columns

    def marks(self) -> list[int]:
        """Return the 1-based numbers of marked traces; reads every trace once, in chunks."""
        rows = -(-max(0, self.file.records - self.file.phase) // self.file.stride)
        step = max(1, SCAN_BYTES // (self.file.record.itemsize * self.file.stride))
        found = [mark for mark in self.side_marks if mark <= rows]
        if not (self.blank and self.mark_words):
            return found
        for start in range(0, rows, step):
            flags = self.flags(start, min(start + step, rows))
            found += (np.flatnonzero(np.isin(flags, self.mark_words)) + start + 1).tolist()
        return found

    def counters(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return the first word of each trace."""
        return unsigned(self.file.read(start, stop)["words"][:, 0])

    def flags(self, start: int, stop: int) -> npt.NDArray[Any]:
        """Return the second word of each trace."""
        return unsigned(self.file.read(start, stop)["words"][:, 1])

    def _columns(
        self, words: npt.NDArray[Any], start: int, stop: int
    ) -> dict[str, npt.NDArray[Any]]:
        first, second = words[:, 0].copy(), words[:, 1].copy()
        marked = np.isin(second, self.mark_words)
        marked |= np.isin(np.arange(start, stop) + 1, self.side_marks)
        columns = {
            "header_word_0": first,
            "header_word_1": second,
            "mark": marked.astype(np.uint8),
        }
        return {**columns, "trace_counter": first} if self.counts else columns

    def _signal(self, words: npt.NDArray[Any]) -> npt.NDArray[Any]:
        bits = 8 * words.dtype.itemsize
        middle = words.dtype.type(1 << (bits - 1)) if self.offset_binary else words.dtype.type(0)
        return np.ascontiguousarray(words ^ middle).view(f"i{words.dtype.itemsize}")


def unsigned(words: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return words of either byte order as native unsigned integers."""
    native = words.astype(words.dtype.newbyteorder("="), copy=False)
    return native.view(f"u{words.dtype.itemsize}")


def counts_scans(first_words: npt.NDArray[Any]) -> bool:
    """Tell whether the first words of consecutive traces count up by one, mostly."""
    if first_words.size < 3:
        return False
    steps = np.diff(first_words)
    return bool(np.mean(steps == 1) > 0.5)
