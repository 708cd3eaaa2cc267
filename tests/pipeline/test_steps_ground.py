from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, Sensor, concat
from detectkit.pipeline import Pipeline, Step, run
from detectkit.pipeline.pipeline import describe
from detectkit.pipeline.steps.along_track import ResampleDistance
from detectkit.pipeline.steps.ground import AlignGround, GroundBounce, RemoveHeight
from detectkit.pipeline.steps.stacking import Stack
from detectkit.testing.steps import StepSuite, example_line

C = 299_792_458.0
INTERVAL_S = 2e-10


def flight(traces: int = 120) -> Block:
    """Return a line flown at a varying height over flat ground, one reflector 20 samples below."""
    height_m = 1.5 + 0.4 * np.sin(np.arange(traces) / 15)
    place = (2 * height_m / C / INTERVAL_S)[:, np.newaxis]
    delay = np.arange(200) - place
    data = 1e-3 * np.random.default_rng(0).standard_normal(delay.shape)
    for below, strength in ((0, 1.0), (20, 0.3)):
        square = (np.pi * 0.1 * (delay - below)) ** 2
        data += strength * (1 - 2 * square) * np.exp(-square)
    return Block(
        data.astype(np.float32),
        coords={
            "twt_s": ("delay", np.arange(200) * INTERVAL_S),
            "height_m": ("trace", height_m),
        },
        sensor=Sensor(antenna_separation_m=0.0),
    )


class TestGroundBounce(StepSuite):
    step = GroundBounce(window_s=(5e-10, 3e-9))


class TestAlignGround(StepSuite):
    step = AlignGround()

    def line(self) -> Block:
        line = example_line()
        twt_s = 1.2e-9 + 2e-10 * np.sin(np.arange(150) / 25)
        twt_s[[0, 1, 60, 61, 149]] = np.nan
        return line.with_data(line.data, coords={"ground_twt_s": ("trace", twt_s)})


class TestAlignGroundWithAnAssumedPlace(TestAlignGround):
    step = AlignGround(assumed_twt_s=0.8e-9)


class TestRemoveHeight(StepSuite):
    step = RemoveHeight()

    def line(self) -> Block:
        line = example_line()
        height_m = line.coord("height_m").copy()
        height_m[[3, 4, 90]] = np.nan
        return line.with_data(line.data, coords={"height_m": ("trace", height_m)})


def test_the_track_gives_the_height() -> None:
    line = flight()
    tracked = concat(list(run([GroundBounce()], [line])))
    found_m = C * tracked.coord("ground_twt_s") / 2
    assert np.abs(found_m - line.coord("height_m")).max() < 0.005
    assert tracked.coord("ground_quality").min() > 0.5
    np.testing.assert_array_equal(tracked.data, line.data)


@pytest.mark.parametrize("steps", [[GroundBounce(), AlignGround()], [RemoveHeight()]])
def test_the_surface_is_flattened_to_time_zero(steps: list[Step]) -> None:
    result = concat(list(run(steps, [flight()])))
    surface = result.data.argmax(axis=1)
    assert np.ptp(surface) <= 1
    assert abs(result.coord("twt_s")[surface[0]]) < 1.5 * INTERVAL_S
    below = result.data[:, surface[0] + 10 :].argmax(axis=1) + 10
    assert np.abs(below - 20).max() <= 1


def test_traces_without_a_height_are_moved_like_the_one_before() -> None:
    line = flight()
    height_m = line.coord("height_m").copy()
    height_m[50:53] = np.nan
    height_m[0] = np.nan
    result = concat(
        list(
            run(
                [RemoveHeight()],
                [line.with_data(line.data, coords={"height_m": ("trace", height_m)})],
            )
        )
    )
    assert not result.data[0].any()
    moved = result.data[50:53].argmax(axis=1) - result.data[49].argmax()
    truth = line.data[50:53].argmax(axis=1) - line.data[49].argmax()
    assert np.abs(moved - truth).max() <= 1


