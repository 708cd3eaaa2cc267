"""A body cut by a vertical plane: areas in closed form, and what no cut may ever do."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.sim.bodies import (
    Body,
    Part,
    PlacedBody,
    area_m2,
    bounding_radius_m,
    centre,
    cut,
    extent_across_m,
    load_library,
)
from detectkit.sim.scene.section import Material

MATERIALS = SimpleNamespace(
    materials=MappingProxyType({"stuff": Material(3.0), "water": Material(80.0)})
)
ANGLES = st.floats(0.0, 360.0)
TILTS = st.floats(0.0, 90.0)


def body(*parts: Part) -> Body:
    return Body("a body", "clutter", "made up", parts, (), 0.0)


DISC = Part("cylinder", "stuff", (0.2, 0.2, 0.06))
BALL = Part("sphere", "stuff", (0.2, 0.2, 0.2))
BOX = Part("box", "stuff", (0.20, 0.08, 0.05))
CONE = Part("cone", "stuff", (0.2, 0.2, 0.1))
ROD = Part("capsule", "stuff", (0.3, 0.04, 0.04))
PARTS = st.sampled_from([DISC, BALL, BOX, CONE, ROD, replace(DISC, below_top_m=0.03)])


def area(placed: PlacedBody, across_m: float = 0.0) -> float:
    shapes = cut(placed, MATERIALS, across_m=across_m, ground_up_m=0.0)
    return sum(area_m2(one.outline) for one in shapes)


def lying(part: Part, **how: float) -> PlacedBody:
    return PlacedBody(body(part), along_m=0.0, across_m=0.0, depth_m=0.05, **how)


def test_a_disc_that_lies_flat_is_cut_to_a_rectangle_as_wide_as_the_chord() -> None:
    placed = lying(DISC)
    for away in (0.0, 0.05, -0.09):
        (shape,) = cut(placed, MATERIALS, across_m=away, ground_up_m=10.0)
        low, high = shape.outline.min(axis=0), shape.outline.max(axis=0)
        chord = 2.0 * math.sqrt(0.1**2 - away**2)
        assert high[0] - low[0] == pytest.approx(chord, abs=0.3e-3)
        assert (high[1], low[1]) == pytest.approx((9.95, 9.89))
        assert area_m2(shape.outline) == pytest.approx(0.06 * chord, rel=4e-3)


def test_a_ball_is_cut_to_circles_wherever_and_however_it_lies() -> None:
    for away in (0.0, 0.06, 0.095):
        for tilt in (0.0, 33.0):
            found = area(lying(BALL, tilt_deg=tilt, tilt_direction_deg=70.0), away)
            chord = math.pi * (0.1**2 - away**2)
            assert found == pytest.approx(chord, abs=3e-3 * math.pi * 0.1**2)


def test_a_cylinder_on_its_side_is_cut_to_its_circle() -> None:
    """Leant 90 degrees across the track, the plane cuts it at a right angle to its axis."""
    placed = lying(DISC, tilt_deg=90.0, tilt_direction_deg=90.0)
    assert area(placed) == pytest.approx(math.pi * 0.1**2, rel=2e-3)
    assert extent_across_m(placed) == pytest.approx(0.06)


def test_a_long_cylinder_leant_across_the_track_is_cut_to_an_ellipse() -> None:
    long = Part("cylinder", "stuff", (0.1, 0.1, 2.0))
    for tilt in (45.0, 70.0):
        found = area(lying(long, tilt_deg=tilt, tilt_direction_deg=90.0))
        assert found == pytest.approx(math.pi * 0.05**2 / math.sin(math.radians(tilt)), rel=2e-3)


def test_a_box_turned_shows_its_other_side_and_a_cone_its_triangle() -> None:
    assert area(lying(BOX)) == pytest.approx(0.20 * 0.05)
    assert area(lying(BOX, turn_deg=90.0)) == pytest.approx(0.08 * 0.05)
    assert area(lying(CONE)) == pytest.approx(0.5 * 0.2 * 0.1, rel=2e-3)


def test_a_capsule_lies_along_its_first_axis_with_round_ends() -> None:
    whole = 0.26 * 0.04 + math.pi * 0.02**2
    assert area(lying(ROD)) == pytest.approx(whole, rel=3e-3)
    assert area(lying(ROD, turn_deg=90.0)) == pytest.approx(math.pi * 0.02**2, rel=3e-3)
    assert extent_across_m(lying(ROD, turn_deg=90.0)) == pytest.approx(0.3)


def test_a_body_leans_where_it_is_told() -> None:
    """Leant along the lane, the highest of its rim is on the other side."""
    placed = lying(DISC, tilt_deg=20.0)
    (shape,) = cut(placed, MATERIALS, across_m=0.0, ground_up_m=0.0)
    highest = shape.outline[shape.outline[:, 1].argmax()]
    assert highest[0] < -0.05
    # Its top's centre keeps its depth and moves the way it leans.
    edges = np.roll(shape.outline, -1, axis=0) - shape.outline
    top = np.array([0.03 * math.sin(math.radians(20.0)), -0.05]) - shape.outline
    away = (edges[:, 0] * top[:, 1] - edges[:, 1] * top[:, 0]) / np.hypot(*edges.T)
    assert np.abs(away).min() < 1e-4


@given(PARTS, ANGLES, st.floats(-0.2, 0.2))
def test_the_direction_of_no_lean_does_not_matter(part: Part, angle: float, away: float) -> None:
    straight = area(lying(part), away)
    assert area(lying(part, tilt_direction_deg=angle), away) == pytest.approx(straight, abs=2e-7)


@given(PARTS, TILTS, ANGLES, st.floats(-0.2, 0.2))
def test_half_a_turn_of_everything_is_seen_from_the_other_side(
    part: Part, tilt: float, direction: float, away: float
) -> None:
    one = lying(part, tilt_deg=tilt, tilt_direction_deg=direction)
    # Turn and lean by 180 degrees, the plane at the other side: the same cut, mirrored.
    other = replace(one, tilt_direction_deg=direction + 180.0, turn_deg=180.0)
    assert area(other, -away) == pytest.approx(area(one, away), rel=1e-6, abs=1e-8)


@given(PARTS, TILTS, ANGLES, st.floats(-0.25, 0.25))
def test_no_cut_reaches_out_of_the_ball_around_the_body(
    part: Part, tilt: float, direction: float, away: float
) -> None:
    placed = lying(part, tilt_deg=tilt, tilt_direction_deg=direction, turn_deg=31.0)
    middle = np.array(centre(placed, ground_up_m=0.0))
    for shape in cut(placed, MATERIALS, across_m=away, ground_up_m=0.0):
        reach = np.hypot(np.linalg.norm(shape.outline - middle, axis=1), away)
        assert reach.max() <= bounding_radius_m(placed) + 1e-9
        assert area_m2(shape.outline) > 0.0, "counter-clockwise"


@given(TILTS, ANGLES, st.floats(-0.2, 0.2))
def test_the_area_changes_little_from_plane_to_plane(
    tilt: float, direction: float, away: float
) -> None:
    """A ball's area falls by 2 π r per metre at its side, a facet of its net by thrice that."""
    placed = lying(BALL, tilt_deg=tilt, tilt_direction_deg=direction)
    step = 1e-4
    change = abs(area(placed, away + step) - area(placed, away))
    assert change <= 6.0 * math.pi * 0.1 * step + 1e-6


