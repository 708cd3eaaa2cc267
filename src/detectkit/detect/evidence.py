"""Evidence at a place: what each sensor recorded there, on one grid that is fixed to the ground.

Whatever the radar, the detector and the way it was flown, evidence has the same shape, so that one
rule or network can weigh it. A sensor that was not there is masked, which is not the same as one
that heard nothing. Nothing in it tells where on Earth, when, or in which lane it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]

IMAGES = ("processed", "focused")
"""Radar images: the levelled radargram without background, and the envelope of its migration."""
STRIPS = ("anomaly", "soil", "phase")
"""Detector rows: size of what the soil does not explain, the soil's own part, both in standard
deviations of the lane, and the angle between channels (or the decay between gates), -1 to 1."""
SCALARS = (
    "gpr_score", "gpr_width_m", "gpr_depth_m", "wavelength_m", "permittivity",
    "antenna_separation_m", "height_m", "height_spread_m", "speed_m_per_s",
    "detector_snr", "detector_width_m", "detector_height_m",
)  # fmt: skip
"""Named numbers beside the pictures; NaN: not known."""


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """The grid of all evidence: columns along the track, rows of depth, the place in the middle.

    Parameters
    ----------
    columns, spacing_m
        Along the track; the place lies between the two middle columns.
    rows, row_m, top_m
        Of depth, and the depth of the first row (negative: above the ground).

    Examples
    --------
    >>> grid = PatchGrid()
    >>> grid.along_m[[0, -1]], grid.depth_m[[0, -1]].round(3)
    (array([-0.5875,  0.5875]), array([-0.06 ,  0.645]))
    """

    columns: int = 48
    spacing_m: float = 0.025
    rows: int = 48
    row_m: float = 0.015
    top_m: float = -0.06

    @property
    def along_m(self) -> npt.NDArray[np.float64]:
        """Places of the columns from the middle, in m."""
        return np.asarray((np.arange(self.columns) - 0.5 * (self.columns - 1)) * self.spacing_m)

    @property
    def depth_m(self) -> npt.NDArray[np.float64]:
        """Depths of the rows, in m."""
        return np.asarray(self.top_m + self.row_m * np.arange(self.rows))


GRID = PatchGrid()
"""The grid that is used throughout; a model says which one it was made on."""


@dataclass(frozen=True, slots=True, eq=False)
class EvidencePatch:
    """What each sensor recorded at a place.

    Parameters
    ----------
    radar
        (images, rows, columns), float32: `IMAGES`, each divided by its own clutter's level (see
        `detectkit.detect.clutter_level`); 0 where not known.
    radar_known
        (columns,): where there were traces.
    detector
        (strips, columns), float32: `STRIPS`; 0 where not known.
    detector_known
        (columns,): where the detector passed.
    scalars
        (scalars,), float32: `SCALARS`; NaN where not known.
    """

    radar: Float32s
    radar_known: Booleans
    detector: Float32s
    detector_known: Booleans
    scalars: Float32s

    def scalar(self, name: str) -> float:
        """Return one of `SCALARS`, NaN where it is not known."""
        return float(self.scalars[SCALARS.index(name)])


def no_evidence(grid: PatchGrid = GRID) -> EvidencePatch:
    """Return a patch of which nothing is known."""
    return EvidencePatch(
        np.zeros((len(IMAGES), grid.rows, grid.columns), np.float32),
        np.zeros(grid.columns, np.bool_),
        np.zeros((len(STRIPS), grid.columns), np.float32),
        np.zeros(grid.columns, np.bool_),
        np.full(len(SCALARS), np.nan, np.float32),
    )
