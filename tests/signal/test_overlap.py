from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import UsageError
from detectkit.signal.overlap import CrossFade

Traces = npt.NDArray[np.float32]


def whole(stream: CrossFade, line: npt.ArrayLike) -> Traces:
    return np.concatenate([stream.push(line), stream.finish()])


@settings(max_examples=50, deadline=None)
@given(traces=st.integers(0, 70), window=st.integers(1, 20), data=st.data())
def test_doing_nothing_in_each_window_changes_nothing(
    traces: int, window: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, window // 2))
    line = np.random.default_rng(0).normal(size=(traces, 2)).astype(np.float32)
    stream = CrossFade(2, window=window, overlap=overlap, clean=np.copy)
    np.testing.assert_allclose(whole(stream, line), line, rtol=1e-6)
    assert stream.held == 0


def test_windows_lie_at_absolute_places_and_have_one_length() -> None:
    seen: list[list[float]] = []

    def clean(rows: Traces) -> Traces:
        seen.append(rows[:, 0].tolist())
        return rows

    whole(CrossFade(1, window=4, overlap=1, clean=clean), np.arange(12.0)[:, np.newaxis])
    assert seen == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9], [8, 9, 10, 11]]


def test_the_result_fades_from_one_window_to_the_next() -> None:
    level = iter([np.float32(0.0), np.float32(1.0)])

    def clean(rows: Traces) -> Traces:
        return np.full_like(rows, next(level))

    faded = whole(CrossFade(1, window=6, overlap=3, clean=clean), np.zeros((9, 1)))[:, 0]
    assert faded[:3].tolist() == [0, 0, 0]
    assert faded[6:].tolist() == [1, 1, 1]
    np.testing.assert_allclose(faded[3:6], [0.0669873, 0.5, 0.9330127], rtol=1e-5)


def test_a_line_shorter_than_a_window_is_one_window() -> None:
    stream = CrossFade(1, window=10, overlap=5, clean=lambda rows: rows - rows.mean(axis=0))
    np.testing.assert_allclose(whole(stream, [[1.0], [3.0]])[:, 0], [-1.0, 1.0])


@pytest.mark.parametrize("overlap", [-1, 4])
def test_an_overlap_beyond_half_a_window_is_refused(overlap: int) -> None:
    with pytest.raises(UsageError, match="0 to 3"):
        CrossFade(1, window=7, overlap=overlap, clean=np.copy)
