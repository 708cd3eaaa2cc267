"""Rays: against Snell, brute force, and the limits that have a formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.sim.refraction import (
    LIGHT_M_PER_S,
    attenuation_per_m,
    fresnel,
    leg,
    ray_tangent,
)

DISTANCES = st.floats(0.0, 3.0)
HEIGHTS = st.floats(0.05, 2.0)
DEPTHS = st.floats(0.0, 1.5)
INDICES = st.floats(1.0, 5.0)


def shortest_path_m(distance: float, height: float, depth: float, index: float) -> float:
    """Return the least optical path over every place at which the ray may enter the soil."""
    enter = np.linspace(0.0, distance, 200_001)
    path = np.hypot(height, enter) + index * np.hypot(depth, distance - enter)
    return float(path.min())


def test_straight_down_it_is_height_and_depth_times_the_index() -> None:
    optical, in_soil, spreading, sine, cosine = leg(0.0, 0.45, 0.2, 2.5)
    assert optical == pytest.approx(0.45 + 2.5 * 0.2, rel=1e-15)
    assert (in_soil, sine, cosine) == (0.2, 0.0, 1.0)
    assert spreading == pytest.approx(math.sqrt(2.5) * (0.45 + 0.2 / 2.5))


@given(DISTANCES, HEIGHTS, DEPTHS, INDICES)
def test_the_ray_obeys_snell_and_arrives(
    distance: float, height: float, depth: float, index: float
) -> None:
    tangent = ray_tangent(distance, height, depth, index)
    sin_air = tangent / math.hypot(1.0, tangent)
    sin_soil = sin_air / index
    arrives = height * tangent + depth * sin_soil / math.sqrt(1.0 - sin_soil**2 + 1e-300)
    assert arrives == pytest.approx(distance, abs=1e-9)


@pytest.mark.parametrize("distance", [0.01, 0.1, 0.4, 1.0, 2.5])
@pytest.mark.parametrize(("height", "depth"), [(0.45, 0.1), (0.1, 0.6), (1.0, 0.02)])
@pytest.mark.parametrize("index", [1.0, 1.7, 2.6, 4.5])
def test_no_other_way_is_faster(distance: float, height: float, depth: float, index: float) -> None:
    optical = leg(distance, height, depth, index)[0]
    assert optical == pytest.approx(shortest_path_m(distance, height, depth, index), abs=1e-8)


@pytest.mark.parametrize("distance", [0.0, 0.3, 1.2])
def test_without_soil_it_is_a_straight_line(distance: float) -> None:
    optical, _, spreading, _, _ = leg(distance, 0.4, 0.3, 1.0)
    assert optical == pytest.approx(math.hypot(distance, 0.7))
    assert spreading == pytest.approx(math.hypot(distance, 0.7))


@pytest.mark.parametrize("tangent", [0.05, 0.5, 1.5])
def test_spreading_is_that_of_a_thin_tube_of_rays(tangent: float) -> None:
    """Area across the tube in soil over its solid angle in air, by differences."""
    height, depth, index, thin = 0.45, 0.25, 2.4, 1e-6

    def distance(angle: float) -> float:
        sin_soil = math.sin(angle) / index
        return height * math.tan(angle) + depth * sin_soil / math.sqrt(1.0 - sin_soil**2)

    angle = math.atan(tangent)
    wide = (distance(angle + thin) - distance(angle - thin)) / (2.0 * thin)
    cos_soil = math.sqrt(1.0 - (math.sin(angle) / index) ** 2)
    area_per_solid_angle = distance(angle) * wide * cos_soil / math.sin(angle)
    spreading = leg(distance(angle), height, depth, index)[2]
    assert spreading**2 / index == pytest.approx(area_per_solid_angle, rel=1e-6)


def test_soil_reflects_as_its_index_says_straight_down_and_all_at_grazing() -> None:
    assert fresnel(1.0, 2.5) == pytest.approx((1.0 - 2.5) / (1.0 + 2.5))
    assert fresnel(1e-9, 2.5) == pytest.approx(-1.0, abs=1e-8)
    assert fresnel(0.7, 1.0) == pytest.approx(0.0, abs=1e-15)


def test_attenuation_goes_with_conductivity_where_loss_is_small() -> None:
    small = attenuation_per_m(6.0, 0.001, 1.2e9)
    assert small == pytest.approx(0.5 * 0.001 * 376.730 / math.sqrt(6.0), rel=1e-4)


def test_attenuation_is_that_of_a_conductor_where_loss_is_large() -> None:
    """One over the skin depth."""
    large = attenuation_per_m(6.0, 1e4, 1e6)
    assert large == pytest.approx(math.sqrt(math.pi * 1e6 * 4e-7 * math.pi * 1e4), rel=1e-3)
    assert LIGHT_M_PER_S == 299_792_458.0
