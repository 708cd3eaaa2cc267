from __future__ import annotations

from detectkit.detect.prescreeners.depth_energy import DepthEnergy
from detectkit.detect.prescreeners.lowrank import LowRankPrescreener
from detectkit.detect.prescreeners.pca import PcaPrescreener
from detectkit.detect.prescreeners.rls import RlsPrescreener
from detectkit.testing.steps import StepSuite


class TestDepthEnergy(StepSuite):
    step = DepthEnergy(guard_traces=7, training_traces=30, energy_traces=3)


class TestDepthEnergyOnAShortLine(StepSuite):
    step = DepthEnergy(guard_traces=60, training_traces=400)


class TestPcaPrescreener(StepSuite):
    step = PcaPrescreener(guard_traces=20, training_traces=30, components=2)


class TestLowRankPrescreener(StepSuite):
    step = LowRankPrescreener(guard_traces=20, training_traces=30, window_traces=60)


class TestRlsPrescreener(StepSuite):
    step = RlsPrescreener(guard_traces=6, taps=4, memory_traces=50)
