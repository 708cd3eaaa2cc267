from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal.baseline import dewow, remove_dc, wow_cutoff_hz


def noise(traces: int, samples: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((traces, samples)).astype(np.float32)


def plain_dewow(data: np.ndarray, window: int) -> np.ndarray:
    before, after = (window - 1) // 2, window // 2
    exact = data.astype(np.float64)
    means = [
        exact[:, max(i - before, 0) : i + after + 1].mean(axis=1) for i in range(data.shape[1])
    ]
    return exact - np.stack(means, axis=1)


@given(st.integers(1, 40), st.integers(1, 100), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_dewow_is_the_trace_minus_its_window_mean(samples: int, window: int, seed: int) -> None:
    data = noise(3, samples, seed)
    np.testing.assert_allclose(
        dewow(data, window_samples=window), plain_dewow(data, window), atol=1e-6
    )


@given(st.floats(-32768, 32767, width=32), st.integers(1, 130), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_dewow_of_a_constant_is_exactly_zero(value: float, samples: int, window: int) -> None:
    data = np.full((2, samples), value, np.float32)
    assert not dewow(data, window_samples=window).any()


def test_dewow_takes_out_a_ramp_and_keeps_a_fast_wave() -> None:
    i = np.arange(400.0)
    wave = np.sin(2 * np.pi * i / 10)
    data = (wave + 0.05 * i)[np.newaxis].astype(np.float32)
    inside = dewow(data, window_samples=51)[0, 30:-30]
    # 51 samples hold 5.1 periods: 1/51 of a crest is left in the mean.
    np.testing.assert_allclose(inside, wave[30:-30], atol=0.025)


def test_dewow_does_not_lose_precision_behind_a_huge_direct_wave() -> None:
    data = np.zeros((1, 512), np.float32)
    data[0, 20:30] = 1e7
    data[0, 200:] = 0.25
    assert np.abs(dewow(data, window_samples=31)[0, 250:]).max() < 1e-7


def test_dewow_halves_the_amplitude_at_its_cutoff() -> None:
    turn = brentq(lambda x: np.sin(np.pi * x) / (np.pi * x) - 0.5, 0.1, 0.9)
    cutoff = wow_cutoff_hz(window_samples=50, sample_interval_s=2e-10)
    assert cutoff == pytest.approx(turn / (50 * 2e-10))


@pytest.mark.parametrize("cut", [1, 7, 8, 31])
def test_cutting_along_the_track_changes_no_bit(cut: int) -> None:
    data = noise(32, 77)
    for kernel in (lambda x: dewow(x, window_samples=9), lambda x: remove_dc(x, start=3, stop=70)):
        parts = np.concatenate([kernel(data[:cut]), kernel(data[cut:])])
        np.testing.assert_array_equal(parts, kernel(data))


@given(st.integers(0, 20), st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_dc_is_the_mean_of_its_window(start: int, length: int) -> None:
    data = noise(4, 40) + 9
    expected = data - data[:, start : start + length].mean(axis=1, keepdims=True, dtype=np.float64)
    result = remove_dc(data, start=start, stop=start + length)
    np.testing.assert_allclose(result, expected, atol=2e-6)


def test_median_level_ignores_a_strong_reflection() -> None:
    data = np.full((1, 21), 5.0, np.float32)
    data[0, 3:9] = 1000.0
    result = remove_dc(data, statistic="median")
    assert result[0, 0] == 0.0
    assert result[0, 4] == 995.0


def test_input_is_never_changed_and_the_buffer_is_used() -> None:
    data = noise(5, 30)
    before = data.copy()
    out = np.empty_like(data)
    result = dewow(data, window_samples=5, out=out)
    assert np.shares_memory(result, out)
    np.testing.assert_array_equal(out, dewow(data, window_samples=5))
    np.testing.assert_array_equal(data, before)


@pytest.mark.parametrize(
    "out",
    [
        np.empty((5, 29), np.float32),
        np.empty((4, 30), np.float32),
        np.empty((5, 30), np.float64),
        np.empty((30, 5), np.float32).T,
    ],
)
def test_a_buffer_that_does_not_fit_is_refused(out: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="out is"):
        dewow(noise(5, 30), window_samples=5, out=out)


def test_a_buffer_that_is_the_input_is_refused() -> None:
    data = noise(5, 30)
    with pytest.raises(ShapeError, match="shares memory"):
        dewow(data, window_samples=5, out=data)


def test_integer_counts_are_taken_as_they_are() -> None:
    counts = np.array([[10, 20, 30]], np.int16)
    assert remove_dc(counts).tolist() == [[-10.0, 0.0, 10.0]]


@pytest.mark.parametrize("shape", [(3,), (2, 0), (2, 2, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="traces have shape"):
        remove_dc(np.zeros(shape, np.float32))


@pytest.mark.parametrize("window", [(-1, 5), (5, 5), (0, 11), (10, None)])
def test_a_window_outside_the_trace_is_refused(window: tuple[int, int | None]) -> None:
    with pytest.raises(UsageError, match="does not lie within"):
        remove_dc(noise(2, 10), start=window[0], stop=window[1])


def test_bad_options_are_named() -> None:
    with pytest.raises(UsageError, match="window_samples is 0"):
        dewow(noise(1, 9), window_samples=0)
    with pytest.raises(UsageError, match="'mean' or 'median'"):
        remove_dc(noise(1, 9), statistic="mode")  # type: ignore[arg-type]
