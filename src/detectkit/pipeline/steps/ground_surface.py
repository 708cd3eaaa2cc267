"""The step that tells the ground's surface under a flying antenna from all that saw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, concat
from detectkit.geo import LocalFrame
from detectkit.imaging.surface import (
    OffsetState,
    Smoothed,
    altimeter_offset,
    smooth_line,
    window_rows,
)
from detectkit.pipeline.step import Recursive, traces_of
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, depth_m, two_way_time_s

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ALONG, HEIGHT, BOUNCE, REMOVED = "along_track_m", "height_m", "ground_twt_s", "removed_twt_s"
PLACE = ("longitude_deg", "latitude_deg", "up_m")
SLOPES = ("ground_slope_east", "ground_slope_north")
ALTIMETER, REFLECTION = 0, 1


class Seen(NamedTuple):
    """What is known of each held row before it is smoothed."""

    along_m: Values
    heights_m: Values
    errors_m: Values
    offset_error_m: Values
    place_m: Values


@dataclass(slots=True)
class Held:
    """State: rows that are held, how many of them are answered, and what is carried."""

    offset: OffsetState
    rows: Block | None = None
    seen: Seen | None = None
    answered: int = 0
    frame: list[LocalFrame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GroundSurface(Recursive):
    """Fuse the altimeter with the ground's reflection and smooth the height along the line.

    Needs ``height_m`` (altimeter), ``ground_twt_s`` (from `ground-bounce`), or both, and the
    distance along the line (``along_track_m`` or the recording's trace spacing). It replaces them
    by the smoothed height and its time, in ``height_m`` and ``ground_twt_s``, so `align-ground`
    behind it takes off the smoothed standoff; it adds ``height_error_m`` and ``ground_rejected``,
    how many of the row's own values disagreed. Where the recording has positions with ``up_m``, the
    ground's slope along the track comes as ``ground_slope_east`` and ``ground_slope_north``; across
    the track one line tells nothing, and that part counts as 0. Where too little is known, NaN.

    Method: a straight line through all heights within half of `length_m`, weighted by distance
    (tricube), stated error and residual (Tukey's biweight), so that drop-outs and jumps of half a
    cycle are left out (locally weighted regression; Cleveland, 1979). The altimeter is first put on
    the reflection, by an offset that a Kalman filter carries along the line.

    - `length_m`: longer is smoother, and follows the flight's own ups and downs less well.
    - `slope_length_m`: the same for the slope, which needs more.
    - `reflection_error_m`, `altimeter_error_m`: of one value; the latter where ``height_error_m``
      does not tell.
    - `altimeter_bias_m`: how far the altimeter may stand off the reflection.
    - `correlated_m`: over this distance the errors are alike: about the width of ground that makes
      the reflection, sqrt(wavelength x height).
    - `most_traces`: a window holds no more to each side, so that hovering costs no memory; nor
      more than half as many again as the recording's trace spacing tells, where it has one.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "ground-bounce"
        window_s = [2e-9, 2e-8]

        [[step]]
        use = "ground-surface"
        length_m = 0.5

        [[step]]
        use = "align-ground"
    """

    name: ClassVar[str] = "ground-surface"
    length_m: float = 0.5
    slope_length_m: float = 3.0
    reflection_error_m: float = 0.01
    altimeter_error_m: float = 0.03
    altimeter_bias_m: float = 0.05
    correlated_m: float = 0.35
    most_traces: int = 400

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the surface; refuse a line without height or distance."""
        lengths = (self.length_m, self.slope_length_m, self.correlated_m)
        errors = (self.reflection_error_m, self.altimeter_error_m, self.altimeter_bias_m)
        if min(*lengths, *errors) <= 0.0 or self.most_traces < 2:
            msg = (
                f"step {self.name!r}: lengths {lengths} m, errors {errors} m must be above 0, "
                f"most_traces = {self.most_traces} 2 or more"
            )
            raise PipelineError(msg)
        if not {HEIGHT, BOUNCE} & spec.coords or spec.sample_interval_s is None:
            have = ", ".join(sorted(spec.coords)) or "none"
            msg = (
                f"step {self.name!r} needs radar traces with {HEIGHT!r} or {BOUNCE!r}; they carry: "
                f"{have}; put `ground-bounce` before it"
            )
            raise PipelineError(msg)
        if ALONG not in spec.coords:
            traces_of(self.length_m, spec, setting="length_m", step=self.name)
        told = (HEIGHT, BOUNCE, "height_error_m", "ground_rejected")
        return spec.with_coords(*told, *(SLOPES if self._sloped(spec) else ()))

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return the most traces that a window may hold to a side."""
        most = self._most(spec)
        return most, most

    def start(self, first: Block) -> Held:  # noqa: ARG002 - part of the contract
        """Return a state that holds nothing."""
        return Held(OffsetState(float("nan"), 0.0, self.altimeter_bias_m**2))

    def push(self, state: Held, block: Block) -> tuple[Held, Block | None]:
        """Answer the rows whose window is complete."""
        self._take(state, block)
        rows, seen = state.rows, state.seen
        if rows is None or seen is None:
            return state, None
        half_m = self._half_m(rows.spec)
        along = seen.along_m
        # A row is complete when one lies beyond its window, or enough rows follow.
        complete = int(np.searchsorted(along + half_m, along[-1], side="left"))
        most = self._most(rows.spec)
        complete = max(state.answered, complete, len(rows) - most)
        ready = self._answer(state, complete)
        first_m = along[min(complete, along.size - 1)] - half_m
        keep = min(int(np.searchsorted(along, first_m, side="left")), complete)
        keep = max(keep, complete - most)
        state.rows, state.answered = rows.traces(keep, len(rows)), complete - keep
        state.seen = Seen(*(one[keep:] for one in seen))
        return state, ready

    def finish(self, state: Held) -> Block | None:
        """Answer the last rows with the shorter windows at the line's end."""
        return None if state.rows is None else self._answer(state, len(state.rows))

    def _sloped(self, spec: BlockSpec) -> bool:
        return set(PLACE) <= spec.coords

    def _half_m(self, spec: BlockSpec) -> float:
        longest = max(self.length_m, self.slope_length_m if self._sloped(spec) else 0.0)
        return 0.5 * longest

    def _most(self, spec: BlockSpec) -> int:
        """Return how many traces a window may hold to a side: half as many again as it should."""
        if spec.trace_spacing_m is None:
            return self.most_traces
        return min(self.most_traces, int(1.5 * self._half_m(spec) / spec.trace_spacing_m) + 2)

    def _take(self, state: Held, block: Block) -> None:
        """Hold the rows, with what is known of each of them."""
        along = _along(block)
        heights, errors = self._told(block)
        offset, offset_error, state.offset = altimeter_offset(
            along, heights, errors, correlated_m=self.correlated_m, state=state.offset
        )
        heights[:, ALTIMETER] -= offset
        seen = Seen(along, heights, errors, offset_error, _places(block, state.frame))
        if state.rows is None or state.seen is None:
            state.rows, state.seen = block, seen
            return
        state.rows = concat([state.rows, block])
        pairs = zip(state.seen, seen, strict=True)
        state.seen = Seen(*(np.concatenate(pair) for pair in pairs))

    def _told(self, block: Block) -> tuple[Values, Values]:
        """Return heights and errors, (rows, 2): by the altimeter, by the reflection."""
        heights = np.full((len(block), 2), np.nan)
        errors = np.empty((len(block), 2))
        errors[:] = self.altimeter_error_m, self.reflection_error_m
        if HEIGHT in block.coords:
            heights[:, ALTIMETER] = block.coord(HEIGHT)
            if "height_error_m" in block.coords:
                told = block.coord("height_error_m")
                errors[:, ALTIMETER] = np.where(told > 0.0, told, self.altimeter_error_m)
        if BOUNCE in block.coords:
            heights[:, REFLECTION] = depth_m(
                block.coord(BOUNCE) + _removed_s(block),
                velocity_m_per_s=SPEED_OF_LIGHT_M_S,
                separation_m=block.sensor.antenna_separation_m or 0.0,
            )
        return heights, errors

    def _answer(self, state: Held, stop: int) -> Block | None:
        """Return the rows from the first unanswered one up to `stop`."""
        rows, seen, start = state.rows, state.seen, state.answered
        if rows is None or seen is None or stop <= start:
            return None
        ready = rows.traces(start, stop)
        most = self._most(rows.spec)
        window = window_rows(
            seen.along_m, rows=(start, stop), half_m=0.5 * self.length_m, most=most
        )
        found = self._smoothed(seen, seen.heights_m, window, (start, stop), self.length_m)
        known = seen.offset_error_m[start:stop]
        error = np.hypot(found.error, found.leverage[:, ALTIMETER] * known)
        twt_s = two_way_time_s(
            found.level,
            velocity_m_per_s=SPEED_OF_LIGHT_M_S,
            separation_m=rows.sensor.antenna_separation_m or 0.0,
        )
        coords = {
            HEIGHT: found.level,
            BOUNCE: twt_s - _removed_s(ready),
            "height_error_m": error,
            "ground_rejected": found.rejected,
        }
        if self._sloped(rows.spec):
            coords |= dict(zip(SLOPES, self._slopes(seen, (start, stop), most), strict=True))
        return ready.with_data(
            ready.data, coords={name: ("trace", one) for name, one in coords.items()}
        )

    def _smoothed(
        self, seen: Seen, values: Values, window: Integers, rows: tuple[int, int], length_m: float
    ) -> Smoothed:
        return smooth_line(
            seen.along_m, values, seen.errors_m, window,
            rows=rows, half_m=0.5 * length_m, correlated_m=self.correlated_m,
        )  # fmt: skip

    def _slopes(self, seen: Seen, rows: tuple[int, int], most: int) -> tuple[Values, Values]:
        """Return the rise eastwards and northwards, of the rise along the track alone."""
        ground = seen.place_m[:, 2:] - seen.heights_m
        half_m = 0.5 * self.slope_length_m
        window = window_rows(seen.along_m, rows=rows, half_m=half_m, most=most)
        found = self._smoothed(seen, ground, window, rows, self.slope_length_m)
        way = seen.place_m[window[:, 1] - 1, :2] - seen.place_m[window[:, 0], :2]
        length = np.hypot(way[:, 0], way[:, 1])
        along = np.where(length > 0.0, found.slope / np.maximum(length, 1e-9), np.nan)
        return along * way[:, 0], along * way[:, 1]


def _along(block: Block) -> Values:
    if ALONG in block.coords:
        return np.asarray(block.coord(ALONG), np.float64)
    numbers = block.first_trace + np.arange(len(block), dtype=np.float64)
    return numbers * (block.trace_spacing_m or 1.0)


def _removed_s(block: Block) -> Values:
    if REMOVED in block.coords:
        return np.asarray(block.coord(REMOVED), np.float64)
    return np.zeros(len(block))


def _places(block: Block, frame: list[LocalFrame]) -> Values:
    """Return east, north, up of each row in m, (rows, 3), around the first position of the run."""
    places = np.full((len(block), 3), np.nan)
    if not set(PLACE) <= block.coords.keys():
        return places
    longitude, latitude, up = (block.coord(name) for name in PLACE)
    known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    if not frame and known.size:
        frame.append(LocalFrame(float(longitude[known[0]]), float(latitude[known[0]])))
    if frame:
        east, north, _ = frame[0].to_local(longitude, latitude)
        places = np.column_stack([east, north, up])
    return places
