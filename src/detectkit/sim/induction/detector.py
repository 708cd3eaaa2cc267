"""A metal detector over soil with metal in it: its channels as a function of time and seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detectkit.sim.flight import Motion
from detectkit.sim.induction.coils import Coils, Poses, coils_of
from detectkit.sim.induction.disturbances import Disturbances, disturbances_of
from detectkit.sim.induction.flux import MU_0
from detectkit.sim.induction.gates import Gate
from detectkit.sim.induction.metal import Metal, axial_and_across
from detectkit.sim.induction.poles import PoleSum, poles_of
from detectkit.sim.instruments import Detector
from detectkit.sim.soil.magnetic import MagneticSoil
from detectkit.sim.terrain import Surface

Values = npt.NDArray[np.float64]

NANO = 1e9
SLOPE_M = 0.15
"""Half the way over which the slope of the ground under the coil is taken."""

PAST_NODES, PAST_WEIGHTS = np.polynomial.laguerre.laggauss(8)
"""Moments in the past, in time constants, that stand for what a filter remembers."""


class MagneticGround(Protocol):
    """What a detector meets of the ground: a `Soil`, or anything that says as much."""

    @property
    def susceptibility(self) -> float:
        """In phase, SI, at 10 kHz."""
        ...

    @property
    def viscosity_ratio(self) -> float:
        """Quadrature part over the in-phase part."""
        ...

    @property
    def conductivity_s_per_m(self) -> float:
        """At the detector's frequencies."""
        ...


class Moves(Protocol):
    """Where the vehicle is, and the ground below: a `Trajectory`, or a hand that moves a coil."""

    @property
    def surface(self) -> Surface:
        """The ground below."""
        ...

    def motion(self, time_s: Values) -> Motion:
        """Return the state at each time."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What each channel hears of metal and soil per coupling; real numbers.

    `along` and `across` are in m³/s, (channels, pieces); `magnetic` in 1/s and `conductive` in
    1/(s m²), (channels,). Times μ₀, current and the coupling of `Coils` they are volts.
    """

    along: Values
    across: Values
    magnetic: Values
    conductive: Values


@dataclass(frozen=True, slots=True, eq=False)
class DetectorModel:
    """A detector with what it flies over, but not where; build it with `model_of`."""

    detector: Detector
    metal: Metal
    coils: Coils
    answers: Answers
    disturbances: Disturbances

    def response(self, poses: Poses) -> Values:
        """Return the voltages in nV, without noise, float64 (rows, channels)."""
        magnetic, conductive = self.coils.over(poses)
        straight, axial = self.coils.onto(poses, self.metal.place, self.metal.axis)
        answers = self.answers
        out = np.empty((len(magnetic), len(answers.magnetic)))
        scale = NANO * MU_0 * self.detector.current_a
        for channel in range(out.shape[1]):
            total = answers.magnetic[channel] * magnetic + answers.conductive[channel] * conductive
            more = answers.along[channel] - answers.across[channel]
            for piece in range(straight.shape[1]):  # one by one: a fixed order of the sum
                total += answers.across[channel, piece] * straight[:, piece]
                total += more[piece] * axial[:, piece]
            out[:, channel] = scale * total
        return out

    def rows(self, time_s: Values, poses_at: PosesAt) -> npt.NDArray[np.float32]:
        """Return the voltages in nV as the instrument gives them, float32 (rows, channels).

        Parameters
        ----------
        time_s
            Moments, (rows,).
        poses_at
            Where the coil is at any moments, also some time constants before the first.
        """
        out = self.disturbances.rows(time_s)
        memory_s = self.detector.time_constant_s
        if memory_s == 0.0:
            return (out + self.response(poses_at(time_s))).astype(np.float32)
        for node, weight in zip(PAST_NODES, PAST_WEIGHTS, strict=True):
            out += weight * self.response(poses_at(time_s - node * memory_s))
        return out.astype(np.float32)


