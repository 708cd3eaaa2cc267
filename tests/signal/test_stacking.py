from __future__ import annotations

import numpy as np
import pytest

from detectkit.core.errors import UsageError
from detectkit.signal.stacking import Stack


def test_each_row_is_the_mean_of_its_group_and_the_rest_is_kept() -> None:
    data = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    stack = Stack(3, traces_per_stack=4)
    rows = stack.push(data)
    assert stack.held == 3
    rest = stack.finish()
    wide = data.astype(np.float64)
    expected = [wide[0:4].mean(axis=0), wide[4:8].mean(axis=0)]
    np.testing.assert_allclose(rows, expected, rtol=1e-6)
    np.testing.assert_allclose(rest, [wide[8:].mean(axis=0)], rtol=1e-6)
    assert stack.held == 0


def test_nothing_is_left_after_whole_groups() -> None:
    stack = Stack(2, traces_per_stack=2)
    assert len(stack.push(np.ones((4, 2)))) == 2
    assert stack.finish().shape == (0, 2)


def test_groups_are_counted_from_trace_number_zero_of_the_line() -> None:
    stack = Stack(1, traces_per_stack=4, first_trace=6)
    rows = stack.push([[1.0], [3.0], [5.0], [5.0], [5.0], [9.0], [7.0]])
    assert rows.ravel().tolist() == [2.0, 6.0]
    assert (stack.held, stack.finish().tolist()) == (1, [[7.0]])


def test_stacking_one_trace_changes_nothing() -> None:
    data = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert np.array_equal(Stack(3, traces_per_stack=1).push(data), data)


def test_noise_falls_with_the_square_root_of_the_traces() -> None:
    noise = np.random.default_rng(0).normal(size=(16000, 8))
    assert Stack(8, traces_per_stack=16).push(noise).std() == pytest.approx(0.25, rel=0.05)


def test_a_stack_of_no_traces_is_refused() -> None:
    with pytest.raises(UsageError, match="traces_per_stack is 0"):
        Stack(3, traces_per_stack=0)
