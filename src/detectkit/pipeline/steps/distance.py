"""Steps that tell how far along the line each trace was, for recordings without a wheel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, concat
from detectkit.geo import LocalFrame
from detectkit.pipeline.step import Recursive
from detectkit.signal.distance import Odometer

ALONG_TRACK = "along_track_m"
Values = npt.NDArray[np.float64]


@dataclass(slots=True)
class Travelled:
    """State: the frame around the first position, and the path so far."""

    odometer: Odometer
    frame: LocalFrame | None = None


@dataclass(frozen=True, slots=True)
class DistanceFromPositions(Recursive):
    """Give each trace the length of the path to it, from ``longitude_deg`` and ``latitude_deg``.

    The path grows only when a position is at least `minimum_step_m` from where it last grew, so
    that the noise of a resting receiver does not become distance. Traces without a position
    come out not at all, which shows as a gap; behind traces that the instrument lost the path
    begins again at 0. Follow with `resample-distance`.

    Method: ``d = d + r`` where ``r = sqrt(de^2 + dn^2) >= minimum_step_m``, else d rests; de and dn
    are metres east and north of where d last grew, in the plane that touches the WGS 84 ellipsoid
    at the first position (length of the path; topocentric coordinates, EPSG method 9837).

    - `minimum_step_m`: about three times the noise of the positions.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "distance-from-positions"
        minimum_step_m = 0.01

        [[step]]
        use = "resample-distance"
        spacing_m = 0.02
    """

    name: ClassVar[str] = "distance-from-positions"
    minimum_step_m: float = 0.01

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the distance; refuse blocks without positions."""
        if not {"longitude_deg", "latitude_deg"} <= spec.coords or self.minimum_step_m < 0.0:
            msg = (
                f"step {self.name!r} needs the coordinates longitude_deg and latitude_deg and a "
                f"minimum_step_m of 0 or more (it is {self.minimum_step_m}); the recording gives: "
                f"{', '.join(sorted(spec.coords))}"
            )
            raise PipelineError(msg)
        return replace(spec.with_coords(ALONG_TRACK), trace_spacing_m=None)

    def start(self, first: Block) -> Travelled:  # noqa: ARG002 - part of the contract
        """Return a path that has not begun."""
        return Travelled(Odometer(minimum_step_m=self.minimum_step_m))

    def push(self, state: Travelled, block: Block) -> tuple[Travelled, list[Block]]:
        """Return the traces that have a position, with their distance."""
        longitude, latitude = block.coord("longitude_deg"), block.coord("latitude_deg")
        known = np.isfinite(longitude) & np.isfinite(latitude)
        if state.frame is None and known.any():
            at = int(np.argmax(known))
            state.frame = LocalFrame(float(longitude[at]), float(latitude[at]))
        if state.frame is None:
            return state, []
        easting, northing, _ = state.frame.to_local(longitude, latitude)
        distance = state.odometer.push(easting, northing)
        return state, at_distances(block, distance)


@dataclass(slots=True)
class BetweenMarks:
    """State: traces since the last mark, and how many marks there were."""

    held: Block | None = None
    marks: int = 0


@dataclass(frozen=True, slots=True)
class DistanceFromMarks(Recursive):
    """Give each trace its distance from the operator's marks at known spacing (rubber-banding).

    Between two marks the pace is even; traces are held until the mark that follows. Before the
    first and after the last mark nothing is known, and those traces come out not at all.
    Follow with `resample-distance`.

    Method: ``d = (m + (i - a) / (b - a)) mark_spacing_m`` for trace i between mark m at trace a and
    the next at trace b, the first mark being number 0 (linear interpolation; no published source).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "distance-from-marks"
        mark_spacing_m = 1.0

        [[step]]
        use = "resample-distance"
        spacing_m = 0.02
    """

    name: ClassVar[str] = "distance-from-marks"
    mark_spacing_m: float = 1.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the distance; refuse blocks without marks."""
        if "mark" not in spec.coords or not self.mark_spacing_m > 0.0:
            msg = (
                f"step {self.name!r} needs the coordinate mark and a mark_spacing_m above 0 "
                f"(it is {self.mark_spacing_m})"
            )
            raise PipelineError(msg)
        return replace(spec.with_coords(ALONG_TRACK), trace_spacing_m=None)

    def start(self, first: Block) -> BetweenMarks:  # noqa: ARG002 - part of the contract
        """Return a state before the first mark."""
        return BetweenMarks()

    def push(self, state: BetweenMarks, block: Block) -> tuple[BetweenMarks, list[Block]]:
        """Return the traces up to the last mark in the block."""
        held = block if state.held is None else concat([state.held, block])
        at = np.flatnonzero(held.coord("mark"))
        if at.size == 0:
            state.held = held if state.marks else None
            return state, []
        numbers = max(0, state.marks - 1) + np.arange(at.size)
        ready = []
        if at.size > 1:
            rows = np.arange(at[0], at[-1], dtype=np.float64)
            distance = np.interp(rows, at, numbers * self.mark_spacing_m)
            ready = [_at_distance(held.traces(int(at[0]), int(at[-1])), distance)]
        state.marks = int(numbers[-1]) + 1
        state.held = held.traces(int(at[-1]), len(held))
        return state, ready

    def finish(self, state: BetweenMarks) -> Block | None:
        """Return the trace of the last mark: behind it nothing is known."""
        if state.held is None or state.marks < 2:
            return None
        last = np.array([(state.marks - 1) * self.mark_spacing_m])
        return _at_distance(state.held.traces(0, 1), last)


def _at_distance(block: Block, distance: Values) -> Block:
    coords: dict[str, tuple[str, npt.NDArray[Any]]] = {ALONG_TRACK: ("trace", distance)}
    return replace(block.with_data(block.data, coords=coords), trace_spacing_m=None)


def at_distances(block: Block, distance: Values) -> list[Block]:
    """Return the runs of rows that have a distance, with it; NaN is none."""
    known = np.isfinite(distance)
    edges = np.flatnonzero(np.diff(known)) + 1
    bounds = [0, *edges.tolist(), len(block)]
    return [
        _at_distance(block.traces(start, stop), distance[start:stop])
        for start, stop in pairwise(bounds)
        if stop > start and known[start]
    ]
