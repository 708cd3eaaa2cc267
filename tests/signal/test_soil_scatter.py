from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.signal.soil_scatter import over_soil, principal_axes, robust_scatter

SOIL = np.array([0.9, -0.2, -0.4]) / np.linalg.norm([0.9, -0.2, -0.4])


def ground(rows: int = 300, *, seed: int = 1, noise: float = 1.0) -> np.ndarray:
    """Return rows that the soil moves along one direction, with noise."""
    rng = np.random.default_rng(seed)
    return 500.0 + 60.0 * rng.normal(size=(rows, 1)) * SOIL + rng.normal(0.0, noise, (rows, 3))


def test_the_soil_is_taken_off_and_metal_stays() -> None:
    rows = ground()
    metal = np.array([3.0, 30.0, -20.0])
    rows[150] += metal
    out = over_soil(rows, first=0, span=(0, 300), window=(300, 300))
    assert out.anomaly.argmax() == 150
    assert out.anomaly[150] > 8.0
    left = metal - SOIL * (SOIL @ metal)
    assert out.balanced[150] == pytest.approx(left, abs=6.0)
    assert np.abs(out.balanced @ SOIL).max() < 5.0


def test_noise_has_the_tail_of_a_normal_law() -> None:
    out = over_soil(
        ground(4000, seed=3), first=0, span=(0, 4000), window=(300, 300), soil_error=0.0
    )
    assert (
        0.9 < float(np.sqrt((out.soil**2).mean())) < 1.6
    )  # the closest half is narrower where the soil moves
    assert float((out.anomaly > 4.0).mean()) < 2e-3


def test_metal_in_two_fifths_of_the_window_moves_neither_level_nor_spread() -> None:
    rows = ground()
    rows[100:220] += np.linspace(50.0, 5000.0, 120)[:, None] * np.array([0.1, 1.0, 0.6])
    centre, scatter = robust_scatter(rows)
    assert centre == pytest.approx(np.full(3, 500.0), abs=25.0)
    axis = np.linalg.eigh(scatter)[1][:, -1]
    assert abs(axis @ SOIL) > 0.999


def test_what_the_soil_moves_is_explained_to_a_share_only() -> None:
    rows = ground()
    rows[150] = 500.0 + 900.0 * (SOIL + 0.02 * np.array([0.4, 0.9, 0.0]))
    strict = over_soil(rows, first=0, span=(0, 300), window=(300, 300), soil_error=0.0)
    usual = over_soil(rows, first=0, span=(0, 300), window=(300, 300))
    assert strict.anomaly[150] > 6.0
    assert usual.anomaly[150] < 3.0


def test_a_measured_direction_takes_the_place_of_the_learned() -> None:
    rows = ground()
    measured = over_soil(rows, first=0, span=(0, 300), window=(300, 300), direction=7.0 * SOIL)
    learned = over_soil(rows, first=0, span=(0, 300), window=(300, 300))
    assert measured.soil == pytest.approx(learned.soil, abs=0.05)
    with pytest.raises(UsageError, match="2 parts for 3 channels"):
        over_soil(rows, first=0, span=(0, 9), window=(9, 9), direction=(1.0, 2.0))


def test_one_channel_and_even_ground_have_no_soil_direction() -> None:
    rng = np.random.default_rng(4)
    single = over_soil(rng.normal(size=(200, 1)), first=0, span=(0, 200), window=(99, 99))
    even = over_soil(rng.normal(size=(200, 3)), first=0, span=(0, 200), window=(99, 99))
    assert not single.soil.any()
    assert not even.soil.any()
    assert single.anomaly.max() < 5.0


def test_constant_and_short_rows_give_no_alarm() -> None:
    same = over_soil(np.full((80, 3), 7.0), first=0, span=(0, 80), window=(80, 80))
    assert np.nanmax(same.anomaly) < 1.0
    short = over_soil(ground(10), first=0, span=(0, 10), window=(80, 80))
    assert np.isnan(short.anomaly).all()


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 1000))
def test_axes_are_those_of_the_matrix(size: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(30, size)) * np.arange(1.0, size + 1.0)
    scatter = np.asarray(rows.T @ rows / 30.0)
    variances, axes = principal_axes(scatter)
    assert np.sort(variances) == pytest.approx(np.linalg.eigvalsh(scatter), rel=1e-9)
    assert axes.T @ axes == pytest.approx(np.eye(size), abs=1e-9)
    assert scatter @ axes == pytest.approx(axes * variances, abs=1e-8)


@settings(max_examples=15)
@given(st.integers(0, 250), st.integers(1, 50))
def test_a_row_depends_on_its_window_alone(start: int, length: int) -> None:
    rows = ground()
    whole = over_soil(rows, first=0, span=(0, 300), window=(40, 20))
    stop = min(300, start + length)
    low, high = max(0, start - 43), min(300, stop + 23)
    part = over_soil(rows[low:high], first=low, span=(start - low, stop - low), window=(40, 20))
    assert np.array_equal(part.anomaly, whole.anomaly[start:stop])
    assert np.array_equal(part.balanced, whole.balanced[start:stop])
