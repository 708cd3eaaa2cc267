"""An image over its own clutter's level: what stands out, whatever the gain and the soil."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]

MIDDLE_M = 0.3
"""Nearer to the place than this nothing counts as clutter: the body's own echo is there."""
FEWEST_COLUMNS = 16
"""Clutter columns below which the whole stretch counts, the middle too."""
SMOOTHED_ROWS = 2
"""Rows of depth to each side over which the level is smoothed."""
LEAST_SHARE = 0.01
"""Of the largest level over depth: rows quieter than this are not blown up further."""
MEDIANS = {"processed": 0.6744897501960817, "focused": 1.1774100225154747}
"""Median magnitude of noise of standard deviation 1, and of its envelope: of the normal and of
the Rayleigh distribution."""


def against_clutter(
    image: Float32s,
    known: npt.NDArray[np.bool_],
    along_m: npt.NDArray[Any],
    *,
    kind: Literal["processed", "focused"],
) -> Float32s:
    """Return the image in standard deviations of its clutter, row of depth by row of depth.

    The level of a depth is the median magnitude over the known columns at least `MIDDLE_M` from the
    middle, smoothed over the neighbouring depths. A median, so that another body in the stretch
    does not raise it; by depth, as signals fade with it. Twice the counts give the same.

    Parameters
    ----------
    image
        (columns, depths).
    known
        (columns,).
    along_m
        (columns,): distance from the middle.
    kind
        Of the image, which tells what its noise is like.

    Returns
    -------
    Float32s
        Same shape; 0 where nothing is known, or all is silent.
    """
    out = np.zeros_like(image)
    clutter = known & (np.abs(along_m) >= MIDDLE_M)
    if np.count_nonzero(clutter) < FEWEST_COLUMNS:
        clutter = known
    if not clutter.any():
        return out
    level = _smoothed(np.median(np.abs(image[clutter]), axis=0).astype(np.float64))
    if not level.any():  # nothing but the body itself, as in a simulation without noise
        level += np.abs(image[known]).mean(dtype=np.float64)
    level = np.maximum(level, LEAST_SHARE * level.max()) / MEDIANS[kind]
    if level.max() > 0.0:
        out[known] = image[known] / level.astype(np.float32)
    return out


def _smoothed(level: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the running mean over depth, with shorter windows at the ends."""
    total, count = np.zeros_like(level), np.zeros_like(level)
    for shift in range(-SMOOTHED_ROWS, SMOOTHED_ROWS + 1):
        here = slice(max(0, -shift), level.size - max(0, shift))
        there = slice(max(0, shift), level.size - max(0, -shift))
        total[here] += level[there]
        count[here] += 1.0
    return total / count
