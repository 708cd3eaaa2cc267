"""Steps that keep a line together where an altimeter or a receiver wavers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.geo import LocalFrame
from detectkit.pipeline.steps.around import Around, Window, along_or_number
from detectkit.pipeline.steps.distance import at_distances
from detectkit.signal.distance import CourseOdometer
from detectkit.signal.steady import moving_line, upper_line

Values = npt.NDArray[np.float64]

HEIGHT, ALONG = "height_m", "along_track_m"
LONGITUDE, LATITUDE = "longitude_deg", "latitude_deg"
USUAL_ERRORS_M = {4: 0.014, 5: 0.2, 2: 0.8, 1: 1.5}
"""Horizontal error by the quality of the fix, where the recording tells no error."""


@dataclass(frozen=True, slots=True)
class SteadyHeight(Around):
    """Replace the altimeter's ``height_m`` by a straight line along its upper values.

    Over grass a part of an altimeter's rows ends in the blades, some centimetres or decimetres too
    short; other rows reach the ground. The line along the upper ones is the ground's, as long as
    one row in three or four gets there; rows without a height get one too. Put it before
    `remove-height`. Where fewer than three heights lie in the window, NaN.

    Method: M-quantile regression (Breckling and Chambers, 1988) of 0.9 with Huber's bend at two
    errors, a straight line weighted by tricube in the distance (Cleveland, 1979). Over bare ground
    the line lies about one error too high, the same everywhere.

    - `window_m`: length of the window along the track; rows without a distance count as 1 cm.
    - `error_m`: one standard deviation of a height over bare ground.
    - `most_traces`: a window holds no more to a side, so that hovering costs no time.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "steady-height"
        window_m = 1.0

        [[step]]
        use = "remove-height"
    """

    name: ClassVar[str] = "steady-height"
    window_m: float = 1.0
    error_m: float = 0.02

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse traces without a height, and settings that cannot be."""
        if min(self.window_m, self.error_m) <= 0.0 or self.most_traces < 2:
            msg = (
                f"step {self.name!r}: window_m = {self.window_m} and error_m = {self.error_m} must "
                f"be above 0, most_traces = {self.most_traces} 2 or more"
            )
            raise PipelineError(msg)
        if HEIGHT not in spec.coords:
            have = ", ".join(sorted(spec.coords)) or "none"
            msg = f"step {self.name!r} needs the coordinate {HEIGHT!r}; the traces carry: {have}"
            raise PipelineError(msg)
        return spec

    def keys(self, block: Block, carried: Any) -> Values:  # noqa: ARG002 - part of the contract
        """Return the distance along the line."""
        return along_or_number(block, otherwise_m=0.01)

    def half(self) -> float:
        """Return half of the window in m."""
        return 0.5 * self.window_m

    def answer(self, window: Window, carried: Any) -> list[Block]:  # noqa: ARG002
        """Return the rows with their height on the line."""
        bounds = window.bounds(half=self.half(), most=self.most_traces)
        heights = np.asarray(window.rows.coord(HEIGHT), np.float64)
        level = upper_line(
            heights, window.key, bounds, start=window.start, half=self.half(), error=self.error_m
        )
        ready = window.rows.traces(window.start, window.stop)
        return [ready.with_data(ready.data, coords={HEIGHT: ("trace", level)})]


@dataclass(slots=True)
class Course:
    """What `DistanceAlongCourse` carries: path so far, frame, and where its clock began."""

    odometer: CourseOdometer
    frame: list[LocalFrame] = field(default_factory=list)
    began_ns: list[int] = field(default_factory=list)
    latest_s: float = -np.inf


