"""Prescreener: what is sparse beside a background of low rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.detect.prescreen import CLIP_SIGMA
from detectkit.detect.prescreeners.clutter import LocalClutter
from detectkit.detect.prescreeners.components import explained, main_components
from detectkit.detect.prescreeners.tiles import EnergyStream, Tiled, energy_samples
from detectkit.pipeline.steps.streamed import Stream, overlap_of
from detectkit.signal.overlap import CrossFade

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
ROUNDS = 2
"""More let L take rows of bodies at one depth, which are of low rank too."""


def without_low_rank(
    deviates: Float64s, *, components: int, threshold: float, rounds: int = ROUNDS
) -> Float64s:
    """Return X - L of X = L + S + noise: L of low rank, S the few values beyond a threshold.

    Alternates L = the strongest components of X - S and S = what of X - L lies beyond the
    threshold (GoDec: Zhou and Tao, ICML 2011; with a threshold in place of a number of values
    it is the fit of L by Huber's loss: She and Owen, JASA 106, 2011).

    Parameters
    ----------
    deviates
        Shape (trace, delay), in standard deviations.
    components
        Rank of L.
    threshold
        In standard deviations.
    rounds
        How often.

    Examples
    --------
    >>> background = np.outer(np.sin(np.arange(60.0)), np.ones(20))
    >>> background[30, 5] += 50.0
    >>> bool(without_low_rank(background, components=1, threshold=2.5)[30, 5] > 46.0)
    True
    """
    left = deviates
    sparse = left - np.clip(left, -threshold, threshold)
    for _ in range(rounds):
        dense = deviates - sparse
        left = deviates - explained(dense, main_components(dense, components))
        sparse = left - np.clip(left, -threshold, threshold)
    return left


@dataclass(slots=True)
class _Foregrounds:
    """Rows in, what of their energy has no low rank out."""

    energy: EnergyStream
    windows: CrossFade

    def push(self, data: Float32s) -> Float32s:
        """Take the next rows; return the foreground of those that no later window can change."""
        energy = self.energy.push(data)
        return self.windows.push(energy)

    def finish(self) -> Float32s:
        """Return the foreground that is left."""
        last = self.windows.push(self.energy.finish())
        return np.concatenate([last, self.windows.finish()])


@dataclass(frozen=True, slots=True)
class LowRankPrescreener(Tiled):
    """Score what is sparse beside a background of low rank in windows of traces.

    Unlike `pca-prescreener` it learns the background with the bodies in it, which are put aside
    while it is learnt; it needs no ground beside them that is free. The latency is a window longer.

    Method: energies in deviations as in `depth-energy`, X, are split as ``X = L + S + noise`` by
    turns: L the strongest components of X - S, S what of X - L lies beyond 2.5 (GoDec; Zhou and
    Tao, ICML 2011; low rank and sparse on ground-penetrating radar: Masarik et al., Proc. SPIE
    9454, 2015). Windows are those of `windowed-svd-background`. The score is X - L in deviations of
    the training stretch, one-sided, tail as in `depth-energy`.

    - `window_traces`, `overlap`: the windows, and the share of each that the next one fades in.
    - `components`: 1 to 3; more explain bodies too.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "lowrank-prescreener"
        window_traces = 200
        components = 2
        energy_window_s = 1e-9
        guard_traces = 15
        training_traces = 150
    """

    name: ClassVar[str] = "lowrank-prescreener"
    components: int = 2
    window_traces: int = 200
    overlap: float = 0.25

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        overlap_of(self.name, self.window_traces, self.overlap)
        if not 1 <= self.components <= min(self.window_traces // 4, spec.samples):
            msg = (
                f"step {self.name!r}: components = {self.components} must be 1 to a quarter of "
                f"window_traces = {self.window_traces}, and at most the samples, {spec.samples}"
            )
            raise PipelineError(msg)
        return Tiled.describe(self, spec)

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return a window besides what the tiles need."""
        before, after = Tiled.reach(self, spec)
        return before + self.window_traces - 1, after + self.window_traces - 1

    def features(self, first: Block) -> Stream:
        """Return the foreground of the energies."""
        side = energy_samples(self.energy_window_s, first.spec, step=self.name)
        windows = CrossFade(
            first.data.shape[1],
            window=self.window_traces,
            overlap=overlap_of(self.name, self.window_traces, self.overlap),
            clean=partial(_foreground, components=self.components),
        )
        return _Foregrounds(EnergyStream(side, self.energy_traces // 2), windows)

    def scored(self, tile: Float32s, training: Float32s) -> Float32s:
        """Return how far the tile's foreground lies above the clutter's."""
        return LocalClutter.of_deviates(training).scores(tile)


def _foreground(energy: Float32s, *, components: int) -> Float32s:
    deviates = LocalClutter.of_energy(energy).deviates(energy)
    rank = min(components, len(energy))
    left = without_low_rank(deviates, components=rank, threshold=CLIP_SIGMA)
    return left.astype(np.float32)
