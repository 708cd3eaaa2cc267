from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import PipelineError, concat
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.attributes import (
    BandpassEnvelope,
    Envelope,
    InstantaneousFrequency,
    InstantaneousPhase,
)
from detectkit.testing.steps import StepSuite, example_line


class TestEnvelope(StepSuite):
    step = Envelope()


class TestBandpassEnvelope(StepSuite):
    step = BandpassEnvelope()


class TestInstantaneousPhase(StepSuite):
    step = InstantaneousPhase()


class TestInstantaneousFrequency(StepSuite):
    step = InstantaneousFrequency()


def test_the_quantity_tells_what_the_samples_are() -> None:
    line = example_line()
    for step, quantity in (
        (Envelope(), "envelope"),
        (InstantaneousPhase(), "instantaneous_phase"),
        (InstantaneousFrequency(), "instantaneous_frequency"),
    ):
        assert step.describe(line.spec).quantity == quantity


def test_the_frequency_of_the_direct_wave_is_that_of_its_wavelet() -> None:
    line = example_line()
    frequency = concat(list(run([InstantaneousFrequency()], [line]))).data
    crest = np.abs(line.data[:, :20]).argmax(axis=1)
    # The example's wavelet has its spectral peak at 1 / (10 samples) = 1 GHz.
    assert 0.7e9 < np.median(frequency[np.arange(150), crest]) < 1.5e9


def test_a_band_above_nyquist_is_refused() -> None:
    with pytest.raises(PipelineError, match="Nyquist"):
        BandpassEnvelope(high_hz=9e9).describe(example_line().spec)


@pytest.mark.parametrize(
    "step", [Envelope(), InstantaneousPhase(), InstantaneousFrequency(), BandpassEnvelope()]
)
def test_a_sensor_without_delay_axis_is_refused(step: Step) -> None:
    with pytest.raises(PipelineError, match="needs a delay axis"):
        step.describe(replace(example_line().spec, sample_interval_s=None))
