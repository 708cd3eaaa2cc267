"""Speed of the back-projection: 300 traces a second into 1.5 m x 0.6 m at 2.5 cm is the need.

One update is one trace and one voxel: both legs, refraction, weights, and the sums of the image and
its coherence. Preparing the traces (tables, analytic signals) is inside of the clock.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from detectkit.core import VoxelGrid
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector

GRID = VoxelGrid(0.025, 0.025, depths=24)
AXIS = TimeAxis(0.0, 1e-10, 512)
NEEDED_PER_S = 300


def flight(count: int, slope: float) -> tuple[Any, Antennas]:
    """Return noise, and antennas 0.5 m over level or sloping ground, a trace every 2 cm."""
    middle = np.zeros((count, 3))
    middle[:, 0], middle[:, 2] = np.arange(count) * 0.02, 0.5
    half = np.array([0.05, 0.0, 0.0])
    antennas = Antennas.level(middle - half, middle + half)
    antennas.slope[:] = slope
    noise = np.random.default_rng(0).standard_normal((count, AXIS.samples))
    return noise.astype(np.float32), antennas


def measure(benchmark: Any, count: int, *, slope: float, threads: int, weights: str) -> None:
    traces, antennas = flight(count, slope)
    settings = BackProjection(1e8, radius_m=1.5, weights=weights)
    made: list[BackProjector] = []

    def prepare() -> tuple[tuple[BackProjector], dict[str, Any]]:
        made.append(BackProjector(GRID, settings, AXIS, MemoryTiles(), threads=threads))
        return (made[-1],), {}

    benchmark.group = "back-projection"
    benchmark.pedantic(
        lambda one: one.push(traces, antennas), setup=prepare, rounds=3, warmup_rounds=1
    )
    if benchmark.stats is None:
        return
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["million_updates_per_s"] = made[-1].updates / seconds / 1e6
    benchmark.extra_info["traces_per_s"] = count / seconds
    benchmark.extra_info["times_what_is_needed"] = count / seconds / NEEDED_PER_S
    rate = made[-1].updates / seconds / 1e6
    print(f"\n{rate:.0f} million updates/s, {count / seconds:.0f} traces/s")


@pytest.mark.parametrize("weights", ["equal", "beam"])
@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_per_core(benchmark: Any, slope: float, weights: str) -> None:
    measure(benchmark, 500, slope=slope, threads=1, weights=weights)


@pytest.mark.parametrize("count", [1000, 4000])
def test_the_cost_of_traces(benchmark: Any, count: int) -> None:
    measure(benchmark, count, slope=0.0, threads=1, weights="beam")


@pytest.mark.benchmark(timer=time.perf_counter)
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_by_the_wall_clock(benchmark: Any, threads: int) -> None:
    measure(benchmark, 500, slope=0.0, threads=threads, weights="beam")
