from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import hilbert

from detectkit.batch.job import plan
from detectkit.core import Block, PipelineError, concat
from detectkit.pipeline import Step, run
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


BARS_M = (0.05, 0.26, 0.42, 0.595, 0.78, 1.06, 1.27, 1.45)  # one more lies above the others


@pytest.fixture(scope="module")
def wall(shared_data: Path) -> Block:
    """Bars 4 to 6 cm deep in concrete, processed up to the background."""
    job = plan([shared_data / "ids" / "LID10001.dt"], velocity_m_per_s=0.135e9).lines[0]
    return concat(list(run(job.pipeline.steps, job.stream.blocks())))


def envelope(block: Block) -> np.ndarray:
    inside = (block.coord("twt_s") > 0.6e-9) & (block.coord("twt_s") < 1.4e-9)
    return np.abs(hilbert(block.data.astype(np.float64), axis=1))[:, inside]


def widths_m(block: Block) -> np.ndarray:
    """Width of each bar where its envelope falls to half."""
    level, along_m = envelope(block).max(axis=1), np.arange(len(block)) * 0.004
    near = [level[np.abs(along_m - bar) <= 0.1] for bar in BARS_M]
    return np.array([0.004 * np.count_nonzero(one >= one.max() / 2.0) for one in near])


@pytest.mark.parametrize(
    "step",
    [
        StoltMigration(velocity_m_per_s=0.135e9),
        PhaseShiftMigration(velocity_m_per_s=(0.135e9,), max_angle_deg=70.0),
    ],
)
def test_bars_in_a_wall_become_compact(wall: Block, step: Step) -> None:
    image = concat(list(run([step], [wall])))
    assert np.median(widths_m(wall)) > 0.07
    assert widths_m(image).max() < 0.035
    before, after = envelope(wall), envelope(image)
    sharpness = [np.mean(one**4) / np.mean(one**2) ** 2 for one in (before, after)]
    assert sharpness[1] > 2.0 * sharpness[0]
    level, along_m = after.max(axis=1), np.arange(len(image)) * 0.004
    for bar in BARS_M:
        near = np.flatnonzero(np.abs(along_m - bar) <= 0.05)
        assert abs(along_m[near[np.argmax(level[near])]] - bar) <= 0.008


def test_a_wrong_velocity_focuses_less(wall: Block) -> None:
    right, wrong = (
        concat(list(run([StoltMigration(velocity_m_per_s=v)], [wall]))) for v in (0.135e9, 0.09e9)
    )
    assert np.median(widths_m(right)) < 0.8 * np.median(widths_m(wrong))
