from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.time_zero import correlation_lag, first_break, first_break_at_level


def ricker(delay: np.ndarray, freq: float = 0.05) -> np.ndarray:
    square = (np.pi * freq * delay) ** 2
    return (1 - 2 * square) * np.exp(-square)


def ramp(start: float, slope: float, samples: int = 60) -> np.ndarray:
    return np.maximum(np.arange(samples) - start, 0.0)[np.newaxis] * slope


@given(st.floats(5, 30), st.floats(0.5, 20), st.sampled_from([-1.0, 1.0]))
@settings(max_examples=60, deadline=None)
def test_the_level_of_a_ramp_is_met_where_it_should(
    start: float, slope: float, sign: float
) -> None:
    data = sign * ramp(start, slope)
    found = first_break_at_level(data, level=4.0 * slope)
    assert found[0] == pytest.approx(start + 4.0, abs=1e-4)


@given(st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_the_relative_break_does_not_move_when_the_trace_is_scaled(factor: float) -> None:
    data = ricker(np.arange(200.0) - 80.3)[np.newaxis]
    expected = first_break(data, fraction=0.2)
    np.testing.assert_allclose(first_break(factor * data, fraction=0.2), expected, atol=1e-4)


def test_the_break_moves_with_the_pulse() -> None:
    places = np.array([60.0, 60.25, 60.5, 75.75])
    data = ricker(np.arange(200.0) - places[:, np.newaxis])
    found = first_break(data, fraction=0.3)
    np.testing.assert_allclose(found - found[0], places - places[0], atol=0.1)


def test_only_the_window_is_looked_at() -> None:
    data = np.zeros((1, 50), np.float32)
    data[0, [5, 30]] = 100.0, 1.0
    assert first_break(data, fraction=0.5, start=10)[0] == pytest.approx(29.5)
    assert np.isnan(first_break_at_level(data, level=2.0, start=10)[0])


def test_a_trace_already_above_the_level_breaks_at_the_window_start() -> None:
    assert first_break_at_level(np.full((1, 9), 3.0), level=2.0, start=4)[0] == 4.0


def test_a_silent_trace_has_no_break() -> None:
    assert np.isnan(first_break(np.zeros((2, 20)), fraction=0.1)).all()


@given(st.floats(-8.9, 8.9), st.floats(0.01, 1e4))
@settings(max_examples=60, deadline=None)
def test_a_delayed_wavelet_is_found_to_a_twentieth_of_a_sample(lag: float, scale: float) -> None:
    wavelet = ricker(np.arange(41.0) - 20)
    data = scale * ricker(np.arange(150.0) - 70 - lag)[np.newaxis]
    found = correlation_lag(data, wavelet, start=50, maximum_lag=10)
    assert found.samples[0] == pytest.approx(lag, abs=0.05)
    assert found.correlation[0] > 0.98


def test_noise_lowers_the_correlation_but_hardly_moves_the_lag() -> None:
    rng = np.random.default_rng(0)
    data = ricker(np.arange(150.0) - 73) + 0.2 * rng.standard_normal((50, 150))
    found = correlation_lag(data, ricker(np.arange(41.0) - 20), start=50, maximum_lag=10)
    assert np.abs(found.samples - 3).max() < 1
    assert 0.6 < found.correlation.mean() < 0.95


def test_a_lag_beyond_the_bound_is_not_invented() -> None:
    data = ricker(np.arange(150.0) - 70 - 14, freq=0.02)[np.newaxis]
    found = correlation_lag(data, ricker(np.arange(41.0) - 20, freq=0.02), start=50, maximum_lag=5)
    assert np.isnan(found.samples[0])
    assert found.correlation[0] == 0.0


def test_a_reference_may_stick_out_of_the_trace() -> None:
    data = ricker(np.arange(60.0) - 4)[np.newaxis]
    found = correlation_lag(data, ricker(np.arange(41.0) - 20), start=-18, maximum_lag=5)
    assert found.samples[0] == pytest.approx(2.0, abs=0.3)


def test_a_reference_wholly_outside_finds_nothing() -> None:
    data = np.ones((1, 30))
    assert np.isnan(correlation_lag(data, np.ones(5), start=500, maximum_lag=3).samples[0])
    assert np.isnan(correlation_lag(data, np.ones(5), start=-500, maximum_lag=3).samples[0])


def test_cutting_along_the_track_changes_no_bit() -> None:
    data = np.random.default_rng(0).standard_normal((20, 80)).astype(np.float32)
    wavelet = ricker(np.arange(21.0) - 10)
    whole = correlation_lag(data, wavelet, start=30, maximum_lag=8)
    parts = [
        correlation_lag(part, wavelet, start=30, maximum_lag=8) for part in (data[:3], data[3:])
    ]
    np.testing.assert_array_equal(np.concatenate([p.samples for p in parts]), whole.samples)
    np.testing.assert_array_equal(np.concatenate([p.correlation for p in parts]), whole.correlation)


def test_bad_options_are_refused() -> None:
    data = np.ones((1, 30))
    with pytest.raises(UsageError, match="fraction is 0"):
        first_break(data, fraction=0)
    with pytest.raises(UsageError, match="level is -1"):
        first_break_at_level(data, level=-1)
    with pytest.raises(UsageError, match="not all zero"):
        correlation_lag(data, np.zeros(5), start=0, maximum_lag=3)
    with pytest.raises(UsageError, match="maximum_lag is 0"):
        correlation_lag(data, np.ones(5), start=0, maximum_lag=0)
