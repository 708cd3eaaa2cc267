"""GSSI .DZG side file: ``$GSSIS,<scan>,<time>`` and the NMEA sentences that belong to it.

The scan number is that of the first word of a trace, which counts from 0, and is used as
the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from detectkit.io.fixes import Fixes
from detectkit.io.nmea import fixes_from_nmea
from detectkit.io.notice import Notice
from detectkit.io.side import side_lines


def read_dzg(path: Path, traces: int) -> tuple[Fixes, tuple[Notice, ...]]:
    """Return every fix of the file, valid or not, and what was wrong with them.

    Parameters
    ----------
    path
        The .DZG file.
    traces
        Number of traces of the recording, to report fixes that lie outside.
    """
    lines, unread = side_lines(path)
    orphans: list[str] = []
    tally = fixes_from_nmea(_sentences([line for _, line in lines], orphans))
    notices = [*unread]
    damaged = tally.damaged + len(orphans)
    if damaged:
        said = f"{damaged} damaged lines are not used, e.g. a wrong checksum or no scan number"
        notices.append(Notice("warning", said, path.name))
    notices += [Notice("warning", said, path.name) for said in _doubts(tally.fixes, traces)]
    return tally.fixes, tuple(notices)


def _sentences(lines: list[str], orphans: list[str]) -> Iterator[tuple[float, str]]:
    """Yield (scan, sentence); lines that no scan can be told for go to `orphans`."""
    scan: int | None = None
    for sentence in lines:
        if sentence.upper().startswith("$GSSIS"):
            scan = _scan(sentence)
            if scan is None:
                orphans.append(sentence)
        elif scan is None:
            orphans.append(sentence)
        else:
            yield float(scan), sentence


def _scan(sentence: str) -> int | None:
    fields = sentence.split(",")
    number = fields[1].strip() if len(fields) > 1 else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None


def _doubts(fixes: Fixes, traces: int) -> Iterator[str]:
    invalid = len(fixes) - int(np.count_nonzero(fixes.valid))
    outside = int(np.count_nonzero(fixes.row >= traces))
    if len(fixes) == 0:
        yield "holds no position at all; none is taken from it"
    elif invalid == len(fixes):
        yield f"none of its {invalid} positions is a fix (quality 0); no position is taken from it"
    elif invalid:
        yield f"{invalid} of its {len(fixes)} positions are no fix (quality 0) and are not used"
    if outside:
        yield f"{outside} positions belong to scans beyond the last of {traces} traces; not used"
