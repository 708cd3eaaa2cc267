from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.imaging.aperture import Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import phase_shift
from detectkit.imaging.regular_line import RegularLine
from detectkit.imaging.stolt import stolt

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
LINE = RegularLine(samples=101, sample_interval_s=2e-10, first_twt_s=-1e-9, trace_spacing_m=0.03)
NOISE = np.random.default_rng(3).standard_normal((150, 101)).astype(np.float32)
GROUND = Layers.of_thickness([0.2, 0.4], velocity_m_per_s=[2.998e8, 1.2e8, 0.8e8])

devices = pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(
                not torch.cuda.is_available(), reason="no graphics processor on this machine"
            ),
        ),
    ],
)


@devices
@pytest.mark.parametrize("samples", [101, 96])
def test_stolt_agrees_with_the_processor(device: str, samples: int) -> None:
    from detectkit.imaging.cuda import stolt as there

    line, rows = replace(LINE, samples=samples), NOISE[:, :samples]
    aperture = Aperture(80.0)
    here = stolt(rows, line, velocity_m_per_s=1e8, aperture=aperture)
    moved = there.stolt(rows, line, device=device, velocity_m_per_s=1e8, aperture=aperture)
    assert np.abs(moved - here).max() < there.TOLERANCE * np.abs(here).max()


@devices
def test_phase_shift_agrees_with_the_processor(device: str) -> None:
    from detectkit.imaging.cuda import phase_shift as there

    here = phase_shift(NOISE, LINE, layers=GROUND, aperture=Aperture(70.0))
    moved = there.phase_shift(NOISE, LINE, device=device, layers=GROUND, aperture=Aperture(70.0))
    assert np.abs(moved - here).max() < there.TOLERANCE * np.abs(here).max()
