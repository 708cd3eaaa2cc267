"""Loops, pulses, balls and heights that the tests of the detector share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectkit.sim import Channel, Detector, Soil
from detectkit.sim.bodies.body import Body, MetalPart, Part, PlacedBody
from detectkit.sim.induction import Metal, Poses, model_of
from detectkit.sim.induction.detector import normals
from detectkit.sim.induction.metal import nothing

UP = np.array([0.0, 0.0, 1.0])
BOTH = (Channel("i", 2e4, "in_phase"), Channel("q", 2e4))
LOOP = Detector(turns=1, coil="coincident", channels=BOTH, drift_nv=0.0, noise_nv=0.0)
GATES = tuple(Channel(f"g{t}", start_s=1e-6 * t, stop_s=1.3e-6 * t) for t in (10, 20, 40, 80, 160))
PULSE = replace(LOOP, mode="time", channels=GATES)
AIR = Soil(susceptibility=0.0, conductivity_s_per_m=0.0)
STEEL, ALUMINIUM = (5e6, 150.0), (3.5e7, 1.0)
HEIGHTS_M = (0.05, 0.15, 0.3, 0.5, 1.0)
CASE = Part("cylinder", "plastic", (0.1, 0.1, 0.04))


def ball(radius_m: float, depth_m: float = 0.08, material: tuple[float, float] = STEEL) -> Metal:
    return Metal.spheres(
        np.array([[0.0, 0.0, -depth_m]]), radius_m=np.array([radius_m]),
        conductivity_s_per_m=np.array(material[:1]), permeability=np.array(material[1:]),
        remanence_a_m2=np.zeros(1),
    )  # fmt: skip


def buried(*metal: MetalPart, depth_m: float = 0.05) -> PlacedBody:
    return PlacedBody(Body("one", "clutter", "one", (CASE,), metal, 0.0), 0.0, 0.0, depth_m)


NOTHING = nothing()


def over(height_m: object, along_m: object = 0.0) -> Poses:
    height, along = np.broadcast_arrays(np.atleast_1d(height_m), np.atleast_1d(along_m))
    height, level = height.astype(float), np.zeros(height.shape)
    axes = [np.broadcast_to(one, (height.size, 3)) for one in np.eye(3)]
    place = np.column_stack([along, level, height])
    return Poses(place, *axes, height, normals(level, level))


def amplitude(detector: Detector, soil: Soil, metal: Metal, height_m: object) -> np.ndarray:
    volts = model_of(detector, soil, metal, seed=1).response(over(height_m))
    return np.hypot(volts[:, 0], volts[:, 1])
