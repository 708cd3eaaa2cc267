"""The one runner: blocks in, blocks out, live and in batch alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Applied, Block
from detectkit.core.block import follows
from detectkit.pipeline.pipeline import applied
from detectkit.pipeline.step import Ready, Step


@dataclass(slots=True)
class Tally:
    """What the runner saw pass: visible degradation, not silent."""

    traces: int = 0
    segments: int = 0
    missing_traces: int = 0
    nonfinite_samples: int = 0


@dataclass(slots=True)
class _Stage:
    """One step at work: its state, and the rule that a gap in its own input starts it afresh."""

    step: Step
    _note: Applied = field(init=False)
    _state: Any = None
    _last: Block | None = None

    def __post_init__(self) -> None:
        self._note = applied(self.step)

    def push(self, block: Block) -> Iterator[Block]:
        if self._last is not None and not follows(self._last, block):
            yield from self.finish()
        if self._last is None:
            self._state = self.step.start(block)
        self._last = block.traces(len(block) - 1, len(block))
        self._state, ready = self.step.push(self._state, block)
        yield from self._noted(ready)

    def finish(self) -> Iterator[Block]:
        if self._last is not None:
            self._last = None
            yield from self._noted(self.step.finish(self._state))

    def _noted(self, ready: Ready) -> Iterator[Block]:
        blocks = (ready,) if isinstance(ready, Block) else ready or ()
        yield from (block.noted(self._note) for block in blocks if len(block))


@dataclass(slots=True)
class Runner:
    """Feeds blocks through steps; starts afresh at a gap, a new line or a changed sensor.

    Examples
    --------
    >>> runner = Runner(())
    >>> [len(out) for out in runner.push(Block(np.zeros((2, 3), np.float32)))]
    [2]
    """

    steps: Sequence[Step]
    tally: Tally = field(default_factory=Tally)
    _stages: list[_Stage] = field(default_factory=list)
    _last: Block | None = None

    def __post_init__(self) -> None:
        self._stages = [_Stage(step) for step in self.steps]

    def push(self, block: Block) -> Iterator[Block]:
        """Take the next block and yield what is ready."""
        if len(block) == 0:
            return
        if self._last is None or not follows(self._last, block):
            self.tally.missing_traces += _missing(self._last, block)
            self.tally.segments += 1
            yield from self.finish()
        self._last = block.traces(len(block) - 1, len(block))
        self.tally.traces += len(block)
        yield from self._through(0, (self._as_float32(block),))

    def finish(self) -> Iterator[Block]:
        """End the run of traces and yield what the steps still hold, in order."""
        for number, stage in enumerate(self._stages, start=1):
            yield from self._through(number, stage.finish())
        self._last = None

    def _through(self, number: int, blocks: Iterable[Block]) -> Iterator[Block]:
        if number == len(self._stages):
            yield from blocks
            return
        for block in blocks:
            yield from self._through(number + 1, self._stages[number].push(block))

    def _as_float32(self, block: Block) -> Block:
        """Return float32 samples; a NaN or infinity becomes 0 and is counted."""
        with np.errstate(over="ignore"):  # what overflows is counted below
            data = block.data.astype(np.float32, copy=False)
        if block.data.dtype.kind == "f" and not _surely_finite(data):
            bad = ~np.isfinite(data)
            self.tally.nonfinite_samples += int(bad.sum())
            data = np.where(bad, np.float32(0.0), data)
        return replace(block, data=data)


def _missing(last: Block | None, block: Block) -> int:
    if last is None or last.line != block.line or last.sensor != block.sensor:
        return 0
    return max(0, block.first_trace - last.stop_trace)


def _surely_finite(data: npt.NDArray[np.float32]) -> bool:
    """Tell from one pass at memory speed; an overflow of the sum merely costs a second look."""
    flat = data.ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.dot(flat, flat)))


def run(steps: Sequence[Step], blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the processed blocks of a whole input; memory stays bounded by the steps' reach."""
    runner = Runner(steps)
    for block in blocks:
        yield from runner.push(block)
    yield from runner.finish()
