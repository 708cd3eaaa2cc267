"""A ball in quiet soil under a radar at any heights, by the simulator's own rays."""

from __future__ import annotations

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.sim import BuriedObject
from detectkit_sim_data.recipes.quiet_soil import RADAR, radar_over

SEPARATION_M = RADAR.antenna_separation_m


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
    full, empty = radar_over(permittivity, ball(depth_m)), radar_over(permittivity)
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
