"""What moved a network at one place; kept apart so that drawing it imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import Indication
from detectkit.detect.assess import Assessment
from detectkit.detect.evidence import EvidencePatch, PatchGrid

Values = npt.NDArray[np.float64]

HALO_M = 0.25
"""What lies farther along the track than this is not of the place itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What moved a network at one place.

    Parameters
    ----------
    indication, patch, grid
        The place, its evidence, and where its rows and columns lie.
    label
        Of what weighed it.
    assessment
        What it thought.
    without
        Name → what it thinks without a sensor: ``"radar"``, ``"metal_detector"``.
    radar, detector
        By how much each sample moved the log-odds of a target, before calibration, beside the same
        evidence with nothing heard: (images, rows, columns) and (strips, columns).
    moved
        By how much all of it moved them.
    """

    indication: Indication
    patch: EvidencePatch
    grid: PatchGrid
    label: str
    assessment: Assessment
    without: tuple[tuple[str, Assessment], ...]
    radar: Values
    detector: Values
    moved: float

    @property
    def left_out(self) -> float:
        """What the samples' shares do not add up to, in log-odds; small where it was done well."""
        return self.moved - float(self.radar.sum() + self.detector.sum())

    @property
    def share_above_ground(self) -> float:
        """Share of the radar's attribution that lies above the ground, where no target lies."""
        return self._share(self.grid.depth_m[:, None] < 0.0)

    @property
    def share_beyond_halo(self) -> float:
        """Share of the radar's attribution that lies farther along the track than `HALO_M`."""
        return self._share(np.abs(self.grid.along_m) > HALO_M)

    def _share(self, where: npt.NDArray[np.bool_]) -> float:
        size = np.abs(self.radar)
        whole = float(size.sum())
        return float(np.where(where, size, 0.0).sum()) / whole if whole else 0.0