def test_a_lane_whose_ground_is_never_seen_stays_where_the_altimeter_puts_it() -> None:
    """A low antenna's own ringing may hide the ground: its lane must not become blank."""
    line = flight()
    blind = GroundBounce(window_s=(-2e-9, 3e-9), minimum_quality=1.0)
    levelled = concat(list(run([RemoveHeight(lead_s=4e-9)], [line])))
    steps = [RemoveHeight(lead_s=4e-9), blind, AlignGround(lead_s=4e-9, assumed_twt_s=0.0)]
    kept = concat(list(run(steps, [line])))
    np.testing.assert_allclose(kept.data[:, 1:], levelled.data[:, 1:], atol=1e-6)
    np.testing.assert_allclose(kept.coord("removed_twt_s"), levelled.coord("removed_twt_s"))
    blank = concat(list(run([*steps[:2], AlignGround(lead_s=4e-9)], [line])))
    assert not blank.data.any()


def test_the_time_since_the_transmission_can_still_be_told() -> None:
    """twt_s + removed_twt_s: by the altimeter, by the reflection, and by both in turn."""
    line = flight()
    off = line.coord("height_m") + 0.03 * np.sin(np.arange(len(line)) / 9)
    line = line.with_data(line.data, coords={"height_m": ("trace", off)})
    truth_s = 2 * flight().coord("height_m") / C
    near = GroundBounce(window_s=(-2e-9, 3e-9))
    for steps in (
        [GroundBounce(), AlignGround()],
        [RemoveHeight(lead_s=4e-9), near, AlignGround()],
    ):
        result = concat(list(run(steps, [line])))
        ground_s = result.coord("twt_s")[result.data.argmax(axis=1)]
        assert np.abs(ground_s + result.coord("removed_twt_s") - truth_s).max() < INTERVAL_S
        assert np.abs(result.coord("removed_twt_s") - truth_s).max() < 0.1 * INTERVAL_S
    only = concat(list(run([RemoveHeight()], [line])))
    np.testing.assert_allclose(only.coord("removed_twt_s"), 2 * off / C, rtol=1e-12)


def test_what_was_removed_survives_equal_distances_and_stacking() -> None:
    line = flight()
    coords = {"along_track_m": ("trace", 0.013 * np.arange(len(line)))}
    line = line.with_data(line.data, coords=coords)
    later = [ResampleDistance(spacing_m=0.01), Stack(traces=2)]
    result = concat(list(run([RemoveHeight(), *later], [line])))
    told_s = 2 * result.coord("height_m") / C
    np.testing.assert_allclose(result.coord("removed_twt_s"), told_s, rtol=1e-9)


def test_the_separation_of_the_antennas_lengthens_the_way() -> None:
    line = replace(flight(), sensor=Sensor(antenna_separation_m=1.0))
    plain = concat(list(run([RemoveHeight()], [flight()]))).data.argmax(axis=1)
    apart = concat(list(run([RemoveHeight()], [line]))).data.argmax(axis=1)
    height_m = flight().coord("height_m")
    earlier = 2 * (np.hypot(height_m, 0.5) - height_m) / C / INTERVAL_S
    assert np.abs(plain - apart - earlier).max() < 1.01


def test_a_chain_without_the_coordinate_is_refused_with_what_there_is() -> None:
    spec = replace(example_line().spec, coords=frozenset({"twt_s"}))
    with pytest.raises(PipelineError, match=r"needs the coordinate 'height_m'.*carry: twt_s"):
        RemoveHeight().describe(spec)
    with pytest.raises(PipelineError, match=r"step 1: .*needs the coordinate 'ground_twt_s'"):
        describe([AlignGround()], spec)
    assert describe([GroundBounce(), AlignGround()], spec).first_twt_s == pytest.approx(-1e-9)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (GroundBounce(window_s=(1e-7, 2e-7)), "holds no sample"),
        (GroundBounce(maximum_move_s=0.0), "maximum_move is 0"),
        (GroundBounce(minimum_quality=1.5), "minimum_quality is 1.5"),
        (RemoveHeight(lead_s=-1e-9), "lead_s = -1e-09 must lie within the trace"),
    ],
)
def test_what_cannot_work_is_refused_before_take_off(step: Step, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        step.describe(example_line().spec)


def test_the_ground_steps_work_from_toml() -> None:
    text = (
        '[[step]]\nuse = "ground-bounce"\nwindow_s = [2e-9, 2e-8]\n[[step]]\nuse = "align-ground"\n'
    )
    steps = Pipeline.from_toml(text).steps
    assert concat(list(run(steps, [flight()]))).coord("twt_s")[0] == pytest.approx(-1e-9)
