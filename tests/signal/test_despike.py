from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectkit.core.errors import UsageError
from detectkit.signal.despike import despike, replace_bad_traces


def plain_hampel(row: np.ndarray, window: int, threshold: float) -> np.ndarray:
    half = window // 2
    result = row.copy()
    for i in range(row.size):
        first = min(max(i - half, 0), row.size - window)
        part = row[first : first + window]
        median = np.median(part)
        deviation = np.median(np.abs(part - median))
        if abs(row[i] - median) > threshold * 1.4826 * deviation:
            result[i] = median
    return result


@given(
    arrays(np.float32, (2, 25), elements=st.integers(-20, 20).map(float)),
    st.sampled_from([3, 5, 9, 25]),
)
@settings(max_examples=100, deadline=None)
def test_despike_is_hampels_identifier(data: np.ndarray, window: int) -> None:
    result = despike(data, window_samples=window, threshold=2.5, floor=0.0)
    expected = np.stack([plain_hampel(row, window, 2.5) for row in data])
    np.testing.assert_array_equal(result.data, expected)
    assert (result.replaced >= (result.data != data).sum(axis=1)).all()


def test_spikes_are_counted_and_a_smooth_wave_is_left_alone() -> None:
    wave = 100 * np.sin(2 * np.pi * np.arange(300) / 40)
    data = np.tile(wave, (3, 1)).astype(np.float32)
    data[1, [50, 121]] += 900
    result = despike(data, window_samples=7)
    assert result.replaced.tolist() == [0, 2, 0]
    np.testing.assert_array_equal(result.data[[0, 2]], data[[0, 2]])
    np.testing.assert_allclose(result.data[1], wave, atol=30)


def test_the_floor_spares_ripple_on_a_flat_trace() -> None:
    data = np.zeros((1, 30), np.float32)
    data[0, [7, 20]] = 0.5, 50.0
    assert despike(data, window_samples=5).replaced[0] == 1
    assert despike(data, window_samples=5, floor=0.0).replaced[0] == 2


@pytest.mark.parametrize("factor", [0.25, 1024.0])
def test_what_is_a_spike_does_not_depend_on_the_unit(factor: float) -> None:
    data = np.random.default_rng(0).standard_cauchy((5, 200)).astype(np.float32)
    found = despike(data, window_samples=7)
    assert found.replaced.min() > 0
    scaled = despike(np.float32(factor) * data, window_samples=7)
    np.testing.assert_array_equal(scaled.replaced, found.replaced)


@pytest.mark.parametrize("window", [2, 1, 4, 11])
def test_a_window_that_does_not_fit_is_refused(window: int) -> None:
    with pytest.raises(UsageError, match="odd number from 3 to 10"):
        despike(np.zeros((1, 10)), window_samples=window)


def line(traces: int = 40) -> np.ndarray:
    along = np.arange(traces)[:, np.newaxis]
    return (np.sin(np.arange(64) / 5) * (1 + 0.01 * along)).astype(np.float32)


@pytest.mark.parametrize("factor", [0.0, 30.0])
def test_a_dead_or_wild_trace_becomes_the_mean_of_its_neighbours(factor: float) -> None:
    data = line()
    truth = data.copy()
    data[17] *= factor
    result = replace_bad_traces(data)
    assert np.flatnonzero(result.bad).tolist() == [17]
    np.testing.assert_allclose(result.data, truth, atol=1e-6)


def test_neighbouring_bad_traces_are_bridged_linearly() -> None:
    data = line()
    truth = data.copy()
    data[10:13] = 0.0
    np.testing.assert_allclose(replace_bad_traces(data).data, truth, atol=1e-6)


def test_a_bad_first_trace_copies_the_nearest_good_one() -> None:
    data = line()
    data[0] = 0.0
    result = replace_bad_traces(data)
    np.testing.assert_array_equal(result.data[0], data[1])


def test_a_trace_with_no_good_neighbour_in_reach_stays() -> None:
    data = line(9)
    data[[2, 3, 4, 5, 6]] = 1000.0 * line(9)[[2, 3, 4, 5, 6]]
    result = replace_bad_traces(data, half_window=1)
    np.testing.assert_array_equal(result.data[4], data[4])


def test_what_lies_beyond_twice_the_half_window_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    data = line(60) * np.where(rng.random(60) < 0.2, 50.0, 1.0)[:, np.newaxis].astype(np.float32)
    whole = replace_bad_traces(data, half_window=3)
    for trace in range(6, 54):
        near = replace_bad_traces(data[trace - 6 : trace + 7], half_window=3)
        np.testing.assert_array_equal(near.data[6], whole.data[trace])
    assert whole.bad.any()


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="half_window is 0"):
        replace_bad_traces(line(), half_window=0)
    with pytest.raises(UsageError, match="ratio_db is -3"):
        replace_bad_traces(line(), ratio_db=-3)
    with pytest.raises(UsageError, match="threshold is 0"):
        despike(line(), window_samples=5, threshold=0)
    with pytest.raises(UsageError, match="floor is -1"):
        despike(line(), window_samples=5, floor=-1)
