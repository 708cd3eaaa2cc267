"""MALA side files of positions (.cor) and marks (.mrk). Trace numbers count from 1.

A .cor line is: trace, date, time, latitude, N or S, longitude, E or W, height, M, HDOP;
degrees without sign. Trace numbers are sparse and may exceed the recording. The .mrk file
is read from its description only: lines that begin with a trace number.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from detectkit.io.fixes import Fixes
from detectkit.io.notice import Notice
from detectkit.io.side import side_lines

_SPLIT = re.compile(r"[\s,;]+")
Fix = tuple[float, float, float, float, int]

RECORDED = 1
"""Quality of a fix of a .cor file, which holds no quality: it is recorded when there is one."""


def read_cor(path: Path, traces: int) -> tuple[Fixes, tuple[Notice, ...]]:
    """Return the positions of a .cor file; row = trace number - 1, inside the file or not."""
    lines, unread = side_lines(path)
    notices = [*unread]
    rows: list[Fix] = []
    damaged: list[int] = []
    for offset, line in lines:
        fix = _fix(line.split())
        if fix is None:
            damaged.append(offset)
        else:
            rows.append(fix)
    fixes = Fixes.of(rows)
    if damaged:
        said = f"{len(damaged)} lines are no position (trace, date, time, lat, N/S, lon, E/W, ...)"
        notices.append(Notice("warning", f"{said}; not used", path.name, damaged[0]))
    outside = int(np.count_nonzero((fixes.row < 0) | (fixes.row >= traces)))
    if outside:
        said = f"{outside} of {len(fixes)} positions belong to no trace of 1 to {traces}; not used"
        notices.append(Notice("warning", said, path.name))
    if not rows:
        notices.append(Notice("warning", "holds no position", path.name))
    return fixes, tuple(notices)


def read_mrk(path: Path, traces: int) -> tuple[tuple[int, ...], tuple[Notice, ...]]:
    """Return the 1-based trace numbers of a .mrk file that lie in the recording."""
    lines, unread = side_lines(path)
    notices = [*unread]
    first_words = [_SPLIT.split(line)[0] for _, line in lines]
    numbers = [int(word) for word in first_words if _is_whole(word)]
    strays = len(first_words) - len(numbers)
    marks = tuple(sorted({number for number in numbers if 1 <= number <= traces}))
    if strays:
        said = f"{strays} lines do not begin with a trace number; not used"
        notices.append(Notice("note", said, path.name))
    if len(marks) < len(set(numbers)):
        said = f"{len(set(numbers)) - len(marks)} marks lie outside traces 1 to {traces}; not used"
        notices.append(Notice("warning", said, path.name))
    return marks, tuple(notices)


def _fix(fields: list[str]) -> Fix | None:
    if len(fields) < 7 or not _is_whole(fields[0]):
        return None
    latitude = _degrees(fields[3], fields[4], "NS")
    longitude = _degrees(fields[5], fields[6], "EW")
    if latitude is None or longitude is None:
        return None
    height = _number(fields[7]) if len(fields) > 7 else math.nan
    return int(fields[0]) - 1.0, longitude, latitude, height, RECORDED


def _degrees(text: str, letter: str, letters: str) -> float | None:
    """Return signed degrees; the sign comes from the letter alone, so a signed text is damage."""
    value = _number(text)
    if not value >= 0.0 or letter.upper() not in tuple(letters):
        return None
    return value if letter.upper() == letters[0] else -value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16
