"""Position logs of SkyHub (``…-position.csv``): one row for each trace of the radar.

The logger repeats the last position and attitude until the autopilot sends the next, so most rows
are copies that only look like measurements at their time. Copies are left out of the positions,
and every row stays as the time of its trace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, UsageError
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.log import Attitudes, Heights, Integers, PositionLog, TraceTimes, Values
from detectkit.io.positions.stamps import DAY_NS, SECOND_NS, date_ns, is_set, time_of_day_ns
from detectkit.io.positions.text_lines import (
    Line,
    has_decimal_comma,
    is_last_field_whole,
    lines_of,
    number,
    whole,
)
from detectkit.io.positions.vetting import Head, Rows, position_log
from detectkit.io.remarks import Remarks

TIME, LATITUDE, LONGITUDE, ALTITUDE = "Time", "Latitude", "Longitude", "Altitude"
ROLL, PITCH, YAW, STATUS = "Roll", "Pitch", "Yaw", "RTK Status"
ALTIMETER, TRACE = "ALT:Altitude", "GPR:Trace"
NEEDED = (TIME, LATITUDE, LONGITUDE, ALTITUDE)
NUMBERS = (LATITUDE, LONGITUDE, ALTITUDE, ROLL, PITCH, YAW, ALTIMETER)
QUALITY_OF_STATUS = MappingProxyType(
    {"0": 0, "NONE": 0, "16": 1, "SINGLE": 1, "34": 5, "FLOAT": 5, "50": 4, "FIX": 4, "FIXED": 4}
)
"""Words, and the numbers of DJI's autopilots, as NMEA GGA counts."""
COPY_LASTS_NS = 200_000_000
"""A copy older than this is taken anew: a platform that hovers does stay where it is."""
MIDNIGHT_NS = 12 * 3600 * SECOND_NS
MOST_REPORTED = 5
_DATE_IN_NAME = re.compile(r"(20\d\d-\d\d-\d\d)-\d\d-\d\d-\d\d", re.ASCII)


@dataclass(slots=True)
class _Table:
    names: list[str]
    values: dict[str, list[float]]
    times: list[int] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    trace: list[int] = field(default_factory=list)
    damaged: int = 0
    last: str = ""


