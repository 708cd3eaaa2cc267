"""The step that averages groups of traces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import Recursive
from detectkit.pipeline.steps.streamed import Waiting, trace_coords, with_traces
from detectkit.signal import stacking

TIME, STACKED = "time_ns", "stacked_traces"
ADDED_UP = {STACKED, "clipped_samples"}


@dataclass(slots=True)
class Stacking:
    """State: the open group, and the blocks whose traces are in it."""

    stream: stacking.Stack
    waiting: Waiting = field(default_factory=Waiting)
    held: int = 0


@dataclass(frozen=True, slots=True)
class Stack(Recursive):
    """Average every `traces` traces; row k holds the traces k·N to k·N + N - 1 of the line.

    Coordinates are averaged too, marks kept, counts added up; of other whole numbers the first
    of the group is taken. ``stacked_traces`` tells how many traces are in a row: fewer at the
    ends of a line and beside a gap.

    Method: ``y_k = (1/N) sum x_i``, i = k N to k N + N - 1, N = `traces`: noise that is not
    correlated falls by sqrt(N) (averaging; Daniels, Ground Penetrating Radar, 2004, ch. 7).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "stack"
        traces = 4
    """

    name: ClassVar[str] = "stack"
    traces: int = 4

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with N times the trace spacing."""
        if self.traces < 1:
            msg = f"step {self.name!r}: traces = {self.traces} must be 1 or more"
            raise PipelineError(msg)
        return replace(
            spec.with_coords(STACKED), trace_spacing_m=self._spacing(spec.trace_spacing_m)
        )

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return a group less one trace to each side."""
        return self.traces - 1, self.traces - 1

    def start(self, first: Block) -> Stacking:
        """Return an open group with nothing in it."""
        return Stacking(
            stacking.Stack(
                first.data.shape[1], traces_per_stack=self.traces, first_trace=first.first_trace
            )
        )

    def push(self, state: Stacking, block: Block) -> tuple[Stacking, Block | None]:
        """Return the groups that the block completes."""
        rows = state.stream.push(block.data)
        state.waiting.blocks.append(block)
        state.held += len(block)
        return state, self._stacked(state, rows, traces=state.held - state.stream.held)

    def finish(self, state: Stacking) -> Block | None:
        """Return the last group."""
        return self._stacked(state, state.stream.finish(), traces=state.held)

    def _stacked(
        self, state: Stacking, rows: npt.NDArray[np.float32], *, traces: int
    ) -> Block | None:
        if not len(rows):
            return None
        state.held -= traces
        blocks = state.waiting.take(traces)
        first = blocks[0]
        group = (first.first_trace + np.arange(traces)) // self.traces
        starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
        coords = {STACKED: np.ones(traces, np.int64), **trace_coords(blocks)}
        reduced = {name: _reduced(name, values, starts) for name, values in coords.items()}
        return replace(
            with_traces(first, rows, reduced),
            first_trace=int(group[0]),
            trace_spacing_m=self._spacing(first.trace_spacing_m),
        )

    def _spacing(self, spacing_m: float | None) -> float | None:
        return None if spacing_m is None else spacing_m * self.traces


def _reduced(
    name: str, values: npt.NDArray[Any], starts: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Return one value per group."""
    if name in ADDED_UP:
        return np.asarray(np.add.reduceat(values, starts, dtype=values.dtype))
    if name == "mark":
        return np.asarray(np.maximum.reduceat(values, starts))
    if name != TIME and values.dtype.kind != "f":
        return values[starts]
    number = np.diff(starts, append=len(values))
    if name == TIME:  # nanoseconds since 1970 do not fit a float64
        since = values - np.repeat(values[starts], number)
        return np.asarray(values[starts] + np.add.reduceat(since, starts) // number)
    mean = np.add.reduceat(values.astype(np.float64), starts) / number
    return np.asarray(mean.astype(values.dtype))
