"""The plainest prescreener: energy in a bin of depth beside that of the traces around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.detect.prescreeners.clutter import LocalClutter
from detectkit.detect.prescreeners.tiles import Tiled


@dataclass(frozen=True, slots=True)
class DepthEnergy(Tiled):
    """Score the energy in a bin of depth against that at the same depth along the track.

    The baseline that other prescreeners have to beat. Tiles and training stretch are those of
    `reed-xiaoli`.

    Method: ``z = (E - m) / s``, E the cube root of the mean energy around a sample (Wilson and
    Hilferty, PNAS 17, 1931), m the clutter's median and s the spread of its lower half, over the
    median at least 0.05 and at least the median of all delays (an ordered-statistics CFAR; Rohling,
    IEEE Trans. AES 19, 1983). The score is ``log(1 + a max(z, 0)) / a``, a from where the clutter's
    upper tenth begins, the median of all delays, so that clutter with a heavier tail than normal is
    normal too (Johnson, Biometrika 36, 1949): 0 for a normal tail, about 0.25 for an exponential
    one, never above 0.3.

    - `energy_window_s`, `energy_traces`: the bin's extent along delay and track.
    - `guard_traces`: at least half a hyperbola, so that a target is not in its own clutter.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "depth-energy"
        energy_window_s = 1e-9
        energy_traces = 3
        guard_traces = 15
        training_traces = 150
    """

    name: ClassVar[str] = "depth-energy"

    def scored(
        self, tile: npt.NDArray[np.float32], training: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return how far the tile's energy lies above the clutter's."""
        return LocalClutter.of_energy(training).scores(tile)
