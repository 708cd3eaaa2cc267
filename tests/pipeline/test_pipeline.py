"""Pipeline: TOML in, frozen steps out; the fingerprint of what they do."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from detectkit.core import BlockSpec, PipelineError, Sensor
from detectkit.pipeline import Pipeline, describe, parse_steps, step_tables
from detectkit.pipeline.pipeline import applied

TOML = """
name = "wet clay"

[[step]]
use = "dewow"
window_s = 5e-9

[[step]]
use = "sliding-mean-background"
window_traces = 101

[detect]
threshold = 5.0
"""
DETECT = "[detect]\nthreshold = 5.0\n"
SPEC = BlockSpec(
    samples=200,
    sensor=Sensor(full_scale=(-100.0, 100.0)),
    coords=frozenset({"twt_s"}),
    sample_interval_s=1e-10,
    trace_spacing_m=0.02,
)


def refusal(text: str) -> str:
    with pytest.raises(PipelineError) as caught:
        Pipeline.from_toml(text)
    return str(caught.value)


class TestReading:
    def test_steps_name_and_other_sections_are_read(self) -> None:
        pipeline = Pipeline.from_toml(TOML)
        assert [step.name for step in pipeline.steps] == ["dewow", "sliding-mean-background"]
        assert pipeline.name == "wet clay"
        assert pipeline.sections == {"detect": {"threshold": 5.0}}

    def test_it_survives_the_way_through_toml(self) -> None:
        pipeline = Pipeline.from_toml(TOML)
        again = Pipeline.from_toml(pipeline.to_toml())
        assert again == pipeline
        assert again.fingerprint == pipeline.fingerprint

    def test_every_default_is_written_out(self) -> None:
        (step,) = tomllib.loads(Pipeline.from_toml('step = [{use = "bandpass"}]').to_toml())["step"]
        assert step.keys() == {"use", "low_hz", "high_hz", "order"}

    def test_no_steps_are_a_pipeline_too(self) -> None:
        empty = Pipeline.from_toml("")
        assert empty.steps == ()
        assert Pipeline.from_toml(empty.to_toml()) == empty

    def test_what_is_not_toml_is_refused_with_the_place(self) -> None:
        assert "not valid TOML" in refusal("[[step]\nuse = 1")
        assert "line 1" in refusal("[[step]\nuse = 1")

    @pytest.mark.parametrize("text", ['[step]\nuse = "dc"', 'step = "dc"', "step = 1"])
    def test_steps_that_are_no_list_of_tables_are_refused(self, text: str) -> None:
        assert "[[step]]" in refusal(text)

    @pytest.mark.parametrize(
        "text", ["[[step]]\nwindow_s = 1.0", "[[step]]\nuse = 3", 'step = ["dc"]', "step = [1]"]
    )
    def test_a_step_without_a_name_is_refused_by_number(self, text: str) -> None:
        assert 'step 1: say which one with use = "..."' in refusal(text)

    def test_an_unknown_step_is_answered_with_near_names(self) -> None:
        assert "no step 'dewov'; did you mean dewow" in refusal('[[step]]\nuse = "dewov"')

    def test_a_wrong_setting_says_in_which_step(self) -> None:
        text = refusal('[[step]]\nuse = "dc"\n[[step]]\nuse = "dewow"\nwindow = 1.0')
        assert text.startswith("step 2 'dewow': no setting 'window'; its settings: window_s: float")


class TestFingerprint:
    @pytest.mark.parametrize(
        "text",
        [
            TOML.replace("wet clay", "dry sand"),
            TOML.replace("\n\n", "\n# a comment\n\n\n"),
            TOML.replace("5e-9", "0.000000005"),
            DETECT + TOML.replace(DETECT, "").replace('name = "wet clay"', ""),
            TOML.replace('use = "dewow"\nwindow_s = 5e-9', 'window_s = 5e-9\nuse = "dewow"'),
        ],
        ids=["name", "layout", "notation", "order of sections", "order of keys"],
    )
    def test_it_does_not_depend_on_how_it_is_written(self, text: str) -> None:
        assert Pipeline.from_toml(text).fingerprint == Pipeline.from_toml(TOML).fingerprint

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("5e-9", "6e-9"),
            ("101", "103"),
            ("threshold = 5.0", "threshold = 5.1"),
            ('[[step]]\nuse = "dewow"\nwindow_s = 5e-9\n', ""),
            ("dewow", "agc"),
        ],
    )
    def test_it_depends_on_every_setting(self, old: str, new: str) -> None:
        assert old in TOML
        changed = Pipeline.from_toml(TOML.replace(old, new))
        assert changed.fingerprint != Pipeline.from_toml(TOML).fingerprint

    def test_it_depends_on_the_order_of_the_steps(self) -> None:
        steps = Pipeline.from_toml(TOML).steps
        assert Pipeline(steps[::-1]).fingerprint != Pipeline(steps).fingerprint

    def test_a_default_written_out_is_the_default(self) -> None:
        short = Pipeline.from_toml('step = [{use = "dewow"}]')
        assert Pipeline.from_toml(short.to_toml()).fingerprint == short.fingerprint

    def test_it_is_a_sha256(self) -> None:
        assert len(bytes.fromhex(Pipeline(()).fingerprint)) == 32

    def test_the_note_in_a_history_tells_settings_apart(self) -> None:
        one, other = parse_steps([{"use": "dewow"}, {"use": "dewow", "window_s": 1e-9}])
        assert applied(one).step == "dewow"
        assert applied(one) == applied(one)
        assert applied(one) != applied(other)


class TestDescribing:
    def test_the_spec_goes_through_all_steps(self) -> None:
        pipeline = Pipeline.from_toml(
            """
            step = [
                {use = "resample-time", interval_s = 2e-10},
                {use = "clip-report"},
                {use = "envelope"},
                {use = "stack", traces = 4},
            ]
            """
        )
        out = pipeline.describe(SPEC)
        assert (out.samples, out.sample_interval_s) == (100, 2e-10)
        assert out.quantity == "envelope"
        assert out.coords == {"twt_s", "clipped_samples", "stacked_traces"}
        assert out.trace_spacing_m == pytest.approx(0.08)

    def test_an_error_says_which_step(self) -> None:
        steps = parse_steps([{"use": "dc"}, {"use": "dewow", "window_s": 0.0}])
        with pytest.raises(PipelineError, match=r"step 2: step 'dewow': window_s = 0\.0.*above 0"):
            describe(steps, SPEC)

    def test_nanoseconds_given_as_seconds_are_caught(self) -> None:
        steps = parse_steps([{"use": "dewow", "window_s": 5}])
        with pytest.raises(PipelineError, match=r"at most 0\.001 seconds; 5 ns is 5e-9"):
            describe(steps, SPEC)

    def test_metres_without_a_spacing_say_how_to_give_one(self) -> None:
        steps = parse_steps([{"use": "sliding-mean-background", "window_m": 1.0}])
        describe(steps, SPEC)
        blind = BlockSpec(samples=200, sample_interval_s=1e-10)
        with pytest.raises(PipelineError, match="--set trace_spacing_m"):
            describe(steps, blind)

    def test_a_detector_has_no_delay_axis_to_filter(self) -> None:
        channels = BlockSpec(dims=("trace", "channel"), samples=4, sensor=Sensor(id="md"))
        with pytest.raises(PipelineError, match="needs a delay axis"):
            describe(parse_steps([{"use": "dewow"}]), channels)


class TestLive:
    @pytest.mark.parametrize("name", ["mean-background", "svd-background", "rpca-background"])
    def test_a_step_that_needs_the_line_is_refused_with_its_substitute(self, name: str) -> None:
        pipeline = Pipeline(parse_steps([{"use": "dc"}, {"use": name}]))
        substitute = pipeline.steps[1].live_substitute
        with pytest.raises(PipelineError, match=f"step 2 '{name}' needs.*take '{substitute}'"):
            pipeline.check_live()
        Pipeline(parse_steps([{"use": substitute}])).check_live()

    def test_streaming_steps_pass(self) -> None:
        Pipeline.from_toml(TOML).check_live()

    @pytest.mark.parametrize(
        ("tables", "expected"),
        [
            ([], 0),
            ([{"use": "dc"}, {"use": "dewow"}], 0),
            ([{"use": "sliding-mean-background", "window_traces": 101}], 50),
            (
                [
                    {"use": "sliding-mean-background", "window_traces": 21},
                    {"use": "repair-traces", "half_window_traces": 3},
                ],
                16,
            ),
            (
                [
                    {"use": "stack", "traces": 4},
                    {"use": "sliding-mean-background", "window_traces": 21},
                ],
                3 + 4 * 10,
            ),
        ],
    )
    def test_the_latency_counts_recorded_traces(
        self, tables: list[dict[str, Any]], expected: int
    ) -> None:
        assert Pipeline(parse_steps(tables)).latency_traces(SPEC) == expected


def test_step_tables_are_what_parse_steps_takes() -> None:
    steps = Pipeline.from_toml(TOML).steps
    assert parse_steps(step_tables(steps)) == steps
