"""The runner: one way for live and batch; starts afresh where it must; counts what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Block, Sensor, concat
from detectkit.pipeline import PerTrace, Recursive, Runner, WholeLine, Windowed, run
from detectkit.testing.steps import assert_same, cut


def line(traces: int = 20, samples: int = 3, **fields: Any) -> Block:
    rng = np.random.default_rng(1)
    return Block(rng.normal(size=(traces, samples)).astype(np.float32), line="L", **fields)


@dataclass(frozen=True, slots=True)
class Double(PerTrace):
    name: ClassVar[str] = "double"

    def apply(self, block: Block) -> Block:
        return block.with_data(block.data * np.float32(2.0))


@dataclass(frozen=True, slots=True)
class RunningSum(Recursive):
    """Sum of the rows since the run began: shows where states start afresh."""

    name: ClassVar[str] = "running-sum"

    def start(self, first: Block) -> np.ndarray:
        return np.zeros(first.data.shape[1])

    def push(self, state: np.ndarray, block: Block) -> tuple[np.ndarray, Block]:
        rows = []
        for row in block.data:
            state = state + row
            rows.append(state)
        return state, block.with_data(np.array(rows, np.float32))


@dataclass(frozen=True, slots=True)
class Hold(Recursive):
    """Hold all rows back by `traces`; at the end give the rest with `sign`."""

    name: ClassVar[str] = "hold"
    traces: int = 4

    def start(self, first: Block) -> list[Block]:  # noqa: ARG002
        return []

    def push(self, state: list[Block], block: Block) -> tuple[list[Block], Block | None]:
        held = concat([*state, block])
        ready = max(0, len(held) - self.traces)
        return [held.traces(ready, len(held))], held.traces(0, ready)

    def finish(self, state: list[Block]) -> Block:
        return state[0]


@dataclass(frozen=True, slots=True)
class MeanOfThree(Windowed):
    name: ClassVar[str] = "mean-of-three"

    def reach(self, spec: object) -> tuple[int, int]:  # noqa: ARG002
        return 1, 1

    def window(self, rows: Block, start: int, stop: int) -> Block:
        out = [rows.data[max(0, i - 1) : i + 2].mean(axis=0) for i in range(start, stop)]
        return rows.traces(start, stop).with_data(np.array(out, np.float32))


@dataclass(frozen=True, slots=True)
class Reverse(WholeLine):
    name: ClassVar[str] = "reverse"

    def apply(self, whole: Block) -> Block:
        return whole.with_data(whole.data[::-1].copy())


@dataclass(frozen=True, slots=True)
class DropFirstHalf(Recursive):
    """Answer with several blocks and a gap of its own."""

    name: ClassVar[str] = "drop"

    def start(self, first: Block) -> None:
        """Return no state."""

    def push(self, state: None, block: Block) -> tuple[None, list[Block]]:
        rows = [block.traces(i, i + 1) for i in range(len(block))]
        return state, [one for one in rows if one.first_trace % 10 != 5]


def only(blocks: Iterator[Block]) -> Block:
    return concat(list(blocks))


def summed(block: Block) -> list[Block]:
    return list(run([RunningSum()], [block]))


class TestSamples:
    @pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint16", "float64", ">i2", ">f4"])
    def test_every_number_type_becomes_native_float32(self, dtype: str) -> None:
        data = np.arange(12).reshape(4, 3).astype(dtype)
        out = only(run([Double()], [Block(data)]))
        assert out.data.dtype == np.dtype("=f4")
        np.testing.assert_array_equal(out.data, 2.0 * np.arange(12).reshape(4, 3))

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_what_is_not_finite_is_zeroed_and_counted(self, dtype: str) -> None:
        data = np.ones((4, 3), dtype)
        data[0, 0], data[1, 1], data[3, 2] = np.nan, np.inf, -np.inf
        runner = Runner([Double()])
        out = only(runner.push(Block(data)))
        assert runner.tally.nonfinite_samples == 3
        assert (out.data == 0.0).sum() == 3
        assert (out.data == 2.0).sum() == 9
        assert np.isnan(data[0, 0]), "the input is not touched"

    def test_what_float32_cannot_hold_counts_as_not_finite(self) -> None:
        runner = Runner([])
        out = only(runner.push(Block(np.array([[1e300, 1.0]]))))
        assert runner.tally.nonfinite_samples == 1
        assert out.data.tolist() == [[0.0, 1.0]]

    def test_large_finite_samples_are_kept(self) -> None:
        """Their squares overflow; they are finite all the same."""
        data = np.full((2, 3), 3e38, np.float32)
        runner = Runner([])
        np.testing.assert_array_equal(only(runner.push(Block(data))).data, data)
        assert runner.tally.nonfinite_samples == 0


class TestStartingAfresh:
    @pytest.mark.parametrize(
        "changed",
        [
            {"first_trace": 13},
            {"first_trace": 0},
            {"line": "M"},
            {"sensor": Sensor(antenna_hz=1e9)},
            {"data": np.zeros((10, 4), np.float32), "coords": {}},
            {"trace_spacing_m": 0.5},
            {"coords": {"twt_s": ("delay", np.arange(3.0))}},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_nothing_leaks_over_a_change(self, changed: dict[str, Any]) -> None:
        steps = [RunningSum(), Hold(3), MeanOfThree()]
        whole = line(coords={"twt_s": ("delay", np.zeros(3))})
        before = whole.traces(0, 10)
        after = replace(whole.traces(10, 20), **changed)
        runner = Runner(steps)
        got = [out for one in (before, after) for out in runner.push(one)] + list(runner.finish())
        assert_same(got, [*run(steps, [before]), *run(steps, [after])])
        assert runner.tally.segments == 2

    def test_what_follows_is_one_run(self) -> None:
        runner = Runner([RunningSum()])
        parts = [out for one in cut(line(), [3, 11]) for out in runner.push(one)]
        expected = np.cumsum(line().data.astype(np.float64), axis=0)
        np.testing.assert_allclose(concat(parts).data, expected, rtol=1e-6)
        assert runner.tally.segments == 1

    def test_a_step_starts_afresh_behind_a_gap_that_another_step_made(self) -> None:
        out = list(run([DropFirstHalf(), RunningSum()], [line(20)]))
        rows = np.concatenate([one.data for one in out])
        numbers = [n for one in out for n in range(one.first_trace, one.stop_trace)]
        assert numbers == [n for n in range(20) if n % 10 != 5]
        np.testing.assert_allclose(rows[5], line().data[6], rtol=1e-6)

    def test_a_finished_runner_can_run_again(self) -> None:
        runner = Runner([Hold(3)])
        first = [*runner.push(line()), *runner.finish()]
        second = [*runner.push(line()), *runner.finish()]
        assert_same(first, second)
        assert list(runner.finish()) == []


class TestOrder:
    def test_held_rows_go_through_the_steps_that_follow(self) -> None:
        steps = [Hold(4), RunningSum(), Hold(7), Double()]
        out = list(run(steps, cut(line(), range(20))))
        expected = 2.0 * np.cumsum(line().data.astype(np.float64), axis=0)
        np.testing.assert_allclose(concat(out).data, expected, rtol=1e-5)
        assert [one.first_trace for one in out] == sorted(one.first_trace for one in out)

    def test_a_short_line_comes_out_whole_through_long_holds(self) -> None:
        out = only(run([Hold(50), RunningSum(), Hold(50)], [line(5)]))
        assert_same([replace(out, history=())], [replace(s, history=()) for s in summed(line(5))])

    def test_whole_lines_answer_at_the_end(self) -> None:
        runner = Runner([Reverse(), Double()])
        assert [out for one in cut(line(), [7]) for out in runner.push(one)] == []
        np.testing.assert_array_equal(only(runner.finish()).data, 2.0 * line().data[::-1])

    @settings(max_examples=30)
    @given(st.lists(st.integers(1, 19), max_size=10))
    def test_cutting_changes_nothing(self, at: list[int]) -> None:
        steps = [MeanOfThree(), Hold(4), DropFirstHalf(), RunningSum(), MeanOfThree()]
        assert_same(list(run(steps, cut(line(), at))), list(run(steps, [line()])))


class TestTally:
    def test_it_counts_traces_runs_and_what_is_missing(self) -> None:
        runner = Runner([])
        whole = line()
        shifted = replace(whole.traces(10, 20), first_trace=15)
        other = replace(line(4), line="M", first_trace=100)
        for one in (whole.traces(0, 10), shifted, other):
            list(runner.push(one))
        tally = runner.tally
        assert (tally.traces, tally.segments, tally.missing_traces) == (24, 3, 5)

    def test_a_counter_that_falls_back_misses_nothing(self) -> None:
        runner = Runner([])
        for first in (10, 0):
            list(runner.push(line(4, first_trace=first)))
        assert (runner.tally.segments, runner.tally.missing_traces) == (2, 0)

    def test_empty_blocks_pass_unseen(self) -> None:
        runner = Runner([RunningSum()])
        empty = line().traces(0, 0)
        assert list(runner.push(empty)) == []
        assert runner.tally.segments == 0
        pieces = [line().traces(0, 5), line().traces(3, 3), line().traces(5, 20)]
        out = [one for piece in pieces for one in runner.push(piece)]
        assert_same(out, list(run([RunningSum()], [line()])))


def test_every_step_leaves_a_note_in_order() -> None:
    out = only(run([Double(), Hold(2), Hold(3)], [line()]))
    assert [one.step for one in out.history] == ["double", "hold", "hold"]
    digests = [one.digest for one in out.history]
    assert len(set(digests)) == 3
    assert all(len(one) == 16 for one in digests)


def test_no_steps_give_back_what_went_in() -> None:
    assert_same(list(run([], cut(line(), [3]))), [line()])
