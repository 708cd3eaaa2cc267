"""PositionLog: what a log tells of a platform's places, attitudes and heights, by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError, UsageError
from detectkit.io.notice import Notice

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Clock = Literal["utc", "elapsed"]


def _no_times() -> Integers:
    return np.empty(0, np.int64)


def _no_values() -> Values:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Attitudes:
    """Attitudes (rows,) on the log's clock: right side down, nose up, from north, rad."""

    time_ns: Integers = field(default_factory=_no_times)
    roll_rad: Values = field(default_factory=_no_values)
    pitch_rad: Values = field(default_factory=_no_values)
    yaw_rad: Values = field(default_factory=_no_values)

    def __len__(self) -> int:
        return int(self.time_ns.size)


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Ranges (rows,) of a downward altimeter on the log's clock, m; NaN: no target."""

    time_ns: Integers = field(default_factory=_no_times)
    distance_m: Values = field(default_factory=_no_values)

    def __len__(self) -> int:
        return int(self.time_ns.size)


@dataclass(frozen=True, slots=True, eq=False)
class TraceTimes:
    """When the logger saw each trace of a radar: trace numbers and log times, (rows,) each."""

    trace: Integers = field(default_factory=_no_times)
    time_ns: Integers = field(default_factory=_no_times)

    def __len__(self) -> int:
        return int(self.trace.size)

    @property
    def restarts(self) -> int:
        """How often the numbers go back: the radar was started anew, or a number is damaged."""
        return int(np.count_nonzero(np.diff(self.trace) < 0))

    def at(self, trace: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return the time of each trace number and whether the log holds that number."""
        order = np.argsort(self.trace, kind="stable")
        numbers, times = self.trace[order], self.time_ns[order]
        if not numbers.size:
            return np.zeros(trace.shape, np.int64), np.zeros(trace.shape, np.bool_)
        place = np.minimum(np.searchsorted(numbers, trace), numbers.size - 1)
        return times[place], numbers[place] == trace


@dataclass(frozen=True, slots=True, eq=False)
class PositionLog:
    """A position log as read: only rows that are positions, with what was left out and why.

    Parameters
    ----------
    path, format
        The file and the name of its format.
    clock
        ``"utc"``: times count ns since 1970-01-01 UTC. ``"elapsed"``: ns since an unknown
        moment, because the log tells no date; `starting` puts them on UTC.
    datum
        What `up_m` counts from: ``"ellipsoid"``, ``"mean sea level"``, ``"unknown"``.
    time_ns
        int64 (rows,), strictly rising.
    longitude_deg, latitude_deg, up_m
        WGS 84 degrees, m; (rows,). The height may be NaN.
    fix_quality
        As NMEA GGA counts, never 0; NaN where the log tells none.
    horizontal_error_m, vertical_error_m
        One standard deviation as the log tells it; NaN where it does not.
    attitudes, heights, traces
        Further rows on the same clock, each with its own times.
    rejected
        Why rows are no positions, with their number.
    notices
        What the reader had to say.
    """

    path: Path
    format: str
    clock: Clock
    datum: str
    time_ns: Integers
    longitude_deg: Values
    latitude_deg: Values
    up_m: Values
    fix_quality: Values
    horizontal_error_m: Values
    vertical_error_m: Values
    attitudes: Attitudes = field(default_factory=Attitudes)
    heights: Heights = field(default_factory=Heights)
    traces: TraceTimes = field(default_factory=TraceTimes)
    rejected: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        names = ("longitude_deg", "latitude_deg", "up_m", "fix_quality")
        columns = [getattr(self, name) for name in (*names, "horizontal_error_m")]
        shapes = {one.shape for one in [*columns, self.vertical_error_m, self.time_ns]}
        if len(shapes) != 1:
            msg = f"{self.path.name}: the columns of a position log differ in shape: {shapes}"
            raise ShapeError(msg)

    def __len__(self) -> int:
        return int(self.time_ns.size)

    def starting(self, utc_ns: int) -> PositionLog:
        """Return the log on UTC: its clock's zero is at `utc_ns`.

        Raises
        ------
        UsageError
            The log tells UTC itself.
        """
        if self.clock == "utc":
            msg = f"{self.path.name}: tells UTC itself; leave the start of its clock out"
            raise UsageError(msg)
        attitudes = replace(self.attitudes, time_ns=self.attitudes.time_ns + utc_ns)
        heights = replace(self.heights, time_ns=self.heights.time_ns + utc_ns)
        traces = replace(self.traces, time_ns=self.traces.time_ns + utc_ns)
        return replace(
            self,
            clock="utc",
            time_ns=self.time_ns + utc_ns,
            attitudes=attitudes,
            heights=heights,
            traces=traces,
        )
