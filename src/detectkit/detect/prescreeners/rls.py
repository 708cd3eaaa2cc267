"""Prescreener: what earlier traces do not predict, by recursive least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.detect.prescreen import CLIP_SIGMA, LEAST_SPREAD, energy_root
from detectkit.detect.prescreeners.clutter import TAIL_DEVIATE, TAIL_LEVEL, tail_of
from detectkit.detect.prescreeners.tiles import energy_samples
from detectkit.pipeline.step import Recursive
from detectkit.signal._jit import njit

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
BRIGHTEST = 1.0
"""As many deviations of a bright error are learnt from; of a faint one `CLIP_SIGMA`."""
MOST_GROWTH = 100.0
"""An inverse covariance that has grown so far is forgotten no further."""
MOST_QUANTILE = 4.0
MOST_CHANGE = 1.5
"""What is predicted lies within this factor of the past rows' mean."""


@dataclass(slots=True)
class Predictor:
    """State: what is known of the rows so far, delay by delay.

    Parameters
    ----------
    history
        Shape (guard + taps, delay): the rows before, cut where they stood out, oldest first.
    weights
        Shape (delay, taps).
    inverse
        Shape (delay, taps, taps): of the past rows' covariance.
    largest
        Shape (delay,): trace that `inverse` may grow to.
    moments
        Shape (delay, 2): median of the error and mean square of what lies below it.
    quantiles
        Shape (delay,): where the upper tenth of the errors begins, in deviations.
    seen
        Rows so far, at most those of `history`.
    """

    history: Float32s
    weights: Float64s
    inverse: Float64s
    largest: Float64s
    moments: Float64s
    quantiles: Float64s
    seen: int = 0

    @classmethod
    def blank(cls, held: int, taps: int, samples: int) -> Predictor:
        """Return one that has seen nothing."""
        return cls(
            np.zeros((held, samples), np.float32),
            np.zeros((samples, taps)),
            np.zeros((samples, taps, taps)),
            np.zeros(samples),
            np.zeros((samples, 2)),
            np.full(samples, TAIL_DEVIATE),
        )

    def fill(self, energy: Float32s) -> int:
        """Take the first rows as history; return how many of `energy` that were."""
        held = len(self.history)
        count = min(len(energy), held - self.seen)
        self.history[self.seen : self.seen + count] = energy[:count]
        self.seen += count
        if count and self.seen == held:
            self._begin()
        return count

    def _begin(self) -> None:
        """Expect the mean, with the deviation of the history."""
        taps = self.weights.shape[1]
        floor = LEAST_SPREAD * self.history.mean(axis=0, dtype=np.float64)
        variance = self.history.var(axis=0, dtype=np.float64) + floor**2 + 1e-24
        self.inverse[:] = np.eye(taps) / variance[:, np.newaxis, np.newaxis]
        self.largest[:] = MOST_GROWTH * taps / variance
        self.moments[:, 1] = variance


@njit
def rls_residual(
    energy: Float32s,
    history: Float32s,
    weights: Float64s,
    inverse: Float64s,
    largest: Float64s,
    moments: Float64s,
    quantiles: Float64s,
    memory: float,
) -> Float32s:
    """Predict each row from earlier ones; return the error in deviations, at least 0.

    Everything but `energy` is updated in place; see `Predictor`. A bright error counts for
    no more than `BRIGHTEST` deviations in what is learnt, and enters the history as no more: a
    target teaches little, and a ground that really changes is followed all the same.

    Parameters
    ----------
    energy
        Shape (rows, delay), from `energy_root`.
    memory
        Rows after which what was learnt counts for 1/e.
    """
    rows, samples = energy.shape
    taps, held = weights.shape[1], history.shape[0]
    keep, fresh = 1.0 - 1.0 / memory, 1.0 / memory
    out = np.zeros((rows, samples), np.float32)
    newest = np.empty(samples, np.float32)
    past = np.empty(taps)
    for row in range(rows):
        tail = tail_of(np.median(quantiles))
        for k in range(samples):
            mean = 0.0
            for tap in range(taps):
                mean += history[tap, k] / taps
            predicted = mean
            for tap in range(taps):
                past[tap] = history[tap, k] - mean
                predicted += weights[k, tap] * past[tap]
            predicted = min(max(predicted, mean / MOST_CHANGE), mean * MOST_CHANGE)
            sigma = max(np.sqrt(moments[k, 1]), LEAST_SPREAD * mean, 1e-12)
            drift = energy[row, k] - predicted - moments[k, 0]
            score = max(drift / sigma, 0.0)
            out[row, k] = np.log1p(tail * score) / tail if tail > 0.0 else score
            share = 1.0 if score > quantiles[k] else 0.0
            quantile = quantiles[k] + 5.0 * fresh * (share - (1.0 - TAIL_LEVEL))
            quantiles[k] = min(max(quantile, 0.0), MOST_QUANTILE)
            cut = min(max(drift, -CLIP_SIGMA * sigma), BRIGHTEST * sigma)
            newest[k] = min(energy[row, k], predicted + moments[k, 0] + BRIGHTEST * sigma)
            _learn(weights[k], inverse[k], past, cut, keep, largest[k])
            moments[k, 0] += fresh * (sigma if drift > 0.0 else -sigma)
            if drift < 0.0:
                moments[k, 1] += 2.0 * fresh * (cut * cut - moments[k, 1])
        for age in range(held - 1):
            history[age] = history[age + 1]
        history[held - 1] = newest
    return out


