"""Solution files of RTKLIB and Emlid (.pos): one position a row, columns named in the header.

Layout: RTKLIB 2.4.2 manual, appendix B.1 (T. Takasu, 2013); checked on files of RTKPOST and Emlid
Studio.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from detectkit.core import FormatError
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.log import PositionLog
from detectkit.io.positions.stamps import (
    DAY_NS,
    GPS_EPOCH_NS,
    SECOND_NS,
    date_ns,
    gps_to_utc_ns,
    is_set,
    time_of_day_ns,
)
from detectkit.io.positions.text_lines import (
    Line,
    has_decimal_comma,
    is_last_field_whole,
    lines_of,
    number,
)
from detectkit.io.positions.vetting import Head, Rows, position_log
from detectkit.io.remarks import Remarks

LATITUDE, LONGITUDE, HEIGHT, QUALITY = "latitude(deg)", "longitude(deg)", "height(m)", "Q"
NEEDED = (LATITUDE, LONGITUDE, HEIGHT, QUALITY)
QUALITY_OF_Q = MappingProxyType({1: 4, 2: 5, 3: 2, 4: 2, 5: 1, 6: 2})
"""RTKLIB: 1 fix, 2 float, 3 SBAS, 4 DGPS, 5 single, 6 PPP; as NMEA GGA counts."""
ZONES_NS = MappingProxyType({"UTC": 0, "JST": -9 * 3600 * SECOND_NS})
_TITLES = re.compile(r"^%\s+(GPST|UTC|JST)\s+\S", re.MULTILINE)
MOST_REPORTED = 5


@dataclass(slots=True)
class _Table:
    """Rows read so far, and the lines that were none."""

    zone: str
    names: list[str]
    rows: list[tuple[float, ...]] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    damaged: int = 0
    last: str = ""


class Rtklib:
    """RTKLIB's and Emlid's solution files, recognised by their line of column names."""

    name = "rtklib-pos"
    structural: Mapping[str, str] = MappingProxyType({})

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the line of column names, which begins ``%  GPST`` or ``%  UTC``."""
        text = probe.head.decode("latin-1")
        return Certainty.CERTAIN if _TITLES.search(text) else Certainty.NO

    def read(self, path: Path, overrides: Overrides) -> PositionLog:  # noqa: ARG002
        """Read a solution file; rows with damaged fields are counted and left out."""
        remarks = Remarks(path)
        table: _Table | None = None
        datum = "unknown"
        for line in lines_of(path):
            if line.text.startswith("%"):
                datum = _datum(line.text) or datum
                table = table or _titles(path, line)
            elif table is None:
                msg = (
                    f"{path.name} line {line.number}, byte {line.offset:,}: a row before the line "
                    "of column names (expected '%  GPST  latitude(deg) …'); keep the header"
                )
                raise FormatError(msg)
            else:
                _take(table, line, remarks)
        if table is None:
            msg = f"{path.name}: no line of column names ('%  GPST  latitude(deg) …')"
            raise FormatError(msg)
        return _log(path, table, datum, remarks)


def _datum(text: str) -> str:
    if "/ellipsoidal" in text:
        return "ellipsoid"
    return "mean sea level" if "/geodetic" in text else ""


def _titles(path: Path, line: Line) -> _Table | None:
    if not _TITLES.match(line.text):
        return None
    zone, *names = line.text[1:].split()
    missing = [one for one in NEEDED if one not in names]
    if missing:
        msg = (
            f"{path.name} line {line.number}, byte {line.offset:,}: columns {', '.join(names)}; "
            f"expected {', '.join(NEEDED)}: export the solution as latitude, longitude, height in "
            "degrees with decimals"
        )
        raise FormatError(msg)
    return _Table(zone, names)


def _take(table: _Table, line: Line, remarks: Remarks) -> None:
    fields = line.text.split()
    last, table.last = table.last, fields[-1]
    try:
        if len(fields) != len(table.names) + 2:
            msg = f"{len(fields)} fields, expected {len(table.names) + 2}"
            raise ValueError(msg)  # noqa: TRY301
        if not line.is_ended and not (last and is_last_field_whole(fields[-1], last)):
            msg = "cut off"
            raise ValueError(msg)  # noqa: TRY301
        time_ns = _time_ns(fields[0], fields[1], table.zone)
        values = tuple(number(one) for one in fields[2:])
    except (ValueError, OverflowError) as error:
        table.damaged += 1
        if table.damaged <= MOST_REPORTED:
            hint = " (decimal comma: export with points)" if has_decimal_comma(fields) else ""
            text = f"line {line.number} is no row: {error}{hint}; left out"
            remarks.warning(text, offset=line.offset)
        return
    table.times.append(time_ns)
    table.rows.append(values)


def _time_ns(first: str, second: str, zone: str) -> int:
    if "/" in first or "-" in first:
        stamp = date_ns(first) + time_of_day_ns(second)
    else:
        week, seconds = int(first), number(second)
        if not (0 < week < 10_000 and 0.0 <= seconds < 7 * 86_400):
            msg = f"week {first} and second {second} are no GPS time"
            raise ValueError(msg)
        stamp = GPS_EPOCH_NS + week * 7 * DAY_NS + round(seconds * SECOND_NS)
    if not is_set(stamp):
        msg = f"the date {first} was never set"
        raise ValueError(msg)
    return gps_to_utc_ns(stamp) if zone == "GPST" else stamp + ZONES_NS[zone]


def _log(path: Path, table: _Table, datum: str, remarks: Remarks) -> PositionLog:
    if table.damaged > MOST_REPORTED:
        remarks.warning(f"{table.damaged:,} lines in all are no rows")
    if table.zone == "GPST":
        remarks.note("times are GPS time; leap seconds are taken off to give UTC")
    if datum == "unknown":
        remarks.note("the header does not say what the heights count from")
    values = np.array(table.rows, np.float64).reshape(len(table.rows), len(table.names))
    column = {name: values[:, place] for place, name in enumerate(table.names)}
    unknown = np.full(len(table.rows), np.nan)
    north, east, up = (column.get(one, unknown) for one in ("sdn(m)", "sde(m)", "sdu(m)"))
    quality = np.array([QUALITY_OF_Q.get(q, 0) for q in column[QUALITY].tolist()], np.float64)
    rows = Rows.of(
        np.array(table.times, np.int64),
        column[LONGITUDE],
        column[LATITUDE],
        column[HEIGHT],
        quality,
        (np.hypot(north, east), up),
    )
    head = Head(path, Rtklib.name, "utc", datum)
    return position_log(head, rows, remarks, damaged=table.damaged)
