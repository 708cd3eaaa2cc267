"""Cuts through a volume, against a plain loop over its voxels; NaN is "not imaged", never 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detectkit.core import ShapeError, UsageError
from detectkit.imaging.projections import (
    Columns,
    band_of,
    depth_slice,
    energy_projection,
    level_of,
    maximum_projection,
    pixel_maximum,
    places_along,
    vertical_section,
)

DEPTH_M = np.round(0.05 + 0.025 * np.arange(4), 9)
AMPLITUDES = st.one_of(st.just(float("nan")), st.floats(0.0, 1e6, width=32))
VOLUMES = hnp.arrays(np.float32, (3, 2, 4), elements=AMPLITUDES)


def columns_of(values: np.ndarray) -> list[tuple[tuple[int, int], list[float]]]:
    return [((i, j), list(map(float, values[i, j]))) for i in range(3) for j in range(2)]


@given(VOLUMES)
def test_the_maximum_is_the_largest_imaged_voxel_and_its_depth(values: np.ndarray) -> None:
    found = maximum_projection(values, DEPTH_M)
    for at, column in columns_of(values):
        imaged = [(value, -k) for k, value in enumerate(column) if not math.isnan(value)]
        if not imaged:
            assert np.isnan(found.maximum[at])
            assert np.isnan(found.depth_m[at])
            continue
        value, k = max(imaged)
        assert found.maximum[at] == np.float32(value)
        assert found.depth_m[at] == np.float32(DEPTH_M[-k])


@given(VOLUMES)
def test_the_energy_is_the_mean_square_of_what_was_imaged(values: np.ndarray) -> None:
    found = energy_projection(values)
    for at, column in columns_of(values):
        imaged = [value for value in column if not math.isnan(value)]
        if imaged:
            wanted = sum(value**2 for value in imaged) / len(imaged)
            assert found[at] == pytest.approx(wanted, rel=1e-6)
        else:
            assert np.isnan(found[at])


@given(VOLUMES, st.floats(0.05, 0.125))
def test_a_slice_lies_between_the_voxels_above_and_below(values: np.ndarray, at_m: float) -> None:
    found = depth_slice(values, DEPTH_M, at_m)
    voxel, share = level_of(DEPTH_M, at_m)
    assert DEPTH_M[voxel] + share * 0.025 == pytest.approx(at_m, abs=2e-6)
    for at, column in columns_of(values):
        wanted = column[voxel]
        if share > 0.0:
            wanted = (1.0 - share) * wanted + share * column[voxel + 1]
        np.testing.assert_allclose(found[at], wanted, rtol=1e-5, atol=1e-37, equal_nan=True)


def test_at_a_voxels_own_depth_its_neighbours_do_not_count() -> None:
    values = np.full((1, 1, 4), np.nan, np.float32)
    values[..., 2] = 7.0
    assert depth_slice(values, DEPTH_M, 0.1) == 7.0
    assert depth_slice(values, DEPTH_M, 0.1 + 1e-8) == 7.0
    assert np.isnan(depth_slice(values, DEPTH_M, 0.101)).all()


@pytest.mark.parametrize("at_m", [0.0, 0.2, math.nan])
def test_a_depth_that_the_volume_lacks_is_told_with_those_it_has(at_m: float) -> None:
    with pytest.raises(UsageError, match=r"0\.05 to 0\.125 m"):
        depth_slice(np.zeros((1, 1, 4), np.float32), DEPTH_M, at_m)


def test_a_band_between_two_voxels_is_refused() -> None:
    assert band_of(DEPTH_M, 0.0, 1.0) == slice(0, 4)
    with pytest.raises(UsageError, match=r"one each 0\.025 m"):
        band_of(DEPTH_M, 0.06, 0.07)


def test_depths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="3 depths"):
        maximum_projection(np.zeros((1, 1, 4), np.float32), DEPTH_M[:3])


@given(hnp.arrays(np.float32, (5, 7), elements=AMPLITUDES), st.integers(1, 6), st.integers(1, 8))
def test_no_voxel_vanishes_from_a_small_picture(plane: np.ndarray, first: int, second: int) -> None:
    found = pixel_maximum(plane, first, second)
    assert found.shape == (-(-5 // first), -(-7 // second))
    for i, j in np.ndindex(found.shape):
        block = plane[i * first : (i + 1) * first, j * second : (j + 1) * second]
        imaged = block[~np.isnan(block)]
        np.testing.assert_equal(found[i, j], imaged.max() if imaged.size else np.nan)


class TestSections:
    def plane(self) -> Columns:
        """A volume whose value is 2 east - 3 north + depth index: straight in all directions."""
        east, north = 0.1 * np.arange(6) - 0.2, 0.1 * np.arange(5) + 1.0
        values = 2.0 * east[:, None, None] - 3.0 * north[None, :, None] + np.arange(3)
        return Columns(values.astype(np.float32), -0.2, 1.0, 0.1)

    @given(st.floats(-0.2, 0.3), st.floats(1.0, 1.4))
    def test_between_columns_it_is_straight(self, east: float, north: float) -> None:
        found = vertical_section(self.plane(), np.array([[east, north]]))
        np.testing.assert_allclose(found[0], 2 * east - 3 * north + np.arange(3), atol=1e-5)

    def test_beyond_the_volume_nothing_is_imaged(self) -> None:
        found = vertical_section(self.plane(), np.array([[-0.25, 1.1], [0.3, 1.4], [0.0, 1.45]]))
        assert np.isnan(found[[0, 2]]).all()
        assert np.isfinite(found[1]).all()

    def test_a_column_that_was_not_imaged_leaves_a_gap(self) -> None:
        volume = self.plane()
        volume.values[2, 1] = np.nan
        found = vertical_section(volume, np.array([[-0.05, 1.1], [0.1, 1.1], [0.1, 1.05]]))
        assert np.isnan(found[0]).all()
        assert np.isfinite(found[1:]).all()

    def test_a_line_with_corners_is_walked_at_equal_steps(self) -> None:
        corners = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
        places, along = places_along(corners, 0.5)
        assert along[-1] == 7.0
        np.testing.assert_allclose(np.diff(along), 0.5)
        np.testing.assert_allclose(places[6], [3.0, 0.0])
        np.testing.assert_allclose(places[-1], [3.0, 4.0])

    @pytest.mark.parametrize("end", [(0.0, 0.0), (math.nan, 1.0)])
    def test_a_section_without_length_is_refused(self, end: tuple[float, float]) -> None:
        with pytest.raises(UsageError, match="two different points"):
            places_along(np.array([[0.0, 0.0], end]), 0.1)
