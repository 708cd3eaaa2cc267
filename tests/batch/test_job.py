"""Planning: every file opened, every line named and given its pipeline, before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.batch.job import Job, check_velocity, ground_of, plan
from detectkit.core import Block, FormatError, PipelineError, Sensor, UsageError
from detectkit.io import Overrides, open_recording
from detectkit.pipeline import Pipeline

from .flights import in_time_mode, line, write


def said(job: Job, severity: str) -> str:
    return " | ".join(str(one) for one in job.notices if one.severity == severity)


def short(name: str = "L1", seed: int = 1) -> Block:
    return line(name, traces=60, seed=seed)


class TestVelocity:
    @pytest.mark.parametrize("velocity", [None, 2e7, 0.1e9, 3e8])
    def test_one_of_a_wave_in_the_ground_passes(self, velocity: float | None) -> None:
        check_velocity(velocity)

    @pytest.mark.parametrize("velocity", [0.0, -1e8, 5e8, 1e7, float("nan"), float("inf"), 100.0])
    def test_any_other_is_refused_with_an_example(self, velocity: float) -> None:
        with pytest.raises(UsageError, match=r"metres per second.*--velocity 1\.0e8"):
            check_velocity(velocity)

    @pytest.mark.parametrize("velocity", [0.06, 0.1, 0.3])
    def test_metres_per_nanosecond_are_answered_with_the_way_out(self, velocity: float) -> None:
        with pytest.raises(UsageError) as caught:
            check_velocity(velocity)
        way_out = str(caught.value).split("--velocity ")[-1]
        check_velocity(float(way_out))
        assert float(way_out) == pytest.approx(velocity * 1e9)

    @pytest.mark.parametrize(
        ("given", "permittivity", "velocity", "source"),
        [
            (1.2e8, "9", 1.2e8, "given"),
            (None, "9", 299792458.0 / 3, "file"),
            (None, None, 1e8, "assumed"),
            (None, "0.5", 1e8, "assumed"),
            (None, "200", 1e8, "assumed"),
        ],
    )
    def test_it_is_given_or_of_the_file_or_assumed(
        self,
        tmp_path: Path,
        given: float | None,
        permittivity: str | None,
        velocity: float,
        source: str,
    ) -> None:
        settings = {} if permittivity is None else {"permittivity": permittivity}
        recording = open_recording(write(tmp_path / "a.h5", short()), overrides=settings)
        ground = ground_of(recording.streams[0], given)
        assert ground.velocity_m_per_s == pytest.approx(velocity)
        assert ground.source == source


class TestNames:
    def test_lines_are_named_by_the_recording(self, tmp_path: Path) -> None:
        job = plan([write(tmp_path / "a.h5", short("north"), short("south"))])
        assert [one.name for one in job.lines] == ["north", "south"]
        assert job.traces == 120

    def test_equal_names_are_told_apart(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{n}.h5", short("L1")) for n in "abc"]
        assert [one.name for one in plan(paths).lines] == ["L1", "L1-2", "L1-3"]
        assert [one.name for one in plan([paths[0], paths[0]]).lines] == ["L1", "L1-2"]

    def test_channels_of_one_line_are_told_apart_by_sensor(self, tmp_path: Path) -> None:
        other = replace(short(), sensor=Sensor(id="gpr-2", antenna_hz=4e8))
        job = plan([write(tmp_path / "a.h5", short(), other)])
        assert [one.name for one in job.lines] == ["L1", "L1.gpr-2"]

    @pytest.mark.parametrize("names", [("a/b", "a_b"), ("Nord", "nord"), ("1 2", "1_2")])
    def test_names_differ_as_file_names_too(self, tmp_path: Path, names: tuple[str, str]) -> None:
        job = plan([write(tmp_path / "a.h5", *(short(name) for name in names))])
        stems = [one.file_stem.lower() for one in job.lines]
        assert len(set(stems)) == 2
        assert not any(set(stem) & set("/\\: ") for stem in stems)


class TestWhatIsLeftOut:
    def test_a_silent_channel_is_left_out_with_a_warning(self, tmp_path: Path) -> None:
        silent = short("mute")
        silent = silent.with_data(np.zeros_like(silent.data))
        job = plan([write(tmp_path / "a.h5", short(), silent)])
        assert [one.name for one in job.lines] == ["L1"]
        assert "line 'mute': no signal in its 60 traces; left out" in said(job, "warning")

    def test_nothing_but_silence_is_refused(self, tmp_path: Path) -> None:
        silent = short()
        path = write(tmp_path / "mute.h5", silent.with_data(np.zeros_like(silent.data)))
        with pytest.raises(FormatError, match=r"mute\.h5: no radar traces with a signal"):
            plan([path])

    def test_a_detector_is_no_radar(self, tmp_path: Path) -> None:
        detector = Block(
            np.ones((9, 3), np.float32),
            dims=("trace", "channel"),
            sensor=Sensor(id="md", kind="metal_detector"),
            line="L1",
        )
        assert len(plan([write(tmp_path / "a.h5", short(), detector)]).lines) == 1
        with pytest.raises(FormatError, match="no radar traces"):
            plan([write(tmp_path / "b.h5", detector)])


class TestPipelines:
    def test_lines_of_like_settings_share_one_and_are_told_of_once(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{seed}.h5", line(f"L{seed}", seed=seed)) for seed in (1, 2, 3)]
        job = plan(paths)
        assert len({one.pipeline.fingerprint for one in job.lines}) == 1
        assert said(job, "assumed").count("velocity 0.1 m/ns") == 1

    def test_lines_of_other_settings_get_their_own(self, tmp_path: Path) -> None:
        job = plan([write(tmp_path / "a.h5", line("L1"), in_time_mode(line("L2", seed=3)))])
        first, second = job.lines
        assert first.pipeline.fingerprint != second.pipeline.fingerprint
        assert "the recording has no distance" in said(job, "assumed")
        assert "velocity 0.1 m/ns" in said(job, "assumed")

    def test_a_given_one_is_for_all(self, tmp_path: Path) -> None:
        given = Pipeline.from_toml('step = [{use = "dc"}]')
        job = plan([write(tmp_path / "a.h5", short(), short("L2"))], pipeline=given)
        assert all(one.pipeline is given and one.detection is None for one in job.lines)
        assert job.notices == ()

    def test_settings_of_the_user_count(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.h5", short())
        job = plan([path], overrides=Overrides({"antenna_hz": "4e8"}), velocity_m_per_s=1.1e8)
        assert job.lines[0].recording.overrides == {"antenna_hz": "4e8"}
        assert job.lines[0].detection is not None
        assert job.lines[0].detection.settings.velocity_m_per_s == 1.1e8

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('step = [{use = "dewow", window_s = 0.0}]', "step 1: step 'dewow': window_s"),
            ('[[steps]]\nuse = "dc"', r"'steps', which means nothing here.*\[\[step\]\]"),
            ("[detect]", r"needs at least one \[\[detect.score\]\]"),
            ('[detect]\nscore = [{use = "reed-xiaoly"}]', "did you mean reed-xiaoli"),
            (
                '[detect]\nscore = [{use = "reed-xiaoli", training_traces = 1}]',
                "training_traces = 1",
            ),
        ],
    )
    def test_one_that_cannot_work_is_refused_before_anything_runs(
        self, tmp_path: Path, text: str, message: str
    ) -> None:
        path = write(tmp_path / "a.h5", short())
        with pytest.raises(PipelineError, match=message):
            plan([path], pipeline=Pipeline.from_toml(text))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        plan([tmp_path / "none.h5"])
