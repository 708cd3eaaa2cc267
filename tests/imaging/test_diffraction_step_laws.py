from __future__ import annotations

from detectkit.pipeline.steps.imaging import DiffractionStack
from detectkit.testing.steps import StepSuite


class TestDiffractionStack(StepSuite):
    step = DiffractionStack(band_m=(0.1, 0.4), interval_s=2e-10, coherence_window_s=8e-10)
