"""One list of a volume's places: every peak stays, what stands out of its clutter has a score."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import VoxelGrid
from detectkit.detect.volume_places import scored_places, unscored_places
from detectkit.io.volume import Extent, Volume, VolumeWriter, open_volume
from detectkit.volume.peaks import PeakSettings, find_peaks

GRID = VoxelGrid(0.05, 0.025, depths=12, tile=24)
LOUDER, LOUD = (17, 18, 6), (6, 5, 8)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    """Simulated: clutter with two spots, one louder."""
    rng = np.random.default_rng(5)
    amplitude = rng.rayleigh(size=(24, 24, 12)).astype(np.float32)
    amplitude[LOUDER] = 60.0
    amplitude[LOUD] = 40.0
    parts = {"amplitude": amplitude, "coherence": np.full_like(amplitude, 0.5),
             "weight": np.ones_like(amplitude)}  # fmt: skip
    told = {"wavelength_m": 0.15}
    path = tmp_path / "v.zarr"
    with VolumeWriter(path, GRID, Extent.around([(0, 0)]), attributes=told) as writer:
        writer.put((0, 0), parts)
    return open_volume(path)


def test_every_peak_stays_and_the_score_decides(volume: Volume) -> None:
    peaks = find_peaks(volume, PeakSettings(contrast=8.0))
    places = scored_places(volume, peaks)
    kept = {(one.easting_m, one.northing_m, one.depth_m) for one in places}
    assert {(one.easting_m, one.northing_m, one.depth_m) for one in peaks} <= kept
    for one, (east, north, depth) in zip(places, (LOUDER, LOUD), strict=False):
        place = volume.easting_m[east], volume.northing_m[north], volume.depth_m[depth]
        assert (one.easting_m, one.northing_m, one.depth_m) == pytest.approx(place, abs=0.03)
        assert (one.score or 0.0) > 6.0
        assert one.contrast is not None
    scores = [one.score or 0.0 for one in places]
    assert scores == sorted(scores, reverse=True)


def test_what_is_no_peak_is_a_place_by_its_score_alone(volume: Volume) -> None:
    places = scored_places(volume, [])
    assert places
    assert all(one.contrast is None and (one.score or 0.0) >= 4.0 for one in places)


def test_a_line_by_itself_is_ranked_by_contrast(volume: Volume) -> None:
    peaks = find_peaks(volume, PeakSettings(contrast=8.0))
    places = unscored_places(peaks)
    assert [one.contrast for one in places] == [one.contrast for one in peaks]
    assert places[0].to_dict() == {**asdict(peaks[0]), "score": None}
