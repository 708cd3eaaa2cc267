"""What prescreeners with a training stretch share: tiles of traces, and the clutter beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, concat
from detectkit.detect.prescreen import energy_root
from detectkit.pipeline.step import Recursive, samples_of
from detectkit.pipeline.steps.streamed import Stream

Float32s = npt.NDArray[np.float32]
FEWEST_TRAINING_ROWS = 16


def energy_samples(window_s: float, spec: BlockSpec, *, step: str) -> int:
    """Return the samples to each side of an energy window, at least 1."""
    return max(1, samples_of(window_s, spec, setting="energy_window_s", step=step) // 2)


@dataclass(slots=True)
class EnergyStream:
    """`energy_root` of rows as they come; each waits for the `traces` rows ahead of it.

    Parameters
    ----------
    samples, traces
        To each side of the window.
    """

    samples: int
    traces: int
    _rows: Float32s | None = None
    _done: int = 0

    def push(self, data: Float32s) -> Float32s:
        """Take the next rows; return the energy of those whose window is complete."""
        rows = data if self._rows is None else np.concatenate([self._rows, data])
        done = self._done
        stop = max(done, len(rows) - self.traces)
        energy = energy_root(rows, self.samples, self.traces)[done:stop]
        keep = max(0, stop - self.traces)
        self._rows, self._done = rows[keep:].copy(), stop - keep
        return energy

    def finish(self) -> Float32s:
        """Return the energy of the last rows, whose windows end with the line."""
        if self._rows is None:
            return np.zeros((0, 0), np.float32)
        return energy_root(self._rows, self.samples, self.traces)[self._done :]


@dataclass(slots=True)
class Tiles:
    """State: rows that are not answered or that others still need, and what is known of them."""

    stream: Stream
    rows: Block | None = None
    features: list[Float32s] | None = None
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Tiled(Recursive):
    """A prescreener whose clutter is learnt beside each tile of traces: fill in `scored`.

    A tile is answered when its whole training stretch is there, at once; tiles count from the
    run's first trace, so that cutting the input changes no bit.
    """

    most_training_rows: ClassVar[int] = 128
    energy_window_s: float = 1e-9
    energy_traces: int = 3
    guard_traces: int = 15
    training_traces: int = 150

    def features(self, first: Block) -> Stream:
        """Return what turns traces into the values that are compared, as many rows."""
        side = energy_samples(self.energy_window_s, first.spec, step=self.name)
        return EnergyStream(side, self.energy_traces // 2)

    def scored(self, tile: Float32s, training: Float32s) -> Float32s:
        """Return the scores of a tile's rows beside the training rows around it."""
        raise NotImplementedError

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        energy_samples(self.energy_window_s, spec, step=self.name)
        if (
            min(self.guard_traces, self.energy_traces) < 1
            or self.training_traces < FEWEST_TRAINING_ROWS
        ):
            msg = (
                f"step {self.name!r}: guard_traces = {self.guard_traces} and energy_traces = "
                f"{self.energy_traces} must be at least 1, "
                f"training_traces = {self.training_traces} at least {FEWEST_TRAINING_ROWS}"
            )
            raise PipelineError(msg)
        return replace(spec, quantity="score")

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return the training stretch, the guard and the rest of a tile, to both sides."""
        reach = 2 * self.guard_traces + self.training_traces + self.energy_traces // 2
        return reach, reach

    def start(self, first: Block) -> Tiles:
        """Return a state that holds nothing."""
        return Tiles(self.features(first))

    def push(self, state: Tiles, block: Block) -> tuple[Tiles, Block | None]:
        """Return the tiles whose training stretch is complete."""
        rows = block if state.rows is None else concat([state.rows, block])
        features = _joined(state.features, state.stream.push(block.data))
        place = rows.first_trace + state.answered
        far = self.guard_traces + self.training_traces
        complete = rows.first_trace + len(features) - far
        stop = max(place, complete // self.guard_traces * self.guard_traces) - rows.first_trace
        ready = self._answer(rows, features, state.answered, stop)
        keep = max(0, stop - self.guard_traces - far)
        held = rows.traces(keep, len(rows))
        return Tiles(state.stream, held, [features[keep:]], stop - keep), ready

    def finish(self, state: Tiles) -> Block | None:
        """Return the tiles that are left, with the shorter training stretches at the end."""
        if state.rows is None:
            return None
        features = _joined(state.features, state.stream.finish())
        return self._answer(state.rows, features, state.answered, len(state.rows))

    def _answer(self, rows: Block, features: Float32s, start: int, stop: int) -> Block | None:
        if stop <= start:
            return None
        scores = np.empty((stop - start, rows.data.shape[1]), np.float32)
        begin = start
        while begin < stop:
            number = (rows.first_trace + begin) // self.guard_traces
            first = number * self.guard_traces - rows.first_trace
            end = min(stop, first + self.guard_traces)
            training = self._training(features, rows.first_trace, first)
            scores[begin - start : end - start] = self.scored(features[begin:end], training)
            begin = end
        return replace(rows.traces(start, stop), data=scores, quantity="score")

    def _training(self, features: Float32s, first_trace: int, first: int) -> Float32s:
        """Return the training rows of the tile that begins at row `first`, in their order."""
        last = len(features)
        near, far = self.guard_traces, self.guard_traces + self.training_traces
        stop = first + self.guard_traces
        behind = np.arange(max(0, first - far), max(0, first - near))
        ahead = np.arange(min(last, stop + near), min(last, stop + far))
        chosen = np.concatenate([behind, ahead])
        if chosen.size < FEWEST_TRAINING_ROWS:
            chosen = np.arange(max(0, first - far), min(last, stop + far))
        stride = -(-2 * self.training_traces // self.most_training_rows)
        thinned = chosen[(first_trace + chosen) % stride == 0]
        used = thinned if thinned.size >= FEWEST_TRAINING_ROWS else chosen
        return np.ascontiguousarray(features[used])


def _joined(held: list[Float32s] | None, fresh: Float32s) -> Float32s:
    """Return features held and fresh ones as one array."""
    parts = [*(held or []), *([fresh] if len(fresh) else [])]
    return np.concatenate(parts) if parts else fresh
