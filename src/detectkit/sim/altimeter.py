"""An altimeter that looks down the vehicle's axis and sometimes sees nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.flight import Trajectory
from detectkit.sim.instruments import Altimeter
from detectkit.sim.noise import Stream, uniform, white

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AltimeterModel:
    """The altimeter of one scenario and seed."""

    altimeter: Altimeter
    trajectory: Trajectory
    seed: int
    hit_share: float = 0.0

    def rows(self, time_s: Values) -> Values:
        """Return the distance in m, NaN without a target, (rows, 1).

        A share of the rows, `hit_share`, ends at the top of the grass.
        The ground is taken as level where the axis meets it: right to a centimetre at 10 degrees
        of lean and slope.
        """
        altimeter, surface = self.altimeter, self.trajectory.surface
        motion = self.trajectory.motion(time_s)
        _, _, up = motion.axes()
        place = motion.at(altimeter.lever_arm_m)
        height = place[:, 2] - surface.mean_up_m(place[:, 0], place[:, 1])
        slant = height / up[:, 2]
        foot = place - slant[:, np.newaxis] * up
        target = surface.up_m(foot[:, 0], foot[:, 1])
        if self.hit_share > 0.0:
            hit = uniform(self.seed, Stream.ALTIMETER_GRASS, time_s) < self.hit_share
            target = target + hit * surface.grass_height_m(foot[:, 0], foot[:, 1])
        distance = (place[:, 2] - target) / up[:, 2]
        noise = white(self.seed, Stream.ALTIMETER_NOISE, time_s, columns=1)[:, 0]
        measured = distance + altimeter.bias_m + altimeter.noise_m * noise
        measured[self._silent(time_s, measured)] = np.nan
        return measured[:, np.newaxis]

    def _silent(self, time_s: Values, measured: Values) -> npt.NDArray[np.bool_]:
        altimeter = self.altimeter
        silent = (measured < altimeter.nearest_m) | (measured > altimeter.farthest_m)
        silent |= uniform(self.seed, Stream.ALTIMETER_MISSES, time_s) < altimeter.miss_rate
        for one in altimeter.silences:
            silent |= (time_s >= one.start_s) & (time_s < one.start_s + one.duration_s)
        return np.asarray(silent)