class PosesAt(Protocol):
    """Where a coil is at moments."""

    def __call__(self, time_s: Values, /) -> Poses:
        """Return one row per moment."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FlownDetector:
    """The detector of one scenario and seed; build it with `detector_of`."""

    model: DetectorModel
    trajectory: Moves

    def rows(self, time_s: Values) -> npt.NDArray[np.float32]:
        """Return nV per channel, (rows, channels)."""
        return self.model.rows(time_s, self.poses)

    def poses(self, time_s: Values) -> Poses:
        """Return where the coil is, in east, north, up of the site."""
        motion = self.trajectory.motion(time_s)
        forward, right, up = motion.axes()
        place = motion.at(self.model.detector.lever_arm_m)
        surface = self.trajectory.surface
        east, north = place[:, 0], place[:, 1]
        ground = surface.mean_up_m(east, north)
        eastward = surface.mean_up_m(east + SLOPE_M, north)
        eastward -= surface.mean_up_m(east - SLOPE_M, north)
        northward = surface.mean_up_m(east, north + SLOPE_M)
        northward -= surface.mean_up_m(east, north - SLOPE_M)
        normal = normals(0.5 / SLOPE_M * eastward, 0.5 / SLOPE_M * northward)
        height = (place[:, 2] - ground) * normal[:, 2]
        return Poses(place, forward, right, up, height, normal)


def normals(first_slope: Values, second_slope: Values) -> Values:
    """Return the unit vectors at right angles to ground of two slopes, (rows, 3)."""
    length = np.sqrt(1.0 + first_slope**2 + second_slope**2)
    return np.column_stack([-first_slope / length, -second_slope / length, 1.0 / length])


def detector_of(
    detector: Detector, soil: MagneticGround, trajectory: Moves, metal: Metal, *, seed: int
) -> FlownDetector:
    """Return the detector of a scenario."""
    return FlownDetector(model_of(detector, soil, metal, seed=seed), trajectory)


def model_of(detector: Detector, soil: MagneticGround, metal: Metal, *, seed: int) -> DetectorModel:
    """Return a detector with the metal and the soil it is to meet."""
    answers = _in_time if detector.mode == "time" else _in_frequency
    return DetectorModel(
        detector,
        metal,
        coils_of(detector),
        answers(detector, soil, metal),
        disturbances_of(detector, seed),
    )


def _in_frequency(detector: Detector, soil: MagneticGround, metal: Metal) -> Answers:
    """Return ω times real or imaginary part; real is what a lossless permeable body would give."""
    channels = detector.channels
    frequency = np.array([one.frequency_hz for one in channels])
    is_real = np.array([one.part == "in_phase" for one in channels])

    def part(values: npt.NDArray[np.complex128]) -> Values:
        rows = 2.0 * np.pi * frequency[:, np.newaxis] * values.reshape(len(channels), -1)
        return np.asarray(np.where(is_real[:, np.newaxis], rows.real, rows.imag))

    along, across = axial_and_across(metal, frequency)
    images = np.array([_reflection(detector, soil, float(one)) for one in frequency])
    eddies = -0.5j * np.pi * frequency * MU_0 * soil.conductivity_s_per_m
    return Answers(part(along), part(across), part(images)[:, 0], part(eddies)[:, 0])


def _reflection(detector: Detector, soil: MagneticGround, frequency_hz: float) -> complex:
    """Return ``κ / (2 + κ)``; the preview's soil lags by the same angle at all frequencies."""
    if detector.coil == "dipole":
        value = soil.susceptibility * complex(1.0, -soil.viscosity_ratio)
    else:
        grains = MagneticSoil(soil.susceptibility, soil.viscosity_ratio)
        value = complex(grains.at(frequency_hz))
    return value / (2.0 + value)


def _in_time(detector: Detector, soil: MagneticGround, metal: Metal) -> Answers:
    """Return means over the gates; viscous soil falls as 1 / t, its eddies are gone by then.

    With relaxation times spread evenly in log, the susceptibility's constant loss angle and the
    decay are one number: ``χ'' = π/2 · dχ'/d ln ω`` (Lee 1984, Geophysics 49; Mullins & Tite 1973).
    """
    gates = [
        Gate(one.start_s, one.stop_s, detector.ramp_s, detector.pulse_s)
        for one in detector.channels
    ]
    poles = [poles_of(one) for one in metal.parts]
    along = [[_mean_of(gate, both[0]) for both in poles] for gate in gates]
    across = [[_mean_of(gate, both[1]) for both in poles] for gate in gates]
    shape = len(gates), len(poles)
    slope = 2.0 / (2.0 + soil.susceptibility) ** 2
    loss = 2.0 / math.pi * soil.susceptibility * soil.viscosity_ratio
    magnetic = np.array([slope * loss * one.of_viscosity() for one in gates])
    return Answers(
        np.array(along).reshape(shape) * metal.share,
        np.array(across).reshape(shape) * metal.share,
        magnetic,
        np.zeros(len(gates)),
    )


def _mean_of(gate: Gate, poles: PoleSum) -> float:
    return float(np.sum(poles.strength_m3 * gate.of_poles(poles.rate_per_s)))
