"""What a spheroid's shape does to its own field (Osborn 1945, Phys. Rev. 67, 351)."""

from __future__ import annotations

import math

NEAR_SPHERE = 1e-3


def axial_demagnetising_factor(half_length_m: float, radius_m: float) -> float:
    """Return the factor along the axis of a spheroid; across it is ``(1 - this) / 2``.

    Examples
    --------
    >>> round(axial_demagnetising_factor(1.0, 1.0), 6)
    0.333333
    >>> round(axial_demagnetising_factor(10.0, 1.0), 4)
    0.0203
    >>> round(axial_demagnetising_factor(1.0, 10.0), 4)
    0.8608
    """
    ratio = half_length_m / radius_m
    if abs(ratio - 1.0) < NEAR_SPHERE:
        return 1.0 / 3.0 - 4.0 / 15.0 * (ratio - 1.0)
    if ratio > 1.0:
        root = math.sqrt(ratio**2 - 1.0)
        return (ratio / root * math.log(ratio + root) - 1.0) / root**2
    root = math.sqrt(1.0 - ratio**2)
    return (1.0 - ratio / root * math.acos(ratio)) / root**2
