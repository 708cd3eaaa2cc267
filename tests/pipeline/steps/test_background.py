from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import PipelineError
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.background import (
    ForgettingBackground,
    MeanBackground,
    SlidingMeanBackground,
    SlidingMedianBackground,
)
from detectkit.testing.steps import StepSuite, example_line, joined


class TestMeanBackground(StepSuite):
    step = MeanBackground()


class TestSlidingMeanBackground(StepSuite):
    step = SlidingMeanBackground(window_traces=31)


class TestSlidingMedianBackground(StepSuite):
    step = SlidingMedianBackground(window_m=0.4)


class TestForgettingBackground(StepSuite):
    step = ForgettingBackground(window_traces=20)


def test_a_sliding_step_gives_the_median_of_its_window_with_the_traces_own_coordinates() -> None:
    line = example_line()
    (out,) = joined(list(run([SlidingMedianBackground(window_traces=7)], [line])))
    expected = line.data[60] - np.median(line.data[57:64], axis=0)
    np.testing.assert_allclose(out.data[60], expected, atol=1e-3)
    assert len(out) == len(line)
    for name in line.coords:
        assert np.array_equal(out.coord(name), line.coord(name))


def test_a_window_in_metres_takes_the_place_of_the_one_in_traces() -> None:
    spec = example_line().spec
    step = SlidingMeanBackground(window_traces=7, window_m=0.42)
    assert step.reach(spec) == (10, 10)
    assert SlidingMeanBackground(window_traces=8).reach(spec) == (4, 3)


@pytest.mark.parametrize(
    "step",
    [
        SlidingMeanBackground(window_traces=0),
        SlidingMedianBackground(window_m=-1.0),
        ForgettingBackground(window_traces=-3),
    ],
)
def test_an_impossible_window_is_refused_before_take_off(step: Step) -> None:
    with pytest.raises(PipelineError, match="window_"):
        step.describe(example_line().spec)


def test_metres_need_a_trace_spacing() -> None:
    spec = replace(example_line().spec, trace_spacing_m=None)
    with pytest.raises(PipelineError, match="no trace spacing"):
        SlidingMeanBackground(window_m=1.0).describe(spec)


def test_the_whole_line_step_names_its_live_substitute() -> None:
    assert MeanBackground.live_substitute == SlidingMeanBackground.name
