"""Polygons on cells: areas are kept, wherever they lie, and no metal gets lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from detectkit.core import ShapeError
from detectkit.sim.scene import METAL, Material, Section, Shape, with_shapes
from detectkit.sim.scene.paint import METAL_S_PER_M, coverage

PLASTIC = Material(3.0, 0.001, 0.5)
CELL_M = 0.005


def plain(columns: int = 60, rows: int = 50) -> Section:
    one = np.ones((columns, rows), dtype=np.float32)
    return Section(CELL_M, 0.1, 0.0, 6 * one, 0.01 * one, 2 * one)


def disc(along_m: float, up_m: float, radius_m: float, corners: int = 64) -> np.ndarray:
    angle = 2.0 * np.pi * np.arange(corners) / corners
    return np.column_stack([along_m + radius_m * np.cos(angle), up_m + radius_m * np.sin(angle)])


def area(outline: np.ndarray) -> float:
    x, y = outline.T
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def metal_of(section: Section) -> np.ndarray:
    return section.conductivity_s_per_m >= METAL_S_PER_M


def covered(section: Section) -> float:
    return float(((6.0 - section.permittivity) / 3.0).sum()) * CELL_M**2


@st.composite
def stars(draw: st.DrawFn) -> np.ndarray:
    """Draw a polygon without crossings: corners in the order of their angles."""
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(0.05, 9.0), min_size=count, max_size=count))
    turn = draw(st.floats(0.0, 6.2))
    angle = turn + 2.0 * np.pi * np.arange(count) / count
    middle = draw(st.tuples(st.floats(-3.0, 23.0), st.floats(-3.0, 18.0)))
    return np.asarray(middle) + np.column_stack([
        np.array(radii) * np.cos(angle), np.array(radii) * np.sin(angle),
    ])  # fmt: skip


class TestCoverage:
    @settings(max_examples=60)
    @given(stars())
    def test_all_area_is_found_on_the_cells(self, outline: np.ndarray) -> None:
        moved = outline + 20.0
        share = coverage(moved, 60, 60)
        assert share.sum() == pytest.approx(area(outline), abs=1e-4)
        assert 0.0 <= share.min() <= share.max() <= 1.0

    @settings(max_examples=60)
    @given(stars())
    def test_what_lies_outside_is_cut_off_and_nothing_else(self, outline: np.ndarray) -> None:
        whole = coverage(outline + 20.0, 60, 60)
        assert coverage(outline, 20, 15) == pytest.approx(whole[20:40, 20:35], abs=1e-6)

    @settings(max_examples=30)
    @given(st.lists(st.tuples(st.floats(-5.0, 25.0), st.floats(-5.0, 25.0)), min_size=3))
    def test_any_corners_give_shares(self, corners: list[tuple[float, float]]) -> None:
        share = coverage(np.array(corners), 20, 20)
        assert np.all((share >= 0.0) & (share <= 1.0))

    def test_a_half_cell_is_half(self) -> None:
        triangle = np.array([(1.0, 1.0), (2.0, 1.0), (1.0, 2.0)])
        share = coverage(triangle, 3, 3)
        assert share[1, 1] == pytest.approx(0.5)
        assert share.sum() == pytest.approx(0.5)


class TestMixing:
    def test_the_area_of_a_disc_is_kept(self) -> None:
        outline = disc(0.2513, -0.1207, 0.056)
        section = with_shapes(plain(), [Shape(outline, PLASTIC)])
        assert covered(section) == pytest.approx(area(outline), rel=1e-4)
        assert area(outline) == pytest.approx(np.pi * 0.056**2, rel=0.002)

    def test_moved_by_whole_cells_it_is_the_same_disc(self) -> None:
        here = with_shapes(plain(), [Shape(disc(0.2013, -0.1007, 0.03), PLASTIC)])
        there = with_shapes(
            plain(), [Shape(disc(0.2013 + 7 * CELL_M, -0.1007 - 4 * CELL_M, 0.03), PLASTIC)]
        )
        assert there.permittivity[7:, 4:] == pytest.approx(here.permittivity[:-7, :-4], abs=1e-5)

    @pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
    def test_moved_by_part_of_a_cell_its_centre_moves_with_it(self, part: float) -> None:
        shape = Shape(disc(0.2 + part * CELL_M, -0.1, 0.02), PLASTIC)
        section = with_shapes(plain(), [shape])
        weight = (6.0 - section.permittivity).sum(axis=1)
        middle = float((weight * section.along_m).sum() / weight.sum())
        assert middle == pytest.approx(0.2 + part * CELL_M, abs=2e-5)

    def test_all_three_grids_are_mixed_and_the_old_section_is_left(self) -> None:
        before = plain()
        after = with_shapes(before, [Shape(disc(0.2, -0.1, 0.03), PLASTIC)])
        assert after.permittivity[20, 20] == pytest.approx(3.0)
        assert after.debye_strength[20, 20] == pytest.approx(0.5)
        assert after.conductivity_s_per_m[20, 20] == pytest.approx(0.001)
        assert np.all(before.permittivity == 6.0)

    def test_later_shapes_lie_over_earlier_ones(self) -> None:
        outer, inner = disc(0.2, -0.1, 0.04), disc(0.2, -0.1, 0.02)
        shapes = [Shape(outer, PLASTIC), Shape(inner, Material(2.0))]
        section = with_shapes(plain(), shapes)
        assert section.permittivity[20, 20] == pytest.approx(2.0)
        hidden = with_shapes(plain(), shapes[::-1])
        assert hidden.permittivity == pytest.approx(
            with_shapes(plain(), shapes[:1]).permittivity, abs=1e-6
        )

    def test_shapes_elsewhere_change_nothing(self) -> None:
        section = with_shapes(plain(), [Shape(disc(5.0, -0.1, 0.04), PLASTIC)])
        assert np.array_equal(section.permittivity, plain().permittivity)

    def test_two_corners_are_no_shape(self) -> None:
        with pytest.raises(ShapeError, match="give three corners or more"):
            with_shapes(plain(), [Shape(np.zeros((2, 2)), PLASTIC)])


class TestMetal:
    def test_a_thick_body_keeps_its_size(self) -> None:
        for part in (0.0, 0.3, 0.7):
            section = with_shapes(plain(), [Shape(disc(0.25 + part * CELL_M, -0.1, 0.0487), METAL)])
            cells = metal_of(section).sum() * CELL_M**2
            assert cells == pytest.approx(np.pi * 0.0487**2, rel=0.02)

    def test_metal_is_metal_and_nothing_between(self) -> None:
        section = with_shapes(plain(), [Shape(disc(0.25, -0.1, 0.031), METAL)])
        cells = metal_of(section)
        assert np.all(section.permittivity[cells] == 1.0)
        assert np.all(section.permittivity[~cells] == 6.0)

    @settings(max_examples=60)
    @given(st.floats(0.0, np.pi), st.floats(0.0002, 0.006), st.floats(0.0, CELL_M))
    def test_a_sheet_of_any_thickness_has_no_gaps(
        self, turn: float, thick_m: float, moved_m: float
    ) -> None:
        along = np.array([np.cos(turn), np.sin(turn)])
        aside = 0.5 * thick_m * np.array([-along[1], along[0]])
        middle, reach = np.array([0.25 + moved_m, -0.12]), 0.4 * along
        sheet = np.array([
            middle - reach - aside, middle + reach - aside,
            middle + reach + aside, middle - reach + aside,
        ])  # fmt: skip
        cells = metal_of(with_shapes(plain(), [Shape(sheet, METAL)]))
        # The field goes on from a cell to those above, below and beside it: two halves are left.
        assert label(~cells)[1] == 2
        assert cells.sum() <= (1.5 * thick_m / CELL_M + 1.5) * 60 * 1.5

    def test_a_needle_s_point_is_one_cell(self) -> None:
        section = with_shapes(plain(), [Shape(disc(0.2513, -0.1012, 0.0004), METAL)])
        assert metal_of(section).sum() == 1

    def test_the_wall_of_a_can_is_closed(self) -> None:
        # 2 mm of steel around a filling, on cells of 5 mm: nothing may look through.
        for moved in (0.0, 0.0012, 0.0031):
            shapes = [
                Shape(disc(0.25 + moved, -0.12, 0.05), METAL),
                Shape(disc(0.25 + moved, -0.12, 0.048), PLASTIC),
            ]
            section = with_shapes(plain(), shapes)
            cells = metal_of(section)
            assert not cells[30, 24]
            assert section.permittivity[30, 24] == pytest.approx(3.0)
            assert label(~cells)[1] == 2

    def test_a_hole_through_a_plate_stays_a_hole(self) -> None:
        plate = np.array([(0.2, -0.1), (0.3, -0.1), (0.3, -0.14), (0.2, -0.14)])
        bore = np.array([(0.24, -0.08), (0.26, -0.08), (0.26, -0.16), (0.24, -0.16)])
        section = with_shapes(plain(), [Shape(plate, METAL), Shape(bore, PLASTIC)])
        assert metal_of(section).any()
        assert not metal_of(section)[29:32].any()
