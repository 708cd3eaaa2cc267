"""Prescreener: what the main components of the clutter's energy do not explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import BlockSpec, PipelineError
from detectkit.detect.prescreen import CLIP_SIGMA
from detectkit.detect.prescreeners.clutter import LocalClutter
from detectkit.detect.prescreeners.components import explained, main_components
from detectkit.detect.prescreeners.tiles import FEWEST_TRAINING_ROWS, Tiled

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
TURN_ROWS = 8
"""Training rows in turn learn the components and judge what is left of the others."""


@dataclass(frozen=True, slots=True)
class PcaPrescreener(Tiled):
    """Score what the main components of the clutter around do not explain (PCA residual).

    A ground whose energy rises and falls at many depths together (a rougher surface, wetter soil,
    antennas that swing) is explained; a body at one depth is not. Tiles and training stretch are
    those of `reed-xiaoli`.

    Method: ``r = z - V V' c(z)``, z the energies E of a trace in deviations as in `depth-energy`,
    c(z) the same cut at 2.5, so that a body does not explain itself, V the strongest principal
    components of c(z) in half of the training rows (Pearson, Philosophical Magazine 2, 1901; as
    prescreener of ground-penetrating radar: Masarik et al., Proc. SPIE 9454, 2015). The score is
    r in deviations of r in the other half, one-sided, tail as in `depth-energy`.

    - `components`: 1 to 3; more explain bodies too.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "pca-prescreener"
        components = 2
        energy_window_s = 1e-9
        guard_traces = 15
        training_traces = 150
    """

    name: ClassVar[str] = "pca-prescreener"
    most_training_rows: ClassVar[int] = 256
    components: int = 2

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores in place of amplitudes."""
        most = min(FEWEST_TRAINING_ROWS // 2, spec.samples)
        if not 1 <= self.components <= most:
            msg = f"step {self.name!r}: components = {self.components} must be 1 to {most}"
            raise PipelineError(msg)
        return Tiled.describe(self, spec)

    def scored(self, tile: Float32s, training: Float32s) -> Float32s:
        """Return how far the tile's unexplained energy lies above that of the clutter."""
        energy = LocalClutter.of_energy(training)
        deviates = energy.deviates(training)
        learns = np.arange(len(training)) // TURN_ROWS % 2 == 0
        known = np.clip(deviates[learns], -CLIP_SIGMA, CLIP_SIGMA)
        basis = main_components(known, self.components)
        clutter = LocalClutter.of_deviates(_unexplained(deviates[~learns], basis))
        return clutter.scores(_unexplained(energy.deviates(tile), basis))


def _unexplained(deviates: Float64s, basis: Float64s) -> Float32s:
    cut = np.clip(deviates, -CLIP_SIGMA, CLIP_SIGMA)
    return (deviates - explained(cut, basis)).astype(np.float32)
