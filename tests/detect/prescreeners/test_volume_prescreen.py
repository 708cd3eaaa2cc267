"""Scores in a volume: the rate of false alarms of the clutter around, bodies where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from detectkit.core import UsageError, VoxelGrid
from detectkit.detect.volume_prescreen import VolumeClutter, find_candidates, volume_scores
from detectkit.geo import SiteFrame
from detectkit.io.volume import Extent, Volume, VolumeWriter, open_volume

GRID = VoxelGrid(0.05, 0.025, depths=20, tile=24, crs_wkt=SiteFrame(47.0, 40.0).crs_wkt)
TILES = tuple((east, north) for east in (-1, 0) for north in (0, 1))
SIDE = 48
WHOLE = (slice(0, SIDE), slice(0, SIDE))
Body = tuple[float, float, float]


def volume_of(
    path: Path, bodies: tuple[Body, ...] = (), *, heavy: float = 0.0, hole: bool = False
) -> Volume:
    """Simulated: Rayleigh amplitudes that fall with depth, a louder half, round bodies."""
    rng = np.random.default_rng(8)
    told = {"wavelength_m": 0.2, "velocity_error": 0.1}
    with VolumeWriter(path, GRID, Extent.around(TILES), attributes=told) as volume:
        for index in TILES:
            axes = (GRID.easting_m(index[0]), GRID.northing_m(index[1]), GRID.depth_m)
            places = np.meshgrid(*axes, indexing="ij")
            level = np.exp(-places[2] / 0.1)
            clutter = rng.rayleigh(size=level.shape)
            coherence = rng.exponential(size=level.shape) ** heavy
            amplitude = level * clutter
            for centre in bodies:
                away = sum(
                    ((one - at) / size) ** 2
                    for one, at, size in zip(places, centre, (0.07, 0.07, 0.03), strict=True)
                )
                amplitude += 12.0 * level * np.exp(-away)
            if hole:
                amplitude[:6] = np.nan
            unknown = np.isnan(amplitude)
            parts = (
                np.where(unknown, np.nan, one).astype(np.float32)
                for one in (amplitude, coherence, np.full_like(level, 2.0))
            )
            volume.put(index, dict(zip(("amplitude", "coherence", "weight"), parts, strict=True)))
    return open_volume(path)


@pytest.mark.parametrize("heavy", [0.0, 0.5])
def test_the_false_alarm_rate_is_that_of_a_normal_deviate(tmp_path: Path, heavy: float) -> None:
    scores = volume_scores(volume_of(tmp_path / "v.zarr", heavy=heavy), *WHOLE)
    assert scores.shape == (SIDE, SIDE, GRID.depths)
    for level, least, most in ((2.0, 0.5, 1.4), (3.0, 0.2, 2.0)):
        assert least < (scores > level).mean() / norm.sf(level) < most
    assert (scores > 4.0).sum() <= 5
    halves = [(one > 2.0).mean() for one in np.split(scores, 2, axis=2)]
    assert halves[0] == pytest.approx(halves[1], rel=0.4)


def test_bodies_are_found_where_they_are_and_do_not_hide_each_other(tmp_path: Path) -> None:
    bodies = tuple((east, north, 0.2) for east in (-0.6, 0.0, 0.6) for north in (0.5, 1.2, 1.9))
    found = find_candidates(volume_of(tmp_path / "v.zarr", bodies), VolumeClutter(threshold=5.0))
    assert len(found) == len(bodies)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for body in bodies:
        near = min(
            found, key=lambda one: np.hypot(one.easting_m - body[0], one.northing_m - body[1])
        )
        place = (near.easting_m, near.northing_m, near.depth_m)
        np.testing.assert_allclose(place, body, atol=0.03)
        assert near.longitude_deg is not None
        assert near.depth_error_m == pytest.approx(np.hypot(0.02, np.hypot(0.01, 0.0125)), abs=3e-3)


def test_which_part_is_asked_for_changes_no_bit(tmp_path: Path) -> None:
    volume = volume_of(tmp_path / "v.zarr", ((0.1, 1.0, 0.2),), hole=True)
    whole = volume_scores(volume, *WHOLE, VolumeClutter(training_m=0.5))
    part = volume_scores(volume, slice(21, 33), slice(5, 40), VolumeClutter(training_m=0.5))
    np.testing.assert_array_equal(part, whole[21:33, 5:40])


def test_what_was_not_imaged_has_no_score_and_gives_no_candidate(tmp_path: Path) -> None:
    volume = volume_of(tmp_path / "v.zarr", hole=True)
    scores = volume_scores(volume, *WHOLE)
    assert np.isnan(scores[:6]).all()
    assert np.isfinite(scores[6:24]).all()
    assert not find_candidates(volume, VolumeClutter(threshold=6.0))
    alone = volume_scores(volume, *WHOLE, VolumeClutter(guard_m=9.0))
    assert np.isnan(alone).all(), "no clutter beyond the guard: not judged, rather than 0"


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="guard_m = 0"):
        VolumeClutter(guard_m=0.0)
