from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError
from detectkit.geo import LocalFrame
from detectkit.pipeline import run
from detectkit.pipeline.steps.steady import DistanceAlongCourse, SteadyHeight
from detectkit.testing.steps import StepSuite, example_line, joined

FRAME = LocalFrame(46.9, 40.0)
RATE_HZ = 100.0
SPEED_M_PER_S = 0.8


def flown(
    traces: int = 150, *, noise_m: np.ndarray | None = None, error_m: np.ndarray | None = None
) -> Block:
    """Return a straight line at an even pace; positions with noise (rows, 2) of a told error."""
    rng = np.random.default_rng(5)
    way_m = SPEED_M_PER_S / RATE_HZ * np.arange(traces)
    noise = rng.normal(0.0, 0.003, (traces, 2)) if noise_m is None else noise_m
    longitude, latitude, _ = FRAME.to_geographic(
        0.6 * way_m + noise[:, 0], 0.8 * way_m + noise[:, 1]
    )
    coords = {
        "longitude_deg": ("trace", longitude),
        "latitude_deg": ("trace", latitude),
        "horizontal_error_m": ("trace", np.full(traces, 0.014) if error_m is None else error_m),
        "time_ns": ("trace", 1_700_000_000_000_000_000 + np.arange(traces) * 10_000_000),
        "height_m": ("trace", np.full(traces, 0.5)),
    }
    line = example_line(traces=traces)
    kept = {name: one for name, one in line.coords.items() if name != "along_track_m"}
    return replace(line, coords={**kept, **coords}, trace_spacing_m=None)


def grassy(line: Block, *, share: float, grass_m: float = 0.2, noise_m: float = 0.02) -> Block:
    """Return a line whose altimeter ends in the grass in a share of its rows, drawn every 5."""
    rng = np.random.default_rng(11)
    rows = len(line)
    hit = np.repeat(rng.random(rows // 5 + 1) < share, 5)[:rows]
    noise = np.repeat(rng.normal(0.0, noise_m, rows // 5 + 1), 5)[:rows]
    told = line.coord("height_m") + noise - grass_m * hit
    return line.with_data(line.data, coords={"height_m": ("trace", told)})


def float_fix(traces: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noise and told error of positions whose fix is float for some rows: off and jagged."""
    rng = np.random.default_rng(3)
    error = np.full(traces, 0.014)
    noise = rng.normal(0.0, 0.006, (traces, 2))
    error[start:stop] = 0.2
    noise[start:stop] += np.array([0.15, -0.1]) + rng.normal(0.0, 0.1, (stop - start, 2))
    return noise, error


class TestSteadyHeight(StepSuite):
    step = SteadyHeight(window_m=0.4, most_traces=30)

    def line(self) -> Block:
        return grassy(example_line(), share=0.4)


class TestDistanceAlongCourse(StepSuite):
    step = DistanceAlongCourse(window_s=0.4, most_traces=30)

    def line(self) -> Block:
        noise, error = float_fix(150, 70, 95)
        noise[40:44] = np.nan
        return flown(noise_m=noise, error_m=error)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.6])
def test_grass_under_the_altimeter_does_not_move_the_height(share: float) -> None:
    line = grassy(flown(500), share=share)
    (out,) = joined(list(run([DistanceAlongCourse(), SteadyHeight()], [line])))
    height = out.coord("height_m")
    assert abs(height.mean() - 0.5) < 0.03
    assert np.abs(np.diff(height)).max() < 0.005, "the image must not tear"


def test_a_climb_is_followed() -> None:
    line = flown(500)
    climb = 0.5 + 0.1 * np.linspace(-2.0, 2.0, 500)
    line = grassy(line.with_data(line.data, coords={"height_m": ("trace", climb)}), share=0.4)
    (out,) = joined(list(run([DistanceAlongCourse(), SteadyHeight()], [line])))
    assert np.abs(out.coord("height_m") - climb)[50:-50].max() < 0.05


def test_hovering_costs_no_more_time_than_told() -> None:
    line = grassy(flown(400), share=0.3)
    still = line.with_data(line.data, coords={"along_track_m": ("trace", np.zeros(400))})
    step = SteadyHeight(most_traces=50)
    _, ready = step.push(step.start(still), still)
    assert isinstance(ready, list)
    assert sum(len(one) for one in ready) == 350


def test_rows_without_a_height_get_the_line_s() -> None:
    heights = np.full(150, 0.5)
    heights[40:60] = np.nan
    line = example_line()
    line = line.with_data(line.data, coords={"height_m": ("trace", heights)})
    (out,) = joined(list(run([SteadyHeight()], [line])))
    np.testing.assert_allclose(out.coord("height_m"), 0.5, atol=1e-6)


def test_a_float_fix_does_not_stretch_the_line() -> None:
    noise, error = float_fix(500, 200, 320)
    line = flown(500, noise_m=noise, error_m=error)
    (out,) = joined(list(run([DistanceAlongCourse()], [line])))
    distance, truth = out.coord("along_track_m"), SPEED_M_PER_S / RATE_HZ * np.arange(500)
    assert np.all(np.diff(distance) >= 0.0)
    assert np.abs(distance - truth).max() < 0.15, "the path through the positions is 20 m long"
    east, north, _ = FRAME.to_local(out.coord("longitude_deg"), out.coord("latitude_deg"))
    off = np.hypot(east - 0.6 * truth, north - 0.8 * truth)
    assert np.sqrt(np.mean(off[200:320] ** 2)) < 0.1
    assert np.sqrt(np.mean(off[:190] ** 2)) < 0.008


def test_a_resting_receiver_goes_nowhere() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.006, (600, 2))
    way = SPEED_M_PER_S / RATE_HZ * np.arange(600)[:, None] * [0.6, 0.8]
    (out,) = joined(list(run([DistanceAlongCourse()], [flown(600, noise_m=noise - way)])))
    assert out.coord("along_track_m")[-1] < 0.15


def test_there_and_back_is_twice_the_way() -> None:
    way = SPEED_M_PER_S / RATE_HZ * np.arange(600)
    back = np.where(way > way[300], 2.0 * way[300] - way, way)
    noise = (back - way)[:, None] * [0.6, 0.8]
    (out,) = joined(list(run([DistanceAlongCourse()], [flown(600, noise_m=noise)])))
    assert out.coord("along_track_m")[-1] == pytest.approx(way[-1], abs=0.2)


def test_what_is_missing_is_told_by_name() -> None:
    with pytest.raises(PipelineError, match="time_ns"):
        DistanceAlongCourse().describe(example_line().spec)
    spec = replace(example_line().spec, coords=frozenset({"twt_s"}))
    with pytest.raises(PipelineError, match="height_m"):
        SteadyHeight().describe(spec)
    with pytest.raises(PipelineError, match="window_m"):
        SteadyHeight(window_m=0.0).describe(example_line().spec)
    with pytest.raises(PipelineError, match="window_s"):
        DistanceAlongCourse(window_s=0.0).describe(flown().spec)
