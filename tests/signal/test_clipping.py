from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detectkit.core.errors import UsageError
from detectkit.signal.clipping import count_clipped


def plain(row: np.ndarray, low: float, high: float, minimum_run: int) -> np.ndarray:
    mask = np.zeros(row.size, bool)
    for limit in (row >= high, row <= low):
        start = 0
        while start < row.size:
            stop = start
            while stop < row.size and limit[stop]:
                stop += 1
            if stop - start >= minimum_run:
                mask[start:stop] = True
            start = max(stop, start + 1)
    return mask


@given(arrays(np.float32, (3, 30), elements=st.sampled_from([-2, -1, 0, 1, 2])), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_runs_at_a_limit_are_marked_and_counted(data: np.ndarray, minimum_run: int) -> None:
    found = count_clipped(data, low=-2, high=2, minimum_run=minimum_run)
    expected = np.stack([plain(row, -2, 2, minimum_run) for row in data])
    np.testing.assert_array_equal(found.mask, expected)
    np.testing.assert_array_equal(found.clipped_samples, expected.sum(axis=1))


def test_a_single_sample_at_full_scale_is_a_peak() -> None:
    assert count_clipped(np.array([[0, 9, 0, -9, 0]]), low=-9, high=9).clipped_samples[0] == 0


def test_a_run_up_to_the_last_sample_counts() -> None:
    assert count_clipped(np.array([[0, 9, 9]]), low=-9, high=9).clipped_samples[0] == 2


def test_both_limits_side_by_side_are_two_runs() -> None:
    assert count_clipped(np.array([[9, -9, 9, -9]]), low=-9, high=9).clipped_samples[0] == 0


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="below the high one"):
        count_clipped(np.zeros((1, 4)), low=1, high=1)
    with pytest.raises(UsageError, match="minimum_run is 0"):
        count_clipped(np.zeros((1, 4)), low=-1, high=1, minimum_run=0)
