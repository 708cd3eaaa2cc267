from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.resample import resample, resampled_count


def sine(of_nyquist: float, times: np.ndarray) -> np.ndarray:
    return np.cos(np.pi * of_nyquist * times + 0.4)


@given(st.floats(0.2, 1.0), st.floats(0.02, 0.85))
@settings(max_examples=40, deadline=None)
def test_a_finer_interval_interpolates_within_the_stated_error(
    step: float, of_nyquist: float
) -> None:
    data = sine(of_nyquist, np.arange(200.0))[np.newaxis]
    result = resample(data, sample_interval_s=1.0, new_interval_s=step)[0]
    times = np.arange(result.size) * step
    inside = (times > 30) & (times < 170)
    np.testing.assert_allclose(result[inside], sine(of_nyquist, times[inside]), atol=2e-4)


@given(st.floats(1.01, 5.0), st.floats(0.02, 0.75))
@settings(max_examples=40, deadline=None)
def test_a_coarser_interval_keeps_what_it_can_carry(step: float, of_nyquist: float) -> None:
    data = sine(of_nyquist / step, np.arange(600.0))[np.newaxis]
    result = resample(data, sample_interval_s=1.0, new_interval_s=step)[0]
    times = np.arange(result.size) * step
    inside = (times > 150) & (times < 450)
    expected = sine(of_nyquist / step, times[inside])
    np.testing.assert_allclose(result[inside], expected, atol=2e-4)


@given(st.floats(1.01, 5.0), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_coarser_interval_does_not_alias(step: float, above: float) -> None:
    nyquist = 1 / step
    data = sine(nyquist + above * (1 - nyquist), np.arange(600.0))[np.newaxis]
    result = resample(data, sample_interval_s=1.0, new_interval_s=step)[0]
    times = np.arange(result.size) * step
    assert np.abs(result[(times > 150) & (times < 450)]).max() < 2e-4


def test_the_same_interval_gives_the_trace_back() -> None:
    data = np.random.default_rng(0).standard_normal((3, 50)).astype(np.float32)
    result = resample(data, sample_interval_s=1e-10, new_interval_s=1e-10)
    np.testing.assert_allclose(result, data, atol=1e-6)


def test_a_constant_stays_constant_up_to_the_ends() -> None:
    data = np.full((1, 33), 4.0, np.float32)
    result = resample(data, sample_interval_s=2e-10, new_interval_s=3.1e-10)
    np.testing.assert_allclose(result, 4.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("samples", "step", "count"), [(512, 0.5, 1023), (512, 2.0, 256), (11, 0.1, 101), (1, 0.3, 1)]
)
def test_new_samples_end_with_the_last_old_one(samples: int, step: float, count: int) -> None:
    assert resampled_count(samples, step) == count
    data = np.zeros((2, samples), np.float32)
    assert resample(data, sample_interval_s=1.0, new_interval_s=step).shape == (2, count)


def test_cutting_along_the_track_changes_no_bit() -> None:
    data = np.random.default_rng(0).standard_normal((20, 50)).astype(np.float32)
    grid = {"sample_interval_s": 1e-10, "new_interval_s": 1.7e-10}
    parts = [resample(data[:3], **grid), resample(data[3:], **grid)]
    np.testing.assert_array_equal(np.concatenate(parts), resample(data, **grid))


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan")])
def test_a_bad_interval_is_refused(interval: float) -> None:
    with pytest.raises(UsageError, match="new_interval_s is"):
        resample(np.zeros((1, 5)), sample_interval_s=1.0, new_interval_s=interval)
