"""A radar over quiet soil, flat, smooth and lossless: echoes by the simulator's own rays alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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


def radar_over(permittivity: float, *objects: BuriedObject) -> RadarModel:
    """Return the radar over such soil with these bodies in it."""
    soil = Soil(permittivity=permittivity, inhomogeneities_per_m2=0.0, conductivity_s_per_m=0.0)
    scenario = replace(Scenario.from_toml(QUIET), terrain=Terrain(), soil=soil, objects=objects)
    geography = Geography(scenario.site)
    surface = surface_of(scenario.terrain, 3)
    route = plan(scenario.flight)
    trajectory = trajectory_of(route, scenario.flight, scenario.wind, surface, geography, seed=3)
    corner = (np.full(2, -1.0), np.full(2, 1.0))
    points = all_points(objects, soil, RADAR, surface, geography=geography, corners=corner, seed=3)
    return radar_of(RADAR, soil, trajectory, sorted_into_cells(points, 2.0), seed=3)
