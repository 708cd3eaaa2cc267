"""A quiet scenario to change one thing of: no wind, no noise, no clutter, flat ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectkit.sim import (
    BuriedObject,
    Detector,
    FlightSimulator,
    Magnetometer,
    Radar,
    Receiver,
    Scenario,
    Soil,
    Wind,
)

QUIET = """
name = "quiet"
seed = 11

[site]
longitude_deg = 47.0
latitude_deg = 40.0
up_m = 290.0
heading_deg = 30.0
start_time = 2025-06-11T07:30:00Z

[flight]
lanes = 2
lane_length_m = 5.0
lane_spacing_m = 0.4
height_m = 0.95
standing_height_m = 0.75
"""

STILL = Wind(horizontal_m=0.0, vertical_m=0.0, height_error_m=0.0, tilt_deg=0.0, yaw_deg=0.0)
RADAR = Radar(
    lever_arm_m=(0.0, 0.0, 0.5),
    sample_interval_s=2.5e-11,
    noise_counts=0.0,
    gain_drift=0.0,
    time_zero_drift_s=0.0,
    ringing_counts=0.0,
    reach_m=1.5,
)
SOIL = Soil(inhomogeneities_per_m2=0.0, conductivity_s_per_m=0.0, susceptibility=0.0)
DETECTOR = Detector(lever_arm_m=(0.0, 0.0, 0.65), noise_nv=0.0, drift_nv=0.0)
MAGNETOMETER = Magnetometer(
    lever_arm_m=(0.0, 0.0, 0.5), geology_nt=0.0, vehicle_nt=0.0, drift_nt=0.0, noise_nt=0.0
)
RECEIVER = Receiver()

BALL = BuriedObject(
    name="ball",
    object_class="clutter",
    kind="steel ball",
    along_m=2.5,
    across_m=0.0,
    depth_m=0.2,
    radius_m=0.01,
    shape="sphere",
    permittivity=0.0,
    metal="rich",
    metal_radius_m=0.01,
    metal_permeability=100.0,
)

Make = Callable[..., FlightSimulator]


@pytest.fixture(scope="session")
def quiet() -> Scenario:
    """Return two lanes of 5 m at 0.45 m with nothing in the ground."""
    return replace(
        Scenario.from_toml(QUIET),
        wind=STILL,
        radar=RADAR,
        soil=SOIL,
        detector=DETECTOR,
        magnetometer=MAGNETOMETER,
    )


@pytest.fixture(scope="session")
def ball() -> BuriedObject:
    """Return a steel ball under the middle of the first lane, 0.2 m deep."""
    return BALL


@pytest.fixture
def simulator(quiet: Scenario) -> Make:
    """Return a function that flies the quiet scenario with parts of it replaced."""

    def make(*objects: BuriedObject, seed: int | None = None, **parts: Any) -> FlightSimulator:
        changed = {
            name: replace(getattr(quiet, name), **part) if isinstance(part, dict) else part
            for name, part in parts.items()
        }
        return FlightSimulator(replace(quiet, objects=objects, **changed), seed=seed)

    return make


@pytest.fixture(scope="session")
def over() -> Callable[..., np.ndarray]:
    """Return a function that gives the times from one place (m) of the first lane to another."""

    def times(simulator: FlightSimulator, first_m: float, last_m: float, step_m: float = 0.01):
        count = round((last_m - first_m) / step_m) + 1
        return simulator.truth.lanes[0].start_s + first_m + step_m * np.arange(count)

    return times
