"""Places: where a log tells that the traces of a recording were, by the join of the flight."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, UsageError
from detectkit.geo import OVER_GROUND, PoseJoin, PoseTrack
from detectkit.geo.pose_join import NAMES
from detectkit.io import Recording
from detectkit.io.positions import PositionLog

Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Triple = tuple[float, float, float]
By = Literal["auto", "time", "trace"]

PLACES = tuple(name for name in NAMES if name != "waypoint")
NO_TIME = "the trace has no time"
NO_NUMBER = "the log does not hold the trace's number"
SECOND_NS = 1_000_000_000
LONGEST_STEP_NS = 60 * SECOND_NS
REACH_NS = 2 * SECOND_NS
REACH_SAMPLES = 16
"""What is looked at on both sides of a run of traces: more than any rule of the join needs."""
FOREVER_NS = 1 << 62
_NOT_A_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """How a log is joined to a recording.

    Parameters
    ----------
    by
        ``"time"``: the time of each trace; ``"trace"``: the trace numbers that the log holds, whose
        times are then the log's; ``"auto"``: by trace where the log numbers them.
    lever_arm_m
        From the positioning antenna to the radar's: forward, right, down in m.
    altimeter_arm_m
        From the positioning antenna to the altimeter, likewise.
    lag_s
        How much later than measured the traces are stamped, in s.
    longest_gap_s
        Between positions further apart nothing is interpolated.
    start_ns
        UTC of the recording's first trace, where it tells elapsed times only.
    log_start_ns
        UTC of the zero of the log's clock, where the log tells elapsed times only.
    first_trace
        Number that the log gives the recording's first trace.
    """

    by: By = "auto"
    lever_arm_m: Triple = (0.0, 0.0, 0.0)
    altimeter_arm_m: Triple = (0.0, 0.0, 0.0)
    lag_s: float = 0.0
    longest_gap_s: float = 0.5
    start_ns: int | None = None
    log_start_ns: int | None = None
    first_trace: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lag_s) and 0.0 < self.longest_gap_s < 3600.0):
            msg = (
                f"a lag of {self.lag_s} s and a longest gap of {self.longest_gap_s} s: the lag "
                "must be finite, the gap above 0 and below 3600 s"
            )
            raise UsageError(msg)


@dataclass(slots=True)
class Places:
    """Gives the traces of a recording their places from a log.

    Parameters
    ----------
    log
        On the clock of the traces.
    by
        ``"time"`` or ``"trace"``.
    settings
        How they are joined.
    """

    log: PositionLog
    by: str
    settings: MergeSettings
    unlocated: Counter[str] = field(default_factory=Counter)
    first_ns: int | None = None
    last_ns: int | None = None

    @classmethod
    def of(cls, radar: Recording, log: PositionLog, settings: MergeSettings) -> Places:
        """Decide how traces are found in the log.

        Raises
        ------
        UsageError
            They cannot be; the message says what to give.
        """
        if settings.log_start_ns is not None:
            log = log.starting(settings.log_start_ns)
        by = settings.by
        if by == "auto":
            by = "trace" if len(log.traces) and not log.traces.restarts else "time"
        if by == "trace":
            _check_numbers(log)
        else:
            _check_times(radar, log, settings)
        return cls(log, by, settings)

    def place(self, block: Block) -> Block:
        """Return the block with places among its coordinates."""
        times, known = self._times(block)
        told = bool(np.isfinite(self.log.heights.distance_m).any())
        unknown = frozenset() if told else OVER_GROUND
        table = {name: np.full(len(block), np.nan) for name in PLACES if name not in unknown}
        rows = np.flatnonzero(known)
        for some in _runs(times, rows):
            posed = self._pose(times[some])
            for name, values in table.items():
                values[some] = posed[name]
        coords = {**block.coords, **{name: ("trace", one) for name, one in table.items()}}
        if self.by == "time" and "time_ns" not in block.coords:
            coords["time_ns"] = ("trace", times)
        return replace(block, coords=coords)

    def _times(self, block: Block) -> tuple[Integers, Mask]:
        """Return the time of each trace on the log's clock, and whether it is known."""
        if self.by == "trace":
            numbers = block.coord("source_trace").astype(np.int64) + self.settings.first_trace
            times, known = self.log.traces.at(numbers)
            self._count(NO_NUMBER, ~known)
        else:
            times, known = trace_times(block, self.settings.start_ns)
            self._count(NO_TIME, ~known)
        if known.any():
            first, last = int(times[known].min()), int(times[known].max())
            self.first_ns = first if self.first_ns is None else min(self.first_ns, first)
            self.last_ns = last if self.last_ns is None else max(self.last_ns, last)
        return times, known

    def _count(self, reason: str, rows: Mask) -> None:
        number = int(np.count_nonzero(rows))
        if number:
            self.unlocated[reason] += number

    def _pose(self, times: Integers) -> dict[str, Values]:
        settings = self.settings
        lag_ns, gap_ns = round(settings.lag_s * 1e9), round(settings.longest_gap_s * 1e9)
        reach = max(REACH_NS, 2 * gap_ns)
        span = (int(times.min()) - lag_ns - reach, int(times.max()) - lag_ns + reach)
        join = PoseJoin(
            _track(self.log, span),
            lever_arm_m=settings.lever_arm_m,
            altimeter_arm_m=settings.altimeter_arm_m,
            lag_ns=lag_ns,
            longest_gap_ns=gap_ns,
        )
        join.push(times)
        posed = join.finish()
        self.unlocated.update({why: n for why, n in join.unposed_by_reason.items() if n})
        return posed.coords


