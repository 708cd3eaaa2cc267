"""What refraction is worth: python benchmarks/air_gap.py [docs/pictures/air-gap.png].

A simulated line (rays of `detectkit.sim`, no full-wave solution) is flown 0.45 m over moist soil
with three steel balls and with wind. It is migrated twice, with the air gap and as if the antenna
were on the ground; the script prints where each ball comes out and draws both images. Then it
times the Kirchhoff sum on 512 x 10,000 samples with 75 traces to each side.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from detectkit.core import Block, Sensor, concat
from detectkit.imaging.kirchhoff import (
    half_derivative,
    kirchhoff_level,
    kirchhoff_varying,
    stationary_weights,
)
from detectkit.imaging.line_curves import CurveTables, LineGeometry, flight_s
from detectkit.pipeline import run
from detectkit.pipeline.steps.along_track import ResampleDistance
from detectkit.pipeline.steps.background import SlidingMeanBackground
from detectkit.pipeline.steps.ground import AlignGround, GroundBounce, RemoveHeight
from detectkit.pipeline.steps.migration_kirchhoff import KirchhoffMigration
from detectkit.signal.attributes import envelope
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S, depth_m
from detectkit.sim import FlightSimulator, Scenario

DEPTHS_M, PLACES_M, RADIUS_M = (0.10, 0.20, 0.30), (1.5, 3.0, 4.5), 0.03
SCENARIO = """
name = "three balls"
seed = 5
[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-06-11T07:30:00Z
[flight]
lanes = 1
lane_length_m = 6.0
lane_spacing_m = 0.5
height_m = 0.95
[wind]
horizontal_m = 0.01
vertical_m = 0.02
height_error_m = 0.03
[soil]
permittivity = 6.0
conductivity_s_per_m = 0.004
inhomogeneities_per_m2 = 10.0
[radar]
lever_arm_m = [0.0, 0.0, 0.5]
sample_interval_s = 4e-11
reach_m = 1.5
""" + "".join(
    f"""
[[object]]
name = "ball-{number}"
object_class = "clutter"
kind = "steel ball"
along_m = {along}
across_m = 0.0
depth_m = {depth}
radius_m = {RADIUS_M}
shape = "sphere"
permittivity = 0
metal = "rich"
metal_radius_m = {RADIUS_M}
"""
    for number, (along, depth) in enumerate(zip(PLACES_M, DEPTHS_M, strict=True))
)
VELOCITY_M_PER_S = SPEED_OF_LIGHT_M_S / math.sqrt(6.0)
PERIOD_S = 1.0 / 1.2e9


def flown() -> Block:
    """Return the lane as recorded: true places, the altimeter's heights, time zero set."""
    simulator = FlightSimulator(Scenario.from_toml(SCENARIO))
    (lane,) = simulator.truth.lanes
    radar = simulator.scenario.radar
    time_s = np.arange(lane.start_s, lane.end_s, 1.0 / 150.0)
    speed = 6.0 / (lane.end_s - lane.start_s)
    twt_s = np.arange(radar.samples) * radar.sample_interval_s - radar.time_zero_s
    return Block(
        simulator.radar(time_s),
        coords={
            "twt_s": ("delay", twt_s),
            "source_trace": ("trace", np.arange(time_s.size)),
            "along_track_m": ("trace", speed * (time_s - lane.start_s)),
            "height_m": ("trace", simulator.altimeter(time_s)[:, 0] - 0.5),
        },
        sensor=Sensor(antenna_hz=radar.centre_hz, antenna_separation_m=radar.antenna_separation_m),
        line="simulated",
    )


def levelled(line: Block) -> Block:
    """Return the traces at equal distances, the ground at time 0, its reflection taken out."""
    steps = (
        RemoveHeight(lead_s=2e-9),
        GroundBounce(window_s=(-PERIOD_S, 1.2 * PERIOD_S), maximum_move_s=0.25 * PERIOD_S),
        AlignGround(lead_s=2e-9),
        ResampleDistance(spacing_m=0.01),
        SlidingMeanBackground(window_traces=221),
    )
    return concat(list(run(steps, [line])))


def migrated(traces: Block) -> Block:
    """Return the image."""
    step = KirchhoffMigration(velocity_m_per_s=VELOCITY_M_PER_S, band_m=(0.04, 0.45))
    return concat(list(run([step], [traces])))


def grounded(traces: Block) -> Block:
    """Return the traces with all that is told of the air gap forgotten."""
    told = {"height_m", "removed_twt_s"}
    return replace(traces, coords={k: v for k, v in traces.coords.items() if k not in told})


def depths_of(image: Block) -> np.ndarray:
    """Return the depth axis of traces or of an image."""
    separation = image.sensor.antenna_separation_m or 0.0
    twt_s = image.coord("twt_s")
    return depth_m(twt_s, velocity_m_per_s=VELOCITY_M_PER_S, separation_m=separation)


def report(image: Block) -> list[str]:
    """Return where the ball under each place comes out: the envelope's maximum near it."""
    strength, place, depth = envelope(image.data), image.coord("along_track_m"), depths_of(image)
    lines = []
    for along, deep in zip(PLACES_M, DEPTHS_M, strict=True):
        rows = np.flatnonzero(np.abs(place - along) < 0.4)
        near = np.where(depth > 0.06, strength[rows], 0.0)
        row, k = np.unravel_index(near.argmax(), near.shape)
        width = 0.01 * int((near.max(axis=1) > 0.5 * near.max()).sum())
        lines.append(
            f"{100 * deep:.0f} cm deep: {100 * (place[rows[row]] - along):+.1f} cm along, "
            f"{100 * (depth[k] - deep):+.1f} cm in depth, half-amplitude width {100 * width:.0f} cm"
        )
    return lines


def draw(traces: Block, images: dict[str, Block], path: str) -> None:
    """Draw the traces and both images over depth, balls marked."""
    figure = Figure(figsize=(9.0, 9.0), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True, sharey=True)
    for ax, (title, block) in zip(axes, {"Traces": traces, **images}.items(), strict=True):
        depth, place = np.nan_to_num(depths_of(block), nan=-1.0), block.coord("along_track_m")
        shown = depth >= 0.04
        half = float(np.percentile(np.abs(block.data[:, shown]), 99.7))
        ax.pcolormesh(
            place, 100 * depth[shown], block.data[:, shown].T,
            cmap="RdBu_r", vmin=-half, vmax=half, shading="nearest", rasterized=True,
        )  # fmt: skip
        ax.plot(PLACES_M, 100 * np.array(DEPTHS_M), "o", mfc="none", mec="#009E73", ms=15, mew=2)
        ax.set_title(title, loc="left", fontsize=11)
        ax.set_ylabel("depth (cm)")
    axes[0].set_ylim(45.0, 4.0)
    axes[-1].set_xlabel("along the line (m)")
    figure.suptitle("Simulated: three steel balls (circles: true places) from 0.45 m, soil ε = 6")
    figure.savefig(path, dpi=110)


def nanoseconds(work: Callable[[], Any], samples: int) -> float:
    """Return CPU time per sample, the median of five."""
    work()
    spent = []
    for _ in range(5):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return 1e9 * float(np.median(spent)) / samples


def speed() -> None:
    """Print the cost of the Kirchhoff sum on the ground and from varying heights."""
    rows, samples = 10_000, 512
    data = np.random.default_rng(1).normal(size=(rows, samples)).astype(np.float32)
    geometry = LineGeometry(
        depth_m=0.005 * np.arange(float(samples)),
        first_twt_s=0.0,
        sample_interval_s=1e-10,
        trace_spacing_m=0.02,
        velocity_m_per_s=1e8,
        antenna_separation_m=0.0,
        half_angle_rad=math.radians(60.0),
        reach=75,
    )
    tables = CurveTables(geometry, stationary_weights)
    heights = 0.45 + 0.05 * np.sin(np.arange(rows) / 20.0)
    flights = np.array([flight_s(one, 0.0) for one in heights])
    ground, air = tables.on_the_ground(rows), tables.at(heights, flights)
    size = rows * samples
    works = {
        "half-derivative": lambda: half_derivative(data, sample_interval_s=1e-10),
        "sum on the ground": lambda: kirchhoff_level(data, 0, rows, ground),
        "sum from varying heights": lambda: kirchhoff_varying(data, 0, rows, air),
    }
    for name, work in works.items():
        print(f"{name}: {nanoseconds(work, size):.0f} ns per sample")


if __name__ == "__main__":
    traces = levelled(flown())
    images = {
        "Migrated as if on the ground": migrated(grounded(traces)),
        "Migrated through the air gap": migrated(traces),
    }
    for title, image in images.items():
        print(title, *report(image), sep="\n  ")
    draw(traces, images, sys.argv[1] if len(sys.argv) > 1 else "air-gap.png")
    speed()
