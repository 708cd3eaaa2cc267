"""Sources give each row once, whatever the ticks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.drivers.bench import SourceTable, steady


@given(edges=st.lists(st.integers(0, 2_000_000_000), max_size=30))
def test_steady_rows_are_numbered_without_gaps_and_evenly_spaced(edges: list[int]) -> None:
    source = steady(lambda rows: rows[:, None], 80.0)
    cuts = [0, *sorted(edges), 2_000_000_000]
    parts = [source(a, b) for a, b in pairwise(cuts)]
    found = [one for one in parts if one is not None]
    rows = np.concatenate([one.values for one in found]).ravel()
    assert np.array_equal(rows, np.arange(160))
    times = np.concatenate([one.device_ns for one in found])
    assert np.array_equal(times, np.arange(160) * 12_500_000)
    assert len(set((np.concatenate([one.utc_ns for one in found]) - times).tolist())) == 1


def test_steady_follows_a_rate_that_the_host_changes() -> None:
    rates = iter([100.0, 10.0, 0.0])
    source = steady(lambda rows: rows[:, None], lambda: next(rates))
    counts = [source(k * 10**9, (k + 1) * 10**9) for k in range(3)]
    assert [len(one) if one else 0 for one in counts] == [100, 10, 0]


def test_steady_leaves_out_the_time_in_which_nobody_asked() -> None:
    source = steady(lambda rows: rows[:, None], 100.0)
    source(0, 10**9)
    late = source(5 * 10**9, 5 * 10**9 + 20_000_000)
    assert late is not None
    assert late.values.ravel().tolist() == [100, 101]
    assert late.device_ns[0] == 5 * 10**9


def test_a_table_gives_each_row_once_when_its_time_has_come() -> None:
    source = SourceTable(np.array([5, 5, 20, 30]), np.arange(8.0).reshape(4, 2))
    parts = [source(a, a + 10) for a in (0, 10, 20, 30, 40)]
    assert [len(one) if one else 0 for one in parts] == [2, 0, 1, 1, 0]
    assert parts[2] is not None
    assert parts[2].values.tolist() == [[4.0, 5.0]]


def test_a_table_must_be_sorted() -> None:
    with pytest.raises(UsageError, match="sort it first"):
        SourceTable(np.array([2, 1]), np.zeros((2, 1)))
