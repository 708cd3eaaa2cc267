from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.detect.metal.map_distance import DistanceFromMap
from detectkit.detect.metal.steps import (
    AdaptiveGroundBalance,
    DetectorBaseline,
    DetectorHeight,
    MetalAnomaly,
)
from detectkit.pipeline import Step
from detectkit.testing.steps import StepSuite


def coil_line(rows: int = 150, *, channels: int = 3) -> Block:
    """Return a lane over soil at an uneven height, with one piece of metal."""
    rng = np.random.default_rng(5)
    along = 0.05 * np.arange(rows)
    height = 0.3 + 0.02 * np.sin(along * 3.0) + 0.005 * rng.normal(size=rows)
    soil = (0.3 / height[:, None]) ** 3 * 1000.0 * np.array([1.0, -0.03, -0.08])
    metal = 900.0 / (1.0 + ((along[:, None] - 4.0) / 0.25) ** 2) ** 3 * np.array([0.2, -0.6, -1.0])
    data = soil + metal + rng.normal(0.0, 5.0, (rows, 3))
    coords: Mapping[str, tuple[str, np.ndarray]] = {
        "along_track_m": ("trace", along),
        "easting_m": ("trace", 0.6 * along),
        "northing_m": ("trace", 0.8 * along),
        "height_m": ("trace", height),
        "source_trace": ("trace", np.arange(rows)),
    }
    sensor = Sensor(id="coil", kind="metal_detector", unit="nV", full_scale=(-1e7, 1e7))
    return Block(
        np.resize(data, (rows, channels)).astype(np.float32), ("trace", "channel"), coords, sensor,
        line="lane", trace_spacing_m=0.05,
    )  # fmt: skip


class OnACoil(StepSuite):
    step: Step

    def line(self) -> Block:
        return coil_line()


class TestDetectorBaseline(OnACoil):
    step = DetectorBaseline(window_m=2.0)


class TestDetectorHeight(OnACoil):
    step = DetectorHeight()


class TestAdaptiveGroundBalance(OnACoil):
    step = AdaptiveGroundBalance(before_m=2.0, after_m=1.0)


class TestMetalAnomaly(OnACoil):
    step = MetalAnomaly(before_m=3.0, after_traces=7)


class TestMetalAnomalyWithAMeasuredDirection(OnACoil):
    step = MetalAnomaly(before_traces=60, after_traces=20, direction=(1.0, -0.03, -0.08))


class TestDistanceFromMap(OnACoil):
    step = DistanceFromMap()
