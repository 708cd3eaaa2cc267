"""One ray from an antenna in the air to a point in the soil: Fermat's path and what it costs.

The ray leaves at an angle θ₁ to the vertical and goes on at θ₂, sin θ₁ = n sin θ₂. With q = tan θ₁
the horizontal distance is ``X(q) = h q + d q / sqrt(n² + (n² - 1) q²)``: rising and concave. So
Newton's steps for X(q) = x, begun at the flat-ray guess x / (h + d / n), climb to the root and
never pass it. Spreading is that of a tube of rays (Born & Wolf, Principles of Optics, §3.1;
Cerveny, Seismic Ray Theory, ch. 3): ``L² = (dA cos θ₂) / dΩ₁``; from below it is n times as wide,
so each direction is given L sqrt(n) and antennas may be swapped.
"""

from __future__ import annotations

import math

from detectkit.sim._jit import njit

LIGHT_M_PER_S = 299_792_458.0
MOST_STEPS = 12
CLOSE_M = 1e-12


@njit
def ray_tangent(distance_m: float, height_m: float, depth_m: float, index: float) -> float:
    """Return tan θ₁ of the ray from `height_m` over ground to `depth_m` below, so far away.

    Parameters
    ----------
    distance_m
        Horizontal, from antenna to point, 0 or more.
    height_m, depth_m
        Of the antenna over the ground, above 0; of the point below it, 0 or more.
    index
        Refractive index of the soil, sqrt(permittivity), 1 or more.
    """
    square = index * index
    tangent = distance_m / (height_m + depth_m / index)
    for _ in range(MOST_STEPS):
        root = math.sqrt(square + (square - 1.0) * tangent * tangent)
        missing = distance_m - tangent * (height_m + depth_m / root)
        tangent += missing / (height_m + depth_m * square / (root * root * root))
        if missing < CLOSE_M:
            break
    return tangent


@njit
def leg(
    distance_m: float, height_m: float, depth_m: float, index: float
) -> tuple[float, float, float, float, float]:
    """Return the optical path, the path in soil and the spreading (m), sin θ₁ and cos θ₁.

    The optical path over the speed of light is the one-way time. The spreading is L sqrt(n); over
    it an amplitude is divided once per leg.
    """
    tangent = ray_tangent(distance_m, height_m, depth_m, index)
    cos_air = 1.0 / math.sqrt(1.0 + tangent * tangent)
    sin_air = tangent * cos_air
    sin_soil = sin_air / index
    cos_soil = math.sqrt(1.0 - sin_soil * sin_soil)
    in_air, in_soil = height_m / cos_air, depth_m / cos_soil
    sideways = in_air + in_soil / index
    lengthways = height_m * cos_soil / (cos_air * cos_air)
    lengthways += depth_m * cos_air / (index * cos_soil * cos_soil)
    spreading = math.sqrt(index * sideways * lengthways)
    return in_air + index * in_soil, in_soil, spreading, sin_air, cos_air


@njit
def fresnel(cos_air: float, index: float) -> float:
    """Return the reflection coefficient of soil for the field across the plane of incidence."""
    inside = math.sqrt(index * index - 1.0 + cos_air * cos_air)
    return (cos_air - inside) / (cos_air + inside)


def attenuation_per_m(
    permittivity: float, conductivity_s_per_m: float, frequency_hz: float
) -> float:
    """Return the loss of amplitude per metre (Np/m) in a conducting dielectric.

    ``α = ω sqrt(μ ε / 2) sqrt(sqrt(1 + (σ / ω ε)²) - 1)`` (Balanis, Advanced Engineering
    Electromagnetics, §4.3); for small loss σ / 2 · sqrt(μ / ε).
    """
    angular = 2.0 * math.pi * frequency_hz
    vacuum = 8.8541878128e-12
    tangent = conductivity_s_per_m / (angular * vacuum * permittivity)
    wave_number = angular * math.sqrt(permittivity) / LIGHT_M_PER_S
    return wave_number * math.sqrt(0.5 * (math.sqrt(1.0 + tangent * tangent) - 1.0))
