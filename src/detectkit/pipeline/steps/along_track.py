"""The step that puts traces at equal distances along the track."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, UsageError
from detectkit.pipeline.step import Recursive
from detectkit.pipeline.steps.stacking import STACKED, TIME
from detectkit.pipeline.steps.streamed import with_traces
from detectkit.signal.along_track import EqualDistance, Gridded, MergeStationary, Positioned

Coords = dict[str, npt.NDArray[Any]]

ALONG_TRACK = "along_track_m"
MOST_GAP_ROWS = 100_000


@dataclass(slots=True)
class Resampling:
    """State: the two streams, what blocks look like, and the last grid point given."""

    first: Block
    merge: MergeStationary
    grid: EqualDistance
    values: tuple[str, ...]
    labels: tuple[str, ...]
    next_number: int | None = None
    last_values: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class ResampleDistance(Recursive):
    """Interpolate traces at equal distances along the track, at the multiples of `spacing_m`.

    Needs ``along_track_m``, never falling. Traces within `stationary_m` of each other are
    averaged first; half of `spacing_m` there averages what would otherwise alias. Traces
    further apart than `max_gap_m` are not bridged: the rows between them are zeros, their
    coordinates unknown and ``stacked_traces`` 0. Put it after the background is removed, so that
    such rows do not disturb a mean. Nothing is extrapolated.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "resample-distance"
        spacing_m = 0.02
        method = "cubic"
        stationary_m = 0.01
        max_gap_m = 0.2
    """

    name: ClassVar[str] = "resample-distance"
    spacing_m: float = 0.02
    method: Literal["linear", "cubic"] = "linear"
    stationary_m: float = 0.0
    max_gap_m: float = 0.5

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new spacing; refuse a line without distance."""
        if ALONG_TRACK not in spec.coords:
            have = ", ".join(sorted(spec.coords)) or "none"
            msg = (
                f"step {self.name!r} needs the coordinate {ALONG_TRACK!r}, the blocks have: "
                f"{have}; give the recording positions or marks"
            )
            raise PipelineError(msg)
        try:
            self._streams(spec.samples, 0, 0)
        except UsageError as error:
            msg = f"step {self.name!r}: {error}"
            raise PipelineError(msg) from error
        return replace(spec.with_coords(STACKED), trace_spacing_m=self.spacing_m)

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return two traces to each side, those of a cubic."""
        return 2, 2

    def start(self, first: Block) -> Resampling:
        """Return streams that have seen nothing."""
        along = {name: values for name, (dim, values) in first.coords.items() if dim == "trace"}
        names = [name for name in along if name not in {ALONG_TRACK, STACKED}]
        values = tuple(n for n in names if n == TIME or along[n].dtype.kind == "f")
        labels = tuple(n for n in names if n not in values)
        merge, grid = self._streams(first.data.shape[1], len(values), len(labels))
        return Resampling(first.traces(0, 1), merge, grid, values, labels)

    def push(self, state: Resampling, block: Block) -> tuple[Resampling, Block | None]:
        """Return the grid points that the block settles."""
        return state, self._block(state, [state.grid.push(state.merge.push(_line(state, block)))])

    def finish(self, state: Resampling) -> Block | None:
        """Return the last grid points."""
        parts = [state.grid.push(state.merge.finish()), state.grid.finish()]
        return self._block(state, [part for part in parts if part is not None])

    def _streams(
        self, samples: int, values: int, labels: int
    ) -> tuple[MergeStationary, EqualDistance]:
        merge = MergeStationary(samples, values=values, labels=labels, reach_m=self.stationary_m)
        grid = EqualDistance(spacing_m=self.spacing_m, max_gap_m=self.max_gap_m, method=self.method)
        return merge, grid

    def _block(self, state: Resampling, parts: list[Gridded]) -> Block | None:
        points = Gridded(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        if not len(points.number):
            return None
        first = int(points.number[0]) if state.next_number is None else state.next_number
        number = np.arange(first, int(points.number[-1]) + 1)
        self._check_gap(number.size - points.number.size)
        row = points.number - first
        data = np.zeros((number.size, points.traces.shape[1]), np.float32)
        data[row] = points.traces
        coords = {
            ALONG_TRACK: number * self.spacing_m,
            STACKED: _spread(points.merged, row, number.size, fill=0).astype(np.int64),
            **_spread_values(state, points, row, number.size),
            **_spread_labels(state, points, row, number.size),
        }
        state.next_number, state.last_values = first + number.size, points.values[-1]
        block = with_traces(state.first, data, coords)
        return replace(block, first_trace=first, trace_spacing_m=self.spacing_m)

    def _check_gap(self, rows: int) -> None:
        if rows > MOST_GAP_ROWS:
            msg = (
                f"step {self.name!r}: a gap of {rows * self.spacing_m:.0f} m along the track needs "
                f"{rows} rows; split the line there, or check its positions"
            )
            raise PipelineError(msg)


def _line(state: Resampling, block: Block) -> Positioned:
    """Return the block as the streams take it; times count from the first trace of the run."""
    values = np.zeros((len(block), len(state.values)))
    for column, name in enumerate(state.values):
        origin = state.first.coord(name)[0] if name == TIME else 0
        values[:, column] = block.coord(name) - origin
    labels = np.zeros((len(block), len(state.labels)))
    for column, name in enumerate(state.labels):
        labels[:, column] = block.coord(name)
    merged = np.ones(len(block))
    if STACKED in block.coords:
        merged[:] = block.coord(STACKED)
    distance = np.asarray(block.coord(ALONG_TRACK), dtype=np.float64)
    return Positioned(block.data, distance, values, labels, merged)


def _spread(
    values: npt.NDArray[np.float64], row: npt.NDArray[np.int64], rows: int, *, fill: float
) -> npt.NDArray[np.float64]:
    spread = np.full(rows, fill, np.float64)
    spread[row] = values
    return spread


def _spread_values(
    state: Resampling, points: Gridded, row: npt.NDArray[np.int64], rows: int
) -> Coords:
    """Return interpolated coordinates: unknown in a gap, but for time, which runs on."""
    coords: Coords = {}
    for column, name in enumerate(state.values):
        values = points.values[:, column]
        if name == TIME:
            before = state.last_values[column : column + 1]
            known = np.concatenate([np.full(before.size, -1), row])
            filled = np.interp(np.arange(rows), known, np.concatenate([before, values]))
            filled[row] = values
            coords[name] = state.first.coord(name)[0] + np.rint(filled).astype(np.int64)
        else:
            spread = _spread(values, row, rows, fill=np.nan)
            coords[name] = spread.astype(state.first.coord(name).dtype)
    return coords


def _spread_labels(
    state: Resampling, points: Gridded, row: npt.NDArray[np.int64], rows: int
) -> Coords:
    """Return whole numbers of the nearer trace; in a gap 0, and -1 for the source trace."""
    return {
        name: _spread(
            points.labels[:, column], row, rows, fill=-1 if name == "source_trace" else 0
        ).astype(state.first.coord(name).dtype)
        for column, name in enumerate(state.labels)
    }
