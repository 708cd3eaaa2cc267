"""Height of the ground over the site's plane: slope, hills, roughness."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.sim.ground import Terrain
from detectkit.sim.noise import Sinusoids, Stream, field, generator
from detectkit.sim.scene import Subsurface
from detectkit.sim.scene.fields import surface_field
from detectkit.sim.scene.relief import SMOOTH

Values = npt.NDArray[np.float64]

GRASS_M = 0.5
GRASS_UNEVEN = 0.35
GRASS_LIMITS = (0.2, 2.0)
"""As `detectkit.sim.scene` lets grass grow: correlation length, unevenness, lowest and highest."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The ground of one scenario; build it with `surface_of`."""

    gradient: tuple[float, float]
    hills: Sinusoids
    roughness: Sinusoids
    roughness_m: float
    grass: Sinusoids | None = None
    grass_m: float = 0.0

    def mean_up_m(self, easting_m: Values, northing_m: Values) -> Values:
        """Return the height of slope and hills, which a vehicle follows."""
        slope = self.gradient[0] * easting_m + self.gradient[1] * northing_m
        return slope + self.hills.at(easting_m, northing_m)

    def rough_m(self, easting_m: Values, northing_m: Values) -> Values:
        """Return how much clods and ruts stand above that."""
        return self.roughness.at(easting_m, northing_m)

    def up_m(self, easting_m: Values, northing_m: Values) -> Values:
        """Return the height of the ground itself."""
        return self.mean_up_m(easting_m, northing_m) + self.rough_m(easting_m, northing_m)

    def grass_height_m(self, easting_m: Values, northing_m: Values) -> Values:
        """Return how high the grass stands over the ground, 0 where there is none."""
        if self.grass is None:
            return np.zeros(easting_m.shape)
        uneven = 1.0 + GRASS_UNEVEN * self.grass.at(easting_m, northing_m)
        return np.asarray(self.grass_m * np.clip(uneven, *GRASS_LIMITS))


def surface_over(
    subsurface: Subsurface, terrain: Terrain, heading_rad: float, *, seed: int
) -> Surface:
    """Return the ground of a scenario with a subsurface: clods and grass are those of its sections.

    Parameters
    ----------
    subsurface, terrain
        Roughness is the subsurface's, the terrain's own is left out.
    heading_rad
        Of the first lane, clockwise from north: the subsurface is laid out along it.
    seed
        Of both.
    """
    clods = surface_field(
        generator(seed, Stream.GROUND_ROUGHNESS),
        length_m=subsurface.roughness_length_m,
        hurst=SMOOTH,
    )
    scaled = replace(clods, amplitude=subsurface.roughness_m * clods.amplitude)
    grass = surface_field(generator(seed, Stream.GROUND_GRASS), length_m=GRASS_M, hurst=SMOOTH)
    return replace(
        surface_of(terrain, seed),
        roughness=_turned(scaled, heading_rad),
        roughness_m=subsurface.roughness_m,
        grass=_turned(grass, heading_rad) if subsurface.grass_m > 0.0 else None,
        grass_m=subsurface.grass_m,
    )


def with_grass(surface: Surface, grass_m: float, *, seed: int) -> Surface:
    """Return a ground without subsurface with grass on it."""
    if grass_m == 0.0:
        return surface
    grass = surface_field(generator(seed, Stream.GROUND_GRASS), length_m=GRASS_M, hurst=SMOOTH)
    return replace(surface, grass=grass, grass_m=grass_m)


def _turned(waves: Sinusoids, heading_rad: float) -> Sinusoids:
    """Return a field over along and across as one over easting and northing."""
    sine, cosine = math.sin(heading_rad), math.cos(heading_rad)
    along, across = waves.frequency.T
    turned = np.column_stack([along * sine + across * cosine, along * cosine - across * sine])
    return replace(waves, frequency=turned)


def surface_of(terrain: Terrain, seed: int) -> Surface:
    """Return the ground of a scenario."""
    steepness = math.tan(math.radians(terrain.slope_deg))
    direction = math.radians(terrain.slope_direction_deg)
    return Surface(
        (steepness * math.sin(direction), steepness * math.cos(direction)),
        field(seed, Stream.HILLS, rms=terrain.hills_m, wave_m=terrain.hills_length_m),
        field(seed, Stream.ROUGHNESS, rms=terrain.roughness_m, wave_m=terrain.roughness_length_m),
        terrain.roughness_m,
    )
