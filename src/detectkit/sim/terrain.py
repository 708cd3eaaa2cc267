"""Height of the ground over the site's plane: slope, hills, roughness."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.ground import Terrain
from detectkit.sim.noise import Sinusoids, Stream, field

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The ground of one scenario; build it with `surface_of`."""

    gradient: tuple[float, float]
    hills: Sinusoids
    roughness: Sinusoids
    roughness_m: float

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