@njit
def _learn(
    weights: Float64s,
    inverse: Float64s,
    past: Float64s,
    error: float,
    keep: float,
    largest: float,
) -> None:
    """Update the weights and the inverse covariance by one row (recursive least squares)."""
    taps = past.size
    gain = np.zeros(taps)
    power, size = keep, 0.0
    for i in range(taps):
        for j in range(taps):
            gain[i] += inverse[i, j] * past[j]
        power += gain[i] * past[i]
        size += inverse[i, i]
    grow = 1.0 / keep if size < largest else 1.0
    for i in range(taps):
        weights[i] += gain[i] * error / power
        for j in range(i + 1):
            value = (inverse[i, j] - gain[i] * gain[j] / power) * grow
            inverse[i, j] = value
            inverse[j, i] = value


@dataclass(frozen=True, slots=True)
class RlsPrescreener(Recursive):
    """Score each sample by how badly earlier traces predict it (recursive least squares, causal).

    Like `lms-prescreener` it needs nothing ahead; it learns a ground within some `taps` traces
    where that one takes hundreds, and takes longer. The first `guard_traces` + `taps` traces of a
    run have no past and score 0.

    Method: as `lms-prescreener`, with weights that minimise the squared errors of the past, those
    of `memory_traces` ago weighted by 1/e (recursive least squares; Plackett, Biometrika 37, 1950;
    as a prescreener Torrione, Throckmorton and Collins, 2006). An error above 1 deviation counts as
    1, so that a body teaches little. The score is the error over its running median, in the
    deviations below that, one-sided; its tail is made normal as in `depth-energy`, from where the
    upper tenth of the errors so far begins, the median of all delays.

    - `energy_window_s`: extent of the mean energy along delay.
    - `taps`: traces beyond the guard that predict.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "rls-prescreener"
        energy_window_s = 1e-9
        guard_traces = 15
        taps = 8
        memory_traces = 200
    """

    name: ClassVar[str] = "rls-prescreener"
    energy_window_s: float = 1e-9
    guard_traces: int = 15
    taps: int = 8
    memory_traces: int = 200

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        energy_samples(self.energy_window_s, spec, step=self.name)
        if min(self.guard_traces, self.taps) < 1 or self.memory_traces < 2 * self.taps:
            msg = (
                f"step {self.name!r}: guard_traces = {self.guard_traces} and taps = {self.taps} "
                f"must be at least 1, memory_traces = {self.memory_traces} at least twice taps"
            )
            raise PipelineError(msg)
        return replace(spec, quantity="score")

    def start(self, first: Block) -> Predictor:
        """Return a predictor that has seen nothing."""
        held = self.guard_traces + self.taps
        return Predictor.blank(held, self.taps, first.data.shape[1])

    def push(self, state: Predictor, block: Block) -> tuple[Predictor, Block | None]:
        """Return the scores of the block."""
        side = energy_samples(self.energy_window_s, block.spec, step=self.name)
        energy = energy_root(block.data, side, 0)
        filled = state.fill(energy)
        scores = np.zeros_like(energy)
        scores[filled:] = rls_residual(
            energy[filled:], state.history, state.weights, state.inverse, state.largest,
            state.moments, state.quantiles, float(self.memory_traces),
        )  # fmt: skip
        return state, replace(block, data=scores, quantity="score")
