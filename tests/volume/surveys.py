"""Simulated surveys: small bodies in soil, seen by antennas on the ground, with positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.geo import SiteFrame

FRAME = SiteFrame(47.0, 40.0)
VELOCITY = 1.0e8
INTERVAL_S = 1e-10
SAMPLES = 128
CENTRE_HZ = 1.0e9
STEP_M = 0.02


def line(
    north_m: float, bodies: Sequence[tuple[float, float, float]], *, traces: int = 80
) -> Block:
    """Return a line due east: a Ricker wavelet from each (easting, northing, depth) in noise."""
    rng = np.random.default_rng(round(1000 * north_m) + 7)
    east = np.arange(traces) * STEP_M
    time = np.arange(SAMPLES) * INTERVAL_S
    data = rng.normal(0.0, 1.0, (traces, SAMPLES))
    for easting, northing, depth in bodies:
        path = np.sqrt((east - easting) ** 2 + (north_m - northing) ** 2 + depth**2)
        phase = (np.pi * CENTRE_HZ * (time[None, :] - 2.0 * path[:, None] / VELOCITY)) ** 2
        data += 30.0 * (1.0 - 2.0 * phase) * np.exp(-phase) * (depth / path[:, None]) ** 2
    longitude, latitude = FRAME.to_geographic(east, np.full(traces, north_m))
    coords = {
        "twt_s": ("delay", time),
        "along_track_m": ("trace", east),
        "longitude_deg": ("trace", longitude),
        "latitude_deg": ("trace", latitude),
        "source_trace": ("trace", np.arange(traces)),
    }
    sensor = Sensor(antenna_hz=CENTRE_HZ, instrument="simulated", antenna_separation_m=0.0)
    return Block(
        data.astype(np.float32),
        coords=coords,
        sensor=sensor,
        line=f"L{round(100 * north_m):03d}",
        trace_spacing_m=STEP_M,
    )


def survey(bodies: Sequence[tuple[float, float, float]]) -> list[Block]:
    """Return lines 5 cm apart."""
    return [line(round(0.05 * number, 3), bodies) for number in range(9)]