@dataclass(frozen=True, slots=True)
class DistanceAlongCourse(Around):
    """Give each trace its distance along the course, from positions of changing quality.

    Positions of a float or single fix waver by decimetres, and a path through them grows by all of
    that. Here each position is put on the straight, even course through those around it, each as
    heavy as it is exact, and the distance grows only by what is gained along the course. The
    smoothed ``longitude_deg`` and ``latitude_deg`` replace those told. Traces without a position
    come out not at all, which shows as a gap; behind traces that the instrument lost the path
    begins again at 0. Follow with `resample-distance`.

    Errors are ``horizontal_error_m``, else what is usual for ``fix_quality`` (1.4 cm for an RTK
    fix, 20 cm float, 1.5 m single), else `position_error_m`. An exact position is smoothed over a
    shorter time than a poor one: as long as the vehicle may take to leave its course by that error.

    Method: local straight line over the time (Cleveland, 1979), weights tricube in the time and
    inverse to the squared error; ``d = max(d, p)``, ``p = p + r . u`` where r, the way from where p
    last changed, is at least `minimum_step_m`, u the course's direction (no published source).

    - `window_s`: longest time over which is smoothed; the course's direction is always from it.
    - `leaves_m_per_s`: how fast a vehicle leaves its course.
    - `minimum_step_m`: about the noise of the smoothed positions at rest.
    - `position_error_m`: where the recording tells no error.
    - `most_traces`: a window holds no more to a side.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "distance-along-course"
        window_s = 1.5

        [[step]]
        use = "resample-distance"
        spacing_m = 0.02
    """

    name: ClassVar[str] = "distance-along-course"
    most_traces: int = 120
    window_s: float = 1.5
    leaves_m_per_s: float = 0.1
    minimum_step_m: float = 0.01
    position_error_m: float = 0.02

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the distance; refuse traces without positions or time."""
        least = min(self.window_s, self.leaves_m_per_s, self.position_error_m)
        if least <= 0.0 or self.minimum_step_m < 0.0 or self.most_traces < 2:
            msg = (
                f"step {self.name!r}: window_s = {self.window_s}, leaves_m_per_s = "
                f"{self.leaves_m_per_s} and position_error_m = {self.position_error_m} must be "
                f"above 0, minimum_step_m = {self.minimum_step_m} 0 or more, most_traces = "
                f"{self.most_traces} 2 or more"
            )
            raise PipelineError(msg)
        missing = {LONGITUDE, LATITUDE, "time_ns"} - spec.coords
        if missing:
            msg = (
                f"step {self.name!r} needs longitude_deg, latitude_deg and time_ns; missing: "
                f"{', '.join(sorted(missing))}; without times use `distance-from-positions`"
            )
            raise PipelineError(msg)
        return replace(spec.with_coords(ALONG), trace_spacing_m=None)

    def carry(self) -> Course:
        """Return a path that has not begun."""
        return Course(CourseOdometer(minimum_step_m=self.minimum_step_m))

    def keys(self, block: Block, carried: Course) -> Values:
        """Return the seconds since the run's first row, never falling."""
        time_ns = np.asarray(block.coord("time_ns"))
        if not carried.began_ns:
            carried.began_ns.append(int(time_ns[0]))
        elapsed = (time_ns - carried.began_ns[0]) * 1e-9
        elapsed = np.maximum.accumulate(np.maximum(elapsed, carried.latest_s))
        carried.latest_s = float(elapsed[-1])
        return elapsed

    def half(self) -> float:
        """Return half of the longest window in s."""
        return 0.5 * self.window_s

    def answer(self, window: Window, carried: Course) -> list[Block]:
        """Return the rows that have a position, with their distance."""
        frame = frame_of(window.rows, carried.frame)
        if frame is None:
            return []
        places = np.column_stack(
            frame.to_local(window.rows.coord(LONGITUDE), window.rows.coord(LATITUDE))[:2]
        )
        errors = self._errors(window.rows)
        own = slice(window.start, window.stop)
        bounds = window.bounds(half=self.half(), most=self.most_traces)
        halves = np.full(window.stop - window.start, self.half())
        told = (places, errors, window.key, bounds)
        course = moving_line(*told, start=window.start, halves=halves)
        shorter = np.clip(errors[own] / self.leaves_m_per_s, 1e-3, self.half())
        steady = moving_line(*told, start=window.start, halves=shorter)
        distance = carried.odometer.push(steady.place, course.velocity)
        longitude, latitude, _ = frame.to_geographic(steady.place[:, 0], steady.place[:, 1])
        ready = window.rows.traces(window.start, window.stop)
        coords = {LONGITUDE: ("trace", longitude), LATITUDE: ("trace", latitude)}
        return at_distances(ready.with_data(ready.data, coords=coords), distance)

    def _errors(self, rows: Block) -> Values:
        """Return one standard deviation of each position."""
        errors = np.full(len(rows), self.position_error_m)
        if "fix_quality" in rows.coords:
            quality = rows.coord("fix_quality")
            for code, usual in USUAL_ERRORS_M.items():
                errors[quality == code] = usual
        if "horizontal_error_m" in rows.coords:
            told = np.asarray(rows.coord("horizontal_error_m"), np.float64)
            errors = np.where(told > 0.0, told, errors)
        return errors


def frame_of(rows: Block, kept: list[LocalFrame]) -> LocalFrame | None:
    """Return the frame around a run's first position, None before there is one.

    `kept` is empty at the run's beginning and holds the frame from then on.
    """
    if not kept:
        longitude, latitude = rows.coord(LONGITUDE), rows.coord(LATITUDE)
        known: npt.NDArray[np.int64] = np.flatnonzero(np.isfinite(longitude + latitude))
        if known.size == 0:
            return None
        kept.append(LocalFrame(float(longitude[known[0]]), float(latitude[known[0]])))
    return kept[0]
