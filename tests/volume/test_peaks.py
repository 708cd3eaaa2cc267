"""Peaks of a volume: each body once, at its place between the voxels, also at a tile's edge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError, VoxelGrid
from detectkit.geo import SiteFrame
from detectkit.io.volume import Extent, Volume, VolumeWriter, open_volume
from detectkit.volume.peaks import PeakSettings, find_peaks

FRAME = SiteFrame(47.0, 40.0)
GRID = VoxelGrid(0.05, 0.025, depths=20, tile=16, crs_wkt=FRAME.crs_wkt)
TILES = tuple((east, north) for east in (-1, 0) for north in (0, 1))
Body = tuple[float, float, float, float]


def volume_of(path: Path, bodies: list[Body], *, hole: bool = False) -> Volume:
    """Simulated: round bodies of Gaussian shape over weak clutter."""
    rng = np.random.default_rng(5)
    told = {"wavelength_m": 0.25, "velocity_error": 0.1}
    with VolumeWriter(path, GRID, Extent.around(TILES), attributes=told) as volume:
        for index in TILES:
            places = np.meshgrid(
                GRID.easting_m(index[0]), GRID.northing_m(index[1]), GRID.depth_m, indexing="ij"
            )
            amplitude = rng.uniform(0.8, 1.0, places[0].shape)
            for *centre, height in bodies:
                distance = sum(
                    ((one - at) / size) ** 2
                    for one, at, size in zip(places, centre, (0.08, 0.08, 0.04), strict=True)
                )
                amplitude += height * np.exp(-distance)
            amplitude = amplitude.astype(np.float32)
            if hole:
                amplitude[:4] = np.nan
            full = np.where(np.isnan(amplitude), np.float32(np.nan), np.float32(1.0))
            volume.put(index, {"amplitude": amplitude, "coherence": full, "weight": full})
    return open_volume(path)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(east=st.floats(-0.6, 0.6), north=st.floats(0.2, 1.4), depth=st.floats(0.1, 0.4))
def test_a_body_is_found_once_where_it_is(
    tmp_path: Path, east: float, north: float, depth: float
) -> None:
    volume = volume_of(tmp_path / "v.zarr", [(east, north, depth, 40.0)])
    (peak,) = find_peaks(volume)
    assert peak.easting_m == pytest.approx(east, abs=0.01)
    assert peak.northing_m == pytest.approx(north, abs=0.01)
    assert peak.depth_m == pytest.approx(depth, abs=0.006)
    assert peak.longitude_deg is not None
    assert peak.latitude_deg is not None
    there = FRAME.to_local(np.array([peak.longitude_deg]), np.array([peak.latitude_deg]))
    np.testing.assert_allclose([there[0][0], there[1][0]], [east, north], atol=0.011)


def test_the_stronger_comes_first_and_near_ones_are_one(tmp_path: Path) -> None:
    bodies = [(0.3, 0.3, 0.2, 20.0), (-0.3, 1.2, 0.2, 60.0), (-0.3, 1.0, 0.2, 30.0)]
    volume = volume_of(tmp_path / "v.zarr", bodies)
    peaks = find_peaks(volume)
    assert [round(peak.easting_m, 1) for peak in peaks] == [-0.3, 0.3]
    assert peaks[0].contrast > peaks[1].contrast
    assert len(find_peaks(volume, PeakSettings(separation_m=0.1))) == 3
    assert len(find_peaks(volume, PeakSettings(most=1))) == 1


def test_the_depth_error_grows_with_depth(tmp_path: Path) -> None:
    bodies = [(0.3, 0.3, 0.1, 20.0), (-0.3, 1.2, 0.4, 20.0)]
    shallow, deep = sorted(find_peaks(volume_of(tmp_path / "v.zarr", bodies)),
                           key=lambda peak: peak.depth_m)  # fmt: skip
    assert shallow.depth_error_m == pytest.approx(
        np.hypot(0.01, np.hypot(0.0125, 0.0125)), abs=2e-3
    )
    assert deep.depth_error_m > 0.04


def test_clutter_and_what_was_not_imaged_give_no_peaks(tmp_path: Path) -> None:
    assert find_peaks(volume_of(tmp_path / "v.zarr", [], hole=True)) == []


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="above 0"):
        PeakSettings(contrast=0.0)
