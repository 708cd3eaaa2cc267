"""What answers the radar, as points: faces of bodies, weak spots of the soil, the rough surface.

Every point has a scattering length b: its echo is b / (L_t L_r) of the transmitted pulse, with the
spreading of both legs. Faces follow physical optics, ``b = R dA / λ`` on the pulse's first
derivative: enough of them side by side answer as the mirror R / (L_t + L_r) does. Points small
against the wavelength follow Rayleigh, ``b = K k² a³``, on the second derivative, up to the a / 2
of a large sphere. Roughness is the first-order change of the surface's own mirror:
``b = R k² dA 2 δz / (2π)`` for a patch dA that lies δz higher.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.geography import Geography
from detectkit.sim.ground import BuriedObject, Soil
from detectkit.sim.instruments import Radar
from detectkit.sim.noise import Stream, generator
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.sim.terrain import Surface
from detectkit.sim.wavelet import FIRST_DERIVATIVE, SECOND_DERIVATIVE

Values = npt.NDArray[np.float64]

EAST, NORTH, UP, DEPTH, LENGTH, EXTRA_S, KIND = range(7)
"""Columns of a point: place, height of the ground above it, depth below that, scattering length,
delay in the body beside that of the path, and which derivative of the pulse it answers with."""

METAL_BACKSCATTER = 1.5  # K of a small metal sphere: electric dipole 1, magnetic dipole 1/2


@dataclass(frozen=True, slots=True, eq=False)
class Scatterers:
    """Points sorted into square cells: cell c holds rows ``starts[c]`` to ``starts[c+1]``."""

    points: Values
    starts: npt.NDArray[np.int64]
    origin: Values
    cells: npt.NDArray[np.int64]
    cell_m: float


def sorted_into_cells(points: Values, cell_m: float) -> Scatterers:
    """Sort points by cell, in a fixed order: sums over them never depend on who asks."""
    if len(points) == 0:
        return Scatterers(
            np.zeros((0, 7)), np.zeros(2, np.int64), np.zeros(2), np.ones(2, np.int64), cell_m
        )
    origin = points[:, :2].min(axis=0)
    index = np.floor((points[:, :2] - origin) / cell_m).astype(np.int64)
    cells = index.max(axis=0) + 1
    number = index[:, 0] * cells[1] + index[:, 1]
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(int(cells[0] * cells[1]) + 1))
    return Scatterers(points[order], starts.astype(np.int64), origin, cells, cell_m)


def body_points(
    one: BuriedObject, east_m: float, north_m: float, *, soil: Soil, radar: Radar
) -> Values:
    """Return the points of one buried body, the ground's height left at 0."""
    if one.shape == "sphere":
        return _points(
            np.array([[east_m, north_m]]), one.depth_m, _sphere(one, soil, radar), SECOND_DERIVATIVE
        )
    flat = _disc(one.radius_m, radar.element_m) + np.array([east_m, north_m])
    area = math.pi * one.radius_m**2 / len(flat)
    wave_length = LIGHT_M_PER_S / (radar.centre_hz * math.sqrt(soil.permittivity))
    reflection = _reflection(one, soil)
    top = _points(flat, one.depth_m, reflection * area / wave_length, FIRST_DERIVATIVE)
    if one.permittivity == 0.0 or one.thickness_m == 0.0:
        return top
    through = -reflection * (1.0 - reflection**2)
    bottom = _points(flat, one.depth_m, through * area / wave_length, FIRST_DERIVATIVE)
    bottom[:, EXTRA_S] = 2.0 * one.thickness_m * math.sqrt(one.permittivity) / LIGHT_M_PER_S
    return np.concatenate([top, bottom])


