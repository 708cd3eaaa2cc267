"""Traces of an impulse radar in the air, by rays: every point answers once (ray/Born model).

A trace is the sum of the direct wave, the mirror echo of the ground at its true distance (once,
and once more by way of the antennas), the echoes of all points in reach, ringing, wow and white
noise. Left out: polarisation, dispersion, echoes between points, waves guided along the surface,
and what the antennas and the ground do to each other's field. Travel times are right; amplitudes
are plausible; it is no full-wave solution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.antenna.effects import Effects, effects_of
from detectkit.sim.flight import Motion, Trajectory
from detectkit.sim.ground import Soil
from detectkit.sim.instruments import Radar
from detectkit.sim.refraction import LIGHT_M_PER_S, attenuation_per_m, fresnel, leg
from detectkit.sim.scatterers import DEPTH, EAST, EXTRA_S, KIND, LENGTH, NORTH, UP, Scatterers
from detectkit.sim.wavelet import PULSE, add_wavelet, table_of

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Ground = tuple[Values, Integers, Values, Integers, float]

LOWEST_M = 0.03  # antennas are never nearer to the ground: rays have no near field
FULL_SHARE = 0.75  # of the reach; from there points fade, so that none jumps in


@dataclass(frozen=True, slots=True, eq=False)
class RadarModel:
    """The radar of one scenario and seed; build it with `radar_of`."""

    radar: Radar
    soil: Soil
    trajectory: Trajectory
    scatterers: Scatterers
    wavelets: Values
    effects: Effects
    constants: Values

    def traces(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return the counts, (rows, samples)."""
        return self.heard(*self._antennas(self.trajectory.motion(time_s)), time_s)

    def heard(
        self, transmitter: Values, receiver: Values, attitude: Values, time_s: Values
    ) -> npt.NDArray[np.float32]:
        """Return the counts with the antennas elsewhere.

        Parameters
        ----------
        transmitter, receiver
            Easting, northing, up of the site in m, (rows, 3).
        attitude
            The vehicle's up axis as east, north, up, and the height in m of the antennas' midpoint
            over the mean ground, (rows, 4).
        time_s
            Decides drift and noise, (rows,).
        """
        delay = self.radar.time_zero_s + self.effects.late_s(time_s)
        rows = np.zeros((time_s.shape[0], self.radar.samples))
        found = self.scatterers
        _add_waves(
            transmitter,
            receiver,
            attitude,
            delay,
            (found.points, found.starts, found.origin, found.cells, found.cell_m),
            (self.wavelets, self.constants),
            rows,
        )
        if self.radar.sample_jitter_s > 0.0:
            rows = self.effects.moved(rows, np.zeros_like(time_s), time_s)
        return self.effects.recorded(rows, time_s)

    def _antennas(self, motion: Motion) -> tuple[Values, Values, Values]:
        """Return both antennas (rows, 3), and the up axis with the height (rows, 4)."""
        forward, _, up = motion.axes()
        middle = motion.at(self.radar.lever_arm_m)
        half = 0.5 * self.radar.antenna_separation_m * forward
        ground = self.trajectory.surface.mean_up_m(middle[:, 0], middle[:, 1])
        transmitter, receiver = middle - half, middle + half
        height = np.maximum(middle[:, 2] - ground, LOWEST_M)
        return transmitter, receiver, np.column_stack([up, height])


def radar_of(
    radar: Radar,
    soil: Soil,
    trajectory: Trajectory,
    scatterers: Scatterers,
    *,
    seed: int,
) -> RadarModel:
    """Return the radar of a scenario."""
    wave_number = 2.0 * math.pi * radar.centre_hz / LIGHT_M_PER_S
    constants = np.array(
        [
            math.sqrt(soil.permittivity),
            attenuation_per_m(soil.permittivity, soil.conductivity_s_per_m, radar.centre_hz),
            radar.sample_interval_s,
            radar.mirror_counts,
            radar.crosstalk_counts,
            radar.antenna_separation_m,
            radar.antenna_reflection,
            radar.reach_m,
            radar.pattern_exponent,
            2.0 * (wave_number * trajectory.surface.roughness_m) ** 2,
        ]
    )
    return RadarModel(
        radar,
        soil,
        trajectory,
        scatterers,
        table_of(radar),
        effects_of(radar, seed=seed),
        constants,
    )


@njit
def _add_waves(
    transmitter: Values,
    receiver: Values,
    attitude: Values,
    delay: Values,
    ground: Ground,
    shape: tuple[Values, Values],
    rows: Values,
) -> None:
    """Add what the antennas hear, trace by trace; each is a sum in one order, in float64."""
    wavelets, constants = shape
    for trace in range(rows.shape[0]):
        zero = delay[trace] / constants[2]
        _add_mirrors(rows[trace], wavelets, constants, attitude[trace], zero)
        _add_points(
            rows[trace],
            wavelets,
            constants,
            ground,
            transmitter[trace],
            receiver[trace],
            attitude[trace],
            zero,
        )


