from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import PipelineError, concat
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.gain import Agc, PowerGain, SecGain
from detectkit.testing.steps import StepSuite, example_line


class TestSecGain(StepSuite):
    step = SecGain()


class TestPowerGain(StepSuite):
    step = PowerGain()


class TestAgc(StepSuite):
    step = Agc(window_s=2e-9)


@pytest.mark.parametrize("step", [SecGain, PowerGain, Agc])
def test_a_gain_is_for_display_only(step: type[Step]) -> None:
    assert step.display_only


def test_a_power_gain_counts_time_on_the_axis_of_the_traces() -> None:
    line = example_line()
    result = concat(list(run([PowerGain(exponent=2.0, start_s=1e-9)], [line])))
    np.testing.assert_allclose(result.data[:, 40], 16 * line.data[:, 40], rtol=1e-5)
    np.testing.assert_array_equal(result.data[:, :10], line.data[:, :10])


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (SecGain(velocity_m_per_s=0.0), "velocity_m_per_s is 0"),
        (SecGain(start_s=0.0), "start_s is 0"),
        (PowerGain(exponent=-2.0), "exponent is -2"),
        (Agc(window_s=-1.0), "window_s = -1.0 must be above 0"),
    ],
)
def test_what_cannot_work_is_refused_before_take_off(step: Step, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        step.describe(example_line().spec)
