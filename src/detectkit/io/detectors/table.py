"""Rows of a text table: whole ones as numbers, the others counted and told where they stand."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError
from detectkit.io.positions.text_lines import Line, has_decimal_comma, is_last_field_whole
from detectkit.io.remarks import Remarks

MOST_REPORTED = 5
Parsed = tuple[int, Sequence[float]]
"""Time in ns and further numbers of one row."""


@dataclass(slots=True)
class TextTable:
    """Takes lines and keeps the numbers of those that are rows.

    Parameters
    ----------
    names
        Names of the columns, stripped.
    separator
        Between fields.
    parse
        From the fields of a row by name to its numbers; raises ValueError where it is none.
    optional
        Number of last columns that a row may lack.
    """

    names: list[str]
    separator: str
    parse: Callable[[dict[str, str]], Parsed]
    optional: int = 0
    damaged: int = 0
    _times: array[int] = field(default_factory=lambda: array("q"))
    _values: array[float] = field(default_factory=lambda: array("d"))
    _last: str = ""

    def __len__(self) -> int:
        return len(self._times)

    @property
    def time_ns(self) -> npt.NDArray[np.int64]:
        """Times (rows,)."""
        return np.array(self._times, np.int64)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Numbers (rows, numbers of a row)."""
        rows = len(self._times)
        width = len(self._values) // rows if rows else 0
        return np.array(self._values, np.float64).reshape(rows, width)

    def read(self, lines: Iterable[Line], remarks: Remarks) -> None:
        """Take the rest of a file."""
        for line in lines:
            self._take(line, remarks)
        if self.damaged > MOST_REPORTED:
            remarks.warning(f"{self.damaged:,} lines in all are no rows")

    def _take(self, line: Line, remarks: Remarks) -> None:
        last = self._last
        try:
            fields = self._fields(line.text)
            while len(fields) > len(self.names) and not fields[-1].strip():
                fields.pop()
            self._last = fields[-1]
            self._check(fields, line, last)
            time_ns, values = self.parse(dict(zip(self.names, fields, strict=False)))
        except (ValueError, OverflowError, csv.Error) as error:
            self.damaged += 1
            if self.damaged <= MOST_REPORTED:
                is_comma = has_decimal_comma(line.text.split(self.separator))
                hint = "; decimal commas? export with points" if is_comma else ""
                text = f"line {line.number} is no row: {error}{hint}; left out"
                remarks.warning(text, offset=line.offset)
            return
        self._times.append(time_ns)
        self._values.extend(values)

    def _fields(self, text: str) -> list[str]:
        if '"' in text:
            return next(csv.reader([text], delimiter=self.separator))
        return text.split(self.separator)

    def _check(self, fields: Sequence[str], line: Line, last: str) -> None:
        expected = len(self.names)
        if not expected - self.optional <= len(fields) <= expected:
            msg = f"{len(fields)} fields, expected {expected}"
            raise ValueError(msg)
        is_blank = not fields[-1].strip()
        if line.is_ended or (is_blank and len(fields) == expected):
            return
        if not (last and is_last_field_whole(fields[-1], last)):
            msg = "the file ends within it"
            raise ValueError(msg)


def titles(line: Line, separator: str) -> list[str]:
    """Return the names of the columns of a line, without blanks and quotes around them."""
    return [one.strip().strip('"') for one in line.text.lstrip("#").split(separator)]


def check_titles(path: Path, line: Line, names: Sequence[str], needed: Iterable[str]) -> None:
    """Refuse a table that lacks columns, has one twice, or ends within their names.

    Raises
    ------
    FormatError
        It names file, line, expected and found.
    """
    if not line.is_ended:
        msg = (
            f"{path.name} line {line.number}, byte {line.offset:,}: the file ends within the names "
            "of its columns; copy it anew from the instrument"
        )
        raise FormatError(msg)
    missing = [one for one in needed if one not in names]
    filled = [one for one in names if one]
    if missing or len(set(filled)) != len(filled):
        msg = (
            f"{path.name} line {line.number}, byte {line.offset:,}: columns "
            f"{', '.join(names)[:200]}; expected {', '.join(needed)}, each once: the names of the "
            "columns are damaged or of another instrument"
        )
        raise FormatError(msg)


def report_times(time_ns: npt.NDArray[np.int64], remarks: Remarks) -> None:
    """Say where time goes back."""
    back = np.flatnonzero(np.diff(time_ns) < 0)
    if back.size:
        text = f"time goes back {back.size:,} time(s), first at row {int(back[0]) + 1:,}"
        remarks.warning(text)
