"""Lines and fields of text logs, read in a stream: where each stands, and whether it is whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectkit.core import FormatError

LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text file.

    Parameters
    ----------
    number
        Counted from 1.
    offset
        Byte offset of its first byte.
    text
        Without its line end.
    is_ended
        Whether a line end follows; the last line of a cut file has none.
    """

    number: int
    offset: int
    text: str
    is_ended: bool


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the lines of a file that are not blank; a line of above 64 KiB comes in pieces.

    Raises
    ------
    FormatError
        The file cannot be read.
    """
    offset = 0
    try:
        with path.open("rb") as handle:
            for number, raw in enumerate(iter(lambda: handle.readline(LONGEST_LINE), b""), 1):
                text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                if text.strip():
                    yield Line(number, offset, text, raw.endswith(b"\n"))
                offset += len(raw)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check its rights and its disk"
        raise FormatError(msg) from error


def number(text: str) -> float:
    """Return a finite number as written with a decimal point; NaN for an empty field.

    Raises
    ------
    ValueError
        Something else stands there.

    Examples
    --------
    >>> number(" 1.5 "), number("")
    (1.5, nan)
    """
    stripped = text.strip()
    if not stripped:
        return math.nan
    if "_" in stripped or not stripped.isascii():
        msg = f"{stripped!r} is no number"
        raise ValueError(msg)
    value = float(stripped)
    if not math.isfinite(value):
        msg = f"{stripped!r} is no finite number"
        raise ValueError(msg)
    return value


def whole(text: str) -> int:
    """Return a whole number.

    Raises
    ------
    ValueError
        Something else stands there, or nothing.
    """
    value = number(text)
    if value != int(value) or abs(value) >= 2.0**53:
        msg = f"{text.strip()!r} is no whole number"
        raise ValueError(msg)
    return int(value)


def is_last_field_whole(field: str, before: str) -> bool:
    """Tell whether the last field of an unended line is all there, by the one of the line before.

    Numbers of fixed decimals show it by their decimals, counters by following each other.

    Examples
    --------
    >>> is_last_field_whole("8.8", "9.12"), is_last_field_whole("8.89", "9.12")
    (False, True)
    >>> is_last_field_whole("12", "122"), is_last_field_whole("123", "122")
    (False, True)
    """
    field, before = field.strip(), before.strip()
    decimals = len(before.partition(".")[2])
    if decimals:
        return len(field.partition(".")[2]) == decimals
    if field.isdecimal() and before.isdecimal():
        return int(field) in {int(before), int(before) + 1}
    return field == before


def has_decimal_comma(fields: Sequence[str]) -> bool:
    """Tell whether fields look like numbers written with a comma."""
    parts = [one.strip().split(",") for one in fields]
    return any(
        len(part) == 2 and part[0].lstrip("+-").isdecimal() and part[1].isdecimal()
        for part in parts
    )
