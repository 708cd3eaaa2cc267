"""From a tile's sums to what is looked at: amplitude, coherence, weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.imaging.backprojection.tiles import ENERGY, IMAGINARY, REAL, WEIGHT, Sums

Image = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TileImage:
    """A tile's image, float32 (tile, tile, depths) each; NaN where no trace counted.

    Parameters
    ----------
    amplitude
        Strength of a point there, in the traces' unit at 1 m of path on both legs; of the traces'
        own size with equal weights.
    coherence
        Coherence factor, 0 to 1: the share of the energy on the point's curve that one point
        there explains. 1 where a single trace counted.
    weight
        Sum of the weights, 0 where no trace counted.
    """

    amplitude: Image
    coherence: Image
    weight: Image


def image_of(sums: Sums, *, coherence: float = 0.0) -> TileImage:
    """Return the image of a tile.

    With the expected amplitude a_i of a point in trace i, its taper t_i and the analytic signal
    s_i on its curve, the amplitude is the least-squares strength ``|Σ t a s| / Σ t a²`` and the
    coherence ``|Σ t a s|² / (Σ t a² Σ t |s|²)`` (Mallart and Fink, J. Acoust. Soc. Am. 96, 1994,
    for a = 1), at most 1 by Cauchy and Schwarz.

    Parameters
    ----------
    sums
        Of a tile, (4, tile, tile, depths).
    coherence
        Power of the coherence factor that the amplitude is multiplied by; 0: not at all.

    Examples
    --------
    >>> sums = np.zeros((4, 1, 1, 2), np.float32)
    >>> sums[:, 0, 0, 0] = 3.0, 4.0, 5.0, 10.0
    >>> image = image_of(sums)
    >>> image.amplitude[0, 0], image.coherence[0, 0]
    (array([0.5, nan], dtype=float32), array([0.5, nan], dtype=float32))
    """
    if coherence < 0.0:
        msg = f"coherence = {coherence} must be 0 or more"
        raise UsageError(msg)
    weight = sums[WEIGHT]
    counted = weight > 0.0
    power = sums[REAL].astype(np.float64) ** 2 + sums[IMAGINARY].astype(np.float64) ** 2
    bound = weight.astype(np.float64) * sums[ENERGY]
    factor = np.where(bound > 0.0, power / np.where(bound > 0.0, bound, 1.0), 0.0)
    factor = np.minimum(factor, 1.0)
    amplitude = np.sqrt(power) / np.where(counted, weight, 1.0)
    if coherence > 0.0:
        amplitude = amplitude * factor**coherence
    return TileImage(
        np.where(counted, amplitude, np.nan).astype(np.float32),
        np.where(counted, factor, np.nan).astype(np.float32),
        weight.copy(),
    )
