"""The picture-sized copy: extremes kept, every trace in its column, gaps left open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block
from detectkit.pipeline import parse_steps, run
from detectkit.product.canvas import Canvas
from detectkit.testing.steps import cut


def line(traces: int, *, samples: int = 4, spacing_m: float | None = 0.1, seed: int = 0) -> Block:
    data = np.random.default_rng(seed).normal(size=(traces, samples)).astype(np.float32)
    row = np.arange(traces)
    along = {} if spacing_m is None else {"along_track_m": ("trace", row * spacing_m)}
    axis = {"twt_s": ("delay", np.arange(samples) * 1e-10), "source_trace": ("trace", row)}
    return Block(data, coords={**axis, **along}, line="L", trace_spacing_m=spacing_m)


def drawn(blocks: list[Block], canvas: Canvas) -> Canvas:
    for block in blocks:
        canvas.push(block)
    return canvas


def test_a_short_line_is_copied_as_it_is() -> None:
    one = line(30)
    canvas = drawn([one], Canvas(30))
    np.testing.assert_array_equal(canvas.image, one.data)
    np.testing.assert_array_equal(canvas.twt_s, one.coord("twt_s"))
    assert canvas.filled.all()
    assert canvas.edges_m == (0.0, pytest.approx(2.9))


@pytest.mark.parametrize(
    ("traces", "widest", "columns", "share"), [(100, 40, 34, 3), (80, 40, 40, 2), (41, 40, 21, 2)]
)
def test_a_long_line_is_folded_to_the_widest(
    traces: int, widest: int, columns: int, share: int
) -> None:
    canvas = drawn([line(traces)], Canvas(traces, widest=widest))
    assert canvas.traces_per_column == share
    assert canvas.image.shape == (columns, 4)
    assert canvas.filled.all()


def test_the_extreme_is_kept_with_its_sign() -> None:
    one = line(90)
    image = drawn([one], Canvas(90, widest=30)).image
    groups = one.data.reshape(30, 3, 4)
    place = np.abs(groups).argmax(axis=1)
    np.testing.assert_array_equal(image, np.take_along_axis(groups, place[:, None], axis=1)[:, 0])


def test_a_narrow_target_does_not_vanish_from_a_long_line() -> None:
    data = np.zeros((100_000, 2), np.int16)
    data[77_777, 1] = -500
    row = {"source_trace": ("trace", np.arange(100_000)), "twt_s": ("delay", np.arange(2.0))}
    canvas = drawn([Block(data, coords=row)], Canvas(100_000, widest=1000))
    assert canvas.image[777].tolist() == [0.0, -500.0]
    assert np.count_nonzero(canvas.image) == 1


@settings(max_examples=25)
@given(st.lists(st.integers(1, 99), max_size=10), st.sampled_from([7, 33, 100]))
def test_cutting_the_line_changes_nothing(at: list[int], widest: int) -> None:
    whole, pieces = Canvas(100, widest=widest), Canvas(100, widest=widest)
    drawn([line(100)], whole)
    drawn(list(cut(line(100), at)), pieces)
    np.testing.assert_array_equal(pieces.image, whole.image)
    np.testing.assert_array_equal(pieces.filled, whole.filled)
    np.testing.assert_array_equal(pieces.along_track_m, whole.along_track_m)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float64"])
def test_every_number_type_is_drawn(dtype: str) -> None:
    one = line(10)
    data = (one.data * 10).astype(dtype)
    image = drawn([one.with_data(data)], Canvas(10)).image
    np.testing.assert_array_equal(image, data.astype(np.float32))


def test_what_is_not_finite_is_not_drawn() -> None:
    one = line(3)
    data = one.data.copy()
    data[0, 0], data[1, 1], data[2, 2] = np.nan, np.inf, -np.inf
    image = drawn([one.with_data(data)], Canvas(3)).image
    assert image[0, 0] == image[1, 1] == image[2, 2] == 0.0
    assert np.isfinite(image).all()


class TestFewerRowsThanTraces:
    def test_rows_that_are_missing_stay_open(self) -> None:
        one = line(30)
        behind = replace(one.traces(20, 30), first_trace=20)
        canvas = drawn([one.traces(0, 12), behind], Canvas(30))
        assert np.flatnonzero(~canvas.filled).tolist() == list(range(12, 20))

    @pytest.mark.parametrize("traces", [3, 4, 7])
    def test_stacked_rows_leave_no_stripes(self, traces: int) -> None:
        blocks = list(run(parse_steps([{"use": "stack", "traces": traces}]), cut(line(50), [18])))
        canvas = drawn(blocks, Canvas(50))
        assert canvas.filled.all()
        np.testing.assert_array_equal(canvas.image[1], canvas.image[0])

    def test_a_coarser_spacing_leaves_no_stripes(self) -> None:
        steps = parse_steps([{"use": "resample-distance", "spacing_m": 0.35}])
        canvas = drawn(list(run(steps, cut(line(60), [31]))), Canvas(60))
        assert canvas.filled[:57].all()

    def test_a_row_of_no_trace_is_left_out(self) -> None:
        one = line(6)
        source = np.array([0, 1, -1, -1, 2, 3])
        one = one.with_data(one.data, coords={"source_trace": ("trace", source)})
        canvas = drawn([one], Canvas(8))
        assert canvas.filled.tolist() == [True] * 4 + [False] * 4
        np.testing.assert_array_equal(canvas.image[:4], one.data[[0, 1, 4, 5]])
        assert np.isnan(canvas.along_track_m[4:]).all()


class TestEdges:
    def test_without_distance_there_are_none(self) -> None:
        assert drawn([line(5, spacing_m=None)], Canvas(5)).edges_m is None

    @pytest.mark.parametrize("along", [[1.0] * 5, [np.nan] * 5, [np.nan, 2.0] + [np.nan] * 3])
    def test_a_distance_that_does_not_grow_is_none(self, along: list[float]) -> None:
        one = line(5)
        one = one.with_data(one.data, coords={"along_track_m": ("trace", np.array(along))})
        assert drawn([one], Canvas(5)).edges_m is None

    def test_nothing_drawn_has_no_edges(self) -> None:
        assert Canvas(5).edges_m is None
