"""The .GPS side file: ``Trace #n at position x``, then raw NMEA.

Where a line was turned round or merged after recording, trace numbers restart or fall; the
position written beside each number then tells which trace it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.io.fixes import Fixes
from detectkit.io.nmea import fixes_from_nmea
from detectkit.io.remarks import Remarks

_PLACE = re.compile(
    r"trace\s*#\s*(\d{1,9})\s+at\s+position\s+([-+]?[\d.]+(?:e[-+]?\d+)?)", re.IGNORECASE
)
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GpsLog:
    """The places of a .GPS file and the sentences, each with the index of its place."""

    numbers: npt.NDArray[np.int64]
    positions: Values
    sentences: tuple[tuple[int, str], ...]
    stray: int

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """0-based row that each place's trace number names."""
        return self.numbers - 1


@dataclass(frozen=True, slots=True)
class LinePositions:
    """What the trace headers say of positions, in the file's units.

    Parameters
    ----------
    traces
        Number of traces in the line.
    at_rows
        Position in the trace header of each row that a place names; NaN outside the line.
    origin, step
        Position of row 0 and signed step where the whole line is evenly spaced, else NaN.
    """

    traces: int
    at_rows: Values
    origin: float
    step: float


def parse_gps(text: str) -> GpsLog:
    """Read the text of a .GPS file; what is neither a place nor a sentence is counted."""
    numbers: list[int] = []
    positions: list[float] = []
    sentences: list[tuple[int, str]] = []
    stray = 0
    for line in text.splitlines():
        place = _PLACE.search(line)
        if place is not None:
            numbers.append(int(place.group(1)))
            positions.append(_number(place.group(2)))
        elif line.lstrip().startswith("$") and numbers:
            sentences.append((len(numbers) - 1, line.strip()))
        elif line.strip():
            stray += 1
    return GpsLog(
        np.array(numbers, np.int64), np.array(positions, np.float64), tuple(sentences), stray
    )


def rows_of_places(log: GpsLog, line: LinePositions) -> Values:
    """Return the row of each place: by number where the positions agree, else by position.

    NaN where neither tells: such a fix belongs to no trace.
    """
    by_number = log.rows.astype(np.float64)
    if not np.isfinite(line.at_rows).any():
        rising = bool(np.all(np.diff(log.numbers) >= 0))
        return by_number if rising else np.full(by_number.shape, np.nan)
    tolerance = 0.5 * abs(line.step) if np.isfinite(line.step) else 1e-3
    with np.errstate(invalid="ignore"):
        agrees = np.abs(line.at_rows - log.positions) <= tolerance
    by_position = np.full(by_number.shape, np.nan)
    if np.isfinite(line.step) and line.step != 0.0:
        by_position = np.round((log.positions - line.origin) / line.step)
        by_position[~(np.abs(by_position) < 1e9)] = np.nan
    return np.where(agrees, by_number, by_position)


def fixes_of(log: GpsLog, line: LinePositions, remarks: Remarks) -> Fixes:
    """Return the fixes tied to rows, and say what was damaged, invalid or out of place."""
    rows = rows_of_places(log, line)
    tally = fixes_from_nmea((rows[place], text) for place, text in log.sentences)
    _report_rows(log, rows, remarks)
    if tally.damaged:
        text = f"{tally.damaged} NMEA sentences have a wrong checksum or broken fields: not used"
        remarks.warning(text)
    if log.stray:
        text = f"{log.stray} lines are neither a trace number nor an NMEA sentence after one"
        remarks.warning(text)
    invalid = int(np.count_nonzero(tally.fixes.quality == 0))
    if invalid:
        text = f"{invalid} of {len(tally.fixes)} GGA sentences have fix quality 0: no position"
        remarks.warning(text)
    if len(tally.fixes) == 0:
        remarks.warning("no readable GGA sentence: no positions")
    return tally.fixes


def _report_rows(log: GpsLog, rows: Values, remarks: Remarks) -> None:
    lost = int(np.count_nonzero(np.isnan(rows)))
    moved = int(np.count_nonzero(rows != log.rows)) - lost
    if moved:
        text = (
            f"{moved} of {rows.size} trace numbers do not fit the positions in the trace "
            "headers; those places are tied to traces by position"
        )
        remarks.warning(text)
    if lost:
        text = f"{lost} of {rows.size} places fit no trace by number or position: not used"
        remarks.warning(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
