"""Steps around a stream that gives traces back later than it takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import Recursive, traces_of


class Stream(Protocol):
    """A kernel that takes traces as they come and gives each back, in order, when it is done."""

    def push(self, data: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Take the next traces; return those that are done."""
        ...

    def finish(self) -> npt.NDArray[np.float32]:
        """Return what is left when the run has ended."""
        ...


@dataclass(slots=True)
class Waiting:
    """Blocks whose traces a stream has taken and not given back yet, oldest first."""

    blocks: deque[Block] = field(default_factory=deque)

    def take(self, traces: int) -> list[Block]:
        """Remove and return the oldest traces."""
        taken: list[Block] = []
        while traces:
            head = self.blocks.popleft()
            taken.append(head.traces(0, traces))
            if len(head) > traces:
                self.blocks.appendleft(head.traces(traces, len(head)))
            traces -= len(taken[-1])
        return taken


def trace_coords(blocks: Sequence[Block]) -> dict[str, npt.NDArray[Any]]:
    """Return the coordinates along the track of consecutive blocks, joined."""
    names = [name for name, (dim, _) in blocks[0].coords.items() if dim == "trace"]
    return {name: np.concatenate([one.coord(name) for one in blocks]) for name in names}


def with_traces(
    like: Block, rows: npt.NDArray[np.float32], coords: dict[str, npt.NDArray[Any]]
) -> Block:
    """Return a block like another, with other rows and coordinates along the track."""
    kept = {name: one for name, one in like.coords.items() if one[0] != "trace"}
    return replace(like, data=rows, coords={**kept, **{n: ("trace", v) for n, v in coords.items()}})


@dataclass(slots=True)
class Underway:
    """State: the stream, and what it has not given back yet."""

    stream: Stream
    waiting: Waiting = field(default_factory=Waiting)

    def returned(self, rows: npt.NDArray[np.float32]) -> Block | None:
        """Return the rows that came back as a block with the coordinates they went in with."""
        if not len(rows):
            return None
        blocks = self.waiting.take(len(rows))
        return with_traces(blocks[0], rows, trace_coords(blocks))


@dataclass(frozen=True, slots=True)
class Streamed(Recursive):
    """A step around a stream: fill in `describe`, `reach` and `stream`."""

    name: ClassVar[str] = ""

    def stream(self, first: Block) -> Stream:
        """Return a fresh stream for a run of traces that begins with `first`."""
        raise NotImplementedError

    def start(self, first: Block) -> Underway:
        """Return a fresh stream with nothing underway."""
        return Underway(self.stream(first))

    def push(self, state: Underway, block: Block) -> tuple[Underway, Block | None]:
        """Feed the stream; return the traces that are done."""
        state.waiting.blocks.append(block)
        return state, state.returned(state.stream.push(block.data))

    def finish(self, state: Underway) -> Block | None:
        """Return the traces that are left."""
        return state.returned(state.stream.finish())


def window_traces_of(
    step: str, spec: BlockSpec, *, window_traces: int, window_m: float | None
) -> int:
    """Return the length of a window in traces: from metres where given, else as it is.

    Raises
    ------
    PipelineError
        Not at least one trace, or metres without a trace spacing.
    """
    if window_m is not None:
        return traces_of(window_m, spec, setting="window_m", step=step)
    if window_traces < 1:
        msg = f"step {step!r}: window_traces = {window_traces} must be 1 or more"
        raise PipelineError(msg)
    return window_traces


def overlap_of(step: str, window_traces: int, overlap: float) -> int:
    """Return the overlap of windows in traces, from a share of the window.

    Raises
    ------
    PipelineError
        The share is not between 0 and one half.
    """
    if not 0.0 <= overlap <= 0.5:
        msg = f"step {step!r}: overlap = {overlap} must be 0 to 0.5 of the window"
        raise PipelineError(msg)
    return int(overlap * window_traces)
