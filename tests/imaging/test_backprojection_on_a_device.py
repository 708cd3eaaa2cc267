"""The PyTorch version of the back-projection against the numba kernel."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.imaging.backprojection import MemoryTiles
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector, image_of

from .test_backprojection import GRID, SHORT, noise

torch = pytest.importorskip("torch")


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    return str(request.param)


@pytest.mark.parametrize("weights", ["equal", "beam"])
def test_it_agrees_within_its_tolerance(device: str, weights: str) -> None:
    from detectkit.imaging.cuda.backprojection import TOLERANCE, back_projection

    traces, antennas = noise()
    settings = BackProjection(1e8, radius_m=0.25, weights=weights)
    tiles = MemoryTiles()
    projector = BackProjector(GRID, settings, SHORT, tiles)
    projector.push(traces, antennas)
    projector.finish()
    found = back_projection(
        traces, antennas, grid=GRID, settings=settings, axis=SHORT,
        tiles=list(tiles.indices()), device=device,
    )  # fmt: skip
    assert len(found) > 4
    for index, sums in found.items():
        kept = tiles.get(index)
        assert kept is not None
        for plane in range(4):
            largest = max(np.abs(tiles.get(one)[plane]).max() for one in tiles.indices())
            assert np.abs(sums[plane] - kept[plane]).max() <= TOLERANCE * largest
        assert np.isnan(image_of(sums).amplitude).mean() == pytest.approx(
            np.isnan(image_of(kept).amplitude).mean(), abs=1e-3
        )
