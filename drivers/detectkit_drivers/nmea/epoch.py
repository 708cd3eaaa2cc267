"""Joins the sentences of one epoch, told by their equal time of day, into one position row."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np

from detectkit.core import Sensor
from detectkit.drivers import Frame, Item, Layout, Note

POSITION_COLUMNS = (
    "longitude_deg",
    "latitude_deg",
    "up_m",
    "fix_quality",
    "horizontal_error_m",
    "vertical_error_m",
    "satellites",
)
CLOCK = "utc time of day"
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
FIRST_YEAR = 2010
"""Receivers that do not know the date say 1980 or 1999."""
PATIENCE = 3
"""A kind of sentence is waited for until it was missing in so many epochs in a row."""


class EpochJoin:
    """One row per epoch that has a GGA sentence.

    An epoch is given out as soon as every kind of sentence seen in the last three epochs has
    come, or when another time begins, whichever is first. Its date is that of its own RMC or ZDA,
    or follows from the last one known. ``device_ns`` is the time of day, with days added at
    midnight; ``time_ns`` is given once the date is known.

    Parameters
    ----------
    separation_m
        Geoid's height over the ellipsoid where the receiver does not tell it; None: then the
        height is NaN.
    rate_hz
        Nominal epochs a second.
    """

    def __init__(self, *, separation_m: float | None, rate_hz: float | None) -> None:
        self._separation_m = math.nan if separation_m is None else separation_m
        self._stamped = _layout(CLOCK, rate_hz)
        self._bare = _layout("", rate_hz)
        self._missing: dict[str, int] = {}
        self._open: dict[str, Any] = {}
        self._time_ns: int | None = None
        self._is_out = False
        self._day: int | None = None
        self._day_known_ns = 0
        self._last_ns: int | None = None
        self._midnights = 0
        self._warned = False

    def push(self, name: str, fields: Any) -> list[Item]:
        """Take a sentence; return the rows that it completes."""
        time_ns = _time_of_day_ns(fields.time)
        if time_ns is None:
            return [self._row(fields, {}, None)] if name == "GGA" else []
        items: list[Item] = []
        if time_ns != self._time_ns:
            items += self._finish()
            self._begin(time_ns)
        self._open[name] = fields
        self._learn_date(name, fields, time_ns)
        self._missing[name] = min(self._missing.get(name, 1), 1)
        if self._missing.keys() <= self._open.keys() and self._has_begun_before:
            items += self._give_out()
        return items

    def reset(self) -> None:
        """Forget an unfinished epoch; date and habits of the receiver stay."""
        self._open, self._time_ns, self._is_out = {}, None, False

    @property
    def _has_begun_before(self) -> bool:
        """Whether a whole epoch was seen, so that it is known which sentences make one."""
        return "GGA" in self._missing and self._last_ns is not None

    def _begin(self, time_ns: int) -> None:
        self._open, self._time_ns, self._is_out = {}, time_ns, False

    def _finish(self) -> list[Item]:
        """Close the epoch: give it out if that was not done, and learn which sentences it had."""
        if self._time_ns is None:
            return []
        items = self._give_out()
        for name in list(self._missing):
            self._missing[name] = 0 if name in self._open else self._missing[name] + 1
            if self._missing[name] >= PATIENCE:
                del self._missing[name]
        self._last_ns = self._time_ns
        return items

    def _give_out(self) -> list[Item]:
        if self._is_out or "GGA" not in self._open or self._time_ns is None:
            return []
        self._is_out = True
        row = self._row(self._open["GGA"], self._open, self._time_ns)
        height_m = row.values[0, POSITION_COLUMNS.index("up_m")]
        has_position = bool(np.isfinite(row.values[0, 0]))
        if has_position and math.isnan(height_m) and not self._warned:
            self._warned = True
            words = "the receiver does not tell the geoid's height: set `separation_m`"
            return [row, Note(words, "warning")]
        return [row]

    def _row(self, gga: Any, others: dict[str, Any], time_ns: int | None) -> Frame:
        values = np.array([self._position(gga) + _errors(others.get("GST"))], np.float64)
        values = np.column_stack([values, [[_number(gga.numSV)]]])
        if time_ns is None:
            return Frame(self._bare, values)
        device_ns = np.array([self._unwrapped(time_ns)], np.int64)
        day = self._day_of(time_ns)
        coords = {} if day is None else {"time_ns": np.array([day * DAY_NS + time_ns], np.int64)}
        return Frame(self._stamped, values, device_ns=device_ns, coords=coords)

    def _position(self, gga: Any) -> list[float]:
        quality = _number(gga.quality)
        if not quality > 0.0:
            return [math.nan, math.nan, math.nan, 0.0]
        separation_m = _number(gga.sep)
        if math.isnan(separation_m):
            separation_m = self._separation_m
        return [_number(gga.lon), _number(gga.lat), _number(gga.alt) + separation_m, quality]

    def _unwrapped(self, time_ns: int) -> int:
        self._midnights += self._last_ns is not None and time_ns < self._last_ns - DAY_NS // 2
        return self._midnights * DAY_NS + time_ns

    def _learn_date(self, name: str, fields: Any, time_ns: int) -> None:
        if name == "RMC" and fields.status == "A" and isinstance(fields.date, datetime.date):
            date = fields.date
        elif name == "ZDA":
            date = _date(fields)
        else:
            return
        if date is not None and date.year >= FIRST_YEAR:
            self._day, self._day_known_ns = date.toordinal() - EPOCH_ORDINAL, time_ns

    def _day_of(self, time_ns: int) -> int | None:
        """Return the day since 1970 of a time: it is within half a day of the date's own time."""
        if self._day is None:
            return None
        if time_ns < self._day_known_ns - DAY_NS // 2:
            self._day += 1
        self._day_known_ns = time_ns
        return self._day


def _layout(clock: str, rate_hz: float | None) -> Layout:
    return Layout(
        "position",
        Sensor(id="nmea", kind="gnss", instrument="NMEA 0183 receiver", unit="1"),
        columns=POSITION_COLUMNS,
        quantity="state",
        device_clock=clock,
        rate_hz=rate_hz,
        irregular=not clock,
    )


def _errors(gst: Any) -> list[float]:
    """Return the horizontal error (both axes together) and the vertical one; NaN without GST."""
    if gst is None:
        return [math.nan, math.nan]
    return [math.hypot(_number(gst.stdLat), _number(gst.stdLong)), _number(gst.stdAlt)]


def _number(value: Any) -> float:
    """Return a field as a number, NaN where it is empty."""
    return float(value) if isinstance(value, int | float) else math.nan


def _time_of_day_ns(value: Any) -> int | None:
    if not isinstance(value, datetime.time):
        return None
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * SECOND_NS + value.microsecond * 1000


def _date(zda: Any) -> datetime.date | None:
    try:
        return datetime.date(zda.year, zda.month, zda.day)
    except (TypeError, ValueError):  # empty fields, or a date that does not exist
        return None
