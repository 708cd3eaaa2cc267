"""Geometrics MagArrow: total field at 1 kHz as comma-separated text, positions between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from detectkit.core import FormatError, Sensor
from detectkit.io.detectors.channels import ChannelTable, channel_stream
from detectkit.io.detectors.table import Parsed, TextTable, check_titles, report_times, titles
from detectkit.io.fixes import Fixes
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.stamps import date_ns, is_set, time_of_day_ns
from detectkit.io.positions.text_lines import lines_of, number
from detectkit.io.recording import Recording
from detectkit.io.remarks import Remarks

COUNTER, DATE, TIME, FIELD, VALID = "Counter", "Date", "Time", "Mag", "MagValid"
LATITUDE, LONGITUDE, ALTITUDE = "Latitude", "Longitude", "Altitude"
SOURCE, QUALITY = "LocationSource", "FixQuality"
NEEDED = (COUNTER, DATE, TIME, LATITUDE, LONGITUDE, FIELD, VALID, SOURCE, QUALITY, ALTITUDE)
RECEIVER = "G"
"""LocationSource of a row of the receiver; others are interpolated by the instrument."""
COUNTER_MODULUS = 1 << 32


class MagArrow:
    """MagArrow's comma-separated files, recognised by their column names."""

    name = "geometrics-magarrow"
    structural: Mapping[str, str] = MappingProxyType({})

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the names of the columns."""
        first = probe.head.split(b"\n", 1)[0].decode("latin-1")
        names = {one.strip() for one in first.split(",")}
        return Certainty.CERTAIN if set(NEEDED) <= names else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:  # noqa: ARG002
        """Read a file; rows with damaged fields are counted and left out."""
        remarks = Remarks(path)
        lines = lines_of(path)
        first = next(lines, None)
        if first is None:
            msg = f"{path.name}: is empty; expected a line of column names"
            raise FormatError(msg)
        names = titles(first, ",")
        check_titles(path, first, names, NEEDED)
        table = TextTable(names, ",", _parsed)
        table.read(lines, remarks)
        return Recording(path, self.name, (_stream(path, table, remarks),), remarks.notices)


def _parsed(row: dict[str, str]) -> Parsed:
    time_ns = date_ns(row[DATE]) + time_of_day_ns(row[TIME])
    is_fix = row[SOURCE].strip() == RECEIVER
    place = [number(row[one]) for one in (LONGITUDE, LATITUDE, ALTITUDE)]
    quality = number(row[QUALITY]) if is_fix else -1.0
    counter = number(row[COUNTER])
    if not 0.0 <= counter < 2.0**53:
        msg = f"counter {row[COUNTER]!r}"
        raise ValueError(msg)
    return time_ns, (counter, number(row[FIELD]), number(row[VALID]), *place, quality)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    counter: Any
    field: Any
    valid: Any
    longitude_deg: Any
    latitude_deg: Any
    up_m: Any
    quality: Any


def _stream(path: Path, table: TextTable, remarks: Remarks) -> Any:
    values = table.values if len(table) else np.empty((0, 7))
    column = _Columns(*values.T)
    good = column.valid == 1.0
    field = np.where(good, column.field, np.nan)
    if not good.all():
        text = f"{np.count_nonzero(~good):,} of {len(table):,} rows are not valid by MagValid; NaN"
        remarks.warning(text)
    columns = {"trace_counter": column.counter.astype(np.int64)}
    time_ns = table.time_ns
    if len(table) and all(is_set(int(one)) for one in (time_ns[0], time_ns[-1])):
        columns["time_ns"] = time_ns
        report_times(time_ns, remarks)
    elif len(table):
        remarks.warning("the clock was never set; the rows have no time")
    rows = np.flatnonzero(column.quality != -1.0)
    fixes = Fixes.of(
        [
            (row, column.longitude_deg[row], column.latitude_deg[row], column.up_m[row], q)
            for row, q in zip(rows.tolist(), column.quality[rows].tolist(), strict=True)
        ]
    )
    remarks.note(f"{len(fixes):,} rows of the receiver give the positions; others lie between")
    sensor = Sensor(
        id="magnetometer", kind="magnetometer", instrument="Geometrics MagArrow", unit="nT"
    )
    channels = ChannelTable(field[:, np.newaxis], columns, "magnetic_field", fixes, COUNTER_MODULUS)
    raw = {"columns": table.names, "channels": [FIELD]}
    return channel_stream(channels, sensor=sensor, line=path.stem, raw=raw)
