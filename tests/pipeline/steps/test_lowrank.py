from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import PipelineError
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.lowrank import (
    RpcaBackground,
    SvdBackground,
    WindowedRpcaBackground,
    WindowedSvdBackground,
)
from detectkit.signal.lowrank import subtract_components
from detectkit.signal.robust_pca import robust_split
from detectkit.testing.steps import StepSuite, example_line, joined


class TestSvdBackground(StepSuite):
    step = SvdBackground(components=2)


class TestRpcaBackground(StepSuite):
    step = RpcaBackground(max_iterations=5)


class TestWindowedSvdBackground(StepSuite):
    step = WindowedSvdBackground(window_m=0.8, overlap=0.5, components=1)


class TestWindowedRpcaBackground(StepSuite):
    step = WindowedRpcaBackground(window_traces=50, max_iterations=5)


def test_the_steps_pass_their_settings_to_the_kernels() -> None:
    line = example_line()
    (svd,) = joined(list(run([SvdBackground(components=3)], [line])))
    assert np.array_equal(svd.data, subtract_components(line.data, components=3))
    (rpca,) = joined(list(run([RpcaBackground(sparsity=1.4, tolerance=1e-3)], [line])))
    expected = robust_split(line.data, sparsity=1.4, tolerance=1e-3)
    assert np.array_equal(rpca.data, expected.foreground)


def test_the_latency_is_the_window() -> None:
    spec = example_line().spec
    assert WindowedSvdBackground(window_traces=64).reach(spec) == (63, 63)


@pytest.mark.parametrize(
    "step",
    [
        SvdBackground(components=0),
        SvdBackground(components=97),
        RpcaBackground(sparsity=0.0),
        WindowedSvdBackground(window_traces=10, components=11),
        WindowedSvdBackground(overlap=0.6),
        WindowedRpcaBackground(max_iterations=0),
        WindowedRpcaBackground(window_traces=0),
    ],
)
def test_impossible_settings_are_refused_before_take_off(step: Step) -> None:
    with pytest.raises(PipelineError, match="must"):
        step.describe(example_line().spec)


def test_the_whole_line_steps_name_their_live_substitutes() -> None:
    assert SvdBackground.live_substitute == WindowedSvdBackground.name
    assert RpcaBackground.live_substitute == WindowedRpcaBackground.name
