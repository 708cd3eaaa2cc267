from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError, Sensor, concat
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.fast_time import (
    Bandpass,
    ClipReport,
    Dc,
    Despike,
    Dewow,
    Ormsby,
    RepairTraces,
    ResampleTime,
)
from detectkit.testing.steps import StepSuite, example_line


def answer(step: Step, line: Block) -> Block:
    return concat(list(run([step], [line])))


class TestDc(StepSuite):
    step = Dc(window_s=(4e-9, 8e-9))


class TestDcMedian(StepSuite):
    step = Dc(statistic="median")


class TestDewow(StepSuite):
    step = Dewow(window_s=3e-9)


class TestBandpass(StepSuite):
    step = Bandpass(low_hz=3e8, high_hz=2e9)


class TestOrmsby(StepSuite):
    step = Ormsby()


class TestResampleTimeFiner(StepSuite):
    step = ResampleTime(interval_s=7e-11)


class TestResampleTimeCoarser(StepSuite):
    step = ResampleTime(interval_s=2e-10)


class TestDespike(StepSuite):
    step = Despike(floor=0.1)


class TestRepairTraces(StepSuite):
    step = RepairTraces(half_window_traces=3, ratio_db=6.0)

    def line(self) -> Block:
        line = example_line()
        data = line.data.copy()
        data[[0, 20, 21, 77, 149]] *= np.float32(30.0)
        return line.with_data(data)


class TestClipReport(StepSuite):
    step = ClipReport()


def test_dc_takes_the_level_of_its_window() -> None:
    line = example_line()
    result = answer(Dc(window_s=(4e-9, 8e-9)), line)
    assert np.abs(result.data[:, 40:80].mean(axis=1)).max() < 1e-3
    assert np.abs(result.data[:, :40].mean(axis=1)).max() > 1.0


def test_a_window_is_given_on_the_axis_of_the_traces() -> None:
    line = example_line()
    late = line.with_data(line.data, coords={"twt_s": ("delay", line.coord("twt_s") - 2e-9)})
    one, other = answer(Dc(window_s=(4e-9, 7e-9)), line), answer(Dc(window_s=(2e-9, 5e-9)), late)
    np.testing.assert_array_equal(one.data, other.data)


def test_dewow_takes_out_the_wow_of_the_line() -> None:
    line = example_line()
    wow = line.data[:, 40:].mean(axis=1).std()
    left = answer(Dewow(window_s=3e-9), line).data[:, 40:].mean(axis=1).std()
    assert left < 0.1 * wow


def test_resampling_keeps_time_and_what_lies_along_the_track() -> None:
    line = example_line()
    result = answer(ResampleTime(interval_s=5e-11), line)
    assert result.data.shape == (150, 191)
    np.testing.assert_allclose(result.coord("twt_s")[::2], line.coord("twt_s"), atol=1e-18)
    np.testing.assert_allclose(result.data[:, 60:130:2], line.data[:, 30:65], atol=0.5)
    assert result.coords.keys() == line.coords.keys()


def test_despike_counts_what_it_replaced() -> None:
    line = example_line()
    data = line.data.copy()
    data[5, 60] = 2.5e4
    result = answer(Despike(floor=3.0), line.with_data(data))
    assert result.coord("replaced_samples").tolist() == [0] * 5 + [1] + [0] * 144
    assert abs(result.data[5, 60]) < 3000


def test_repaired_traces_are_marked() -> None:
    line = example_line()
    data = line.data.copy()
    data[40] = 0.0
    result = answer(RepairTraces(), line.with_data(data))
    assert np.flatnonzero(result.coord("repaired")).tolist() == [40]
    between = 0.5 * (data[39] + data[41])
    np.testing.assert_allclose(result.data[40], between, atol=1e-2)


def test_the_clip_report_leaves_the_samples_alone() -> None:
    line = example_line()
    result = answer(ClipReport(), line)
    np.testing.assert_array_equal(result.data, line.data)
    at_limit = (np.abs(line.data) >= 2900).sum(axis=1)
    assert (result.coord("clipped_samples") <= at_limit).all()
    assert result.coord("clipped_samples").max() >= 2


def test_limits_of_ones_own_take_the_place_of_the_sensors() -> None:
    result = answer(ClipReport(limits=(-9e9, 9e9)), example_line())
    assert not result.coord("clipped_samples").any()


DETECTOR = replace(
    example_line().spec,
    dims=("trace", "channel"),
    sample_interval_s=None,
    sensor=Sensor(id="md", kind="metal_detector"),
)


@pytest.mark.parametrize(
    "step",
    [Dc(window_s=(0.0, 1e-9)), Dewow(), Bandpass(), Ormsby(), ResampleTime(), Despike()],
    ids=lambda step: step.name,
)
def test_a_sensor_without_delay_axis_is_refused(step: Step) -> None:
    with pytest.raises(PipelineError, match=f"{step.name}.*needs a delay axis.*metal_detector"):
        step.describe(DETECTOR)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Dc(window_s=(9e-8, 1e-7)), r"holds no sample.*0 to 9\.5e-09 s"),
        (Dewow(window_s=0.0), "window_s = 0.0 must be above 0"),
        (Bandpass(high_hz=6e9), r"step 'bandpass': band .* 5e\+09 Hz \(Nyquist\)"),
        (Bandpass(low_hz=2e9, high_hz=1e9), "low < high"),
        (Bandpass(order=0), "order is 0"),
        (Ormsby(corners_hz=(3e8, 2e8, 1e9, 2e9)), "rising order"),
        (ResampleTime(interval_s=-1e-10), "new_interval_s is -1e-10"),
        (Despike(window_s=2e-8), "odd number from 3 to 96"),
        (Despike(threshold=0.0), "threshold is 0"),
        (Despike(floor=-1.0), "floor is -1"),
        (RepairTraces(half_window_traces=0), "half_window is 0"),
        (ClipReport(limits=(5.0, 5.0)), "below the high one"),
    ],
)
def test_what_cannot_work_is_refused_before_take_off(step: Step, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        step.describe(example_line().spec)


def test_an_unknown_full_scale_is_refused_with_the_remedy() -> None:
    spec = replace(example_line().spec, sensor=Sensor())
    with pytest.raises(PipelineError, match=r"give limits = \[lowest, highest\]"):
        ClipReport().describe(spec)
