"""A total-field magnetometer over ferrous parts: dipoles, induced and permanent.

The change of the total field is that of its component along the Earth's field (Blakely, Potential
Theory in Gravity and Magnetic Applications, 1995, §8.3). The induced moment is that of the
metal's static tensor in the Earth's field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.flight import Trajectory
from detectkit.sim.induction import MU_0, Metal
from detectkit.sim.instruments import Magnetometer
from detectkit.sim.noise import Sinusoids, Stream, band, field, generator, white

Values = npt.NDArray[np.float64]

NANO = 1e9
DRIFT_HZ = (0.001, 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class MagnetometerModel:
    """The magnetometer of one scenario and seed; build it with `magnetometer_of`."""

    magnetometer: Magnetometer
    trajectory: Trajectory
    metal: Metal
    earth: Values
    moments: Values
    drift: Sinusoids
    geology: Sinusoids
    seed: int

    def rows(self, time_s: Values) -> Values:
        """Return the total field in nT, (rows, 1)."""
        magnetometer = self.magnetometer
        motion = self.trajectory.motion(time_s)
        place = motion.at(magnetometer.lever_arm_m)
        total = magnetometer.field_nt + self.drift.at(time_s)
        total += self.geology.at(place[:, 0], place[:, 1])
        total += magnetometer.vehicle_nt * np.sin(motion.attitude[:, 2])
        for number in range(len(self.moments)):
            away = place - self.metal.place[number]
            total += NANO * dipole_component(away, self.moments[number], self.earth)
        noise = white(self.seed, Stream.MAGNETOMETER_NOISE, time_s, columns=1)
        return total[:, np.newaxis] + magnetometer.noise_nt * noise


def magnetometer_of(
    magnetometer: Magnetometer, trajectory: Trajectory, metal: Metal, *, seed: int
) -> MagnetometerModel:
    """Return the magnetometer of a scenario."""
    dip = math.radians(magnetometer.inclination_deg)
    declination = math.radians(magnetometer.declination_deg)
    flat = math.cos(dip)
    earth = np.array([flat * math.sin(declination), flat * math.cos(declination), -math.sin(dip)])
    applied = magnetometer.field_nt / NANO / MU_0
    static = metal.tensors(0.0)[:, 0].real
    induced = applied * np.sum(static * earth, axis=2)
    drawn = generator(seed, Stream.REMANENCE).normal(0.0, 1.0, (len(induced), 3))
    drawn /= np.sqrt(np.sum(drawn**2, axis=1, keepdims=True))
    moments = induced + metal.remanence_a_m2[:, np.newaxis] * drawn
    return MagnetometerModel(
        magnetometer,
        trajectory,
        metal,
        earth,
        moments,
        band(seed, Stream.MAGNETOMETER_DRIFT, rms=magnetometer.drift_nt, hz=DRIFT_HZ),
        field(
            seed,
            Stream.GEOLOGY,
            rms=magnetometer.geology_nt,
            wave_m=magnetometer.geology_length_m,
        ),
        seed,
    )


def dipole_component(away_m: Values, moment_a_m2: Values, direction: Values) -> Values:
    """Return the field of a dipole in T along a unit vector, (rows,).

    ``B = μ₀ / 4π (3 (m · r̂) r̂ - m) / r³``; `away_m` (rows, 3) is from the dipole.
    """
    distance = np.sqrt(away_m[:, 0] ** 2 + away_m[:, 1] ** 2 + away_m[:, 2] ** 2)
    unit = away_m / distance[:, np.newaxis]
    along_moment = _dot(unit, moment_a_m2)
    along_direction = _dot(unit, direction)
    straight = float(np.sum(moment_a_m2 * direction))
    return np.asarray(1e-7 * (3.0 * along_moment * along_direction - straight) / distance**3)


def _dot(rows: Values, vector: Values) -> Values:
    """Return row · vector, in an order that does not depend on the number of rows."""
    return np.asarray(rows[:, 0] * vector[0] + rows[:, 1] * vector[1] + rows[:, 2] * vector[2])
