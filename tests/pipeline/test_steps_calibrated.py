from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import PipelineError
from detectkit.pipeline import run
from detectkit.pipeline.steps.calibrated import (
    Calibrated,
    DeconvolveResponse,
    ScaleAmplitude,
    SubtractTrace,
    TimeZeroKnown,
)
from detectkit.testing.steps import StepSuite, example_line

WAVELET = tuple(float(f"{one:.4g}") for one in np.hanning(17) * np.cos(np.arange(17) - 8.0))


class TestSubtractTrace(StepSuite):
    step = SubtractTrace(trace=tuple(np.linspace(0.0, 90.0, 96).tolist()))


class TestTimeZeroKnown(StepSuite):
    step = TimeZeroKnown(time_zero_s=1.234e-9, lead_s=5e-10)


class TestScaleAmplitude(StepSuite):
    step = ScaleAmplitude(factor=-2e-4, unit="mirror at 1 m")


class TestDeconvolveResponse(StepSuite):
    step = DeconvolveResponse(wavelet=WAVELET, band_hz=(3e8, 3e9), origin_s=8e-10)


class TestCalibrated(StepSuite):
    step = Calibrated("0a", "Radar", "7", "2026-05-04T06:00:00Z", "2026-06-04T06:00:00Z")


def test_the_time_of_an_echo_is_that_of_its_path() -> None:
    line = example_line(traces=3)
    echo = np.zeros_like(line.data)
    echo[:, 40] = 1.0
    (out,) = run((TimeZeroKnown(time_zero_s=1e-9, lead_s=5e-10),), [line.with_data(echo)])
    assert out.coord("twt_s")[out.data[0].argmax()] == pytest.approx(40 * 1e-10 - 1e-9)


def test_what_lies_behind_the_end_of_the_trace_stays() -> None:
    line = example_line(traces=2)
    (out,) = run((SubtractTrace(trace=(10.0, 20.0)),), [line])
    assert np.array_equal(line.data[:, :2] - out.data[:, :2], [[10.0, 20.0]] * 2)
    assert np.array_equal(line.data[:, 2:], out.data[:, 2:])


def test_a_calibration_of_other_settings_is_refused_with_names() -> None:
    spec = example_line().spec
    with pytest.raises(PipelineError, match="97 values, the recording 96 samples"):
        SubtractTrace(trace=(1.0,) * 97).describe(spec)
    with pytest.raises(PipelineError, match="outside of the traces"):
        TimeZeroKnown(time_zero_s=1.0).describe(spec)
    with pytest.raises(PipelineError, match="Nyquist"):
        DeconvolveResponse(wavelet=WAVELET, band_hz=(3e8, 9e9)).describe(spec)
    with pytest.raises(PipelineError, match="made_utc"):
        replace(TestCalibrated.step, made_utc="yesterday").describe(spec)
    with pytest.raises(PipelineError, match="factor = 0"):
        ScaleAmplitude(factor=0.0).describe(spec)


def test_the_full_scale_stays_what_it_is_in_the_new_unit() -> None:
    sensor = TestScaleAmplitude.step.describe(example_line().spec).sensor
    assert sensor.unit == "mirror at 1 m"
    assert sensor.full_scale == pytest.approx((-0.58, 0.58))


def test_the_calibration_is_noted_on_the_traces() -> None:
    (out,) = run((TestCalibrated.step,), [example_line(traces=2)])
    assert out.sensor.calibration == "0a"
