"""Back-projection against points simulated by rays that know nothing of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.imaging.backprojection.projector import BackProjection

from .scattered_point import Survey, curves, heard, lanes, on_a_slope, peak, volume

Values = npt.NDArray[np.float64]
POINT = np.array([0.013, -0.027, 0.227])


def low() -> Survey:
    return heard(lanes(0.3), POINT, permittivity=3.0)


def high() -> Survey:
    return heard(lanes(1.5), POINT * [1.0, 1.0, 1.4], permittivity=15.0)


def curved() -> Survey:
    return heard(curves(0.6), POINT, permittivity=6.0)


def leaning() -> Survey:
    return heard(lanes(0.7), POINT, permittivity=9.0, tilt_deg=20.0)


def sloping() -> Survey:
    return on_a_slope(heard(lanes(0.5), POINT, permittivity=6.0, tilt_deg=10.0), (0.25, -0.15))


@pytest.mark.parametrize("flown", [low, high, curved, leaning, sloping], ids=lambda f: f.__name__)
def test_a_point_is_where_it_is(flown: Callable[[], Survey]) -> None:
    survey = flown()
    settings = BackProjection(survey.velocity_m_per_s, radius_m=0.6)
    found = peak(*volume(survey, settings))
    away = found - survey.point
    # within 1 cm and 1.5 cm is asked; they are within 3 and 4 mm
    assert np.hypot(away[0], away[1]) < 0.003
    assert abs(away[2]) < 0.004


@pytest.mark.parametrize("weights", ["equal", "spreading"])
def test_no_choice_of_weights_moves_it(weights: str) -> None:
    survey = curved()
    settings = BackProjection(survey.velocity_m_per_s, radius_m=0.4, weights=weights)
    away = peak(*volume(survey, settings)) - survey.point
    assert np.abs(away).max() < 0.003
