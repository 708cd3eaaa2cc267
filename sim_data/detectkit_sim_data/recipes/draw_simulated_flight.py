"""Draw one lane of the demonstration mission as its instruments would see it.

Run ``python -m detectkit_sim_data.recipes.draw_simulated_flight PICTURE.png``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import detectkit_sim_data
from detectkit.signal.background import subtract_sliding_mean
from detectkit.signal.shift import shift_rows
from detectkit.signal.travel_time import air_delay_samples
from detectkit.sim import FlightSimulator, Scenario

Values = npt.NDArray[np.float64]

LANE = 2
TRACES_PER_S = 150.0
WINDOW_TRACES = 61
SHOWN_SAMPLES = 260
NEAR_M = 0.2  # of the lane: objects that the picture names


def draw(path: Path) -> None:
    """Write the picture."""
    scenario = Scenario.read(detectkit_sim_data.path("scenarios/demo_mission.toml"))
    simulator = FlightSimulator(scenario)
    lane = simulator.truth.lanes[LANE]
    time_s = np.arange(lane.start_s, lane.end_s, 1.0 / TRACES_PER_S)
    along_m = (time_s - lane.start_s) * scenario.flight.speed_m_per_s
    figure = Figure(figsize=(9.0, 9.5), layout="constrained", dpi=100)
    raw, processed, coil, height = figure.subplots(4, height_ratios=[3, 3, 1.4, 1.2], sharex=True)
    figure.suptitle(f"Lane {LANE + 1} of the demonstration mission, simulated (ray/Born model)")
    traces = simulator.radar(time_s)
    _radargram(raw, traces, scenario, along_m, limit=4000.0)
    raw.set_title("raw traces", loc="left", fontsize=9)
    _radargram(processed, _levelled(simulator, traces, time_s), scenario, along_m, limit=350.0)
    title = f"ground level, mean of {WINDOW_TRACES} traces taken away; crosses: where objects are"
    processed.set_title(title, loc="left", fontsize=9)
    _objects(processed, scenario)
    _lines(coil, simulator, time_s, along_m)
    _heights(height, simulator, time_s, along_m)
    figure.savefig(path, metadata={"Software": None})


def _levelled(
    simulator: FlightSimulator, traces: npt.NDArray[np.float32], time_s: Values
) -> npt.NDArray[np.float32]:
    """Return the traces with the ground on one sample and the background taken away."""
    radar = simulator.scenario.radar
    height_m = simulator.platform(time_s)[:, 3] - radar.lever_arm_m[2]
    delay = air_delay_samples(
        height_m,
        sample_interval_s=radar.sample_interval_s,
        separation_m=radar.antenna_separation_m,
    )
    level = shift_rows(traces, delay.mean() - delay)
    half = WINDOW_TRACES // 2
    return subtract_sliding_mean(level, before=half, after=half)


def _radargram(
    axes: Axes,
    traces: npt.NDArray[np.float32],
    scenario: Scenario,
    along_m: Values,
    *,
    limit: float,
) -> None:
    radar = scenario.radar
    end_ns = (SHOWN_SAMPLES * radar.sample_interval_s - radar.time_zero_s) * 1e9
    axes.imshow(
        traces[:, :SHOWN_SAMPLES].T,
        extent=(along_m[0], along_m[-1], end_ns, -radar.time_zero_s * 1e9),
        aspect="auto",
        cmap="gray",
        vmin=-limit,
        vmax=limit,
    )
    axes.set_ylabel("two-way time (ns)")


def _objects(axes: Axes, scenario: Scenario) -> None:
    """Mark the tops of objects near the lane, at the time that refraction gives below it."""
    across = LANE * scenario.flight.lane_spacing_m
    height = scenario.flight.height_m - scenario.radar.lever_arm_m[2]
    index = float(np.sqrt(scenario.soil.permittivity))
    for one in scenario.objects:
        if abs(one.across_m - across) <= NEAR_M:
            twt_ns = 2e9 * (height + index * one.depth_m) / 299_792_458.0
            axes.plot(one.along_m, twt_ns, "+", color="tab:red", markersize=12)
            axes.annotate(
                one.name,
                (one.along_m + 0.15, twt_ns - 0.5),
                color="tab:red",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            )


def _lines(axes: Axes, simulator: FlightSimulator, time_s: Values, along_m: Values) -> None:
    forward_m = simulator.scenario.detector.lever_arm_m[0]
    rows = simulator.detector(time_s)
    for number, channel in enumerate(simulator.scenario.detector.channels):
        axes.plot(
            along_m + forward_m, rows[:, number] / 1e3, label=channel.name.removesuffix("_nv")
        )
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylabel("detector (µV)")
    axes.legend(fontsize=7, loc="lower left")


def _heights(axes: Axes, simulator: FlightSimulator, time_s: Values, along_m: Values) -> None:
    below_m = simulator.scenario.altimeter.lever_arm_m[2]
    axes.plot(along_m, simulator.altimeter(time_s)[:, 0] + below_m, ".", markersize=2)
    axes.plot(along_m, simulator.platform(time_s)[:, 3])
    axes.set_ylabel("height (m)")
    axes.set_xlabel("along the lane (m); line: true, dots: altimeter")
    axes.set_xlim(along_m[0], along_m[-1])


def main(arguments: Sequence[str]) -> None:
    """Draw the picture into the file given."""
    draw(Path(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
