"""Joins the sentences of one epoch, told by their equal time of day, into one position row."""

from __future__ import annotations

import datetime as dt
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
EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()
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
        self._absent: dict[str, int] = {}
        self._open: dict[str, Any] = {}
        self._time_ns: int | None = None
        self._last_ns: int | None = None
        self._is_out = False
        self._knows_habits = False
        self._midnights = 0
        self._day: int | None = None
        self._warned = False

    def push(self, name: str, fields: Any) -> list[Item]:
        """Take a sentence; return the rows that it completes."""
        time_ns = _time_of_day_ns(fields)
        if time_ns is None:
            return [self._row(fields, None, None)] if name == "GGA" else []
        items: list[Item] = []
        if time_ns != self._time_ns:
            items += self._finish()
            self._begin(time_ns)
        self._open[name] = fields
        self._absent.setdefault(name, 0)
        self._learn_date(name, fields)
        if self._knows_habits and self._absent.keys() <= self._open.keys():
            items += self._give_out()
        return items

    def reset(self) -> None:
        """Forget an unfinished epoch and the date, since nobody knows how long it was quiet."""
        self._open, self._time_ns, self._day = {}, None, None

    def _begin(self, time_ns: int) -> None:
        """Open an epoch; after midnight the day is another."""
        if self._last_ns is not None and time_ns < self._last_ns - DAY_NS // 2:
            self._midnights += 1
            self._day = None if self._day is None else self._day + 1
        self._open, self._time_ns, self._last_ns, self._is_out = {}, time_ns, time_ns, False

    def _finish(self) -> list[Item]:
        """Close the epoch: give it out if that was not done, and learn which sentences it had."""
        if self._time_ns is None:
            return []
        items = self._give_out()
        absent = {name: 0 if name in self._open else n + 1 for name, n in self._absent.items()}
        self._absent = {name: epochs for name, epochs in absent.items() if epochs < PATIENCE}
        self._knows_habits = "GGA" in self._absent
        return items

    def _give_out(self) -> list[Item]:
        gga = self._open.get("GGA")
        if self._is_out or gga is None:
            return []
        self._is_out = True
        row = self._row(gga, self._open.get("GST"), self._time_ns)
        longitude, _, up_m = row.values[0, :3]
        if math.isnan(up_m) and not math.isnan(longitude) and not self._warned:
            self._warned = True
            words = "the receiver does not tell the geoid's height: set `separation_m`"
            return [row, Note(words, "warning")]
        return [row]

    def _row(self, gga: Any, gst: Any, time_ns: int | None) -> Frame:
        horizontal_m = math.hypot(_number(gst, "stdLat"), _number(gst, "stdLong"))
        errors = [horizontal_m, _number(gst, "stdAlt")]
        values = np.array([[*self._position(gga), *errors, _number(gga, "numSV")]], np.float64)
        if time_ns is None:
            return Frame(self._bare, values)
        stamp = np.array([self._midnights * DAY_NS + time_ns], np.int64)
        if self._day is None:
            return Frame(self._stamped, values, device_ns=stamp)
        coords = {"time_ns": np.array([self._day * DAY_NS + time_ns], np.int64)}
        return Frame(self._stamped, values, device_ns=stamp, coords=coords)

    def _position(self, gga: Any) -> list[float]:
        """Return longitude, latitude, height over the ellipsoid, quality."""
        quality = _number(gga, "quality")
        if not quality > 0.0:
            return [math.nan, math.nan, math.nan, 0.0]
        separation_m = _number(gga, "sep")
        if math.isnan(separation_m):
            separation_m = self._separation_m
        up_m = _number(gga, "alt") + separation_m
        return [_number(gga, "lon"), _number(gga, "lat"), up_m, quality]

    def _learn_date(self, name: str, fields: Any) -> None:
        date = _date(name, fields)
        if date is not None and date.year >= FIRST_YEAR:
            self._day = date.toordinal() - EPOCH_ORDINAL


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


def _number(fields: Any, name: str) -> float:
    """Return a field as a number, NaN where it is empty or the sentence was too short."""
    value = getattr(fields, name, None)
    return float(value) if isinstance(value, int | float) else math.nan


def _time_of_day_ns(fields: Any) -> int | None:
    value = getattr(fields, "time", None)
    if not isinstance(value, dt.time):
        return None
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * SECOND_NS + value.microsecond * 1000


def _date(name: str, fields: Any) -> dt.date | None:
    """Return the date of an RMC that is valid, or of a ZDA; else None."""
    if name == "RMC":
        date = getattr(fields, "date", None)
        is_valid = getattr(fields, "status", "") == "A"
        return date if is_valid and isinstance(date, dt.date) else None
    if name == "ZDA":
        numbers = [_number(fields, one) for one in ("year", "month", "day")]
        try:
            return dt.date(*map(int, numbers))
        except ValueError:  # empty fields, or a date that does not exist
            return None
    return None
