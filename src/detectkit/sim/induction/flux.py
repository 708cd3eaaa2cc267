"""How much flux an eddying, permeable body lets through: the factor that skin effect puts on μ_r.

A body in a changing field acts like a lossless one whose permeability is ``q = μ_r f(x)``, with
``x = size · sqrt(jωμσ)``; f is 1 at low frequency and falls to 0 as the field is driven out.
Sphere: Wait 1951, Geophysics 16, 666. Cylinders: Smythe, Static and Dynamic Electricity, 1968,
ch. 10. All are exact for their own body.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ive

Complex = npt.NDArray[np.complex128]
Values = npt.NDArray[np.float64]

MU_0 = 4e-7 * math.pi
SMALL = 0.1
"""Below it a series: the closed forms would cancel."""

SHELL_LAYERS = 24


def wave_number(
    frequency_hz: npt.ArrayLike, conductivity_s_per_m: float, permeability: float
) -> Complex:
    """Return ``sqrt(jωμσ)`` in 1/m; its real part is one over the skin depth."""
    frequency = np.asarray(frequency_hz, np.float64)
    permeance = MU_0 * permeability * conductivity_s_per_m
    return np.asarray(np.sqrt(2j * np.pi * frequency * permeance))


def in_sphere(x: Complex) -> Complex:
    """Return ``2 i₁ / (i₁ + x i₁')`` of a sphere, x = radius times wave number."""

    def closed(large: Complex) -> Complex:
        tanh = np.tanh(large)
        return np.asarray(
            2.0 * (1.0 - tanh / large) / large / (tanh - 1.0 / large + tanh / large**2)
        )

    def series(small: Complex) -> Complex:
        over = 1.0 + small**2 / 10.0 + small**4 / 280.0
        return np.asarray(over / (1.0 + small**2 / 5.0 + 3.0 * small**4 / 280.0))

    return _joined(x, closed, series)


def along_cylinder(x: Complex) -> Complex:
    """Return ``2 I₁ / (x I₀)`` of a long cylinder in a field along it."""

    def closed(large: Complex) -> Complex:
        return np.asarray(2.0 * ive(1, large) / (large * ive(0, large)))

    def series(small: Complex) -> Complex:
        over = 1.0 + small**2 / 8.0 + small**4 / 192.0
        return np.asarray(over / (1.0 + small**2 / 4.0 + small**4 / 64.0))

    return _joined(x, closed, series)


def across_cylinder(x: Complex) -> Complex:
    """Return ``I₁ / (x I₁')`` of a long cylinder in a field across it."""

    def closed(large: Complex) -> Complex:
        return np.asarray(ive(1, large) / (large * ive(0, large) - ive(1, large)))

    def series(small: Complex) -> Complex:
        over = 1.0 + small**2 / 8.0 + small**4 / 192.0
        return np.asarray(over / (1.0 + 3.0 * small**2 / 8.0 + 5.0 * small**4 / 192.0))

    return _joined(x, closed, series)


def along_plate(x: Complex) -> Complex:
    """Return ``tanh x / x`` of a wide plate in a field along it, x = half thickness · k."""

    def closed(large: Complex) -> Complex:
        return np.asarray(np.tanh(large) / large)

    def series(small: Complex) -> Complex:
        return np.asarray(1.0 - small**2 / 3.0 + 2.0 * small**4 / 15.0)

    return _joined(x, closed, series)


def along_disc(k: Complex, radius_m: float, thickness_m: float) -> Complex:
    """Return f of a flat disc in a field along its axis: a sheet, with skin effect through it.

    ``1 / (1 + (a k)² / 8 · tanh(u) / u)``, u = k times half the thickness: the first term is exact,
    the self-inductance of the sheet enters by the demagnetising factor.
    """
    return np.asarray(1.0 / (1.0 + (radius_m * k) ** 2 / 8.0 * along_plate(0.5 * thickness_m * k)))


def through_shell(k: Complex, radius_m: float, wall_m: float, permeability: float) -> Complex:
    """Return q itself of a hollow sphere, from its inner to its outer face.

    With ``f = g / r`` the field's equation is ``g'' = (k² + 2/r²) g``; each of 24 layers takes
    the middle of its ``2/r²``. Thin walls come out as ``jωτ`` with ``τ = μ₀ σ a w / 3``.
    """
    wall = min(wall_m, 0.98 * radius_m)
    edges = np.linspace(radius_m - wall, radius_m, SHELL_LAYERS + 1)
    slope = np.full(k.shape, 2.0 * permeability / edges[0], np.complex128)
    for inner, outer in pairwise(edges):
        steep = np.sqrt(k**2 + 2.0 / (inner * outer))
        tanh = np.tanh(steep * (outer - inner))
        slope = (slope + steep * tanh) / (1.0 + slope / steep * tanh)
    return np.asarray(2.0 * permeability / (radius_m * slope))


def _joined(
    x: Complex, closed: Callable[[Complex], Complex], series: Callable[[Complex], Complex]
) -> Complex:
    """Return the closed form, and the series where it would cancel."""
    x = np.asarray(x, np.complex128)
    is_small = np.abs(x) < SMALL
    out = series(np.where(is_small, x, 0.0))
    large = np.where(is_small, 1.0, x)
    return np.asarray(np.where(is_small, out, closed(large)))
