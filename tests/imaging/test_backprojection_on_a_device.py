"""The PyTorch version of the back-projection against the numba kernel."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
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
    from detectkit.imaging.cuda.backprojection import TOLERANCE, DeviceProjector

    traces, antennas = noise()
    settings = BackProjection(1e8, radius_m=0.25, weights=weights)
    tiles, theirs = MemoryTiles(), MemoryTiles()
    projector = BackProjector(GRID, settings, SHORT, tiles)
    on_device = DeviceProjector(GRID, settings, SHORT, theirs, device=device, most_tiles=3)
    for one in (projector, on_device):
        one.push(traces[:20], antennas.rows(0, 20))
        one.push(traces[20:], antennas.rows(20, len(traces)))
        one.finish()
    assert on_device.updates == pytest.approx(projector.updates, rel=1e-3)
    assert list(theirs.indices()) == list(tiles.indices())
    for index in tiles.indices():
        kept, sums = tiles.get(index), theirs.get(index)
        assert kept is not None
        assert sums is not None
        for plane in range(4):
            largest = max(np.abs(tiles.get(one)[plane]).max() for one in tiles.indices())
            assert np.abs(sums[plane] - kept[plane]).max() <= TOLERANCE * largest
        assert np.isnan(image_of(sums).amplitude).mean() == pytest.approx(
            np.isnan(image_of(kept).amplitude).mean(), abs=1e-3
        )


def test_a_device_that_is_not_there_is_named() -> None:
    from detectkit.imaging.cuda.backprojection import DeviceProjector

    with pytest.raises(UsageError, match="device 'cuda:77'"):
        DeviceProjector(GRID, BackProjection(1e8), SHORT, MemoryTiles(), device="cuda:77")
