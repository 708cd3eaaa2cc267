"""Fields of a circular loop, exactly, by complete elliptic integrals.

Field: Simpson, Lane, Immer & Youngquist 2001, NASA/TM-2013-217919; vector potential: Jackson,
Classical Electrodynamics, §5.5. All per ampere and turn. Rows are worked out one by one, so the
bits of one do not depend on the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ellipe, ellipkm1

Values = npt.NDArray[np.float64]

AROUND = 32
"""Points of the way around a receiving loop: the integrand is smooth and periodic."""

SERIES_BELOW = 3e-3


def dot(one: Values, other: Values) -> Values:
    """Return the product of vectors (..., 3), in a fixed order."""
    return np.asarray(
        one[..., 0] * other[..., 0] + one[..., 1] * other[..., 1] + one[..., 2] * other[..., 2]
    )


def loop_field(away_m: Values, axis: Values, radius_m: float) -> Values:
    """Return H per ampere in 1/m, (..., 3), at places given from the loop's centre.

    Parameters
    ----------
    away_m
        From the centre, (..., 3); not on the wire itself.
    axis
        Unit vector of the loop, to broadcast with `away_m`.
    radius_m
        Of the loop.

    Examples
    --------
    >>> up = np.array([0.0, 0.0, 1.0])
    >>> loop_field(np.array([0.0, 0.0, 0.0]), up, 0.5)
    array([0., 0., 1.])
    """
    height = dot(away_m, axis)
    flat = away_m - height[..., np.newaxis] * axis
    beside = np.sqrt(dot(flat, flat))
    square = beside * beside + height * height
    near = radius_m**2 + square - 2.0 * radius_m * beside
    far = radius_m**2 + square + 2.0 * radius_m * beside
    first, second = ellipkm1(near / far), ellipe(1.0 - near / far)
    scale = 1.0 / (2.0 * np.pi * near * np.sqrt(far))
    along = scale * ((radius_m**2 - square) * second + near * first)
    steep = np.where(beside > 0.0, beside, 1.0)
    outward = scale * height / steep * ((radius_m**2 + square) * second - near * first)
    outward = np.where(beside > 1e-9 * radius_m, outward / steep, 0.0)
    return np.asarray(along[..., np.newaxis] * axis + outward[..., np.newaxis] * flat)


def dipole_field(away_m: Values, axis: Values, area_m2: float) -> Values:
    """Return H of a small loop per ampere in 1/m, (..., 3): ``A (3 (u·r̂) r̂ - u) / 4πr³``."""
    distance = np.sqrt(dot(away_m, away_m))
    unit = away_m / distance[..., np.newaxis]
    scale = area_m2 / (4.0 * np.pi * distance**3)
    along = 3.0 * dot(unit, axis)
    return np.asarray(scale[..., np.newaxis] * (along[..., np.newaxis] * unit - axis))


def loop_potential(beside_m: Values, height_m: Values, radius_m: float) -> Values:
    """Return the vector potential around the axis over μ₀ per ampere, no unit, (...)."""
    square = 4.0 * radius_m * beside_m / ((radius_m + beside_m) ** 2 + height_m**2)
    rest = ((radius_m - beside_m) ** 2 + height_m**2) / ((radius_m + beside_m) ** 2 + height_m**2)
    closed = (1.0 - 0.5 * square) * ellipkm1(rest) - ellipe(square)
    series = np.pi / 32.0 * square**2 * (1.0 + 0.75 * square + 75.0 / 128.0 * square**2)
    bracket = np.where(square < SERIES_BELOW, series, closed)
    steep = np.where(beside_m > 0.0, beside_m, 1.0)
    root = np.where(square > 0.0, square, 1.0)
    return np.asarray(np.sqrt(radius_m / steep) / (np.pi * np.sqrt(root)) * bracket)


def mutual_length(
    away_m: Values, axes: tuple[Values, Values], radii_m: tuple[float, float]
) -> Values:
    """Return the mutual inductance of two loops anywhere over μ₀, in m, (rows,).

    The first loop's vector potential, around the second.

    Parameters
    ----------
    away_m
        Centre of the second from that of the first, (rows, 3).
    axes
        Unit vectors of the first and the second, (rows, 3).
    radii_m
        Of the first and the second.
    """
    source, own = axes
    first = _across(own)
    second = np.cross(own, first)
    total = np.zeros(away_m.shape[0])
    for number in range(AROUND):
        angle = 2.0 * np.pi * number / AROUND
        outward = np.cos(angle) * first + np.sin(angle) * second
        onward = np.cos(angle) * second - np.sin(angle) * first
        place = away_m + radii_m[1] * outward
        height = dot(place, source)
        flat = place - height[:, np.newaxis] * source
        beside = np.sqrt(dot(flat, flat))
        around = np.cross(source, flat) / np.maximum(beside, 1e-12)[:, np.newaxis]
        total += loop_potential(beside, height, radii_m[0]) * dot(around, onward)
    return np.asarray(total * (2.0 * np.pi * radii_m[1] / AROUND))


def _across(axis: Values) -> Values:
    """Return a unit vector at right angles to each axis, (rows, 3)."""
    is_steep = np.abs(axis[:, 2:]) > 0.9
    other = np.where(is_steep, np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    found = np.cross(axis, other)
    return np.asarray(found / np.sqrt(dot(found, found))[:, np.newaxis])
