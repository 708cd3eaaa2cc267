from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, PipelineError
from detectkit.pipeline import run
from detectkit.pipeline.steps.stacking import Stack
from detectkit.testing.steps import StepSuite, example_line, joined


class TestStack(StepSuite):
    step = Stack(traces=4)


class TestStackLongerThanTheLine(StepSuite):
    step = Stack(traces=1000)


class TestStackOfAllKindsOfCoordinates(StepSuite):
    step = Stack(traces=7)

    def line(self) -> Block:
        return with_times(example_line())


def with_times(line: Block) -> Block:
    row = np.arange(len(line))
    coords = {
        "time_ns": ("trace", 1_700_000_000_000_000_001 + 10_000_003 * row),
        "clipped_samples": ("trace", (row % 3).astype(np.int32)),
        "longitude_deg": ("trace", np.where(row < 3, np.nan, 8.0 + 1e-6 * row)),
    }
    return line.with_data(line.data, coords=coords)


def stacked(line: Block, *, traces: int) -> Block:
    (out,) = joined(list(run([Stack(traces=traces)], [line])))
    return out


def test_rows_and_coordinates_are_means_and_the_rest_is_kept_with_its_number() -> None:
    line = with_times(example_line())
    out = stacked(line, traces=4)
    assert out.coord("stacked_traces").tolist() == [4] * 37 + [2]
    assert out.trace_spacing_m == pytest.approx(0.08)
    np.testing.assert_allclose(out.data[5], line.data[20:24].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(out.data[-1], line.data[148:].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(out.coord("height_m")[5], line.coord("height_m")[20:24].mean())
    assert np.isnan(out.coord("longitude_deg")[0])
    assert out.coord("longitude_deg")[1] == pytest.approx(8.0 + 5.5e-6, abs=1e-12)


def test_times_are_exact_marks_are_kept_counts_add_up() -> None:
    line = with_times(example_line())
    out = stacked(line, traces=4)
    times = [int(t) for t in line.coord("time_ns")[4:8]]
    assert out.coord("time_ns")[1] == sum(times) // 4
    assert out.coord("mark").sum() == line.coord("mark").sum()
    assert out.coord("clipped_samples").sum() == line.coord("clipped_samples").sum()
    assert out.coord("source_trace")[:3].tolist() == [0, 4, 8]


def test_groups_are_counted_by_the_trace_number_so_a_gap_shows() -> None:
    line = example_line()
    before, after = line.traces(0, 10), replace(line.traces(10, 30), first_trace=26)
    first, second = joined(list(run([Stack(traces=4)], [before, after])))
    assert (first.first_trace, first.coord("stacked_traces").tolist()) == (0, [4, 4, 2])
    assert (second.first_trace, second.coord("stacked_traces").tolist()) == (6, [2, 4, 4, 4, 4, 2])


def test_traces_before_number_zero_are_grouped_alike() -> None:
    line = replace(example_line().traces(0, 8), first_trace=-3)
    out = stacked(line, traces=4)
    assert (out.first_trace, out.coord("stacked_traces").tolist()) == (-1, [3, 4, 1])
    np.testing.assert_allclose(out.data[0], line.data[:3].mean(axis=0), atol=1e-3)


def test_a_stack_of_no_traces_is_refused() -> None:
    with pytest.raises(PipelineError, match="traces = 0"):
        Stack(traces=0).describe(example_line().spec)
