from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, Sensor, concat
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.fast_time import Dc
from detectkit.pipeline.steps.time_zero import (
    TimeZeroCorrelation,
    TimeZeroSteady,
    TimeZeroThreshold,
)
from detectkit.testing.steps import StepSuite, example_line

C = 299_792_458.0


def drifting(traces: int = 60, *, noise: float = 0.0) -> tuple[np.ndarray, Block]:
    """Return where the direct wave is, and a line on which it drifts."""
    place = 30 + 3 * np.sin(np.arange(traces) / 9)
    square = (np.pi * 0.08 * (np.arange(128) - place[:, np.newaxis])) ** 2
    data = (1 - 2 * square) * np.exp(-square)
    data += noise * np.random.default_rng(0).standard_normal(data.shape)
    twt_s = np.arange(128) * 1e-10
    sensor = Sensor(antenna_separation_m=0.3)
    return place, Block(data.astype(np.float32), coords={"twt_s": ("delay", twt_s)}, sensor=sensor)


def crests(block: Block) -> np.ndarray:
    near = block.data.argmax(axis=1)
    rows = np.arange(len(block))
    left, top, right = (block.data[rows, near + k] for k in (-1, 0, 1))
    return near + 0.5 * (left - right) / (left - 2 * top + right)


class TestTimeZeroThreshold(StepSuite):
    step = TimeZeroThreshold(window_s=(0.0, 4e-9))


class TestTimeZeroSteady(StepSuite):
    step = TimeZeroSteady(window_s=(0.0, 4e-9), window_traces=21)


class TestTimeZeroCorrelation(StepSuite):
    step = TimeZeroCorrelation(window_s=(0.0, 4e-9), reference_traces=7)


class TestTimeZeroCorrelationOfAShortLine(StepSuite):
    step = TimeZeroCorrelation(reference_traces=400)


@pytest.mark.parametrize(
    ("step", "bound"), [(TimeZeroThreshold(), 0.15), (TimeZeroCorrelation(), 0.05)]
)
def test_the_direct_wave_is_straightened(step: Step, bound: float) -> None:
    place, line = drifting()
    assert np.ptp(place) > 5
    result = concat(list(run([step], [line])))
    assert np.ptp(crests(result)) < bound


@pytest.mark.parametrize("step", [TimeZeroThreshold(lead_s=2e-9), TimeZeroCorrelation(lead_s=2e-9)])
def test_time_counts_from_the_transmission(step: Step) -> None:
    _, line = drifting()
    result = concat(list(run([step], [line])))
    twt_s = result.coord("twt_s")
    assert twt_s[20] == pytest.approx(0.3 / C)
    magnitude = np.abs(result.data)
    # The break, 0.2 of the largest magnitude, stands at sample 20 = lead / interval.
    assert (magnitude[:, :20].max(axis=1) < 0.25).all()
    assert (magnitude[:, 21] > 0.2).all()


def test_correlation_is_steadier_than_a_threshold_in_noise() -> None:
    _, line = drifting(noise=0.05)
    spread = {}
    for step in (TimeZeroThreshold(), TimeZeroCorrelation()):
        result = concat(list(run([step], [line])))
        spread[step.name] = crests(result).std()
    assert spread["time-zero-correlation"] < spread["time-zero-threshold"]


def test_a_dead_trace_takes_the_lag_of_the_one_before() -> None:
    _, line = drifting()
    data = line.data.copy()
    data[40] = 0.0
    data[40, 100] = 1.0
    result = concat(list(run([TimeZeroCorrelation(window_s=(0.0, 6e-9))], [line.with_data(data)])))
    moved = 100 - result.data[40].argmax()
    assert moved == pytest.approx(30 + 3 * np.sin(39 / 9) - crests(result)[39], abs=1.5)


def test_a_silent_line_stays_silent() -> None:
    _, line = drifting()
    silent = line.with_data(np.zeros_like(line.data))
    for step in (TimeZeroThreshold(), TimeZeroCorrelation()):
        assert not concat(list(run([step], [silent]))).data.any()


def test_it_works_behind_other_steps() -> None:
    chain = [Dc(), TimeZeroCorrelation(window_s=(0.0, 4e-9))]
    result = concat(list(run(chain, [example_line()])))
    before = example_line().data[:, :30].argmax(axis=1)
    assert np.ptp(result.data[:, :30].argmax(axis=1)) <= 1 < np.ptp(before)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (TimeZeroThreshold(fraction=0.0), "fraction is 0"),
        (TimeZeroThreshold(lead_s=1e-6), "lead_s = 1e-06 must lie within the trace"),
        (TimeZeroThreshold(window_s=(5e-9, 4e-9)), "holds no sample"),
        (TimeZeroCorrelation(reference_traces=0), "reference_traces = 0"),
        (TimeZeroCorrelation(maximum_lag_s=0.0), "maximum_lag_s = 0.0 must be above 0"),
        (TimeZeroCorrelation(fraction=2.0), "fraction is 2"),
    ],
)
def test_what_cannot_work_is_refused_before_take_off(step: Step, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        step.describe(example_line().spec)


def test_a_strong_reflection_does_not_move_time_zero() -> None:
    """Where the ground answers strongly, the direct wave's first lobe is below the threshold."""
    _, line = drifting(100)
    data = np.roll(np.tile(line.data[:1], (100, 1)), -20, axis=1)
    strong = np.where(np.arange(100) % 10 < 4, 4.0, 1.0)[:, np.newaxis].astype(np.float32)
    both = line.with_data(data + strong * np.roll(data, 60, axis=1))
    (single,) = run([TimeZeroThreshold(fraction=0.2)], [both])
    steady = concat(list(run([TimeZeroSteady(fraction=0.2)], [both])))
    assert np.ptp(single.data[:, :40].argmax(axis=1)) > 2
    assert np.ptp(steady.data[:, :40].argmax(axis=1)) == 0


def test_a_window_of_no_trace_is_refused() -> None:
    with pytest.raises(PipelineError, match="window_traces"):
        TimeZeroSteady(window_traces=0).describe(drifting()[1].spec)
