"""A ball in quiet soil under a radar at any heights, by the simulator's own rays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.sim import BuriedObject, Radar, Scenario, Soil, Terrain
from detectkit.sim.flight import trajectory_of
from detectkit.sim.geography import Geography
from detectkit.sim.radar import RadarModel, radar_of
from detectkit.sim.route import plan
from detectkit.sim.scatterers import all_points, sorted_into_cells
from detectkit.sim.terrain import surface_of

QUIET = """
name = "one point"
seed = 3
[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-06-11T07:30:00Z
[flight]
lanes = 1
lane_length_m = 5.0
lane_spacing_m = 0.4
height_m = 0.95
"""
RADAR = Radar(
    samples=700,
    sample_interval_s=4e-11,
    noise_counts=0.0,
    gain_drift=0.0,
    time_zero_drift_s=0.0,
    ringing_counts=0.0,
    crosstalk_counts=0.0,
    antenna_reflection=0.0,
    reach_m=4.0,
)
SEPARATION_M = RADAR.antenna_separation_m


def model_of(permittivity: float, *objects: BuriedObject) -> RadarModel:
    """Return the radar over flat, smooth, lossless soil with these bodies."""
    soil = Soil(permittivity=permittivity, inhomogeneities_per_m2=0.0, conductivity_s_per_m=0.0)
    scenario = replace(Scenario.from_toml(QUIET), terrain=Terrain(), soil=soil, objects=objects)
    geography = Geography(scenario.site)
    surface = surface_of(scenario.terrain, 3)
    route = plan(scenario.flight)
    trajectory = trajectory_of(route, scenario.flight, scenario.wind, surface, geography, seed=3)
    corner = (np.full(2, -1.0), np.full(2, 1.0))
    points = all_points(objects, soil, RADAR, surface, geography=geography, corners=corner, seed=3)
    return radar_of(RADAR, soil, trajectory, sorted_into_cells(points, 2.0), seed=3)


def ball(depth_m: float) -> BuriedObject:
    """Return a steel ball under the origin."""
    return BuriedObject(
        name="ball",
        object_class="clutter",
        kind="steel ball",
        along_m=0.0,
        across_m=0.0,
        depth_m=depth_m,
        radius_m=0.01,
        shape="sphere",
        permittivity=0.0,
        metal="rich",
        metal_radius_m=0.01,
    )


def jittered(mean_m: float, rows: int, spacing_m: float) -> np.ndarray:
    """Return heights that sway by some centimetres and jitter by some millimetres."""
    sway = 0.04 * np.sin(2.0 * np.pi * np.arange(rows) * spacing_m / 0.9)
    return mean_m + sway + np.random.default_rng(7).normal(0.0, 0.005, rows)


def line_over(
    depth_m: float, *, permittivity: float, height_m: float, spacing_m: float = 0.02
) -> Block:
    """Return the ball's echoes alone, as recorded from jittered heights, 4 m along the east."""
    rows = round(4.0 / spacing_m) + 1
    east = (np.arange(rows) - rows // 2) * spacing_m
    height = jittered(height_m, rows, spacing_m)
    full, empty = model_of(permittivity, ball(depth_m)), model_of(permittivity)
    ground = full.trajectory.surface.mean_up_m(east, np.zeros(rows))
    middle = np.column_stack([east, np.zeros(rows), ground + height])
    half = np.array([0.5 * SEPARATION_M, 0.0, 0.0])
    attitude = np.column_stack([np.tile([0.0, 0.0, 1.0], (rows, 1)), height])
    time_s = np.linspace(0.0, 1.0, rows)
    heard = [one.heard(middle - half, middle + half, attitude, time_s) for one in (full, empty)]
    twt_s = np.arange(RADAR.samples) * RADAR.sample_interval_s - RADAR.time_zero_s
    return Block(
        (heard[0] - heard[1]).astype(np.float32),
        coords={
            "twt_s": ("delay", twt_s),
            "source_trace": ("trace", np.arange(rows)),
            "along_track_m": ("trace", east + 2.0),
            "height_m": ("trace", height),
        },
        sensor=Sensor(antenna_hz=RADAR.centre_hz, antenna_separation_m=SEPARATION_M),
        line="simulated",
        trace_spacing_m=spacing_m,
    )