def test_areas_of_all_planes_add_up_to_the_volume() -> None:
    planes = np.arange(-0.2, 0.2, 0.002)
    for part, volume in (
        (DISC, math.pi * 0.1**2 * 0.06),
        (CONE, math.pi * 0.1**2 * 0.1 / 3.0),
        (ROD, math.pi * 0.02**2 * 0.26 + 4.0 / 3.0 * math.pi * 0.02**3),
    ):
        placed = lying(part, tilt_deg=35.0, tilt_direction_deg=50.0, turn_deg=20.0)
        assert sum(area(placed, one) for one in planes) * 0.002 == pytest.approx(volume, rel=0.01)


def test_water_stands_level_in_a_hollow() -> None:
    hollow = Part("cylinder", "air", (0.1, 0.1, 0.04), below_top_m=0.01)
    placed = PlacedBody(body(DISC, hollow), 0.0, 0.0, 0.1, tilt_deg=15.0, water=0.4)
    case, air, water = cut(placed, MATERIALS, across_m=0.0, ground_up_m=0.0)
    assert (case.material, water.material) == tuple(MATERIALS.materials.values())
    assert air.material == Material()
    level = water.outline[:, 1].max()
    assert np.sum(np.isclose(water.outline[:, 1], level)) == 2, "its surface is flat"
    low, high = air.outline[:, 1].min(), air.outline[:, 1].max()
    assert (level - low) / (high - low) == pytest.approx(0.4)
    full = cut(replace(placed, water=1.0), MATERIALS, across_m=0.0, ground_up_m=0.0)
    assert area_m2(full[2].outline) == pytest.approx(area_m2(air.outline))


def test_a_plane_beside_the_body_gives_nothing_and_a_missing_material_is_named() -> None:
    assert cut(lying(DISC), MATERIALS, across_m=0.11, ground_up_m=0.0) == ()
    strange = lying(replace(DISC, material="kryptonite"))
    with pytest.raises(UsageError, match="kryptonite"):
        cut(strange, MATERIALS, across_m=0.0, ground_up_m=0.0)


def test_parts_are_painted_from_the_outside_in() -> None:
    library = load_library()
    placed = PlacedBody(library["PMN-2"], 1.0, 0.4, 0.08, tilt_deg=10.0)
    shapes = cut(placed, library, across_m=0.4, ground_up_m=50.0)
    names = [one.material for one in placed.body.parts]
    assert [one.material for one in shapes] == [library.materials[one] for one in names]
    assert area_m2(shapes[0].outline) > max(area_m2(one.outline) for one in shapes[1:])
