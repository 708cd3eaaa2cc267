"""Small simulated flights: diffractors in noise, with positions, written as any user's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.io.flight.writer import FlightWriter

SPACING_M = 0.02
INTERVAL_S = 1e-10
VELOCITY_M_PER_S = 1.0e8
DIRECT_SAMPLE = 25
DIFFRACTORS = ((2.4, 0.20), (5.3, 0.30))
"""(distance along the line, depth) in m."""


def radargram(
    *, traces: int = 400, samples: int = 160, diffractors: Sequence[tuple[float, float]], seed: int
) -> np.ndarray:
    """Return int16 counts: direct wave, noise, and a hyperbola for each diffractor."""
    rng = np.random.default_rng(seed)
    along, delay = np.arange(traces)[:, None] * SPACING_M, np.arange(samples)[None, :]
    data = rng.normal(0.0, 20.0, (traces, samples)) + 4000.0 * ricker(delay - DIRECT_SAMPLE)
    for at_m, depth_m in diffractors:
        twt_s = 2.0 * np.hypot(depth_m, along - at_m) / VELOCITY_M_PER_S
        data += 500.0 * ricker(delay - DIRECT_SAMPLE - twt_s / INTERVAL_S)
    return np.rint(data).astype(np.int16)


def ricker(samples: np.ndarray) -> np.ndarray:
    """Return a wavelet of 1 GHz."""
    phase = (np.pi * samples * INTERVAL_S * 1e9) ** 2
    return np.asarray((1.0 - 2.0 * phase) * np.exp(-phase))


def line(
    name: str = "L1",
    *,
    diffractors: Sequence[tuple[float, float]] = DIFFRACTORS,
    traces: int = 400,
    seed: int = 1,
    positions: bool = True,
) -> Block:
    """Return a line of the flight."""
    data = radargram(traces=traces, diffractors=diffractors, seed=seed)
    row = np.arange(traces)
    coords = {
        "twt_s": ("delay", np.arange(data.shape[1]) * INTERVAL_S),
        "along_track_m": ("trace", row * SPACING_M),
    }
    if positions:
        coords["longitude_deg"] = ("trace", np.full(traces, 15.0))
        coords["latitude_deg"] = ("trace", 45.0 + row * SPACING_M / 111_000.0)
    sensor = Sensor(antenna_hz=1e9, full_scale=(-32768.0, 32767.0), instrument="simulated")
    return Block(data, coords=coords, sensor=sensor, line=name, trace_spacing_m=SPACING_M)


def in_time_mode(block: Block) -> Block:
    """Return the line as recorded without a wheel or positions."""
    axis = {"twt_s": block.coords["twt_s"]}
    return replace(block, coords=axis, trace_spacing_m=None)


def write(path: Path, *lines: Block) -> Path:
    """Write lines as one flight, one stream per sensor and line."""
    keys = dict.fromkeys((block.sensor.id, block.line) for block in lines)
    with FlightWriter(path) as flight:
        streams = {key: flight.stream(key[0]) for key in keys}
        for block in lines:
            streams[block.sensor.id, block.line].append(block)
    return path
