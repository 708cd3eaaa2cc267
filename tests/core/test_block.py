"""Block: immutable, closed under slicing and joining, gaps never hidden."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import Applied, Block, Sensor, ShapeError, concat
from detectkit.core.block import follows
from detectkit.testing.steps import assert_same, cut


def block(traces: int = 8, samples: int = 5, *, first_trace: int = 0) -> Block:
    rng = np.random.default_rng(traces)
    return Block(
        rng.normal(size=(traces, samples)).astype(np.float32),
        coords={
            "twt_s": ("delay", 1e-9 + 2e-10 * np.arange(samples)),
            "source_trace": ("trace", first_trace + np.arange(traces)),
        },
        line="L1",
        first_trace=first_trace,
        trace_spacing_m=0.02,
    )


class TestWriteProtection:
    def test_samples_and_coordinates_cannot_be_written(self) -> None:
        one = block()
        with pytest.raises(ValueError, match="read-only"):
            one.data[0, 0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            one.coord("twt_s")[0] = 1.0
        with pytest.raises(TypeError):
            one.coords["twt_s"] = ("delay", np.zeros(5))  # type: ignore[index]
        with pytest.raises(FrozenInstanceError):
            one.line = "L2"  # type: ignore[misc]

    def test_the_array_that_went_in_stays_writable(self) -> None:
        data = np.zeros((2, 3), np.float32)
        Block(data)
        data[0, 0] = 1.0
        assert data[0, 0] == 1.0

    def test_nothing_is_copied(self) -> None:
        data = np.zeros((6, 3), np.float32)
        assert np.shares_memory(Block(data).traces(2, 4).data, data)


class TestRefusals:
    def test_a_block_is_two_dimensional_and_starts_with_traces(self) -> None:
        with pytest.raises(ShapeError, match=r"\(trace, delay\).*\(3,\)"):
            Block(np.zeros(3))
        with pytest.raises(ShapeError, match=r"delay.*trace"):
            Block(np.zeros((3, 4)), dims=("delay", "trace"))

    @pytest.mark.parametrize(
        ("dim", "values"),
        [("trace", np.zeros(4)), ("delay", np.zeros((3, 4))), ("channel", np.zeros(4))],
    )
    def test_a_coordinate_that_does_not_fit_is_named(self, dim: str, values: np.ndarray) -> None:
        with pytest.raises(ShapeError, match=r"'height_m'.*does not fit.*'trace': 3.*'delay': 4"):
            Block(np.zeros((3, 4)), coords={"height_m": (dim, values)})

    def test_a_missing_coordinate_is_answered_with_those_there_are(self) -> None:
        with pytest.raises(ShapeError, match=r"'L1' has no coordinate 'up_m'.*source_trace, twt_s"):
            block().coord("up_m")
        with pytest.raises(ShapeError, match="it has: none"):
            Block(np.zeros((1, 1))).coord("up_m")


class TestSlicing:
    @given(st.integers(-12, 12), st.integers(-12, 12))
    def test_rows_are_those_of_a_python_slice(self, start: int, stop: int) -> None:
        one = block(first_trace=100)
        part = one.traces(start, stop)
        np.testing.assert_array_equal(part.data, one.data[start:stop])
        np.testing.assert_array_equal(part.coord("source_trace"), np.r_[100:108][start:stop])
        np.testing.assert_array_equal(part.coord("twt_s"), one.coord("twt_s"))
        if len(part):
            assert part.first_trace == part.coord("source_trace")[0]

    @given(st.tuples(*[st.integers(0, 8)] * 4))
    def test_a_slice_of_a_slice_is_a_slice(self, at: tuple[int, int, int, int]) -> None:
        one = block()
        a, b, c, d = at
        inner = one.traces(a, b).traces(c, d)
        direct = one.traces(min(a + c, max(a, b)), min(a + d, max(a, b)))
        np.testing.assert_array_equal(inner.data, direct.data)
        if len(inner):
            assert inner.first_trace == direct.first_trace

    def test_the_length_is_the_number_of_traces(self) -> None:
        assert len(block(7)) == 7
        assert block(7, first_trace=3).stop_trace == 10


class TestJoining:
    @given(st.lists(st.integers(1, 29), max_size=8))
    def test_pieces_join_to_the_whole(self, at: list[int]) -> None:
        whole = block(30, first_trace=4)
        again = concat(list(cut(whole, at)))
        assert_same([again], [whole])
        assert again.spec == whole.spec

    def test_empty_pieces_change_nothing(self) -> None:
        whole = block()
        parts = [whole.traces(0, 0), whole.traces(0, 3), whole.traces(3, 3), whole.traces(3, 8)]
        assert_same([concat(parts)], [whole])

    @pytest.mark.parametrize(
        "changed",
        [
            {"first_trace": 9},
            {"first_trace": 7},
            {"line": "L2"},
            {"sensor": Sensor(id="gpr-2")},
            {"data": np.zeros((2, 4)), "coords": {}},
            {"coords": {"source_trace": ("trace", np.zeros(2))}},
            {"coords": {"twt_s": ("delay", np.arange(5.0))}},
            {"trace_spacing_m": 0.03},
            {"quantity": "score"},
            {"dims": ("trace", "channel"), "coords": {}},
        ],
        ids="+".join,
    )
    def test_nothing_is_joined_over_a_change(self, changed: dict[str, object]) -> None:
        before = block()
        after = replace(block(2, first_trace=8), **changed)  # type: ignore[arg-type]
        assert not follows(before, after) or before.coords.keys() != after.coords.keys()
        with pytest.raises(ShapeError, match="cannot join: 'L1' ends before trace 8"):
            concat([before, after])

    def test_what_follows_without_change_does_follow(self) -> None:
        assert follows(block(), block(2, first_trace=8))

    def test_joining_nothing_is_refused(self) -> None:
        with pytest.raises(ShapeError, match="at least one"):
            concat([])


class TestSpec:
    def test_it_tells_axis_spacing_and_coordinates(self) -> None:
        spec = block().spec
        assert (spec.dims, spec.samples) == (("trace", "delay"), 5)
        assert spec.coords == {"twt_s", "source_trace"}
        assert spec.sample_interval_s == pytest.approx(2e-10, rel=1e-12)
        assert spec.first_twt_s == 1e-9
        assert spec.nyquist_hz == pytest.approx(2.5e9, rel=1e-12)
        assert spec.trace_spacing_m == 0.02
        assert spec.with_coords("up_m").coords == {"twt_s", "source_trace", "up_m"}

    @pytest.mark.parametrize("samples", [0, 1])
    def test_too_few_samples_have_no_interval(self, samples: int) -> None:
        one = Block(np.zeros((2, samples)), coords={"twt_s": ("delay", np.full(samples, 3e-9))})
        assert one.spec.sample_interval_s is None
        assert one.spec.nyquist_hz is None
        assert one.spec.first_twt_s == (3e-9 if samples else 0.0)

    def test_channels_have_no_delay_axis(self) -> None:
        spec = Block(np.zeros((2, 4)), dims=("trace", "channel")).spec
        assert spec.sample_interval_s is None

    def test_the_spec_of_no_traces_is_that_of_many(self) -> None:
        assert block().traces(0, 0).spec == block().spec


def test_history_grows_in_order() -> None:
    one = block().noted(Applied("dc", "1")).noted(Applied("dewow", "2"))
    assert [step.step for step in one.history] == ["dc", "dewow"]
    assert block().history == ()


def test_new_samples_keep_or_replace_coordinates() -> None:
    one = block()
    other = one.with_data(one.data * 2, coords={"mark": ("trace", np.ones(8, np.uint8))})
    assert other.coords.keys() == {"twt_s", "source_trace", "mark"}
    assert one.coords.keys() == {"twt_s", "source_trace"}
    assert (other.first_trace, other.line) == (one.first_trace, one.line)