@njit
def _directed(cosine: float, exponent: float) -> float:
    """Return the one-way amplitude of the antennas' pattern."""
    if exponent == 1.0:
        return cosine
    return math.pow(cosine, exponent)


@njit
def _add_mirrors(
    row: Values, wavelets: Values, constants: Values, attitude: Values, zero: float
) -> None:
    """Add the direct wave, the echo of the ground, and its echo by way of the antennas."""
    index, separation, height = constants[0], constants[5], attitude[3]
    samples_per_m = 1.0 / (LIGHT_M_PER_S * constants[2])
    add_wavelet(row, wavelets, PULSE, zero + separation * samples_per_m, constants[4])
    path = 2.0 * math.sqrt(height * height + 0.25 * separation * separation)
    cosine = 2.0 * height / path
    reflection = fresnel(cosine, index) * math.exp(-constants[9] * cosine * cosine)
    pattern = _directed(max(cosine * attitude[2], 0.0), constants[8]) ** 2
    once = constants[3] * pattern * reflection / path
    add_wavelet(row, wavelets, PULSE, zero + path * samples_per_m, once)
    again = once * 0.5 * reflection * constants[6]
    add_wavelet(row, wavelets, PULSE, zero + 2.0 * path * samples_per_m, again)


@njit
def _add_points(
    row: Values,
    wavelets: Values,
    constants: Values,
    ground: Ground,
    transmitter: Values,
    receiver: Values,
    attitude: Values,
    zero: float,
) -> None:
    """Add the echoes of all points in reach of the antennas' midpoint."""
    points, starts, origin, cells, cell_m = ground
    reach = constants[7]
    east = 0.5 * (transmitter[0] + receiver[0])
    north = 0.5 * (transmitter[1] + receiver[1])
    west_cell = max(math.floor((east - reach - origin[0]) / cell_m), 0)
    east_cell = min(math.floor((east + reach - origin[0]) / cell_m), cells[0] - 1)
    south_cell = max(math.floor((north - reach - origin[1]) / cell_m), 0)
    north_cell = min(math.floor((north + reach - origin[1]) / cell_m), cells[1] - 1)
    if south_cell > north_cell:
        return
    for column in range(west_cell, east_cell + 1):
        first = starts[column * cells[1] + south_cell]
        last = starts[column * cells[1] + north_cell + 1]
        for number in range(first, last):
            away_east, away_north = points[number, EAST] - east, points[number, NORTH] - north
            share = math.sqrt(away_east * away_east + away_north * away_north) / reach
            if share < 1.0:
                fade = _fade(share)
                _add_point(
                    row, wavelets, constants, points[number], transmitter, receiver, attitude,
                    (zero, fade),
                )  # fmt: skip


@njit
def _fade(share: float) -> float:
    """Return 1, and from three quarters of the reach on down to 0 at its end."""
    if share <= FULL_SHARE:
        return 1.0
    return math.cos(0.5 * math.pi * (share - FULL_SHARE) / (1.0 - FULL_SHARE)) ** 2


@njit
def _add_point(
    row: Values,
    wavelets: Values,
    constants: Values,
    point: Values,
    transmitter: Values,
    receiver: Values,
    attitude: Values,
    rest: tuple[float, float],
) -> None:
    """Add the echo of one point."""
    zero, fade = rest
    out_m, out_amplitude = _way(constants, point, transmitter, attitude)
    back_m, back_amplitude = _way(constants, point, receiver, attitude)
    amplitude = constants[3] * fade * point[LENGTH] * out_amplitude * back_amplitude
    delay = ((out_m + back_m) / LIGHT_M_PER_S + point[EXTRA_S]) / constants[2]
    add_wavelet(row, wavelets, int(point[KIND]), zero + delay, amplitude)


@njit
def _way(
    constants: Values, point: Values, antenna: Values, attitude: Values
) -> tuple[float, float]:
    """Return the optical path (m) between an antenna and a point, and its amplitude (1/m)."""
    index, attenuation = constants[0], constants[1]
    east, north = point[EAST] - antenna[0], point[NORTH] - antenna[1]
    distance = math.sqrt(east * east + north * north)
    height = max(antenna[2] - point[UP], LOWEST_M)
    depth = point[DEPTH]
    if depth > 0.0:
        optical, in_soil, spreading, sine, cosine = leg(distance, height, depth, index)
        reflection = fresnel(cosine, index)
        amplitude = math.sqrt(1.0 - reflection * reflection) / spreading
        amplitude *= math.exp(-attenuation * in_soil)
    else:
        optical = math.sqrt(height * height + distance * distance)
        sine, cosine = distance / optical, height / optical
        amplitude = 1.0 / optical
    lean = 0.0
    if distance > 0.0:
        lean = (east * attitude[0] + north * attitude[1]) / distance
    return optical, amplitude * _directed(
        max(cosine * attitude[2] - sine * lean, 0.0), constants[8]
    )
