"""Lanes of a simulated detector, for the tests of the metal branch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.sim.bodies.body import Body, MetalPart, Part, PlacedBody
from detectkit.sim.ground import Soil
from detectkit.sim.induction import detector_rows
from detectkit.sim.instruments import Detector

STEEL_BALL = MetalPart("sphere", 0.0062, 5e6, 150.0, 0.0062)
"""One cubic centimetre."""
CASE = Part("cylinder", "plastic", (0.1, 0.1, 0.04))
UP = np.array([0.0, 0.0, 1.0])
SENSOR = Sensor(id="coil", kind="metal_detector", unit="nV")


def buried(piece: MetalPart, along_m: float, across_m: float, depth_m: float) -> PlacedBody:
    """Return a piece whose top lies at a depth."""
    return PlacedBody(
        Body("one", "clutter", "one", (CASE,), (piece,), 0.0), along_m, across_m, depth_m
    )


def lane(
    bodies: Sequence[PlacedBody] = (),
    *,
    height_m: float = 0.25,
    across_m: float = 0.0,
    line: str = "lane",
    length_m: float = 8.0,
    seed: int = 3,
) -> Block:
    """Return rows every 2 cm over magnetic, conducting soil, at a height that rises and falls."""
    along = np.arange(0.0, length_m, 0.02)
    across = np.full(along.size, across_m)
    height = height_m * (1.0 + 0.04 * np.sin(2.0 * along + seed) + 0.02 * np.sin(5.3 * along))
    rows = detector_rows(
        np.column_stack([along, across, height]), UP, bodies=bodies,
        soil=Soil(susceptibility=1e-3, conductivity_s_per_m=0.005),
        detector=Detector(coil="coincident", noise_nv=5.0, drift_nv=20.0),
        time_s=100.0 * seed + 2.0 * along, seed=seed,
    )  # fmt: skip
    coords = {
        "along_track_m": ("trace", along),
        "easting_m": ("trace", along),
        "northing_m": ("trace", across),
        "height_m": ("trace", height),
        "source_trace": ("trace", np.arange(along.size)),
    }
    return Block(rows, ("trace", "channel"), coords, SENSOR, line=line)
