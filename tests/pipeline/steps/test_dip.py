from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import PipelineError
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.dip import DipFilterStep
from detectkit.testing.steps import StepSuite, example_line, joined


class TestDipFilter(StepSuite):
    step = DipFilterStep(slowest_m_per_s=5e7, tile_traces=32)


class TestDipFilterBackward(StepSuite):
    step = DipFilterStep(fastest_m_per_s=4e8, direction="backward", action="reject")


def test_flat_layers_go_when_fast_events_are_rejected() -> None:
    line = example_line()
    wavelet = np.hanning(96) * np.sin(2.0 * np.pi * np.arange(96) / 12.0)
    flat = line.with_data(np.tile(np.float32(wavelet), (len(line), 1)))
    step = DipFilterStep(slowest_m_per_s=0.0, fastest_m_per_s=4e8)
    (out,) = joined(list(run([step], [flat])))
    assert np.linalg.norm(out.data) < 0.02 * np.linalg.norm(flat.data)


@pytest.mark.parametrize(
    "step",
    [
        DipFilterStep(slowest_m_per_s=2.0, fastest_m_per_s=1.0),
        DipFilterStep(tile_traces=31),
        DipFilterStep(edge=0.0),
        DipFilterStep(slowest_m_per_s=math.nan),
    ],
)
def test_an_impossible_fan_is_refused_before_take_off(step: Step) -> None:
    with pytest.raises(PipelineError, match="dip-filter"):
        step.describe(example_line().spec)


def test_a_line_without_spacing_or_delay_is_refused() -> None:
    spec = example_line().spec
    for wrong in (replace(spec, trace_spacing_m=None), replace(spec, sample_interval_s=None)):
        with pytest.raises(PipelineError, match="resample-distance"):
            DipFilterStep().describe(wrong)
