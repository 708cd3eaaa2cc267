"""Every registered step: its example works and keeps the laws; so does the default pipeline.

The suites of the single steps try more settings; here no step can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import VOCABULARY, Block, Indication, Sensor
from detectkit.detect.detector import Detector
from detectkit.detect.preset import Ground, default_pipeline
from detectkit.detect.settings import Detection
from detectkit.io import Stream, StreamHeader
from detectkit.pipeline import Pipeline, Step, describe, run, step_class, step_names
from detectkit.pipeline.manual import docstring_example
from detectkit.testing.steps import assert_same, cut, example_line, joined

CUTS = ([1], [109], [7, 8, 55], [*range(0, 110, 13)], [64])
CHANGES_THE_ROWS = {"stack", "resample-distance"}


def placed_line(traces: int, *, samples: int = 96) -> Block:
    """Return the example line with a position at every trace but a few."""
    line = example_line(traces=traces, samples=samples)
    north_deg = line.coord("along_track_m") / 111_000.0
    north_deg[20:23] = np.nan
    coords = {
        "longitude_deg": ("trace", np.full(traces, 15.0)),
        "latitude_deg": ("trace", 45.0 + north_deg),
        "up_m": ("trace", 0.3 + 0.02 * np.cos(np.arange(traces) / 30.0)),
        "time_ns": ("trace", np.arange(traces) * 10_000_000),
    }
    return line.with_data(line.data, coords=coords)


FOR_CHANNELS = {
    "adaptive-ground-balance", "detector-baseline", "detector-height", "distance-from-map",
    "ground-balance", "metal-anomaly",
}  # fmt: skip


def detector_line(traces: int) -> Block:
    """Return the rows of a detector with three channels."""
    line = placed_line(traces)
    along = line.coord("along_track_m")
    places = {"easting_m": ("trace", 0.6 * along), "northing_m": ("trace", 0.8 * along)}
    line = line.with_data(line.data, coords=places)
    return Block(
        np.ascontiguousarray(line.data[:, 10:40:10]),
        dims=("trace", "channel"),
        coords={name: one for name, one in line.coords.items() if one[0] == "trace"},
        sensor=Sensor(id="md", kind="metal_detector"),
        line=line.line,
        trace_spacing_m=line.trace_spacing_m,
        quantity="response",
    )


def line_for(name: str, traces: int = 110) -> Block:
    """Return a line, with few samples for the steps that iterate for seconds."""
    if name in FOR_CHANNELS:
        return detector_line(traces)
    return placed_line(traces, samples=24 if "rpca" in name else 96)


def example(name: str) -> tuple[Step, ...]:
    return Pipeline.from_toml(docstring_example(step_class(name))).steps


@pytest.mark.parametrize("name", step_names())
class TestEveryStep:
    def test_its_example_is_toml_that_builds_it(self, name: str) -> None:
        steps = example(name)
        assert name in {step.name for step in steps}
        assert all(isinstance(step, step_class(step.name)) for step in steps)

    def test_its_example_survives_the_way_through_toml(self, name: str) -> None:
        pipeline = Pipeline(example(name))
        again = Pipeline.from_toml(pipeline.to_toml())
        assert again.steps == pipeline.steps
        assert again.fingerprint == pipeline.fingerprint

    def test_cutting_the_line_changes_no_bit(self, name: str) -> None:
        line = line_for(name)
        whole = list(run(example(name), [line]))
        assert whole
        for at in (*CUTS, range(len(line))):
            assert_same(whole, list(run(example(name), cut(line, at))))

    def test_what_it_describes_is_what_comes_out(self, name: str) -> None:
        steps, line = example(name), line_for(name)
        promised = describe(steps, line.spec)
        for block in run(steps, cut(line, [31])):
            spec = block.spec
            assert block.data.dtype == np.float32
            assert np.isfinite(block.data).all()
            assert (spec.dims, spec.samples) == (promised.dims, promised.samples)
            assert (spec.coords, spec.quantity) == (promised.coords, promised.quantity)
            assert spec.trace_spacing_m == pytest.approx(promised.trace_spacing_m)
            assert spec.sample_interval_s == pytest.approx(promised.sample_interval_s)
            assert spec.first_twt_s == pytest.approx(promised.first_twt_s, abs=1e-15)

    def test_all_it_adds_is_in_the_vocabulary(self, name: str) -> None:
        promised = describe(example(name), line_for(name).spec)
        assert promised.coords | {promised.quantity} <= set(VOCABULARY)

    def test_it_holds_back_no_more_than_its_latency(self, name: str) -> None:
        steps = example(name)
        pipeline = Pipeline(steps)
        if any(step.live_substitute or step.name in CHANGES_THE_ROWS for step in steps):
            pytest.skip("needs the whole line, or answers with other rows")
        ready = 0
        latency = pipeline.latency_traces(line_for(name).spec)
        line = line_for(name, latency + 40)
        for block in passed(steps, line):
            ready += len(block)
        assert ready >= len(line) - latency

    def test_it_leaves_its_input_alone(self, name: str) -> None:
        line = line_for(name)
        before = line.data.copy()
        list(run(example(name), [line]))
        np.testing.assert_array_equal(line.data, before)

    def test_a_silent_line_stays_finite(self, name: str) -> None:
        line = line_for(name)
        silent = line.with_data(np.zeros_like(line.data))
        for block in run(example(name), [silent]):
            assert np.isfinite(block.data).all()

    def test_a_single_trace_passes(self, name: str) -> None:
        for block in run(example(name), [line_for(name).traces(40, 41)]):
            assert len(block) == 1
            assert np.isfinite(block.data).all()

    def test_its_settings_have_units_in_their_names(self, name: str) -> None:
        """A length of time or track without a unit would be mistaken."""
        from dataclasses import fields

        for one in fields(step_class(name)):  # type: ignore[arg-type]
            if "window" in one.name or "interval" in one.name or "spacing" in one.name:
                assert one.name.endswith(("_s", "_m", "_traces", "_hz", "_samples")), one.name


def passed(steps: Sequence[Step], line: Block) -> list[Block]:
    """Return what comes out before the line has ended."""
    from detectkit.pipeline import Runner

    runner = Runner(steps)
    return [out for block in cut(line, range(0, len(line), 7)) for out in runner.push(block)]


class Rows:
    """A trace source over an array, with the figures of its coordinates."""

    def __init__(self, line: Block) -> None:
        self.line = line

    def read(self, start: int, stop: int) -> tuple[npt.NDArray[np.float32], dict[str, object]]:
        return self.line.data[start:stop], {}


def default(line: Block) -> tuple[Pipeline, Detection]:
    header = StreamHeader(
        line.sensor, line.line, len(line), line.data.shape[1], 1e-10, trace_spacing_m=0.02
    )
    pipeline, _ = default_pipeline([Stream(header, Rows(line))], Ground(1e8, "given"))
    detection = Detection.of(pipeline)
    assert detection is not None
    return pipeline, detection


def detected(
    pipeline: Pipeline, detection: Detection, blocks: Sequence[Block]
) -> tuple[list[Block], list[Indication]]:
    detector = Detector(detection, "example", pipeline.fingerprint)
    processed = list(run(pipeline.steps, blocks))
    found = [one.indication for block in processed for one in detector.push(block)]
    found += [one.indication for one in detector.finish()]
    return processed, sorted(found, key=lambda one: (-one.score, one.line, one.trace))


class TestTheDefaultPipeline:
    LINE = example_line(traces=300, samples=128)

    @pytest.mark.parametrize("gap", [0, 9])
    @settings(max_examples=12, deadline=None)
    @given(at=st.lists(st.integers(1, 299), max_size=12))
    def test_cutting_changes_no_sample_and_no_indication(self, gap: int, at: list[int]) -> None:
        pipeline, detection = default(self.LINE)
        line, moved = self.LINE.traces(0, 170), self.LINE.traces(170, 300)
        moved = replace(moved, first_trace=170 + gap)
        whole = [self.LINE] if gap == 0 else [line, moved]
        pieces = [*cut(line, at), *cut(moved, [one - 170 for one in at])]
        expected, found = detected(pipeline, detection, whole)
        again, found_again = detected(pipeline, detection, pieces)
        assert_same(expected, again)
        assert found_again == found
        assert len(found) >= 2

    def test_it_finds_both_diffractors(self) -> None:
        """Their hyperbolas are those of an antenna on the ground, so that no height may be told."""
        coords = {name: one for name, one in self.LINE.coords.items() if name != "height_m"}
        line = replace(self.LINE, coords=coords)
        pipeline, detection = default(line)
        _, found = detected(pipeline, detection, [line])
        best = sorted(one.trace - 1 for one in found[:2])
        assert best == pytest.approx([100, 200], abs=3)

    def test_it_may_run_live(self) -> None:
        pipeline, detection = default(self.LINE)
        pipeline.check_live()
        Pipeline(detection.steps).check_live()
        assert 0 < pipeline.latency_traces(self.LINE.spec) < 200


def test_runs_of_an_example_line_join() -> None:
    """The comparison itself must see a difference."""
    line = example_line(traces=20)
    assert len(joined(list(cut(line, [3, 9])))) == 1
    changed = line.data.copy()
    changed[3, 4] = np.nextafter(changed[3, 4], np.float32(1e9))
    with pytest.raises(AssertionError, match="samples differ"):
        assert_same([line], [line.with_data(changed)])
