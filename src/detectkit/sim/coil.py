"""A metal detector's coincident coil over soil with metal in it, continuous wave.

Coil and metal are dipoles: the coil's field falls with the third power of the distance, its
answer by reciprocity again, ``V = μ₀ ω I β |H|²``: the sixth power in all. Metal is a conducting,
permeable sphere in a uniform field, in closed form (Wait 1951, Geophysics 16, 666; Grant & West,
Interpretation Theory in Applied Geophysics, 1965, ch. 17). Soil is a half-space of complex
susceptibility, answering by the coil's image: it falls with the third power of the height only.

So at the height of a drone the soil outshines little metal. A minimum-metal anti-personnel mine is
below the soil's response and its changes with height there; an empty trace of the detector says
nothing about such a mine. Crude near the coil, where the dipole is a poor loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.flight import Motion, Trajectory
from detectkit.sim.geography import Geography
from detectkit.sim.ground import BuriedObject, Soil
from detectkit.sim.instruments import Channel, Detector
from detectkit.sim.noise import Sinusoids, Stream, band, white
from detectkit.sim.terrain import Surface

Values = npt.NDArray[np.float64]

MU_0 = 4e-7 * math.pi
NANO = 1e9
DRIFT_HZ = (0.002, 0.05)
LOWEST_M = 0.03


def sphere_response(
    radius_m: float, conductivity_s_per_m: float, permeability: float, frequency_hz: float
) -> complex:
    """Return the moment of a sphere over 4π a³ H: ``(q - 1) / (q + 2)``.

    ``q = 2 μ_r i₁(x) / (x i₁(x))'`` with ``x = a sqrt(j ω μ σ)`` and the modified spherical Bessel
    function i₁. It goes from (μ_r - 1) / (μ_r + 2) at low frequency to -1/2 at high.

    Examples
    --------
    >>> round(sphere_response(0.004, 5e6, 150.0, 1e-3).real, 3)
    0.98
    >>> round(sphere_response(0.1, 3.5e7, 1.0, 1e6).real, 2)
    -0.5
    """
    permeance = MU_0 * permeability * conductivity_s_per_m
    x = radius_m * complex(0.0, 2.0 * math.pi * frequency_hz * permeance) ** 0.5
    if abs(x) < 0.1:  # series: the closed form would cancel
        q = permeability * (1.0 + x**2 / 10.0 + x**4 / 280.0)
        q /= 1.0 + x**2 / 5.0 + 3.0 * x**4 / 280.0
    else:
        tanh = complex(np.tanh(x)) if x.real < 20.0 else 1.0 + 0.0j
        q = 2.0 * permeability * (1.0 - tanh / x) / x / (tanh - 1.0 / x + tanh / x**2)
    return (q - 1.0) / (q + 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Metal:
    """Metal of all bodies: places (east, north, up), and the moment per field, by frequency."""

    place: Values
    radius_m: Values
    conductivity_s_per_m: Values
    permeability: Values
    remanence_a_m2: Values

    def per_field(self, frequency_hz: float) -> npt.NDArray[np.complex128]:
        """Return the moment of each body per applied field in m³."""
        factor = [
            sphere_response(
                float(self.radius_m[row]),
                float(self.conductivity_s_per_m[row]),
                float(self.permeability[row]),
                frequency_hz,
            )
            for row in range(len(self.radius_m))
        ]
        return np.asarray(4.0 * math.pi * self.radius_m**3 * np.array(factor, np.complex128))


def metal_of(objects: Sequence[BuriedObject], surface: Surface, geography: Geography) -> Metal:
    """Return the metal in the ground."""
    bodies = [one for one in objects if one.metal_radius_m > 0.0]

    def column(name: str) -> Values:
        return np.array([getattr(one, name) for one in bodies], np.float64)

    east, north = geography.local(column("along_m"), column("across_m"))
    below = column("depth_m") + column("metal_depth_m")
    up = surface.mean_up_m(east, north) - below
    return Metal(
        np.column_stack([east, north, up]),
        column("metal_radius_m"),
        column("metal_conductivity_s_per_m"),
        column("metal_permeability"),
        column("remanence_a_m2"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class DetectorModel:
    """The detector of one scenario and seed; build it with `detector_of`."""

    detector: Detector
    soil: Soil
    trajectory: Trajectory
    metal: Metal
    moments: npt.NDArray[np.complex128]
    drift: tuple[Sinusoids, ...]
    seed: int

    def rows(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return nV per channel, (rows, channels)."""
        motion = self.trajectory.motion(time_s)
        channels = self.detector.channels
        out = self.detector.noise_nv * white(
            self.seed, Stream.DETECTOR_NOISE, time_s, columns=len(channels)
        )
        soil, squares = self._soil_field(motion), self._squares(motion)
        for number, channel in enumerate(channels):
            voltage = self._voltage(channel, self.moments[number], soil, squares)
            part = voltage.real if channel.part == "in_phase" else voltage.imag
            drift = self.drift[number].at(time_s)
            out[:, number] += self.detector.offset_nv + drift + part
        return out.astype(np.float32)

    def _voltage(
        self,
        channel: Channel,
        moments: npt.NDArray[np.complex128],
        soil: Values,
        squares: Values,
    ) -> npt.NDArray[np.complex128]:
        """Return the voltage in nV; real is what a lossless permeable body would give."""
        scale = NANO * MU_0 * 2.0 * math.pi * channel.frequency_hz * self.detector.current_a
        susceptibility = self.soil.susceptibility * complex(1.0, -self.soil.viscosity_ratio)
        total = susceptibility / (2.0 + susceptibility) * soil.astype(np.complex128)
        for number in range(squares.shape[1]):  # one by one: a fixed order of the sum
            total += moments[number] * squares[:, number]
        return np.asarray(scale * total)

    def _soil_field(self, motion: Motion) -> Values:
        """Return (N A)² · field of the coil's image at the coil, per unit moment, in m³ A²/A²."""
        _, _, up = motion.axes()
        place = motion.at(self.detector.lever_arm_m)
        ground = self.trajectory.surface.mean_up_m(place[:, 0], place[:, 1])
        height = np.maximum(place[:, 2] - ground, LOWEST_M)
        tilt = 0.5 * (1.0 + up[:, 2] ** 2)
        return np.asarray(self._area() ** 2 * tilt / (2.0 * np.pi * (2.0 * height) ** 3))

    def _squares(self, motion: Motion) -> Values:
        """Return |H|² per unit current at each piece of metal, (rows, pieces), in 1/m²."""
        _, _, up = motion.axes()
        coil = motion.at(self.detector.lever_arm_m)
        away = self.metal.place[np.newaxis] - coil[:, np.newaxis]
        distance = np.sqrt(away[..., 0] ** 2 + away[..., 1] ** 2 + away[..., 2] ** 2)
        axis = up[:, np.newaxis]
        along = (
            away[..., 0] * axis[..., 0] + away[..., 1] * axis[..., 1] + away[..., 2] * axis[..., 2]
        ) / distance
        field = self._area() / (4.0 * np.pi * distance**3)
        return np.asarray(field**2 * (1.0 + 3.0 * along**2))

    def _area(self) -> float:
        """Return turns times area in m²."""
        return self.detector.turns * math.pi * self.detector.coil_radius_m**2


def detector_of(
    detector: Detector, soil: Soil, trajectory: Trajectory, metal: Metal, *, seed: int
) -> DetectorModel:
    """Return the detector of a scenario."""
    channels = detector.channels
    moments = np.array([metal.per_field(one.frequency_hz) for one in channels], np.complex128)
    drift = tuple(
        band(seed + number, Stream.DETECTOR_DRIFT, rms=detector.drift_nv, hz=DRIFT_HZ)
        for number in range(len(channels))
    )
    return DetectorModel(
        detector, soil, trajectory, metal, moments.reshape(len(channels), -1), drift, seed
    )
