"""GF Instruments CMD: conductivity and in-phase of several coil pairs, tab-separated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, Sensor, UsageError
from detectkit.io.detectors.channels import ChannelTable, channel_stream
from detectkit.io.detectors.table import Parsed, TextTable, check_titles, report_times, titles
from detectkit.io.fixes import NO_FIXES, Fixes
from detectkit.io.format import Certainty, Probe
from detectkit.io.overrides import Overrides
from detectkit.io.positions.stamps import SECOND_NS, date_ns, is_set, time_of_day_ns
from detectkit.io.positions.text_lines import lines_of, number
from detectkit.io.recording import Recording
from detectkit.io.remarks import Remarks

LATITUDE, LONGITUDE, ALTITUDE, DATE, TIME = "Latitude", "Longitude", "Altitude", "Date", "Time"
SATELLITES, NOTE = "Satelites", "Note"
"""As the instrument spells it."""
PLACE = (LATITUDE, LONGITUDE)
LEAST_SATELLITES = 4
_CHANNEL = re.compile(r"(Cond|Inph)\.?\s?(\d{1,2})\s*\[([^\]]{1,12})\]", re.ASCII)
_DEGREES = re.compile(r"\s*(\d{2,3})(\d{2}\.\d+)([NSEW])\s*", re.ASCII)
KINDS = MappingProxyType({"Cond": ("conductivity", "mS/m"), "Inph": ("in-phase", "ppt")})


class GfCmd:
    """CMD's text files, recognised by their column names."""

    name = "gf-cmd"
    structural: Mapping[str, str] = MappingProxyType(
        {
            "date_order": "dmy or mdy: how the file writes dates",
            "fix_quality": "quality of the positions as NMEA GGA counts; the file tells none",
            "utc_offset_h": "hours that the instrument's clock is ahead of UTC",
        }
    )

    def recognise(self, probe: Probe) -> Certainty:
        """Tell by the names of the columns."""
        first = probe.head.split(b"\n", 1)[0].decode("latin-1")
        names = [one.strip() for one in first.split("\t")]
        found = any(_CHANNEL.fullmatch(one) for one in names) and TIME in names
        return Certainty.CERTAIN if found else Certainty.NO

    def open(self, path: Path, overrides: Overrides) -> Recording:
        """Read a file as one stream of conductivities and one of in-phase parts."""
        remarks = Remarks(path)
        lines = lines_of(path)
        first = next(lines, None)
        if first is None:
            msg = f"{path.name}: is empty; expected a line of column names"
            raise FormatError(msg)
        names = titles(first, "\t")
        check_titles(path, first, names, (TIME,))
        channels = [one for one in names if _CHANNEL.fullmatch(one)]
        if not channels:
            msg = f"{path.name} line {first.number}: no column like 'Cond.1 [mS/m]' in {names}"
            raise FormatError(msg)
        dates: list[str] = []
        table = TextTable(
            names, "\t", lambda row: _parsed(row, channels, dates), optional=int(names[-1] == NOTE)
        )
        table.read(lines, remarks)
        columns = _times(table, dates, overrides, remarks)
        fixes = _fixes(table, overrides, remarks) if set(PLACE) <= set(names) else NO_FIXES
        streams = _streams(path, table, channels, columns, fixes)
        return Recording(path, self.name, streams, remarks.notices)


def _parsed(row: dict[str, str], channels: Sequence[str], dates: list[str]) -> Parsed:
    date = row.get(DATE, "").strip()
    if not dates or dates[-1] != date:
        dates.append(date)
    place = [_degrees(row.get(one, "")) for one in (LONGITUDE, LATITUDE)]
    rest = [number(row.get(one, "")) for one in (ALTITUDE, SATELLITES)]
    values = [number(row[one]) for one in channels]
    return time_of_day_ns(row[TIME]), (len(dates) - 1.0, *place, *rest, *values)


def _degrees(text: str) -> float:
    """Return degrees of ``ddmm.mmmmN`` or ``dddmm.mmmmE``; NaN for an empty field."""
    if not text.strip():
        return float("nan")
    match = _DEGREES.fullmatch(text)
    if match is None or float(match[2]) >= 60.0:
        msg = f"{text!r} is no position; ddmm.mmmmN is expected"
        raise ValueError(msg)
    degrees = int(match[1]) + float(match[2]) / 60.0
    return -degrees if match[3] in "SW" else degrees


