"""The step that puts traces at equal distances along the track."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
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
ANGLES = frozenset({"yaw_rad"})
"""What turns through a whole circle is interpolated as a direction: its cosine, then its sine."""


@dataclass(slots=True)
class Resampling:
    """State: the two streams, and what blocks look like."""

    first: Block
    merge: MergeStationary
    grid: EqualDistance
    values: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResampleDistance(Recursive):
    """Interpolate traces at equal distances along the track, at the multiples of `spacing_m`.

    Needs ``along_track_m``, never falling. Traces within `stationary_m` of each other are
    averaged first; half of `spacing_m` there averages what would otherwise alias. Traces
    further apart than `max_gap_m` are not bridged: the rows between them are missing, and the
    steps that follow start afresh behind the gap. Nothing is extrapolated.

    Method: at x between the traces at a and b, ``y = (1 - s) y_a + s y_b``,
    ``s = (x - a) / (b - a)``; `cubic` takes Hermite polynomials with the slopes of parabolas
    through three traces (Bessel tangents; de Boor, A Practical Guide to Splines, 1978, ch. IV).
    Coordinates are interpolated linearly, ``yaw_rad`` as a direction; counters and flags are those
    of the nearer trace.

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
        columns = len(values) + sum(n in ANGLES for n in values)
        merge, grid = self._streams(first.data.shape[1], columns, len(labels))
        return Resampling(first.traces(0, 1), merge, grid, values, labels)

    def push(self, state: Resampling, block: Block) -> tuple[Resampling, list[Block]]:
        """Return the grid points that the block settles."""
        return state, self._blocks(state, [state.grid.push(state.merge.push(_line(state, block)))])

    def finish(self, state: Resampling) -> list[Block]:
        """Return the last grid points."""
        parts = [state.grid.push(state.merge.finish()), state.grid.finish()]
        return self._blocks(state, [part for part in parts if part is not None])

    def _streams(
        self, samples: int, values: int, labels: int
    ) -> tuple[MergeStationary, EqualDistance]:
        merge = MergeStationary(samples, values=values, labels=labels, reach_m=self.stationary_m)
        grid = EqualDistance(spacing_m=self.spacing_m, max_gap_m=self.max_gap_m, method=self.method)
        return merge, grid

    def _blocks(self, state: Resampling, parts: list[Gridded]) -> list[Block]:
        """Return the grid points as blocks, one for each stretch without a gap."""
        points = Gridded(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        ends = np.flatnonzero(np.diff(points.number) != 1) + 1
        bounds = [0, *ends.tolist(), len(points.number)]
        stretches = (slice(start, stop) for start, stop in pairwise(bounds) if stop > start)
        return [self._block(state, points, rows) for rows in stretches]

    def _block(self, state: Resampling, points: Gridded, rows: slice) -> Block:
        coords: Coords = {
            ALONG_TRACK: points.number[rows] * self.spacing_m,
            STACKED: points.merged[rows].astype(np.int64),
        }
        columns = iter(points.values[rows].T)
        for name in state.values:
            one = next(columns)
            turned = np.arctan2(next(columns), one) if name in ANGLES else one
            coords[name] = _value(state, name, turned)
        for column, name in enumerate(state.labels):
            coords[name] = points.labels[rows, column].astype(state.first.coord(name).dtype)
        block = with_traces(state.first, points.traces[rows], coords)
        first_trace = int(points.number[rows][0])
        return replace(block, first_trace=first_trace, trace_spacing_m=self.spacing_m)


def _value(state: Resampling, name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return an interpolated coordinate; times count from the first trace of the run."""
    first = state.first.coord(name)
    counted = np.rint(values).astype(np.int64) + first[0] if name == TIME else values
    return np.asarray(counted, first.dtype)


def _line(state: Resampling, block: Block) -> Positioned:
    """Return the block as the streams take it; times count from the first trace of the run."""
    columns: list[npt.NDArray[np.float64]] = []
    for name in state.values:
        value = np.asarray(block.coord(name))
        if name in ANGLES:
            columns += [np.cos(value), np.sin(value)]
        else:
            columns.append(value - (state.first.coord(name)[0] if name == TIME else 0))
    values = np.zeros((len(block), len(columns)))
    for number, one in enumerate(columns):
        values[:, number] = one
    labels = np.zeros((len(block), len(state.labels)))
    for column, name in enumerate(state.labels):
        labels[:, column] = block.coord(name)
    merged = np.ones(len(block))
    if STACKED in block.coords:
        merged[:] = block.coord(STACKED)
    distance = np.asarray(block.coord(ALONG_TRACK), dtype=np.float64)
    return Positioned(block.data, distance, values, labels, merged)
