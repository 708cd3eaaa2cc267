"""What steps have in common that look at the rows within some distance or time of each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, concat
from detectkit.pipeline.step import Ready, Recursive
from detectkit.signal.steady import window_bounds

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows that are held, the key of each (place or time), and which of them to answer."""

    rows: Block
    key: Values
    start: int
    stop: int

    def bounds(self, *, half: float, most: int) -> npt.NDArray[np.int64]:
        """Return first and behind the last row of the window of each row to answer."""
        return window_bounds(self.key, rows=(self.start, self.stop), half=half, most=most)


@dataclass(slots=True)
class Nearby:
    """State: rows held with their keys, how many are answered, and what the step carries."""

    carried: Any
    rows: Block | None = None
    key: Values = field(default_factory=lambda: np.empty(0))
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Around(Recursive):
    """A step whose row needs those around it: fill in `carry`, `keys`, `half`, `answer`.

    A row is answered when one comes that lies beyond its window, or `most_traces` behind it.
    """

    name: ClassVar[str] = ""
    most_traces: int = 80

    def carry(self) -> Any:
        """Return what the step carries along a run, at its beginning."""
        return None

    def keys(self, block: Block, carried: Any) -> Values:
        """Return the key of each row, never falling along a run."""
        raise NotImplementedError

    def half(self) -> float:
        """Return half of the longest window, in the key."""
        raise NotImplementedError

    def answer(self, window: Window, carried: Any) -> list[Block]:
        """Return the answer for some rows of the window."""
        raise NotImplementedError

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return the most rows that a window may hold to a side."""
        return self.most_traces, self.most_traces

    def start(self, first: Block) -> Nearby:  # noqa: ARG002 - part of the contract
        """Return a state that holds nothing."""
        return Nearby(self.carry())

    def push(self, state: Nearby, block: Block) -> tuple[Nearby, Ready]:
        """Answer the rows whose window is complete."""
        state.key = np.concatenate([state.key, self.keys(block, state.carried)])
        rows = block if state.rows is None else concat([state.rows, block])
        complete = int(np.searchsorted(state.key + self.half(), state.key[-1], side="left"))
        stop = max(state.answered, complete, len(rows) - self.most_traces)
        ready = self._answer(state, rows, stop)
        first = state.key[min(stop, len(rows) - 1)] - self.half()
        keep = min(int(np.searchsorted(state.key, first, side="left")), stop)
        keep = max(keep, stop - self.most_traces, 0)
        state.rows, state.key = rows.traces(keep, len(rows)), state.key[keep:]
        state.answered = stop - keep
        return state, ready

    def finish(self, state: Nearby) -> list[Block]:
        """Answer the last rows with the shorter windows at the line's end."""
        return [] if state.rows is None else self._answer(state, state.rows, len(state.rows))

    def _answer(self, state: Nearby, rows: Block, stop: int) -> list[Block]:
        if stop <= state.answered:
            return []
        return self.answer(Window(rows, state.key, state.answered, stop), state.carried)


def along_or_number(block: Block, *, otherwise_m: float) -> Values:
    """Return how far along the line each row is; `otherwise_m` a trace where nothing tells."""
    if "along_track_m" in block.coords:
        return np.asarray(block.coord("along_track_m"), np.float64)
    numbers = block.first_trace + np.arange(len(block), dtype=np.float64)
    return numbers * (block.trace_spacing_m or otherwise_m)
