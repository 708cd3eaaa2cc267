from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal.background import (
    ForgettingMean,
    SlidingMean,
    mean_trace,
    subtract_mean_trace,
    subtract_sliding_mean,
)

Float64 = npt.NDArray[np.float64]


def noise(traces: int, samples: int, *, seed: int = 0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 100.0, (traces, samples)).astype(np.float32)


def direct_sliding_mean(data: npt.NDArray[np.float32], before: int, after: int) -> Float64:
    wide = data.astype(np.float64)
    windows = (wide[max(0, i - before) : i + after + 1] for i in range(len(wide)))
    return np.array([row - window.mean(axis=0) for row, window in zip(wide, windows, strict=True)])


def test_the_mean_trace_is_the_float64_mean() -> None:
    data = noise(200, 7)
    np.testing.assert_allclose(mean_trace(data), data.mean(axis=0, dtype=np.float64), rtol=1e-12)


def test_a_constant_background_is_removed_to_zero_and_a_target_stays() -> None:
    background = np.linspace(-500.0, 500.0, 32, dtype=np.float32)
    line = np.tile(background, (400, 1))
    assert not subtract_mean_trace(line).any()
    line[200, 10] += 400.0
    cleaned = subtract_mean_trace(line)
    assert cleaned[200, 10] == pytest.approx(399.0)
    assert cleaned[0, 10] == pytest.approx(-1.0)


@settings(max_examples=40, deadline=None)
@given(
    traces=st.integers(0, 60),
    before=st.integers(0, 25),
    after=st.integers(0, 25),
    seed=st.integers(0, 99),
)
def test_the_sliding_mean_is_the_mean_of_the_window(
    traces: int, before: int, after: int, seed: int
) -> None:
    data = noise(traces, 5, seed=seed)
    cleaned = subtract_sliding_mean(data, before=before, after=after)
    expected = direct_sliding_mean(data, before, after).reshape(traces, 5)
    np.testing.assert_allclose(cleaned, expected, atol=1e-4)


def test_the_sliding_mean_does_not_drift_after_a_huge_value() -> None:
    data = noise(3000, 3)
    data[5] = 3e30
    cleaned = subtract_sliding_mean(data, before=10, after=10)
    expected = direct_sliding_mean(data, 10, 10)
    np.testing.assert_allclose(cleaned[26:], expected[26:], atol=1e-4)


def test_a_nan_reaches_the_windows_that_hold_it_and_no_others() -> None:
    data = noise(50, 2)
    data[20, 1] = np.nan
    cleaned = subtract_sliding_mean(data, before=3, after=2)
    assert np.flatnonzero(np.isnan(cleaned[:, 1])).tolist() == list(range(18, 24))
    assert not np.isnan(cleaned[:, 0]).any()


def test_the_sliding_mean_gives_each_trace_as_late_as_its_window_reaches() -> None:
    window = SlidingMean(4, before=2, after=3)
    data = noise(10, 4)
    lengths = [len(window.push(data[i : i + 1])) for i in range(10)]
    assert lengths == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert len(window.finish()) == 3


def test_the_forgetting_mean_follows_its_formula() -> None:
    data = noise(300, 3)
    cleaned = ForgettingMean(3, time_constant_traces=20.0).push(data)
    background = data[0].astype(np.float64)
    floor = 1.0 - np.exp(-1.0 / 20.0)
    for i, row in enumerate(data.astype(np.float64)):
        np.testing.assert_allclose(cleaned[i], row - background, atol=1e-4)
        background += max(1.0 / (i + 1), floor) * (row - background)


def test_the_forgetting_mean_starts_from_the_mean_of_the_traces_seen() -> None:
    data = noise(9, 4)
    last = ForgettingMean(4, time_constant_traces=1e6).push(data)[-1]
    np.testing.assert_allclose(last, data[-1] - data[:-1].mean(axis=0), atol=1e-4)


def test_a_step_in_the_background_fades_with_the_time_constant() -> None:
    line = np.zeros((2000, 1), np.float32)
    line[1000:] = 1.0
    cleaned = ForgettingMean(1, time_constant_traces=50.0).push(line)[:, 0]
    assert cleaned[1000] == pytest.approx(1.0)
    assert cleaned[1050] == pytest.approx(np.exp(-1.0), rel=1e-5)
    assert cleaned[1150] == pytest.approx(np.exp(-3.0), rel=1e-5)


def test_results_go_to_the_buffer_given_and_inputs_stay_as_they_are() -> None:
    data = noise(40, 6)
    original, out = data.copy(), np.empty_like(data)
    assert np.shares_memory(subtract_mean_trace(data, out=out), out)
    assert np.shares_memory(subtract_sliding_mean(data, before=3, after=3, out=out), out)
    assert np.shares_memory(ForgettingMean(6, time_constant_traces=9.0).push(data, out=out), out)
    assert np.array_equal(data, original)


@pytest.mark.parametrize("time_constant", [0.0, -1.0, np.nan, np.inf])
def test_a_time_constant_must_be_positive(time_constant: float) -> None:
    with pytest.raises(UsageError, match="time_constant_traces"):
        ForgettingMean(4, time_constant_traces=time_constant)


def test_wrong_shapes_and_windows_are_refused() -> None:
    with pytest.raises(UsageError, match="before is -1"):
        SlidingMean(4, before=-1, after=0)
    with pytest.raises(ShapeError, match="one row per trace"):
        SlidingMean(4, before=1, after=0).push(noise(3, 5))
    with pytest.raises(ShapeError, match="out is float64"):
        subtract_mean_trace(noise(3, 5), out=np.empty((3, 5)))  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="at least 3 rows"):
        subtract_mean_trace(noise(3, 5), out=np.empty((2, 5), np.float32))
    with pytest.raises(UsageError, match="number of traces is 0"):
        mean_trace(noise(0, 5))
    assert subtract_mean_trace(noise(0, 5)).shape == (0, 5)


def test_the_mean_is_subtracted_in_place_to_the_same_bits() -> None:
    data = np.random.default_rng(4).normal(size=(60, 33)).astype(np.float32)
    apart = subtract_mean_trace(data)
    assert subtract_mean_trace(data, out=data) is not apart
    np.testing.assert_array_equal(data, apart)
