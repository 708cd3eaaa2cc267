"""The ray through air and soil, against brute force and against the simulator's own solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from detectkit.core import UsageError
from detectkit.imaging.refraction import air_soil_path, path_table
from detectkit.sim.refraction import leg

DISTANCE = st.floats(0.0, 12.0)
HEIGHT = st.floats(0.01, 3.0)
DEPTH = st.floats(0.0, 3.0)
INDEX = st.floats(1.0, 5.0)


def shortest(distance_m: float, height_m: float, depth_m: float, index: float) -> float:
    """Return the least optical path over all places where a ray may enter the ground."""

    def path(enter: float) -> float:
        return math.hypot(height_m, enter) + index * math.hypot(depth_m, distance_m - enter)

    found = minimize_scalar(
        path, bounds=(0.0, distance_m), method="bounded", options={"xatol": 1e-9}
    )
    return min(float(found.fun), path(0.0), path(distance_m))


@given(DISTANCE, HEIGHT, DEPTH, INDEX)
def test_no_other_ray_is_shorter(x: float, h: float, d: float, n: float) -> None:
    path, _ = air_soil_path(x, h, d, n)
    assert path == pytest.approx(shortest(x, h, d, n), abs=1e-6)


@given(DISTANCE, HEIGHT, DEPTH, INDEX)
def test_the_simulator_finds_the_same_ray(x: float, h: float, d: float, n: float) -> None:
    """Another derivation, another iteration, in a room that does not see this one."""
    path, sine = air_soil_path(x, h, d, n)
    optical, _, _, their_sine, _ = leg(x, h, d, n)
    assert path == pytest.approx(optical, abs=1e-9)
    assert sine == pytest.approx(their_sine, abs=1e-6)


@given(DISTANCE, HEIGHT, DEPTH, INDEX)
def test_the_angle_is_how_the_path_grows_with_distance(
    x: float, h: float, d: float, n: float
) -> None:
    """dL/dx = sin θ: the ray parameter, the same in air and soil (Snell)."""
    step = 1e-5
    longer, shorter = air_soil_path(x + 2 * step, h, d, n)[0], air_soil_path(x, h, d, n)[0]
    _, sine = air_soil_path(x + step, h, d, n)
    assert (longer - shorter) / (2 * step) == pytest.approx(sine, abs=1e-4)


@given(DISTANCE, HEIGHT, DEPTH)
def test_without_contrast_the_ray_is_straight(x: float, h: float, d: float) -> None:
    assert air_soil_path(x, h, d, 1.0)[0] == pytest.approx(math.hypot(x, h + d), abs=1e-9)


@given(DISTANCE, HEIGHT, DEPTH, INDEX)
def test_the_way_back_is_as_long(x: float, h: float, d: float, n: float) -> None:
    """Seen from the soil, air is the thinner layer: lengths over n, and the index 1 / n."""
    there = air_soil_path(x, h, d, n)[0]
    enter = x if d == 0.0 else _entry(x, h, d, n)
    back = n * math.hypot(d, x - enter) + math.hypot(h, enter)
    assert there == pytest.approx(back, abs=1e-6)


def _entry(x: float, h: float, d: float, n: float) -> float:
    """Return where the ray enters the ground, told from the angle in the soil."""
    sine = air_soil_path(x, h, d, n)[1] / n
    return x - d * sine / math.sqrt(max(1.0 - sine * sine, 1e-12))


@given(DISTANCE, DEPTH, INDEX)
def test_an_antenna_on_the_ground_is_in_the_soil(x: float, d: float, n: float) -> None:
    path, sine = air_soil_path(x, 0.0, d, n)
    assert path == pytest.approx(n * math.hypot(x, d), abs=1e-12)
    assert 0.0 <= sine <= 1.0


@given(DISTANCE, HEIGHT, INDEX)
def test_a_point_on_the_surface_is_seen_straight_through_the_air(
    x: float, h: float, n: float
) -> None:
    assert air_soil_path(x, h, 0.0, n)[0] == pytest.approx(math.hypot(x, h), abs=1e-9)


@pytest.mark.parametrize("x", [0.0, 0.05, 0.1])
def test_coming_down_to_the_ground_nothing_jumps_below_the_critical_angle(x: float) -> None:
    near, on = air_soil_path(x, 1e-6, 0.3, 2.5)[0], air_soil_path(x, 0.0, 0.3, 2.5)[0]
    assert near == pytest.approx(on, abs=2e-6)


def test_a_table_holds_the_rays() -> None:
    heights, depths, distances = [0.0, 0.4, 1.5], [0.05, 0.3], [-0.5, 0.0, 0.2, 0.5]
    optical, sine = path_table(heights, depths, distances, index=2.4)
    assert optical.shape == sine.shape == (3, 2, 4)
    assert (optical[1, 1, 2], sine[1, 1, 2]) == air_soil_path(0.2, 0.4, 0.3, 2.4)
    np.testing.assert_array_equal(optical[..., 0], optical[..., 3])


def test_a_wave_faster_than_light_is_refused() -> None:
    with pytest.raises(UsageError, match="slower than light"):
        path_table([0.4], [0.3], [0.1], index=0.9)