def soil_points(
    soil: Soil, radar: Radar, surface: Surface, corners: tuple[Values, Values], seed: int
) -> Values:
    """Return weak spots and surface points at random, between two corners (east, north)."""
    low, high = corners
    area = float(np.prod(high - low))
    rng = generator(seed, Stream.INHOMOGENEITIES)
    count = round(area * soil.inhomogeneities_per_m2)
    spots = _points(
        rng.uniform(low, high, (count, 2)),
        rng.uniform(0.01, soil.deepest_m, count),
        rng.normal(0.0, soil.inhomogeneity_m, count),
        SECOND_DERIVATIVE,
    )
    return np.concatenate([spots, _skin(soil, radar, surface, corners)])


def all_points(
    objects: Sequence[BuriedObject],
    soil: Soil,
    radar: Radar,
    surface: Surface,
    *,
    geography: Geography,
    corners: tuple[Values, Values],
    seed: int,
) -> Values:
    """Return every point of a scenario, with the ground's height above each."""
    parts = [soil_points(soil, radar, surface, corners, seed)]
    for one in objects:
        east, north = geography.local(np.array([one.along_m]), np.array([one.across_m]))
        parts.append(body_points(one, float(east[0]), float(north[0]), soil=soil, radar=radar))
    points = np.concatenate(parts)
    points[:, UP] = surface.mean_up_m(points[:, EAST], points[:, NORTH])
    return points


def _skin(soil: Soil, radar: Radar, surface: Surface, corners: tuple[Values, Values]) -> Values:
    """Return the rough surface as points on a grid; none where it is smooth."""
    if surface.roughness_m == 0.0:
        return np.zeros((0, 7))
    spacing = soil.surface_spacing_m
    axes = [np.arange(low, high, spacing) for low, high in zip(*corners, strict=True)]
    place = np.column_stack([one.ravel() for one in np.meshgrid(*axes, indexing="ij")])
    index = math.sqrt(soil.permittivity)
    wave_number = 2.0 * math.pi * radar.centre_hz / LIGHT_M_PER_S
    per_metre = (1.0 - index) / (1.0 + index) * (wave_number * spacing) ** 2 / math.pi
    rough = surface.rough_m(place[:, 0], place[:, 1])
    return _points(place, 0.0, per_metre * rough, SECOND_DERIVATIVE)


def _points(place: Values, depth_m: Values | float, length_m: Values | float, kind: int) -> Values:
    points = np.zeros((len(place), 7))
    points[:, :2] = place
    points[:, DEPTH] = depth_m
    points[:, LENGTH] = length_m
    points[:, KIND] = kind
    return points


def _disc(radius_m: float, element_m: float) -> Values:
    """Return the centres of the square elements of a disc, one at least."""
    steps = math.ceil(radius_m / element_m)
    axis = (np.arange(-steps, steps) + 0.5) * element_m
    east, north = (one.ravel() for one in np.meshgrid(axis, axis, indexing="ij"))
    inside = np.hypot(east, north) <= radius_m
    flat = np.column_stack([east, north])[inside]
    return flat if len(flat) else np.zeros((1, 2))


def _reflection(one: BuriedObject, soil: Soil) -> float:
    """Return the reflection coefficient of the body's top, from soil."""
    if one.permittivity == 0.0:
        return -1.0
    outside, inside = math.sqrt(soil.permittivity), math.sqrt(one.permittivity)
    return (outside - inside) / (outside + inside)


def _sphere(one: BuriedObject, soil: Soil, radar: Radar) -> float:
    """Return the scattering length on the second derivative, which has the opposite sign."""
    contrast = METAL_BACKSCATTER
    if one.permittivity != 0.0:
        contrast = (one.permittivity - soil.permittivity) / (
            one.permittivity + 2.0 * soil.permittivity
        )
    wave_number = 2.0 * math.pi * radar.centre_hz * math.sqrt(soil.permittivity) / LIGHT_M_PER_S
    size = (wave_number * one.radius_m) ** 2
    return -contrast * size * one.radius_m / (1.0 + 2.0 * abs(contrast) * size)
