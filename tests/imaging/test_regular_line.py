from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.imaging.regular_line import OverlapSave, RegularLine, Windows, along


@settings(max_examples=60, deadline=None)
@given(
    traces=st.integers(1, 60),
    hop=st.integers(1, 17),
    reach=st.integers(0, 9),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
def test_every_trace_comes_back_once_in_its_place_however_the_line_is_cut(
    traces: int, hop: int, reach: int, cuts: list[int]
) -> None:
    line = np.arange(1.0, traces + 1.0, dtype=np.float32)[:, np.newaxis]
    windows = Windows(hop, reach)
    stream = OverlapSave(1, windows, lambda rows: rows[reach : reach + hop])
    pieces = [stream.push(piece) for piece in np.split(line, sorted(min(c, traces) for c in cuts))]
    given_back = np.concatenate([*pieces, stream.finish()])
    np.testing.assert_array_equal(given_back, line)
    assert stream.held == 0


def test_a_window_sees_its_neighbours_and_beyond_the_ends_a_fading_mirror() -> None:
    seen = []

    def look(rows: np.ndarray) -> np.ndarray:
        seen.append(rows[:, 0].copy())
        return rows[2:-2]

    along(np.array([[1.0], [2.0], [3.0], [4.0]]), Windows(hop=2, reach=2), look)
    fade = 0.5 + 0.5 * np.cos(np.pi * np.array([1.0, 2.0]) / 3.0)
    first, second = seen
    np.testing.assert_allclose(first, [2.0 * fade[1], 1.0 * fade[0], 1, 2, 3, 4], rtol=1e-6)
    np.testing.assert_allclose(second, [1, 2, 3, 4, 4.0 * fade[0], 3.0 * fade[1]], rtol=1e-6)


def test_traces_wait_no_longer_than_said() -> None:
    windows = Windows(hop=5, reach=3)
    stream = OverlapSave(1, windows, lambda rows: rows[3:-3])
    for _ in range(40):
        stream.push(np.zeros((1, 1)))
        assert stream.held <= windows.hop + windows.reach - 1


def test_memory_does_not_grow_with_the_line() -> None:
    stream = OverlapSave(4, Windows(hop=8, reach=4), lambda rows: rows[4:-4])
    for _ in range(50):
        stream.push(np.zeros((13, 4)))
    assert len(stream._rows) < 40


def test_a_window_without_a_middle_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="more than 64"):
        Windows.around(32, traces=64)


@pytest.mark.parametrize("wrong", [(0, 1e-10, 0.02), (8, 0.0, 0.02), (8, 1e-10, np.nan)])
def test_axes_without_extent_are_refused(wrong: tuple[int, float, float]) -> None:
    samples, interval_s, spacing_m = wrong
    with pytest.raises(UsageError):
        RegularLine(samples, interval_s, 0.0, spacing_m)
