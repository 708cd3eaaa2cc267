from __future__ import annotations

from detectkit.detect.steps import LmsPrescreener, ReedXiaoli
from detectkit.testing.steps import StepSuite


class TestReedXiaoli(StepSuite):
    step = ReedXiaoli(guard_traces=7, training_traces=30, energy_traces=3)


class TestReedXiaoliOnAShortLine(StepSuite):
    step = ReedXiaoli(guard_traces=60, training_traces=400)


class TestLmsPrescreener(StepSuite):
    step = LmsPrescreener(guard_traces=6, taps=8, memory_traces=50)
