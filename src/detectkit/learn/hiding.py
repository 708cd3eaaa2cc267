"""Evidence as if a sensor had not been there.

One rule for training and for judging each sensor alone: what is hidden when a model is judged is
what was hidden when it learned to do without.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detectkit.detect.evidence import SCALARS
from detectkit.learn.examples import Examples

RADAR_SCALARS = (
    "gpr_score", "gpr_width_m", "gpr_depth_m", "wavelength_m", "permittivity",
    "antenna_separation_m",
)  # fmt: skip
DETECTOR_SCALARS = ("detector_snr", "detector_width_m", "detector_height_m")
_RADAR = np.array([SCALARS.index(name) for name in RADAR_SCALARS])
_DETECTOR = np.array([SCALARS.index(name) for name in DETECTOR_SCALARS])


def without_detector(examples: Examples, which: npt.NDArray[np.bool_] | None = None) -> Examples:
    """Return examples as if no detector had passed, at those told (None: at all of them)."""
    hidden = _all(examples) if which is None else which
    return replace(
        examples,
        detector=np.where(hidden[:, None, None], np.float32(0.0), examples.detector),
        detector_known=examples.detector_known & ~hidden[:, None],
        scalars=_unknown(examples.scalars, hidden, _DETECTOR),
    )


def without_radar(examples: Examples, which: npt.NDArray[np.bool_] | None = None) -> Examples:
    """Return examples as if no radar had passed, at those told (None: at all of them)."""
    hidden = _all(examples) if which is None else which
    return replace(
        examples,
        radar=np.where(hidden[:, None, None, None], np.float32(0.0), examples.radar),
        radar_known=examples.radar_known & ~hidden[:, None],
        scalars=_unknown(examples.scalars, hidden, _RADAR),
    )


def _all(examples: Examples) -> npt.NDArray[np.bool_]:
    return np.ones(len(examples), np.bool_)


def _unknown(
    scalars: npt.NDArray[np.float32], which: npt.NDArray[np.bool_], columns: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    changed = scalars.copy()
    changed[np.ix_(which, columns)] = np.nan
    return changed