class SkyHub:
    """SkyHub's position logs, recognised by their line of column names."""

    name = "skyhub-position"
    structural: Mapping[str, str] = MappingProxyType(
        {
            "date": "day of the first row, YYYY-MM-DD; the log holds times of day only",
            "log_utc_offset_h": "hours that the logger's clock is ahead of UTC",
        }
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the column names of the first line, which may be behind a ``#``."""
        first = probe.head.split(b"\n", 1)[0].decode("utf-8", errors="replace")
        names = _names(first)
        found = set(NEEDED) <= set(names) and bool({"Elapsed", TRACE} & set(names))
        return Certainty.CERTAIN if found else Certainty.NO

    def read(self, path: Path, overrides: Overrides) -> PositionLog:
        """Read a log; rows with damaged fields are counted and left out."""
        remarks = Remarks(path)
        table: _Table | None = None
        for line in lines_of(path):
            if table is None:
                table = _titles(path, line, remarks)
            else:
                _take(table, line, remarks)
        if table is None:
            msg = f"{path.name}: is empty; expected a line of column names"
            raise FormatError(msg)
        if table.damaged > MOST_REPORTED:
            remarks.warning(f"{table.damaged:,} lines in all are no rows")
        start_ns = _start_ns(path, overrides, remarks)
        return _log(path, table, start_ns, remarks)


def _names(line: str) -> list[str]:
    return [one.strip() for one in line.strip().lstrip("#").split(",")]


def _titles(path: Path, line: Line, remarks: Remarks) -> _Table:
    names = _names(line.text)
    missing = [one for one in NEEDED if one not in names]
    if missing:
        msg = (
            f"{path.name} line {line.number}: {line.text[:60]!r}; expected the names of the "
            f"columns ({', '.join(NEEDED)} among them), without which no column can be told"
        )
        raise FormatError(msg)
    if line.text.lstrip().startswith("#"):
        remarks.note("the line of column names is behind a '#'; it is used")
    return _Table(names, {one: [] for one in NUMBERS if one in names})


def _take(table: _Table, line: Line, remarks: Remarks) -> None:
    fields = line.text.split(",")
    last, table.last = table.last, fields[-1]
    try:
        if len(fields) != len(table.names):
            msg = f"{len(fields)} fields, expected {len(table.names)}"
            raise ValueError(msg)  # noqa: TRY301
        if not line.is_ended and not (last and is_last_field_whole(fields[-1], last)):
            msg = "cut off"
            raise ValueError(msg)  # noqa: TRY301
        text = dict(zip(table.names, fields, strict=True))
        time_ns = time_of_day_ns(text[TIME])
        values = {one: number(text[one]) for one in table.values}
        trace = whole(text[TRACE]) if text.get(TRACE, "").strip() else -1
    except (ValueError, OverflowError) as error:
        table.damaged += 1
        if table.damaged <= MOST_REPORTED:
            is_comma = len(fields) > len(table.names) or has_decimal_comma(fields)
            hint = "; decimal commas? export with points" if is_comma else ""
            text_of = f"line {line.number} is no row: {error}{hint}; left out"
            remarks.warning(text_of, offset=line.offset)
        return
    table.times.append(time_ns)
    table.status.append(text.get(STATUS, "").strip().upper())
    table.trace.append(trace)
    for one, value in values.items():
        table.values[one].append(value)


def _start_ns(path: Path, overrides: Overrides, remarks: Remarks) -> int | None:
    """Return UTC of the first row's midnight; None where no date is known."""
    given = overrides.get("date", "")
    match = _DATE_IN_NAME.search(path.name)
    offset = overrides.number("log_utc_offset_h", 0.0)
    try:
        day = date_ns(given) if given else date_ns(match[1]) if match else None
    except ValueError as error:
        msg = f"--set date={given or (match and match[1])}: {error}; YYYY-MM-DD is needed"
        raise UsageError(msg) from error
    if day is None or not is_set(day):
        text = "times of day without a date, and none in the file's name; times are elapsed ones"
        remarks.warning(text, setting="date")
        return None
    if not given:
        remarks.assumed(f"the day is {match[1] if match else ''}, of the name", setting="date")
    remarks.assumed("the logger's clock runs in UTC", setting="log_utc_offset_h")
    return day - round(offset * 3600 * SECOND_NS)


def _log(path: Path, table: _Table, start_ns: int | None, remarks: Remarks) -> PositionLog:
    times = _unwrapped(np.array(table.times, np.int64)) + (start_ns or 0)
    unknown = np.full(times.shape, np.nan)
    column = {one: np.array(table.values.get(one, unknown), np.float64) for one in NUMBERS}
    fresh = _fresh(times, [column[LATITUDE], column[LONGITUDE], column[ALTITUDE]])
    if times.size > fresh.size:
        copies = times.size - fresh.size
        remarks.note(f"{copies:,} of {times.size:,} rows repeat the position before; left out")
    rows = Rows.of(
        times,
        column[LONGITUDE],
        column[LATITUDE],
        column[ALTITUDE],
        _quality(table.status, remarks),
    )
    head = Head(path, SkyHub.name, "elapsed" if start_ns is None else "utc", "unknown")
    numbers = np.array(table.trace, np.int64)
    numbered = numbers >= 0
    return replace(
        position_log(head, rows.chosen(fresh), remarks, damaged=table.damaged),
        attitudes=_attitudes(times, column),
        heights=_heights(times, column[ALTIMETER]),
        traces=TraceTimes(numbers[numbered], times[numbered]),
    )


def _unwrapped(time_ns: Integers) -> Integers:
    """Count on over midnight."""
    back = np.diff(time_ns, prepend=time_ns[:1]) < -MIDNIGHT_NS
    return time_ns + np.cumsum(back) * DAY_NS


def _fresh(time_ns: Integers, columns: list[Values]) -> npt.NDArray[np.intp]:
    """Return the rows that are no copies of the row before, and the last one."""
    if not time_ns.size:
        return np.empty(0, np.intp)
    table = np.stack(columns)
    same = (table[:, 1:] == table[:, :-1]) | (np.isnan(table[:, 1:]) & np.isnan(table[:, :-1]))
    changed = np.concatenate([[True], ~same.all(axis=0)])
    changed[-1] = True
    kept, last = [], 0
    for row, (is_new, time) in enumerate(zip(changed.tolist(), time_ns.tolist(), strict=True)):
        if is_new or time - last >= COPY_LASTS_NS:
            kept.append(row)
            last = time
    return np.array(kept, np.intp)


def _quality(status: list[str], remarks: Remarks) -> Values:
    unknown = sorted({one for one in status if one and one not in QUALITY_OF_STATUS})
    if unknown:
        text = (
            f"RTK status {', '.join(unknown[:5])} is not known; the fix quality is taken as unknown"
        )
        remarks.warning(text)
    if not any(status):
        remarks.note("the column RTK Status is empty: the quality of the fixes is not known")
    return np.array([QUALITY_OF_STATUS.get(one, np.nan) for one in status], np.float64)


def _attitudes(time_ns: Integers, column: Mapping[str, Values]) -> Attitudes:
    angles = np.stack([column[ROLL], column[PITCH], column[YAW]])
    rows = _fresh(time_ns, list(angles))
    rows = rows[np.isfinite(angles[:, rows]).all(axis=0)]
    roll, pitch, yaw = np.radians(angles[:, rows])
    return Attitudes(time_ns[rows], roll, pitch, yaw)


def _heights(time_ns: Integers, distance_m: Values) -> Heights:
    rows = _fresh(time_ns, [distance_m])
    distance = distance_m[rows]
    with np.errstate(invalid="ignore"):
        distance = np.where(distance > 0.0, distance, np.nan)
    return Heights(time_ns[rows], distance)
