"""Prescreeners as steps: a radargram in, anomaly scores in standard deviations out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.detect.prescreen import (
    energy_root,
    lms_residual,
    reed_xiaoli,
    robust_moments,
)
from detectkit.pipeline.step import Recursive, Windowed, samples_of

TRAINING_ROWS = 128
"""Rows drawn from the training stretch; more change the figures little and cost time."""
FEWEST_TRAINING_ROWS = 16


@dataclass(frozen=True, slots=True)
class ReedXiaoli(Windowed):
    """Score each sample against the clutter at its own depth along the track (RX detector).

    Traces are taken in tiles of `guard_traces`; the clutter of a tile is learnt from
    `training_traces` on each side of it, `guard_traces` apart, at the same depth. Medians and
    the lower half's spread keep targets in the training stretch from hiding others.

    Method: ``d^2 = v' C^-1 v``, v = E at the sample and half an energy window before and after it,
    less the clutter's median, negatives set to 0; E is the cube root of the mean energy around a
    sample and C the clutter's covariance (Reed and Yu, IEEE Trans. ASSP 38, 1990). The score is
    ``max(((d^2 / 3)^(1/3) - 25/27) / sqrt(2/27), 0)``, a normal deviate for normal clutter (Wilson
    and Hilferty, PNAS 17, 1931). C has the spreads of the lower half (over their medians at least
    0.05 and at least the median of all delays) and half of the correlations of values cut at 2.5
    spreads.

    - `energy_window_s`, `energy_traces`: extent of the mean energy along delay and track.
    - `guard_traces`: at least half a hyperbola, so that a target is not in its own clutter.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "reed-xiaoli"
        energy_window_s = 1e-9
        energy_traces = 3
        guard_traces = 15
        training_traces = 150
    """

    name: ClassVar[str] = "reed-xiaoli"
    energy_window_s: float = 1e-9
    energy_traces: int = 3
    guard_traces: int = 15
    training_traces: int = 150

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        _energy_samples(self.energy_window_s, spec, step=self.name)
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

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the scores of the rows, tile by tile; tiles count from the run's first trace."""
        side = _energy_samples(self.energy_window_s, rows.spec, step=self.name)
        energy = energy_root(rows.data, side, self.energy_traces // 2)
        scores = np.empty((stop - start, rows.data.shape[1]), np.float32)
        tile = self.guard_traces
        begin = start
        while begin < stop:
            number = (rows.first_trace + begin) // tile
            first = number * tile - rows.first_trace
            end = min(stop, first + tile)
            centre, inverse = robust_moments(self._training(energy, rows, first), side)
            scores[begin - start : end - start] = reed_xiaoli(
                energy[begin:end], centre, inverse, side
            )
            begin = end
        return replace(rows.traces(start, stop), data=scores, quantity="score")

    def _training(
        self, energy: npt.NDArray[np.float32], rows: Block, first: int
    ) -> npt.NDArray[np.float32]:
        """Return the training rows of the tile that begins at row `first` of `rows`."""
        last = len(rows)
        near, far = self.guard_traces, self.guard_traces + self.training_traces
        stop = first + self.guard_traces
        behind = np.arange(max(0, first - far), max(0, first - near))
        ahead = np.arange(min(last, stop + near), min(last, stop + far))
        chosen = np.concatenate([behind, ahead])
        if chosen.size < FEWEST_TRAINING_ROWS:
            chosen = np.arange(max(0, first - far), min(last, stop + far))
        stride = -(-2 * self.training_traces // TRAINING_ROWS)
        thinned = chosen[(rows.first_trace + chosen) % stride == 0]
        rows_used = thinned if thinned.size >= FEWEST_TRAINING_ROWS else chosen
        return np.ascontiguousarray(energy[rows_used])


@dataclass(slots=True)
class _LmsState:
    history: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float64]
    moments: npt.NDArray[np.float64]
    seen: int = 0


@dataclass(frozen=True, slots=True)
class LmsPrescreener(Recursive):
    """Score each sample by how badly earlier traces predict it (normalised LMS, causal).

    It needs nothing ahead, so that its scores come with no delay in flight. The first
    `guard_traces` + `taps` traces of a run have no past and score 0.

    Method: ``p = m + sum_j w_j (E_j - m)`` predicts E, the cube root of the mean energy along
    delay, from the `taps` traces beyond the guard, m their mean; the score is the error e = E - p
    in its own running standard deviations, at least 0. Below a score of 3 the weights learn,
    ``w_j = w_j + rate e (E_j - m) / sum (E_j - m)^2`` (normalised LMS; Widrow and Hoff, 1960; as a
    prescreener Torrione, Throckmorton and Collins, 2006; cube root: Wilson and Hilferty, 1931).

    - `energy_window_s`: extent of the mean energy along delay.
    - `rate`: step size, 0 to 1.
    - `memory_traces`: traces over which mean and deviation of the error are forgotten.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "lms-prescreener"
        energy_window_s = 1e-9
        guard_traces = 15
        taps = 20
    """

    name: ClassVar[str] = "lms-prescreener"
    energy_window_s: float = 1e-9
    guard_traces: int = 15
    taps: int = 20
    rate: float = 0.02
    memory_traces: int = 200

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        _energy_samples(self.energy_window_s, spec, step=self.name)
        if min(self.guard_traces, self.taps, self.memory_traces) < 1 or not 0 < self.rate < 1:
            msg = (
                f"step {self.name!r}: guard_traces, taps and memory_traces must be at least 1 and "
                f"rate within 0..1; got {self.guard_traces}, {self.taps}, {self.memory_traces}, "
                f"{self.rate}"
            )
            raise PipelineError(msg)
        return replace(spec, quantity="score")

    def start(self, first: Block) -> _LmsState:
        """Return a predictor that has seen nothing and expects the mean of the past rows."""
        samples = first.data.shape[1]
        return _LmsState(
            np.zeros((self.guard_traces + self.taps, samples), np.float32),
            np.zeros((samples, self.taps)),
            np.zeros((samples, 2)),
        )

    def push(self, state: _LmsState, block: Block) -> tuple[_LmsState, Block | None]:
        """Return the scores of the block."""
        side = _energy_samples(self.energy_window_s, block.spec, step=self.name)
        energy = energy_root(block.data, side, 0)
        held = state.history.shape[0]
        filling = min(len(block), max(0, held - state.seen))
        state.history[state.seen : state.seen + filling] = energy[:filling]
        if filling and state.seen + filling == held:
            state.moments[:, 1] = state.history.var(axis=0)
        scores = np.zeros_like(energy)
        scores[filling:] = lms_residual(
            energy[filling:],
            state.history,
            state.weights,
            state.moments,
            self.rate,
            1.0 / self.memory_traces,
        )
        state.seen = min(held, state.seen + filling)
        return state, replace(block, data=scores, quantity="score")


def _energy_samples(window_s: float, spec: BlockSpec, *, step: str) -> int:
    """Return the samples to each side of the energy window, at least 1."""
    return max(1, samples_of(window_s, spec, setting="energy_window_s", step=step) // 2)
