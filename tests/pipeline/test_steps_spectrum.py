from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import PipelineError, concat
from detectkit.pipeline import Step, run
from detectkit.pipeline.steps.spectrum import Deconvolve, Whiten
from detectkit.testing.steps import StepSuite, example_line

PULSE = (-0.2, -0.5, 1.0, -0.5, -0.2)


class TestWhiten(StepSuite):
    step = Whiten()


class TestDeconvolve(StepSuite):
    step = Deconvolve(wavelet=PULSE, origin_s=2e-10)


def test_deconvolution_puts_the_pulse_at_the_wavelets_origin() -> None:
    line = example_line()
    data = np.zeros_like(line.data)
    data[:, 48:53] = PULSE
    result = concat(list(run([Deconvolve(wavelet=PULSE, origin_s=2e-10)], [line.with_data(data)])))
    assert (result.data.argmax(axis=1) == 50).all()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Whiten(high_hz=6e9), "Nyquist"),
        (Whiten(smoothing_hz=0.0), "smoothing_hz is 0"),
        (Deconvolve(wavelet=()), "wavelet has shape"),
        (Deconvolve(wavelet=PULSE, origin_s=1e-9), "origin_sample is 10"),
        (Deconvolve(wavelet=PULSE, water_level=0.0), "water_level is 0"),
    ],
)
def test_what_cannot_work_is_refused_before_take_off(step: Step, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        step.describe(example_line().spec)