def _times(
    table: TextTable, dates: list[str], overrides: Overrides, remarks: Remarks
) -> dict[str, npt.NDArray[Any]]:
    """Return elapsed times, and UTC where the clock was set."""
    if not len(table):
        return {"elapsed_s": np.empty(0)}
    number_of = table.values[:, 0].astype(np.int64)
    days = _days(dates, overrides, remarks)
    clock = table.time_ns
    if days is None:
        back = np.diff(clock, prepend=clock[:1]) < 0
        clock = clock + np.cumsum(back) * 86_400 * SECOND_NS
        return {"elapsed_s": (clock - clock[0]) / 1e9}
    offset = overrides.number("utc_offset_h", 0.0)
    remarks.assumed("the instrument's clock runs in UTC", setting="utc_offset_h")
    time_ns = np.array(days, np.int64)[number_of] + clock - round(offset * 3600 * SECOND_NS)
    report_times(time_ns, remarks)
    return {"elapsed_s": (time_ns - time_ns[0]) / 1e9, "time_ns": time_ns}


def _days(dates: list[str], overrides: Overrides, remarks: Remarks) -> list[int] | None:
    """Return the days in ns; None where the clock was never set or a date cannot be."""
    given = overrides.choice("date_order", ("dmy", "mdy"), None)
    readings: dict[str, list[int]] = {}
    for order in (given,) if given else ("dmy", "mdy"):
        try:
            readings[order] = [date_ns(one, order) for one in dates]
        except ValueError:
            continue
    if given and not readings:
        msg = f"--set date_order={given}: the file's dates {dates[:3]} cannot be read so"
        raise UsageError(msg)
    if not readings:
        remarks.warning(f"dates like {dates[0]!r} cannot be read; only elapsed times are given")
        return None
    order, days = next(iter(readings.items()))
    if len(readings) > 1 and readings["dmy"] != readings["mdy"]:
        remarks.assumed(f"dates like {dates[0]} are day/month/year", setting="date_order")
    if not all(is_set(one) for one in days):
        remarks.warning(
            f"the clock shows {dates[0]}: it was never set; only elapsed times are given"
        )
        return None
    return days


def _fixes(table: TextTable, overrides: Overrides, remarks: Remarks) -> Fixes:
    if not len(table):
        return NO_FIXES
    _, longitude, latitude, up, satellites = table.values[:, :5].T
    quality = overrides.integer("fix_quality", 1)
    text = f"the file tells no fix quality: {quality} where at least {LEAST_SATELLITES} satellites"
    remarks.assumed(text, setting="fix_quality")
    with np.errstate(invalid="ignore"):
        stands = np.where(satellites >= LEAST_SATELLITES, float(quality), 0.0)
    rows = np.arange(len(table), dtype=np.float64)
    fixes = Fixes.of(np.stack([rows, longitude, latitude, up, stands], axis=1).tolist())
    bad = len(table) - int(fixes.valid.sum())
    if bad:
        remarks.warning(f"{bad:,} of {len(table):,} rows have no position")
    return fixes


def _streams(
    path: Path,
    table: TextTable,
    channels: Sequence[str],
    columns: Mapping[str, npt.NDArray[Any]],
    fixes: Fixes,
) -> tuple[Any, ...]:
    """Return one stream for each kind of column: they differ in their unit."""
    values = table.values if len(table) else np.empty((0, 5 + len(channels)))
    streams = []
    for kind, (name, unit) in KINDS.items():
        own = [place for place, one in enumerate(channels) if one.startswith(kind)]
        if not own:
            continue
        match = _CHANNEL.fullmatch(channels[own[0]])
        sensor = Sensor(
            id=name,
            kind="metal_detector",
            instrument="GF Instruments CMD",
            unit=match[3] if match else unit,
        )
        data = values[:, [5 + place for place in own]]
        raw = {"columns": table.names, "channels": [channels[place] for place in own]}
        part = ChannelTable(data, columns, "response", fixes)
        streams.append(channel_stream(part, sensor=sensor, line=path.stem, raw=raw))
    return tuple(streams)
