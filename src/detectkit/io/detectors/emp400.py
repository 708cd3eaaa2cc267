"""GSSI Profiler EMP-400: in-phase and quadrature at several frequencies, as text.

Written from a short description and no recording: text up to a line ``$$$``, then a comma-separated
table whose values have blanks behind them. Columns are told by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor
from detectkit.io.detectors.channels import ChannelTable, channel_stream
from detectkit.io.detectors.table import Parsed, TextTable, check_titles, titles
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.stamps import DAY_NS, time_of_day_ns
from detectkit.io.positions.text_lines import Line, lines_of, number
from detectkit.io.recording import Recording
from detectkit.io.remarks import Remarks

END = "$$$"
LONGEST_HEADER = 500
KINDS = MappingProxyType(
    {
        "in-phase": re.compile(r"in.?phase.*", re.IGNORECASE),
        "quadrature": re.compile(r"quad.*", re.IGNORECASE),
        "conductivity": re.compile(r"cond.*", re.IGNORECASE),
    }
)
_LATITUDE = re.compile(r"lat.*", re.IGNORECASE)
_LONGITUDE = re.compile(r"lon.*", re.IGNORECASE)
_ALTITUDE = re.compile(r"(alt|elev).*", re.IGNORECASE)
_QUALITY = re.compile(r"(gps\s*)?(fix|quality).*", re.IGNORECASE)
_TIME = re.compile(r"time.*", re.IGNORECASE)
_UNIT = re.compile(r"\[([^\]]{1,12})\]|\(([^)]{1,12})\)")


class Emp400:
    """EMP-400's .EMI files, recognised by ``$$$`` and the names of their columns."""

    name = "gssi-emp400"
    structural: Mapping[str, str] = MappingProxyType(
        {"fix_quality": "quality of the positions as NMEA GGA counts, where the file tells none"}
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by a line ``$$$`` followed by names, in-phase or quadrature among them."""
        text = probe.head.decode("latin-1")
        _, mark, rest = text.partition(f"\n{END}")
        names = " ".join(rest.split("\n")[:3]).lower()
        found = bool(mark) and ("phase" in names or "quad" in names)
        return Certainty.CERTAIN if found else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Read a file as one stream for each kind of column."""
        remarks = Remarks(path)
        lines = lines_of(path)
        header, first = _header(path, lines)
        names = titles(first, ",")
        check_titles(path, first, names, ())
        channels = [one for one in names if any(kind.match(one) for kind in KINDS.values())]
        if not channels:
            msg = f"{path.name} line {first.number}: no column of in-phase or quadrature in {names}"
            raise FormatError(msg)
        named = {
            "longitude": _find(names, _LONGITUDE),
            "latitude": _find(names, _LATITUDE),
            "altitude": _find(names, _ALTITUDE),
            "quality": _find(names, _QUALITY),
            "time": _find(names, _TIME),
        }
        table = TextTable(
            names, ",", lambda row: _parsed(row, channels, named), optional=int(not names[-1])
        )
        table.read(lines, remarks)
        remarks.note("the reader was written from a description; compare it with the instrument")
        columns = _times(table, named)
        fixes = _fixes(table, named, overrides, remarks)
        streams = tuple(
            _stream(path, table, channels, kind, (columns, fixes, header)) for kind in KINDS
        )
        given = tuple(one for one in streams if one is not None)
        return Recording(path, self.name, given, remarks.notices)


def _header(path: Path, lines: Iterator[Line]) -> tuple[list[str], Line]:
    header: list[str] = []
    is_over = False
    for line in lines:
        if is_over:
            return header, line
        is_over = line.text.strip().startswith(END)
        header.append(line.text.strip())
        if len(header) > LONGEST_HEADER:
            break
    msg = f"{path.name}: no line {END!r} with the names of the columns behind it"
    raise FormatError(msg)


def _find(names: Sequence[str], pattern: re.Pattern[str]) -> str:
    return next((one for one in names if pattern.match(one)), "")


def _parsed(row: dict[str, str], channels: Sequence[str], named: Mapping[str, str]) -> Parsed:
    clock = row.get(named["time"], "").strip()
    time_ns = time_of_day_ns(clock) if clock else -1
    parts = ("longitude", "latitude", "altitude", "quality")
    place = [number(row.get(named[one], "")) for one in parts]
    return time_ns, (*place, *(number(row[one]) for one in channels))


def _times(table: TextTable, named: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """Return elapsed times; the table has times of day without a date."""
    clock = table.time_ns
    if not named["time"] or (clock < 0).any():
        return {}
    clock = clock + np.cumsum(np.diff(clock, prepend=clock[:1]) < -DAY_NS // 2) * DAY_NS
    return {"elapsed_s": (clock - clock[:1]) / 1e9}


def _fixes(
    table: TextTable, named: Mapping[str, str], overrides: Overrides, remarks: Remarks
) -> Fixes:
    if not len(table) or not (named["longitude"] and named["latitude"]):
        return NO_FIXES
    longitude, latitude, up, told = table.values[:, :4].T
    quality = np.nan_to_num(told) if named["quality"] else np.zeros(len(table))
    if not named["quality"]:
        given = overrides.integer("fix_quality", 0)
        quality[:] = given
        text = "the file tells no fix quality, so no position is taken from it"
        remarks.warning(text, setting="fix_quality")
    rows = np.arange(len(table), dtype=np.float64)
    return Fixes.of(np.stack([rows, longitude, latitude, up, quality], axis=1).tolist())


def _stream(
    path: Path,
    table: TextTable,
    channels: Sequence[str],
    kind: str,
    told: tuple[Mapping[str, npt.NDArray[Any]], Fixes, list[str]],
) -> Any:
    """Return the stream of one kind of column; None where the file has none of it."""
    columns, fixes, header = told
    own = [place for place, one in enumerate(channels) if KINDS[kind].match(one)]
    if not own:
        return None
    values = table.values if len(table) else np.empty((0, 4 + len(channels)))
    match = _UNIT.search(channels[own[0]])
    unit = (match[1] or match[2]) if match else "1"
    sensor = Sensor(
        id=kind,
        kind="metal_detector",
        instrument="GSSI Profiler EMP-400",
        unit="1" if unit.replace(".", "").isdecimal() else unit,
    )
    raw = {
        "columns": table.names,
        "channels": [channels[place] for place in own],
        "header": header,
    }
    part = ChannelTable(values[:, [4 + place for place in own]], columns, "response", fixes)
    return channel_stream(part, sensor=sensor, line=path.stem, raw=raw)
