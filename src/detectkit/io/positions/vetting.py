"""Which rows of a log are positions: by status first, then by what cannot be."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.io.positions.log import Clock, Integers, PositionLog, Values
from detectkit.io.remarks import Remarks

Mask = npt.NDArray[np.bool_]

METRES_PER_DEGREE = 111_200.0
FASTEST_M_PER_S = 150.0
STATUS_HOLDS_NS = 5_000_000_000
"""How long a receiver's last word on its fix stands for the estimate made from it."""

DAMAGED = "damaged line"
NO_FIX = "no fix"
NO_COORDINATES = "no coordinates"
OFF_GLOBE = "off the globe"
NOWHERE = "at longitude 0, latitude 0"
GOES_BACK = "its time goes back"
LEAPS = "leaps away and back"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a log before anything is left out; float64 (rows,), NaN where not told."""

    time_ns: Integers
    longitude_deg: Values
    latitude_deg: Values
    up_m: Values
    fix_quality: Values
    horizontal_error_m: Values
    vertical_error_m: Values

    @classmethod
    def of(
        cls,
        time_ns: Integers,
        longitude_deg: Values,
        latitude_deg: Values,
        up_m: Values,
        fix_quality: Values | None = None,
        errors_m: tuple[Values, Values] | None = None,
    ) -> Rows:
        """Build from columns; what is not given is unknown."""
        unknown = np.full(time_ns.shape, np.nan)
        level, upright = (unknown, unknown) if errors_m is None else errors_m
        quality = unknown if fix_quality is None else fix_quality
        return cls(time_ns, longitude_deg, latitude_deg, up_m, quality, level, upright)

    def __len__(self) -> int:
        return int(self.time_ns.size)

    def chosen(self, rows: npt.NDArray[np.intp]) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.time_ns[rows],
            self.longitude_deg[rows],
            self.latitude_deg[rows],
            self.up_m[rows],
            self.fix_quality[rows],
            self.horizontal_error_m[rows],
            self.vertical_error_m[rows],
        )


@dataclass(frozen=True, slots=True)
class Head:
    """What holds for a whole log: its file and format, its clock, what heights count from."""

    path: Path
    format: str
    clock: Clock
    datum: str


def position_log(head: Head, rows: Rows, remarks: Remarks, *, damaged: int = 0) -> PositionLog:
    """Return the log of the rows that are positions.

    Parameters
    ----------
    head
        What holds for the whole log.
    rows
        All rows that could be read.
    remarks
        Gets why rows are left out.
    damaged
        Number of lines or records that could not be read; counted as rejected.
    """
    kept, rejected = vetted(rows, remarks)
    if damaged:
        rejected = {DAMAGED: damaged, **rejected}
    return PositionLog(
        head.path,
        head.format,
        head.clock,
        head.datum,
        kept.time_ns,
        kept.longitude_deg,
        kept.latitude_deg,
        kept.up_m,
        kept.fix_quality,
        kept.horizontal_error_m,
        kept.vertical_error_m,
        rejected=rejected,
        notices=remarks.notices,
    )


def vetted(rows: Rows, remarks: Remarks) -> tuple[Rows, dict[str, int]]:
    """Return the rows that are positions, in rising time, and why the others are none.

    A row counts for the first reason that holds. What is left out is reported.
    """
    rejected: dict[str, int] = {}
    with np.errstate(invalid="ignore"):
        missing = ~(np.isfinite(rows.longitude_deg) & np.isfinite(rows.latitude_deg))
        off = (np.abs(rows.longitude_deg) > 180.0) | (np.abs(rows.latitude_deg) > 90.0)
    nowhere = (rows.longitude_deg == 0.0) & (rows.latitude_deg == 0.0)
    left = np.ones(len(rows), np.bool_)
    for reason, bad in (
        (NO_FIX, rows.fix_quality == 0.0),
        (NO_COORDINATES, missing),
        (OFF_GLOBE, off),
        (NOWHERE, nowhere),
    ):
        _count(rejected, reason, left & bad)
        left &= ~bad
    kept = rows.chosen(np.flatnonzero(left))
    for reason, find in ((GOES_BACK, _rising), (LEAPS, _steady)):
        good = find(kept)
        _count(rejected, reason, ~good)
        kept = kept.chosen(np.flatnonzero(good))
    _report(rejected, len(rows), remarks)
    return kept, rejected


def _count(rejected: dict[str, int], reason: str, bad: Mask) -> None:
    number = int(np.count_nonzero(bad))
    if number:
        rejected[reason] = number


def _report(rejected: dict[str, int], rows: int, remarks: Remarks) -> None:
    for reason, number in rejected.items():
        text = f"{number:,} of {rows:,} rows are no positions: {reason}"
        if reason == OFF_GLOBE:
            text += "; are latitude and longitude in each other's columns?"
        if reason == NO_FIX:
            remarks.note(text)
        else:
            remarks.warning(text)


def _rising(rows: Rows) -> Mask:
    """Return which rows to keep so that time rises strictly and the fewest are lost."""
    times = rows.time_ns
    if times.size < 2 or bool((np.diff(times) > 0).all()):
        return np.ones(times.size, np.bool_)
    tails: list[int] = []
    ends: list[int] = []
    before = np.full(times.size, -1, np.int64)
    for row, time in enumerate(times.tolist()):
        place = bisect_left(tails, time)
        if place:
            before[row] = ends[place - 1]
        if place == len(tails):
            tails.append(time)
            ends.append(row)
        else:
            tails[place], ends[place] = time, row
    keep = np.zeros(times.size, np.bool_)
    at = ends[-1]
    while at >= 0:
        keep[at] = True
        at = int(before[at])
    return keep


def _steady(rows: Rows) -> Mask:
    """Return False for single rows that no aircraft could reach from both their neighbours."""
    keep = np.ones(len(rows), np.bool_)
    if len(rows) < 3:
        return keep
    lon, lat = rows.longitude_deg, rows.latitude_deg
    to_next = _speeds(rows.time_ns, lon, lat, 1) > FASTEST_M_PER_S
    over = _speeds(rows.time_ns, lon, lat, 2) > FASTEST_M_PER_S
    keep[1:-1] = ~(to_next[:-1] & to_next[1:] & ~over)
    return keep


def _speeds(time_ns: Integers, lon: Values, lat: Values, step: int) -> Values:
    seconds = (time_ns[step:] - time_ns[:-step]) * 1e-9
    east = (lon[step:] - lon[:-step] + 180.0) % 360.0 - 180.0
    east = east * np.cos(np.radians(lat[:-step]))
    north = lat[step:] - lat[:-step]
    speeds: Values = np.hypot(east, north) * METRES_PER_DEGREE / seconds
    return speeds


def status_at(time_ns: Integers, told_ns: Integers, quality: Values) -> Values:
    """Return the receiver's fix quality that stands at each time; 0 before its first word.

    Parameters
    ----------
    time_ns
        Times of an estimate made from the receiver.
    told_ns, quality
        When the receiver told its quality, rising, and which; none at all: unknown (NaN).
    """
    if not told_ns.size:
        return np.full(time_ns.shape, np.nan)
    place = np.searchsorted(told_ns, time_ns, side="right") - 1
    known = np.maximum(place, 0)
    stands = (place >= 0) & (time_ns - told_ns[known] <= STATUS_HOLDS_NS)
    return np.where(stands, quality[known], 0.0)


def held_at(time_ns: Integers, told_ns: Integers, values: Values) -> Values:
    """Return the latest value told at or before each time, NaN where there is none."""
    if not told_ns.size:
        return np.full(time_ns.shape, np.nan)
    place = np.searchsorted(told_ns, time_ns, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
