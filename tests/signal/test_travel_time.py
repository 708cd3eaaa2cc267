from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.travel_time import air_delay_samples, depth_m, two_way_time_s


@given(st.floats(0, 10), st.floats(3e7, 3e8), st.floats(0, 2))
@settings(max_examples=60, deadline=None)
def test_time_and_depth_undo_each_other(depth: float, velocity: float, separation: float) -> None:
    path = {"velocity_m_per_s": velocity, "separation_m": separation}
    twt_s = two_way_time_s(depth * 1.0, **path)
    # Near depth 0 a rounding of the time is a visible depth: sqrt of the rounding.
    assert float(depth_m(twt_s * (1 + 1e-15), **path)) == pytest.approx(depth, abs=2e-7)


def test_a_three_four_five_triangle() -> None:
    assert float(two_way_time_s(4.0, velocity_m_per_s=1e8, separation_m=6.0)) == pytest.approx(1e-7)
    assert float(depth_m(1e-7, velocity_m_per_s=1e8, separation_m=6.0)) == pytest.approx(4.0)


def test_one_antenna_is_plain_halving() -> None:
    np.testing.assert_allclose(depth_m([0.0, 2e-9], velocity_m_per_s=1e8), [0.0, 0.1])


def test_before_the_direct_wave_there_is_no_depth() -> None:
    assert np.isnan(depth_m(1e-9, velocity_m_per_s=1e8, separation_m=0.5))
    assert np.isnan(depth_m(-1e-9, velocity_m_per_s=1e8))


def test_height_in_air_in_samples() -> None:
    height = np.array([0.0, 0.149896229, np.nan])
    samples = air_delay_samples(height, sample_interval_s=1e-10)
    np.testing.assert_allclose(samples, [0.0, 10.0, np.nan], equal_nan=True)


@pytest.mark.parametrize("change", [{"velocity_m_per_s": 0.0}, {"separation_m": -0.1}])
def test_impossible_paths_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        depth_m(1e-9, **{"velocity_m_per_s": 1e8, **change})
