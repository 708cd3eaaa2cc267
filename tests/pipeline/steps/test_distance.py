from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import Block, PipelineError
from detectkit.geo import LocalFrame
from detectkit.pipeline import run
from detectkit.pipeline.steps.along_track import ResampleDistance
from detectkit.pipeline.steps.distance import DistanceFromMarks, DistanceFromPositions
from detectkit.testing.steps import StepSuite, example_line, joined


def located(line: Block, *, without: slice = slice(0, 0)) -> Block:
    """Put the line on a straight track of 3 cm a trace, some traces without a position."""
    row = np.arange(len(line))
    longitude, latitude, _ = LocalFrame(46.9, 40.0).to_geographic(
        0.03 * row * 0.6, 0.03 * row * 0.8
    )
    longitude, latitude = longitude.copy(), latitude.copy()
    longitude[without] = latitude[without] = np.nan
    coords = {"longitude_deg": ("trace", longitude), "latitude_deg": ("trace", latitude)}
    return line.with_data(line.data, coords=coords)


class TestDistanceFromPositions(StepSuite):
    step = DistanceFromPositions(minimum_step_m=0.02)

    def line(self) -> Block:
        return located(example_line(), without=slice(60, 67))


class TestDistanceFromMarks(StepSuite):
    step = DistanceFromMarks(mark_spacing_m=0.5)


def test_positions_become_the_length_of_the_path() -> None:
    (out,) = joined(list(run([DistanceFromPositions()], [located(example_line())])))
    np.testing.assert_allclose(out.coord("along_track_m"), 0.03 * np.arange(150), atol=1e-6)
    assert out.trace_spacing_m is None


def test_the_noise_of_a_resting_receiver_is_no_distance() -> None:
    line = example_line()
    noise = np.random.default_rng(1).normal(0.0, 0.004, (2, len(line)))
    longitude, latitude, _ = LocalFrame(46.9, 40.0).to_geographic(*noise)
    coords = {"longitude_deg": ("trace", longitude), "latitude_deg": ("trace", latitude)}
    resting = line.with_data(line.data, coords=coords)
    (out,) = joined(list(run([DistanceFromPositions(minimum_step_m=0.04)], [resting])))
    assert out.coord("along_track_m")[-1] < 0.1


def test_traces_without_a_position_are_a_gap_and_the_path_goes_on_behind_it() -> None:
    line = located(example_line(), without=slice(60, 67))
    before, after = joined(list(run([DistanceFromPositions()], [line])))
    assert (before.stop_trace, after.first_trace) == (60, 67)
    step_m = after.coord("along_track_m")[0] - before.coord("along_track_m")[-1]
    assert step_m == pytest.approx(8 * 0.03, abs=1e-6)


def test_marks_stretch_the_traces_between_them_like_rubber() -> None:
    line = example_line()
    marks = np.flatnonzero(line.coord("mark"))
    (out,) = joined(list(run([DistanceFromMarks(mark_spacing_m=2.0)], [line])))
    assert out.first_trace == marks[0]
    assert out.stop_trace == marks[-1] + 1
    at = out.coord("along_track_m")
    np.testing.assert_allclose(at[marks - marks[0]], 2.0 * np.arange(marks.size))
    middle = (marks[0] + marks[1]) // 2 - marks[0]
    assert at[middle] == pytest.approx(2.0 * middle / (marks[1] - marks[0]))


def test_marks_then_equal_distance_is_a_chain_that_works() -> None:
    steps = [DistanceFromMarks(mark_spacing_m=1.0), ResampleDistance(spacing_m=0.05)]
    (out,) = joined(list(run(steps, [example_line()])))
    np.testing.assert_allclose(np.diff(out.coord("along_track_m")), 0.05)
    assert out.trace_spacing_m == 0.05


def test_fewer_than_two_marks_give_nothing() -> None:
    line = example_line().traces(0, 30)
    assert list(run([DistanceFromMarks()], [line])) == []


def test_a_recording_without_positions_is_refused_by_name() -> None:
    with pytest.raises(PipelineError, match="longitude_deg"):
        DistanceFromPositions().describe(example_line().spec)
