from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, UsageError
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.along_track import ResampleDistance
from detectkit.pipeline.steps.background import SlidingMeanBackground
from detectkit.testing.steps import StepSuite, example_line, joined


def with_gap(line: Block) -> Block:
    """Give the line times, and jumps of 1 m after rows 60 and 61."""
    row = np.arange(len(line))
    distance = line.coord("along_track_m") + np.where(row > 60, 1.0, 0.0) + np.where(row > 61, 1, 0)
    coords = {
        "along_track_m": ("trace", distance),
        "time_ns": ("trace", 1_700_000_000_000_000_001 + 10_000_000 * row),
        "height_m": ("trace", np.float32(distance)),
    }
    return line.with_data(line.data, coords=coords)


class TestResampleDistance(StepSuite):
    step = ResampleDistance(spacing_m=0.015)


class TestResampleDistanceCubic(StepSuite):
    step = ResampleDistance(spacing_m=0.05, method="cubic", stationary_m=0.025)


class TestResampleDistanceOverGaps(StepSuite):
    step = ResampleDistance(spacing_m=0.03, max_gap_m=0.1)

    def line(self) -> Block:
        return with_gap(example_line())


def resampled(line: Block, step: ResampleDistance) -> Block:
    (out,) = joined(list(run([step], [line])))
    return out


def test_rows_lie_at_multiples_of_the_spacing_and_carry_interpolated_coordinates() -> None:
    line = with_gap(example_line())
    along = line.coord("along_track_m")
    line = line.with_data(np.repeat(along[:, np.newaxis], 96, axis=1).astype(np.float32))
    out = resampled(line, ResampleDistance(spacing_m=0.03, max_gap_m=5.0))
    np.testing.assert_allclose(
        out.coord("along_track_m"), 0.03 * (out.first_trace + np.arange(len(out)))
    )
    np.testing.assert_allclose(out.data[:, 0], out.coord("along_track_m"), atol=1e-5)
    np.testing.assert_allclose(out.coord("height_m"), out.coord("along_track_m"), atol=1e-5)
    assert out.trace_spacing_m == 0.03
    assert np.all(np.diff(out.coord("time_ns")) >= 0)
    assert set(out.coord("source_trace")) <= set(line.coord("source_trace"))
    assert out.coord("stacked_traces").max() == 2


def test_a_heading_southwards_stays_southwards_between_the_traces() -> None:
    line = example_line()
    yaw = np.where(np.arange(len(line)) % 2, 1.0, -1.0) * (np.pi - 0.05)
    turned = line.with_data(line.data, coords={"yaw_rad": ("trace", yaw)})
    out = resampled(turned, ResampleDistance(spacing_m=0.013, stationary_m=0.01))
    assert np.all(np.abs(out.coord("yaw_rad")) > np.pi - 0.0501)


def test_no_row_is_made_up_in_a_gap() -> None:
    line = with_gap(example_line())
    step = ResampleDistance(spacing_m=0.03, max_gap_m=0.1)
    pieces = joined(list(run([step], [line])))
    before, after = pieces[0], pieces[-1]
    along = line.coord("along_track_m")
    assert before.coord("along_track_m")[-1] <= along[60]
    assert after.coord("along_track_m")[0] >= along[62]
    for block in (before, after):
        assert np.isfinite(block.coord("height_m")).all()
        assert np.all(block.coord("stacked_traces") > 0)
    assert after.first_trace > before.stop_trace + 30


def test_steps_behind_start_afresh_at_the_gap() -> None:
    line = with_gap(example_line())
    steps = [
        ResampleDistance(spacing_m=0.03, max_gap_m=0.1),
        SlidingMeanBackground(window_traces=9),
    ]
    pieces = joined(list(run(steps[:1], [line])))
    alone = [out for piece in pieces for out in run(steps[1:], [piece])]
    together = joined(list(run(steps, [line])))
    assert [len(one) for one in together] == [len(one) for one in pieces]
    for one, other in zip(together, joined(alone), strict=True):
        np.testing.assert_array_equal(one.data, other.data)


def test_the_grid_goes_on_behind_a_gap_in_the_trace_counter() -> None:
    line = example_line()
    halves = [line.traces(0, 70), replace(line.traces(80, 150), first_trace=80)]
    first, second = joined(list(run([ResampleDistance(spacing_m=0.02)], halves)))
    at = second.coord("along_track_m")
    np.testing.assert_allclose(at, 0.02 * (second.first_trace + np.arange(len(second))))
    assert second.first_trace > first.stop_trace + 5


def test_a_falling_distance_is_refused() -> None:
    line = example_line()
    back = line.with_data(
        line.data, coords={"along_track_m": ("trace", line.coord("along_track_m")[::-1])}
    )
    with pytest.raises(UsageError, match="never fall"):
        resampled(back, ResampleDistance())


@pytest.mark.parametrize(
    "step",
    [
        ResampleDistance(spacing_m=0.0),
        ResampleDistance(max_gap_m=-1.0),
        ResampleDistance(stationary_m=-0.1),
    ],
)
def test_impossible_settings_are_refused_before_take_off(step: Step) -> None:
    with pytest.raises(PipelineError, match="resample-distance"):
        step.describe(example_line().spec)


def test_a_line_without_distance_is_refused() -> None:
    spec = replace(example_line().spec, coords=frozenset({"twt_s"}))
    with pytest.raises(PipelineError, match="along_track_m"):
        ResampleDistance().describe(spec)
