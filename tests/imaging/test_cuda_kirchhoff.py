"""The PyTorch version of the Kirchhoff sum against the numba kernels."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.imaging.kirchhoff import kirchhoff_level, kirchhoff_varying, stationary_weights
from detectkit.imaging.line_curves import CurveTables, LineGeometry

torch = pytest.importorskip("torch")


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    return str(request.param)


def tables() -> CurveTables:
    geometry = LineGeometry(
        depth_m=0.005 * np.arange(120.0),
        first_twt_s=-1e-9,
        sample_interval_s=1e-10,
        trace_spacing_m=0.02,
        velocity_m_per_s=1e8,
        antenna_separation_m=0.1,
        half_angle_rad=0.8,
        reach=40,
    )
    return CurveTables(geometry, stationary_weights)


def test_over_an_air_gap_it_agrees_within_its_tolerance(device: str) -> None:
    from detectkit.imaging.cuda.kirchhoff import TOLERANCE, kirchhoff

    data = np.random.default_rng(4).normal(size=(130, 160)).astype(np.float32)
    heights = 0.4 + 0.05 * np.sin(np.arange(130) / 7.0)
    heights[77] = np.nan
    curves = tables().at(heights, np.zeros(130))
    reference = kirchhoff_varying(data, 10, 130, curves)
    image = kirchhoff(data, 10, 130, curves, device=device)
    assert np.abs(image - reference).max() <= TOLERANCE * np.abs(reference).max()


def test_on_the_ground_it_agrees_within_its_tolerance(device: str) -> None:
    from detectkit.imaging.cuda.kirchhoff import TOLERANCE, kirchhoff

    data = np.random.default_rng(5).normal(size=(90, 160)).astype(np.float32)
    curves = tables().on_the_ground(90)
    reference = kirchhoff_level(data, 0, 90, curves)
    image = kirchhoff(data, 0, 90, curves, device=device)
    assert np.abs(image - reference).max() <= TOLERANCE * np.abs(reference).max()
