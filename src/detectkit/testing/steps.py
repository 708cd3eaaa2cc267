"""StepSuite: the laws of a step, for the author of a plug-in to inherit.

class TestMyStep(StepSuite):
step = MyStep(window_s=2e-9)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectkit.core import Block, Sensor, concat
from detectkit.core.block import Coord
from detectkit.pipeline import Pipeline, Step, run

SAMPLE_INTERVAL_S = 1e-10
TRACE_SPACING_M = 0.02


def example_line(*, traces: int = 150, samples: int = 96, seed: int = 7) -> Block:
    """Return a small noisy line: direct wave, drifting wow, two diffractors, a flat layer.

    It carries every coordinate that shipped steps may ask for.
    """
    rng = np.random.default_rng(seed)
    row, column = np.arange(traces)[:, None], np.arange(samples)[None, :]
    data = rng.normal(0.0, 30.0, (traces, samples))
    data += 3000.0 * _ricker(column - 12.0 - 2.0 * np.sin(row / 25.0))
    data += 400.0 * np.cos(2.0 * np.pi * column / 300.0 + row / 40.0) + 120.0
    for apex_row, apex_column in ((traces // 3, samples // 2), (2 * traces // 3, samples // 3)):
        delay = np.hypot(apex_column, 2.0 * TRACE_SPACING_M * (row - apex_row) / 0.01)
        data += 900.0 * _ricker(column - delay)
    counts = np.clip(np.rint(data), -2900, 2900).astype(np.float32)
    return Block(
        counts,
        coords=_example_coords(traces, samples),
        sensor=Sensor(antenna_hz=1e9, full_scale=(-2900.0, 2900.0), antenna_separation_m=0.06),
        line="example",
        first_trace=0,
        trace_spacing_m=TRACE_SPACING_M,
    )


def _example_coords(traces: int, samples: int) -> dict[str, Coord]:
    row = np.arange(traces)
    distance = np.cumsum(np.where(row % 37 == 5, 0.0, TRACE_SPACING_M)) + 1e-3 * np.sin(row)
    return {
        "twt_s": ("delay", np.arange(samples) * SAMPLE_INTERVAL_S),
        "source_trace": ("trace", row.astype(np.int64)),
        "along_track_m": ("trace", np.maximum.accumulate(distance)),
        "mark": ("trace", (row % 50 == 10).astype(np.uint8)),
        "height_m": ("trace", 0.3 + 0.03 * np.sin(row / 25.0)),
    }


def _ricker(samples: np.ndarray) -> np.ndarray:
    phase = (np.pi * samples / 10.0) ** 2
    return np.asarray((1.0 - 2.0 * phase) * np.exp(-phase))


def cut(block: Block, at: Sequence[int]) -> Iterator[Block]:
    """Yield the block cut before the given rows, in order."""
    bounds = [0, *sorted({row for row in at if 0 < row < len(block)}), len(block)]
    for start, stop in pairwise(bounds):
        yield block.traces(start, stop)


def assert_same(one: Sequence[Block], other: Sequence[Block]) -> None:
    """Fail unless both sequences hold the same traces, coordinates and counters, bit by bit."""
    left, right = joined(one), joined(other)
    assert len(left) == len(right), "number of runs differs"
    for a, b in zip(left, right, strict=True):
        assert (a.first_trace, a.line, a.history) == (b.first_trace, b.line, b.history)
        assert np.array_equal(a.data, b.data, equal_nan=True), "samples differ"
        assert a.coords.keys() == b.coords.keys()
        for name in a.coords:
            same = np.array_equal(a.coord(name), b.coord(name), equal_nan=True)
            assert same, f"coordinate {name} differs"


def joined(blocks: Sequence[Block]) -> list[Block]:
    """Join blocks that follow each other; a gap or a new line starts another."""
    from detectkit.core.block import follows

    runs: list[list[Block]] = []
    for block in blocks:
        if runs and follows(runs[-1][-1], block):
            runs[-1].append(block)
        else:
            runs.append([block])
    return [concat(one) for one in runs]


class StepSuite:
    """Inherit, set `step`, and the laws run; override `line` for a special input."""

    step: Step

    def line(self) -> Block:
        """Return the input that the laws run on."""
        return example_line()

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
    )
    @given(st.lists(st.integers(1, 149), max_size=12))
    def test_cutting_the_input_changes_no_bit(self, at: list[int]) -> None:
        """Chunk invariance, the law of DESIGN.md."""
        line = self.line()
        assert_same(list(run([self.step], [line])), list(run([self.step], cut(line, at))))

    def test_trace_by_trace_is_the_same(self) -> None:
        """The smallest chunks there are."""
        line = self.line()
        single = list(run([self.step], cut(line, range(len(line)))))
        assert_same(list(run([self.step], [line])), single)

    def test_a_gap_starts_afresh(self) -> None:
        """What is behind a gap must not leak over it."""
        line = self.line()
        half = len(line) // 2
        before, after = line.traces(0, half), line.traces(half, len(line))
        moved = replace(after, first_trace=after.first_trace + 5)
        alone = [*run([self.step], [before]), *run([self.step], [moved])]
        assert_same(list(run([self.step], [before, moved])), alone)

    def test_describe_tells_what_comes_out(self) -> None:
        """The spec promised before take-off is the spec of the blocks."""
        line = self.line()
        promised = self.step.describe(line.spec)
        for block in run([self.step], [line]):
            spec = block.spec
            assert (spec.dims, spec.samples) == (promised.dims, promised.samples)
            assert spec.coords == promised.coords
            assert spec.quantity == promised.quantity
            assert block.data.dtype == np.float32
            if promised.sample_interval_s is not None:
                assert np.isclose(spec.sample_interval_s or 0.0, promised.sample_interval_s)
                assert np.isclose(spec.first_twt_s, promised.first_twt_s, atol=1e-15)

    def test_it_survives_the_way_through_toml(self) -> None:
        """Settings are their own serialised form."""
        pipeline = Pipeline((self.step,))
        again = Pipeline.from_toml(pipeline.to_toml())
        assert again.steps == pipeline.steps
        assert again.fingerprint == pipeline.fingerprint
