"""Dates and times of day as logs write them, as int64 ns since 1970-01-01 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
EPOCH_DAY = date(1970, 1, 1).toordinal()
GPS_EPOCH_NS = (date(1980, 1, 6).toordinal() - EPOCH_DAY) * DAY_NS
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200
"""Years that int64 nanoseconds hold, with room for sums."""
FIRST_YEAR, LAST_YEAR = 2005, 2099
"""A clock that was never set shows a date before GNSS loggers were."""

LEAP_SECONDS = (
    (date(2017, 1, 1), 18),
    (date(2015, 7, 1), 17),
    (date(2012, 7, 1), 16),
    (date(2009, 1, 1), 15),
    (date(2006, 1, 1), 14),
    (date(1999, 1, 1), 13),
)
"""GPS time less UTC (IERS Bulletin C); none was announced after 2017."""

_TIME = re.compile(r"\s*(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?\s*", re.ASCII)
_DATE = re.compile(r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})\s*", re.ASCII)


def time_of_day_ns(text: str) -> int:
    """Return ``hh:mm:ss.sss`` in ns.

    Raises
    ------
    ValueError
        It is no time of day.

    Examples
    --------
    >>> time_of_day_ns("00:01:02.5")
    62500000000
    """
    match = _TIME.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no time of day; hh:mm:ss.sss is needed"
        raise ValueError(msg)
    hour, minute, second = (int(match[part]) for part in (1, 2, 3))
    if hour > 23 or minute > 59 or second > 60:
        msg = f"{text!r} is no time of day"
        raise ValueError(msg)
    fraction = int((match[4] or "0").ljust(9, "0"))
    return ((hour * 60 + minute) * 60 + second) * SECOND_NS + fraction


@lru_cache(maxsize=64)
def date_ns(text: str, order: str = "ymd") -> int:
    """Return the start of a day.

    Parameters
    ----------
    text
        Three numbers with ``-``, ``/`` or ``.`` between them.
    order
        ``"ymd"``, ``"dmy"`` or ``"mdy"``.

    Raises
    ------
    ValueError
        It is no date.

    Examples
    --------
    >>> date_ns("2020-07-29") == date_ns("29.07.2020", "dmy")
    True
    """
    match = _DATE.fullmatch(text)
    if match is None:
        msg = f"{text!r} is no date"
        raise ValueError(msg)
    parts = dict(zip(order, (int(match[part]) for part in (1, 2, 3)), strict=True))
    if not EARLIEST_YEAR <= parts["y"] <= LATEST_YEAR:
        msg = f"{text!r} is no date of a recording"
        raise ValueError(msg)
    return (date(parts["y"], parts["m"], parts["d"]).toordinal() - EPOCH_DAY) * DAY_NS


def is_set(time_ns: int) -> bool:
    """Tell whether a clock shows a year in which a survey can have been flown."""
    return FIRST_YEAR <= 1970 + time_ns / (365.2425 * DAY_NS) < LAST_YEAR


def leap_seconds(gps_ns: int) -> int:
    """Return GPS time less UTC in s at a GPS time (ns since 1970 without leap seconds)."""
    day = gps_ns // DAY_NS + EPOCH_DAY
    for since, seconds in LEAP_SECONDS:
        if day >= since.toordinal():
            return seconds
    return 0


def gps_to_utc_ns(gps_ns: int) -> int:
    """Return UTC of a GPS time in ns since 1970."""
    return gps_ns - leap_seconds(gps_ns) * SECOND_NS


def utc_text_ns(text: str) -> int:
    """Return an ISO 8601 moment in ns; without a zone it is UTC.

    Raises
    ------
    ValueError
        It is no such moment.

    Examples
    --------
    >>> utc_text_ns("1970-01-02T00:00:00.25Z")
    86400250000000
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = moment.astimezone(UTC).replace(microsecond=0)
    seconds = round((whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * SECOND_NS + moment.microsecond * 1000
