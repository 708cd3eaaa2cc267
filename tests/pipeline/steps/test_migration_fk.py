from __future__ import annotations

from dataclasses import replace

import pytest

from detectkit.core import PipelineError
from detectkit.pipeline import Step
from detectkit.pipeline.steps.migration_fk import PhaseShiftMigration, StoltMigration
from detectkit.testing.steps import StepSuite, example_line


class TestStolt(StepSuite):
    step = StoltMigration()


class TestStoltShortWindow(StepSuite):
    step = StoltMigration(max_angle_deg=60.0, obliquity=0.0, window_m=1.2)


class TestPhaseShift(StepSuite):
    step = PhaseShiftMigration(window_m=1.2)


class TestPhaseShiftUnderAir(StepSuite):
    step = PhaseShiftMigration(
        velocity_m_per_s=(2.998e8, 1e8), thickness_m=(0.3,), max_angle_deg=50.0
    )


def test_the_latency_is_what_the_longest_waiting_trace_waits() -> None:
    line = example_line(traces=400)
    step = StoltMigration()
    state, held, longest = step.start(line), 0, 0
    for at in range(len(line)):
        state, ready = step.push(state, line.traces(at, at + 1))
        held += 1 - (0 if ready is None else len(ready))
        longest = max(longest, held)
    assert longest == step.reach(line.spec)[1]


@pytest.mark.parametrize(
    "step",
    [
        StoltMigration(velocity_m_per_s=-1.0),
        StoltMigration(max_angle_deg=120.0),
        StoltMigration(window_m=0.1),
        PhaseShiftMigration(thickness_m=(0.3,)),
        PhaseShiftMigration(velocity_m_per_s=(1e8, 1e8), thickness_m=(-0.3,)),
    ],
)
def test_impossible_settings_are_refused_before_take_off(step: Step) -> None:
    with pytest.raises(PipelineError, match="migration"):
        step.describe(example_line().spec)


@pytest.mark.parametrize("step", [StoltMigration(), PhaseShiftMigration()])
def test_a_line_without_spacing_or_delay_is_refused_with_the_way_out(step: Step) -> None:
    spec = example_line().spec
    for wrong in (replace(spec, trace_spacing_m=None), replace(spec, sample_interval_s=None)):
        with pytest.raises(PipelineError, match="resample-distance"):
            step.describe(wrong)
