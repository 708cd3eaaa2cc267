from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.background import subtract_sliding_mean
from detectkit.signal.sliding_median import SlidingMedian, subtract_sliding_median


@settings(max_examples=40, deadline=None)
@given(
    traces=st.integers(0, 60),
    before=st.integers(0, 25),
    after=st.integers(0, 25),
    samples=st.sampled_from([1, 5, 64, 70]),
    levels=st.sampled_from([3, 1000]),
    seed=st.integers(0, 99),
)
def test_the_sliding_median_is_the_median_of_the_window(
    traces: int, before: int, after: int, samples: int, levels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    data = rng.integers(-levels, levels, (traces, samples)).astype(np.float32)
    cleaned = subtract_sliding_median(data, before=before, after=after)
    for i in range(traces):
        window = data[max(0, i - before) : i + after + 1]
        np.testing.assert_array_equal(cleaned[i], data[i] - np.median(window, axis=0))


def test_infinite_values_count_like_any_other() -> None:
    data = np.zeros((9, 2), np.float32)
    data[3:5, 0] = np.inf
    cleaned = subtract_sliding_median(data, before=1, after=1)
    assert np.isnan(cleaned[3, 0])  # inf - inf: the median of its window is infinite
    assert cleaned[2, 0] == 0.0
    assert cleaned[5, 0] == 0.0


def test_a_nan_reaches_the_windows_that_hold_it_and_no_others() -> None:
    data = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    data[20, 1] = np.nan
    cleaned = subtract_sliding_median(data, before=3, after=2)
    assert np.flatnonzero(np.isnan(cleaned[:, 1])).tolist() == list(range(18, 24))
    repaired = subtract_sliding_median(np.nan_to_num(data), before=3, after=2)
    np.testing.assert_array_equal(cleaned[24:], repaired[24:])


def test_a_reflector_shorter_than_half_the_window_leaves_no_shadow() -> None:
    line = np.zeros((200, 1), np.float32)
    line[90:110] = 100.0
    assert np.array_equal(subtract_sliding_median(line, before=30, after=30), line)
    assert subtract_sliding_mean(line, before=30, after=30).min() < -20.0


def test_rows_come_as_late_as_the_window_reaches() -> None:
    window = SlidingMedian(3, before=4, after=2)
    rows = np.arange(15, dtype=np.float32).reshape(5, 3)
    assert [len(window.push(rows[:1])), len(window.push(rows[1:4])), len(window.finish())] == [
        0,
        2,
        2,
    ]


def test_a_negative_window_is_refused() -> None:
    with pytest.raises(UsageError, match="after is -2"):
        SlidingMedian(3, before=1, after=-2)