def trace_times(block: Block, start_ns: int | None) -> tuple[Integers, Mask]:
    """Return the UTC of each trace in ns, and where it is known.

    Parameters
    ----------
    block
        With ``time_ns``, or with ``elapsed_s`` and a start.
    start_ns
        UTC of the recording's first trace; wins over what the traces tell.
    """
    if start_ns is None:
        times = block.coord("time_ns").astype(np.int64)
        return times, times != _NOT_A_TIME
    elapsed = block.coord("elapsed_s").astype(np.float64)
    known = np.isfinite(elapsed) & (np.abs(elapsed) < 1e9)
    since = np.rint(np.where(known, elapsed, 0.0) * 1e9).astype(np.int64)
    return np.where(known, start_ns + since, _NOT_A_TIME), known


def _track(log: PositionLog, span: tuple[int, int]) -> PoseTrack:
    """Return what the platform did around some traces."""
    track = PoseTrack(history_ns=FOREVER_NS)
    at = _around(log.time_ns, span)
    track.push_positions(
        log.time_ns[at],
        log.longitude_deg[at],
        log.latitude_deg[at],
        log.up_m[at],
        log.horizontal_error_m[at],
        log.vertical_error_m[at],
        log.fix_quality[at],
    )
    angles, ranges = log.attitudes, log.heights
    at = _around(angles.time_ns, span)
    track.push_attitudes(
        angles.time_ns[at], angles.roll_rad[at], angles.pitch_rad[at], angles.yaw_rad[at]
    )
    at = _around(ranges.time_ns, span)
    track.push_heights(ranges.time_ns[at], ranges.distance_m[at])
    return track


def _around(times: Integers, span: tuple[int, int]) -> slice:
    start, stop = np.searchsorted(times, span)
    return slice(max(int(start) - REACH_SAMPLES, 0), int(stop) + REACH_SAMPLES)


def _runs(times: Integers, rows: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the rows in runs without a jump of the clock."""
    if rows.size:
        jumps = np.flatnonzero(np.abs(np.diff(times[rows])) > LONGEST_STEP_NS) + 1
        for start, stop in pairwise([0, *jumps.tolist(), rows.size]):
            yield rows[start:stop]


def _check_numbers(log: PositionLog) -> None:
    if not len(log.traces):
        msg = f"{log.path.name}: this {log.format} log numbers no traces; join by time"
        raise UsageError(msg)
    if log.traces.restarts:
        msg = (
            f"{log.path.name}: its trace numbers begin again {log.traces.restarts} time(s), so a "
            "number has several times; cut the log, or join by time"
        )
        raise UsageError(msg)


def _check_times(radar: Recording, log: PositionLog, settings: MergeSettings) -> None:
    needed = "time_ns" if settings.start_ns is None else "elapsed_s"
    for stream in radar.streams:
        coords = stream.rows(0, 0).coords
        if needed not in coords:
            what = "no times" if needed == "time_ns" else "no elapsed times to count from the start"
            hint = "" if "elapsed_s" not in coords else "; say when it began (--start UTC)"
            msg = (
                f"{radar.path.name}, line {stream.header.line!r}: the recording tells {what}"
                f"{hint}; or join by trace, with a log that numbers the traces"
            )
            raise UsageError(msg)
    if log.clock != "utc":
        msg = (
            f"{log.path.name}: the log tells no date, so its times cannot be compared with the "
            "recording's; give it (--set date=YYYY-MM-DD or --log-start UTC)"
        )
        raise UsageError(msg)
