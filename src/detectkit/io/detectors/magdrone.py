"""SENSYS MagDrone: two three-axis fluxgates at 200 Hz, as text behind a header.

The receiver's columns hold 0 between its fixes. The header explains ``Quality`` as NMEA GGA, but
real files show numbers in it that GGA has not: no position is taken from such rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor
from detectkit.io.detectors.channels import ChannelTable, channel_stream
from detectkit.io.detectors.table import Parsed, TextTable, check_titles, report_times, titles
from detectkit.io.fixes import Fixes
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.stamps import date_ns, is_set, time_of_day_ns
from detectkit.io.positions.text_lines import Line, lines_of, number
from detectkit.io.recording import Recording
from detectkit.io.remarks import Remarks

STAMP, LATITUDE, LONGITUDE = "Timestamp [ms]", "Latitude [Decimal Degrees]", "Longitude [Decimal Degrees]"  # fmt: skip  # noqa: E501
ALTITUDE, QUALITY, DATE, TIME = "Altitude [m]", "Quality", "GPSDate", "GPSTime [hh:mm:ss.sss]"
NEEDED = (STAMP, LATITUDE, LONGITUDE, ALTITUDE, QUALITY, DATE, TIME)
LARGEST_QUALITY = 8
LONGEST_HEADER = 200
_AXIS = re.compile(r"B\w+ \[nT\]", re.ASCII)
_SAMPLES = re.compile(r"Samples:\s*(\d{1,12})\s*$", re.ASCII)
_SERIAL = re.compile(r"MagDrone\s?(\w+):\s*(\w+)", re.ASCII)


class MagDrone:
    """MagDrone's text files, recognised by their line of column names."""

    name = "sensys-magdrone"
    structural: Mapping[str, str] = MappingProxyType(
        {"fix_quality": "quality of the fixes as NMEA GGA counts, where the file's is none of it"}
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the first two names of the columns."""
        found = re.search(rb"^\s*Timestamp \[ms\]\s*[;\t]\s*B\w+ \[nT\]", probe.head, re.MULTILINE)
        return Certainty.CERTAIN if found else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Read a file; rows with damaged fields are counted and left out."""
        remarks = Remarks(path)
        lines = lines_of(path)
        header, first = _header(path, lines)
        separator = ";" if ";" in first.text else "\t"
        names = titles(first, separator)
        check_titles(path, first, names, NEEDED)
        axes = [one for one in names if _AXIS.fullmatch(one)]
        if not axes:
            msg = f"{path.name} line {first.number}: no column of a field in nT among {names}"
            raise FormatError(msg)
        table = TextTable(names, separator, lambda row: _parsed(row, axes))
        table.read(lines, remarks)
        _compare(path, header, len(table), remarks)
        stream = _stream(
            path, table, axes, header, _fixes(table, axes, overrides, remarks), remarks
        )
        return Recording(path, self.name, (stream,), remarks.notices)


def _header(path: Path, lines: Iterator[Line]) -> tuple[list[str], Line]:
    header: list[str] = []
    for line in lines:
        if line.text.lstrip().startswith("Timestamp [ms]"):
            return header, line
        header.append(line.text.strip())
        if len(header) > LONGEST_HEADER:
            break
    msg = f"{path.name}: no line of column names that begins with {STAMP!r} in its header"
    raise FormatError(msg)


def _parsed(row: dict[str, str], axes: list[str]) -> Parsed:
    stamp_ms = number(row[STAMP])
    if math.isnan(stamp_ms):
        msg = "no time stamp"
        raise ValueError(msg)
    has_date = row[DATE].strip() not in {"", "0"}
    time_ns = date_ns(row[DATE]) + time_of_day_ns(row[TIME]) if has_date else -1
    place = [number(row[one]) for one in (LONGITUDE, LATITUDE, ALTITUDE, QUALITY)]
    return time_ns, (stamp_ms, *place, *(number(row[one]) for one in axes))


def _compare(path: Path, header: list[str], rows: int, remarks: Remarks) -> None:
    for text in header:
        match = _SAMPLES.match(text)
        if match and int(match[1]) != rows:
            told = f"the header tells {int(match[1]):,} samples, the file holds {rows:,}"
            remarks.warning(told, offset=path.stat().st_size)


def _fixes(table: TextTable, axes: list[str], overrides: Overrides, remarks: Remarks) -> Fixes:
    """Return the receiver's rows; between them all its columns are 0."""
    values = table.values if len(table) else np.empty((0, 5 + len(axes)))
    _, longitude, latitude, up, quality = values[:, :5].T
    rows = np.flatnonzero((longitude != 0.0) | (latitude != 0.0))
    with np.errstate(invalid="ignore"):
        told = (quality >= 0.0) & (quality <= LARGEST_QUALITY)
    if rows.size and not told[rows].all():
        strange = quality[rows[~told[rows]]][0]
        text = (
            f"Quality is {strange:g}, which NMEA GGA has not (0 to {LARGEST_QUALITY}); are the "
            "columns Satellites and Quality in each other's place? Such rows give no position"
        )
        remarks.warning(text, setting="fix_quality")
    given = overrides.integer("fix_quality", 0)
    stands = np.where(told, quality, float(given))
    table_of = np.stack([rows.astype(np.float64), longitude[rows], latitude[rows], up[rows]])
    return Fixes.of([(*one, q) for *one, q in np.vstack([table_of, stands[rows]]).T.tolist()])


def _stream(
    path: Path,
    table: TextTable,
    axes: list[str],
    header: list[str],
    fixes: Fixes,
    remarks: Remarks,
) -> Any:
    values = table.values if len(table) else np.empty((0, 5 + len(axes)))
    columns: dict[str, npt.NDArray[Any]] = {}
    stamp = values[:, 0]
    columns["elapsed_s"] = (stamp - stamp[:1]) / 1e3 if stamp.size else stamp
    time_ns = table.time_ns
    if time_ns.size and all(is_set(int(one)) for one in time_ns[[0, -1]]) and time_ns.min() > 0:
        columns["time_ns"] = time_ns
        report_times(time_ns, remarks)
    elif time_ns.size:
        remarks.warning("rows without a date of the receiver: only elapsed times are given")
    match = next((found for one in header if (found := _SERIAL.match(one))), None)
    sensor = Sensor(
        id="magnetometer",
        kind="magnetometer",
        instrument=f"SENSYS MagDrone {match[1]}" if match else "SENSYS MagDrone",
        serial=match[2] if match else "",
        unit="nT",
    )
    raw = {"columns": table.names, "channels": axes, "header": header}
    channels = ChannelTable(values[:, 5:], columns, "magnetic_field", fixes)
    return channel_stream(channels, sensor=sensor, line=path.stem, raw=raw)
