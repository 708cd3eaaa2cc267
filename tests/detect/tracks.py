"""Lines with a point in them, for tests of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor
from detectkit.detect.evidence import GRID
from detectkit.detect.radar_track import RadarCut, RadarTrack, times_at
from detectkit.detect.settings import DetectSettings

VELOCITY_M_PER_S = 1.2e8
LONGITUDE_DEG, LATITUDE_DEG = 46.9, 40.0
METRES_PER_DEGREE = 111_035.0
SPACING_M = 0.02
SEPARATION_M = 0.1
PULSE_M = 0.03


def line(
    *,
    rows: int = 200,
    spacing_m: float = SPACING_M,
    at_m: float = 2.0,
    depth_m: float = 0.2,
    name: str = "L1",
    separation_m: float = 0.0,
    noise: float = 0.05,
    **coords: npt.NDArray[Any],
) -> Block:
    """Return a line due north with noise and a bright spot, 10 cm wide, at a distance and depth."""
    along = np.arange(rows) * spacing_m
    twt_s = -1e-9 + 1e-10 * np.arange(160)
    depth = 0.5 * VELOCITY_M_PER_S * twt_s
    if separation_m:
        depth = np.sqrt(np.maximum(depth**2 - (0.5 * separation_m) ** 2, 0.0)) - (depth <= 0)
    spot = np.exp(-(((along - at_m) / 0.05) ** 2))[:, None] * _pulse(depth - depth_m)
    data = spot + noise * np.random.default_rng(7).standard_normal(spot.shape)
    told = {
        "twt_s": ("delay", twt_s),
        "source_trace": ("trace", np.arange(rows)),
        "along_track_m": ("trace", along),
        "longitude_deg": ("trace", np.full(rows, LONGITUDE_DEG)),
        "latitude_deg": ("trace", LATITUDE_DEG + along / METRES_PER_DEGREE),
        "time_ns": ("trace", np.rint(1e9 * along / 0.8).astype(np.int64)),
        **{name: ("trace", values) for name, values in coords.items()},
    }
    return Block(
        data.astype(np.float32),
        coords=told,
        line=name,
        trace_spacing_m=spacing_m,
        sensor=Sensor(antenna_hz=6e8, antenna_separation_m=separation_m or None),
    )


def _pulse(away_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    square = (np.pi * away_m / PULSE_M) ** 2 / 4.0
    return (1.0 - 2.0 * square) * np.exp(-square)


def track_of(blocks: Sequence[Block], *, behind: int = 0, most_rows: int = 100_000) -> RadarTrack:
    """Return the track of blocks that are focused as they are, some blocks later."""
    track = RadarTrack(DetectSettings(VELOCITY_M_PER_S), most_rows=most_rows)
    for number, block in enumerate(blocks):
        track.push_processed(block)
        if number >= behind:
            track.push_focused(blocks[number - behind])
    for block in blocks[max(0, len(blocks) - behind) :]:
        track.push_focused(block)
    return track


def cut(track: RadarTrack, row: int, *, name: str = "L1") -> RadarCut:
    """Return the evidence at a row that is there."""
    found = track.cut(name, row)
    assert found is not None
    return found


def brightest(image: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return where an image of the patch is brightest: depth, and distance from the middle."""
    row, column = np.unravel_index(np.abs(image).argmax(), image.shape)
    return float(GRID.depth_m[row]), float(GRID.along_m[column])


def time_of(depth_m: float, separation_m: float) -> float:
    """Return the two-way time of a depth."""
    return float(times_at(np.array([depth_m]), VELOCITY_M_PER_S, separation_m)[0])
