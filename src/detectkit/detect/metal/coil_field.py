"""The field of a round coil, by the law of Biot and Savart along its wire."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

CORNERS = 36
"""Straight pieces that stand for the wire: the field is right to a part in a hundred from a third
of the radius on."""


def coil_field(away_m: Values, radius_m: float) -> Values:
    """Return the magnetic field of a level round coil of one turn, per ampere, in 1/m.

    Method: the sum over the pieces of the wire of ``dl x r / (4 pi r³)`` (Biot and Savart, 1820).

    Parameters
    ----------
    away_m
        From the coil's centre: two level directions and up, (places, 3).
    radius_m
        Of the coil.

    Examples
    --------
    >>> on_axis = coil_field(np.array([[0.0, 0.0, -0.3]]), 0.14)[0, 2]
    >>> round(float(on_axis) / (0.14**2 / (2.0 * (0.14**2 + 0.3**2) ** 1.5)), 2)
    1.0
    """
    angle = 2.0 * np.pi * (np.arange(CORNERS) + 0.5) / CORNERS
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = (away_m[:, k, np.newaxis] - radius_m * one for k, one in enumerate((cosine, sine)))
    z = away_m[:, 2, np.newaxis]
    cubed = (x**2 + y**2 + z**2) ** 1.5
    crossed = (cosine * z / cubed, sine * z / cubed, -(sine * y + cosine * x) / cubed)
    pieces = np.column_stack([one.sum(axis=1) for one in crossed])
    return np.asarray(pieces * (2.0 * np.pi * radius_m / CORNERS) / (4.0 * np.pi))
