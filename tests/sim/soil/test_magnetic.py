"""Magnetic soil: in phase, in quadrature, and after the field is gone."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.sim.soil import MAGNETIC_SOILS, MagneticSoil

SOIL = MagneticSoil(2e-3, viscosity_ratio=0.02)


def test_at_ten_kilohertz_it_is_what_was_given() -> None:
    assert complex(SOIL.at(1e4)) == pytest.approx(2e-3 - 4e-5j, rel=1e-9)


def test_the_quadrature_part_is_the_same_at_all_frequencies_of_detectors() -> None:
    assert SOIL.at(np.geomspace(1e3, 1e5, 9)).imag == pytest.approx(-4e-5, rel=1e-3)


def test_it_is_the_slope_of_the_in_phase_part() -> None:
    # Néel: χ'' = -π/2 dχ'/d ln ω, so a decade takes 2/π ln 10 = 1.466 of it.
    assert SOIL.decade == pytest.approx(1.466 * 4e-5, rel=1e-3)


def test_switched_off_it_answers_as_one_over_time() -> None:
    time = np.geomspace(1e-6, 1e-3, 200)
    rate = -np.gradient(SOIL.after_step_off(time), time)
    assert (rate * time)[1:-1] == pytest.approx(2.0 / np.pi * 4e-5, rel=0.01)


def test_what_is_left_at_once_is_all_that_lags() -> None:
    assert float(SOIL.after_step_off(1e-14)) == pytest.approx(SOIL.viscous, rel=0.01)


def test_the_classes_get_worse() -> None:
    quadrature = [-complex(one.at(1e4)).imag for one in MAGNETIC_SOILS.values()]
    assert quadrature == sorted(quadrature)


@pytest.mark.parametrize(
    ("susceptibility", "ratio", "words"),
    [(-1e-3, 0.02, "susceptibility = -0.001; give 0 to 1"), (1e-3, 0.5, "viscosity_ratio = 0.5")],
)
def test_values_out_of_range_are_named(susceptibility: float, ratio: float, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        MagneticSoil(susceptibility, ratio)
