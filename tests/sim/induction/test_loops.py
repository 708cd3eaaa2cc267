"""Fields of loops against the axis, the far field, Biot and Savart, and each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import j1

from detectkit.sim.induction.loops import dipole_field, loop_field, mutual_length

UP = np.array([0.0, 0.0, 1.0])
coordinate = st.floats(-1.0, 1.0)


def test_on_its_axis_a_loop_is_the_textbooks() -> None:
    height = np.linspace(-1.0, 1.0, 21)
    away = np.column_stack([0.0 * height, 0.0 * height, height])
    found = loop_field(away, UP, 0.14)
    np.testing.assert_allclose(found[:, 2], 0.5 * 0.14**2 / (0.14**2 + height**2) ** 1.5)
    assert not found[:, :2].any()


def test_far_away_a_loop_is_a_dipole() -> None:
    away = 14.0 * np.array([[1.0, 0.0, 0.0], [0.6, 0.0, 0.8], [0.0, 0.0, -1.0], [0.3, 0.4, 0.2]])
    found = loop_field(away, UP, 0.14)
    np.testing.assert_allclose(
        found, dipole_field(away, UP, math.pi * 0.14**2), rtol=2e-3, atol=1e-9
    )


@settings(max_examples=40)
@given(place=st.tuples(coordinate, coordinate, coordinate), lean=coordinate)
def test_anywhere_a_loop_is_the_sum_of_its_wire(
    place: tuple[float, float, float], lean: float
) -> None:
    axis = np.array([math.sin(lean), 0.0, math.cos(lean)])
    first = np.array([math.cos(lean), 0.0, -math.sin(lean)])
    angle = 2.0 * np.pi * np.arange(4000) / 4000
    second = np.cross(axis, first)
    wire = 0.14 * (np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second))
    along = 0.14 * (np.outer(np.cos(angle), second) - np.outer(np.sin(angle), first))
    away = np.array(place) - wire
    distance = np.linalg.norm(away, axis=1)
    if distance.min() < 0.01:
        return
    summed = (np.cross(along, away) / distance[:, np.newaxis] ** 3).mean(axis=0) / 2.0
    np.testing.assert_allclose(
        loop_field(np.array(place), axis, 0.14), summed, rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("distance_m", [0.06, 0.3, 2.0, 20.0])
def test_two_loops_on_one_axis_couple_as_the_bessel_integral(distance_m: float) -> None:
    """M / μ₀ = π a b ∫ J₁(λa) J₁(λb) exp(-λd) dλ."""
    radii = (0.14, 0.1)
    exact, _ = quad(
        lambda x: j1(0.14 * x) * j1(0.1 * x) * math.exp(-x * distance_m), 0.0, 60.0 / distance_m,
        limit=400,
    )  # fmt: skip
    axis = UP[np.newaxis]
    found = mutual_length(distance_m * axis, (axis, axis), radii)
    assert found[0] == pytest.approx(math.pi * 0.14 * 0.1 * exact, rel=1e-8)


@settings(max_examples=40)
@given(away=st.tuples(coordinate, coordinate, coordinate), lean=coordinate, other=coordinate)
def test_coupling_is_the_same_both_ways(
    away: tuple[float, float, float], lean: float, other: float
) -> None:
    vector = np.array([away])
    if np.linalg.norm(vector) < 0.35:
        return
    one = np.array([[math.sin(lean), 0.0, math.cos(lean)]])
    two = np.array([[0.0, math.sin(other), math.cos(other)]])
    there = mutual_length(vector, (one, two), (0.14, 0.1))
    back = mutual_length(-vector, (two, one), (0.1, 0.14))
    np.testing.assert_allclose(there, back, rtol=1e-7, atol=1e-10)


def test_coupling_is_the_flux_of_the_field() -> None:
    """A small loop takes the field at its centre."""
    away, axis = np.array([[0.2, 0.1, 0.3]]), np.array([[0.0, 0.6, 0.8]])
    found = mutual_length(away, (UP[np.newaxis], axis), (0.14, 0.002))
    flux = math.pi * 0.002**2 * (loop_field(away[0], UP, 0.14) @ axis[0])
    assert found[0] == pytest.approx(flux, rel=1e-3)
