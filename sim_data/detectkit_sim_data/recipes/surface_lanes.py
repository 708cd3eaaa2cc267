"""Simulated lanes over rough ground, with what the pipeline is given and what is true."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.geo import LocalFrame
from detectkit.sim import Altimeter, BuriedObject, FlightSimulator, Radar, Scenario, Terrain

CENTRE_HZ = 1.2e9
SEPARATION_M = 0.12
ALTIMETER_HZ = 20.0
ARM_M = (0.0, 0.0, 0.5)
HEADING_DEG = 30.0
TEXT = """
name = "surface"
seed = 3
[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-05-14T07:30:00Z
heading_deg = 30.0
[flight]
lanes = 1
lane_length_m = 12
lane_spacing_m = 0.5
height_m = 1.05
"""


@dataclass(frozen=True, eq=False)
class Lane:
    """Raw traces as recorded, the true height over the mean ground, and its true gradient."""

    raw: Block
    height_m: np.ndarray
    gradient: tuple[float, float]


def lane(
    seed: int,
    *,
    roughness_m: float = 0.01,
    slope_deg: float = 0.0,
    noise_m: float = 0.02,
    miss_rate: float = 0.05,
    discs_m: tuple[float, ...] = (),
) -> Lane:
    """Fly one lane of 12 m; the altimeter says whole centimetres, 3 cm too much.

    At each of `discs_m` along it a plastic disc of 8 cm lies 10 cm deep.
    """
    altimeter = Altimeter(lever_arm_m=ARM_M, noise_m=noise_m, bias_m=0.03, miss_rate=miss_rate)
    terrain = Terrain(
        slope_deg=slope_deg, slope_direction_deg=HEADING_DEG, hills_m=0.05, roughness_m=roughness_m
    )
    scenario = replace(
        Scenario.from_toml(TEXT),
        terrain=terrain,
        altimeter=altimeter,
        objects=tuple(_disc(number, along_m) for number, along_m in enumerate(discs_m)),
        radar=Radar(lever_arm_m=ARM_M, centre_hz=CENTRE_HZ, antenna_separation_m=SEPARATION_M),
    )
    simulator = FlightSimulator(scenario, seed=seed)
    planned = simulator.truth.lanes[0]
    time_s = np.arange(planned.start_s, planned.end_s, 0.01)
    column = dict(zip(PLATFORM_COLUMNS, simulator.platform(time_s).T, strict=True))
    below = ARM_M[2] * np.cos(column["roll_rad"]) * np.cos(column["pitch_rad"])
    longitude, latitude = column["longitude_deg"], column["latitude_deg"]
    east, north, _ = LocalFrame(longitude[0], latitude[0]).to_local(longitude, latitude)
    way = np.hypot(np.diff(east), np.diff(north))
    noise = np.random.default_rng(seed).normal(0.0, 0.01, time_s.size)
    along: dict[str, Any] = {
        "height_m": _altimeter(simulator, time_s),
        "along_track_m": np.concatenate([[0.0], np.cumsum(way)]),
        "longitude_deg": longitude,
        "latitude_deg": latitude,
        "up_m": column["up_m"] - below + noise,
    }
    data = simulator.radar(time_s)
    twt_s = np.arange(data.shape[1]) * scenario.radar.sample_interval_s
    coords = {name: ("trace", one) for name, one in along.items()}
    raw = Block(
        data,
        coords={"twt_s": ("delay", twt_s), **coords},
        sensor=Sensor(antenna_hz=CENTRE_HZ, antenna_separation_m=SEPARATION_M),
    )
    steep, ahead = math.tan(math.radians(slope_deg)), math.radians(HEADING_DEG)
    gradient = (steep * math.sin(ahead), steep * math.cos(ahead))
    return Lane(raw, column["height_m"] - below, gradient)


def _disc(number: int, along_m: float) -> BuriedObject:
    return BuriedObject(
        name=f"disc-{number}",
        object_class="target",
        kind="plastic disc",
        along_m=along_m,
        across_m=0.0,
        depth_m=0.1,
        radius_m=0.04,
        thickness_m=0.04,
    )


def _altimeter(simulator: FlightSimulator, time_s: np.ndarray) -> np.ndarray:
    """Return heights between the altimeter's samples, NaN beside a missed one."""
    own_s = np.arange(time_s[0] - 1.0, time_s[-1] + 1.0, 1.0 / ALTIMETER_HZ)
    told = np.round(simulator.altimeter(own_s)[:, 0], 2)
    after = np.searchsorted(own_s, time_s)
    share = (time_s - own_s[after - 1]) * ALTIMETER_HZ
    return np.asarray(told[after - 1] + share * (told[after] - told[after - 1]))
