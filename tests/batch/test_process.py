"""The main job, end to end on a small simulated flight."""

from __future__ import annotations

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.batch.job import plan
from detectkit.batch.process import RunResult, process
from detectkit.core import Block, UsageError, concat
from detectkit.io import Overrides, open_recording
from detectkit.io.flight.indications import read_indications
from detectkit.pipeline import Pipeline, parse_steps, run

from .flights import DIFFRACTORS, SPACING_M, VELOCITY_M_PER_S, in_time_mode, line, write


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("flight") / "lane.h5", line("L 1"))


@pytest.fixture(scope="module")
def result(flight: Path) -> RunResult:
    job = plan([flight], velocity_m_per_s=VELOCITY_M_PER_S)
    return process(job, flight.parent / "out" / "lane")


def table(result: RunResult) -> list[dict[str, str]]:
    with (result.folder / "indications.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


class TestWhatIsWritten:
    def test_every_promised_file_is_there_and_told(self, result: RunResult) -> None:
        expected = {
            "flight.h5",
            "L_1.raw.png",
            "L_1.processed.png",
            "indications.csv",
            "indications.geojson",
            "run.toml",
        }
        assert {path.name for path in result.files} == expected
        assert all(path.stat().st_size > 0 for path in result.files)
        names = {path.name for path in result.folder.iterdir()}
        assert names == expected | {"pipelines"}, "nothing else, no temporary file"

    def test_the_pictures_are_pictures(self, result: RunResult) -> None:
        for kind in ("raw", "processed"):
            content = (result.folder / f"L_1.{kind}.png").read_bytes()
            assert content.startswith(b"\x89PNG")
            assert len(content) > 20_000

    def test_the_run_record_names_the_input_and_its_pipeline(
        self, result: RunResult, flight: Path
    ) -> None:
        document = tomllib.loads((result.folder / "run.toml").read_text(encoding="utf-8"))
        (one,) = document["input"]
        assert (one["file"], one["line"], one["traces"]) == (str(flight.resolve()), "L 1", 400)
        text = (result.folder / one["pipeline"]).read_text(encoding="utf-8")
        fingerprint = Pipeline.from_toml(text).fingerprint
        assert {row["pipeline_sha256"] for row in table(result)} == {fingerprint}


class TestIndications:
    def test_both_diffractors_stand_first_at_their_place(self, result: RunResult) -> None:
        best = sorted(result.indications[:2], key=lambda one: one.trace)
        for one, (along_m, depth_m) in zip(best, DIFFRACTORS, strict=True):
            assert one.along_track_m == pytest.approx(along_m, abs=2 * SPACING_M)
            assert one.depth_m == pytest.approx(depth_m, abs=0.03)
            assert abs(one.depth_m - depth_m) < 2 * one.depth_error_m
            assert one.trace - 1 == pytest.approx(along_m / SPACING_M, abs=2)
            assert one.first_trace <= one.trace <= one.last_trace
            assert one.longitude_deg == pytest.approx(15.0)
            assert one.latitude_deg == pytest.approx(45.0 + along_m / 111_000.0, abs=1e-6)
            assert one.velocity_source == "given"
            assert one.recording == "lane.h5"

    def test_they_are_ranked_by_score(self, result: RunResult) -> None:
        scores = [one.score for one in result.indications]
        assert scores == sorted(scores, reverse=True)
        assert [one.rank for one in result.indications] == list(range(1, len(scores) + 1))

    def test_the_table_and_the_layer_hold_the_same(self, result: RunResult) -> None:
        rows = table(result)
        layer = json.loads((result.folder / "indications.geojson").read_text(encoding="utf-8"))
        assert len(rows) == len(layer["features"]) == len(result.indications) == result.placed
        for row, feature in zip(rows, layer["features"], strict=True):
            assert [float(row["lon"]), float(row["lat"])] == feature["geometry"]["coordinates"]
            assert row["rank"] == str(feature["properties"]["rank"])


class TestTheFlight:
    def test_it_holds_the_processed_samples(self, result: RunResult, flight: Path) -> None:
        (stream,) = open_recording(result.folder / "flight.h5").streams
        (source,) = open_recording(flight).streams
        (one,) = plan([flight], velocity_m_per_s=VELOCITY_M_PER_S).lines
        expected = concat(list(run(one.pipeline.steps, source.blocks())))
        got = stream.rows(0, stream.traces)
        np.testing.assert_array_equal(got.data, expected.data)
        for name in ("source_trace", "along_track_m", "longitude_deg", "latitude_deg"):
            np.testing.assert_array_equal(got.coord(name), expected.coord(name))
        np.testing.assert_allclose(got.coord("twt_s"), expected.coord("twt_s"), rtol=1e-12)

    def test_it_holds_the_recipe_and_the_indications(self, result: RunResult) -> None:
        recording = open_recording(result.folder / "flight.h5")
        pipeline = Pipeline.from_toml(recording.attachments["pipeline/toml"])
        assert pipeline.fingerprint == recording.attachments["pipeline/fingerprint"]
        assert pipeline.fingerprint == result.indications[0].pipeline_sha256
        kept = read_indications(result.folder / "flight.h5")
        assert kept == tuple(result.indications)


class TestDegradation:
    def test_what_is_missing_or_not_finite_is_warned_of(self, tmp_path: Path) -> None:
        whole = line(traces=200)
        data = whole.data.astype(np.float32)
        data[5, 7], data[150, 3] = np.nan, np.inf
        whole = whole.with_data(data)
        behind = replace(whole.traces(100, 200), first_trace=107)
        path = write(tmp_path / "a.h5", whole.traces(0, 100), behind)
        result = process(plan([path], pipeline=Pipeline(())), tmp_path / "out")
        said = " | ".join(str(one) for one in result.warnings)
        assert "a.h5: 7 traces are missing in 1 gaps" in said
        assert "a.h5: 2 samples are not finite" in said
        assert result.traces == 200

    def test_without_positions_there_is_no_layer(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        (out / "indications.geojson").write_text("of an earlier run", encoding="utf-8")
        result = process(plan([write(tmp_path / "a.h5", line(positions=False))]), out)
        assert result.indications
        assert result.placed == 0
        assert not (out / "indications.geojson").exists()
        assert all(row["lon"] == row["lat"] == "" for row in table(result))

    def test_without_distance_places_are_trace_numbers(self, tmp_path: Path) -> None:
        job = plan([write(tmp_path / "a.h5", in_time_mode(line()))])
        result = process(job, tmp_path / "out")
        best = sorted(one.trace for one in result.indications[:2])
        assert best == pytest.approx([121, 266], abs=12)
        assert all(row["along_track_m"] == "" for row in table(result))

    def test_a_line_of_one_trace_passes(self, tmp_path: Path) -> None:
        result = process(plan([write(tmp_path / "a.h5", line(traces=1))]), tmp_path / "out")
        assert result.traces == 1
        assert table(result) == []


class TestPipelines:
    def test_one_without_detection_only_processes(self, tmp_path: Path, flight: Path) -> None:
        given = Pipeline.from_toml('step = [{use = "dc"}]')
        result = process(plan([flight], pipeline=given), tmp_path)
        assert result.indications == []
        assert table(result) == []
        assert not (tmp_path / "indications.geojson").exists()

    def test_one_without_steps_keeps_the_samples(self, tmp_path: Path, flight: Path) -> None:
        process(plan([flight], pipeline=Pipeline(())), tmp_path)
        got = open_recording(tmp_path / "flight.h5").streams[0].rows(0, 400)
        np.testing.assert_array_equal(got.data, line().data.astype(np.float32))

    def test_one_that_makes_fewer_rows_still_names_recorded_traces(self, tmp_path: Path) -> None:
        """Everything behind a stack counts in its rows; the results count in the file's traces."""
        path = write(tmp_path / "a.h5", line())
        fitted = plan([path], velocity_m_per_s=VELOCITY_M_PER_S).lines[0].pipeline
        stacked = (*parse_steps([{"use": "stack", "traces": 2}]), *fitted.steps)
        given = Pipeline(stacked, "stacked", fitted.sections)
        result = process(plan([path], pipeline=given), tmp_path / "out")
        best = sorted(one.trace for one in result.indications[:2])
        assert best == pytest.approx([121, 266], abs=4)


def test_two_files_of_one_name_do_not_mix(tmp_path: Path) -> None:
    paths = []
    for seed, diffractor in ((1, (2.0, 0.2)), (2, (6.0, 0.2))):
        folder = tmp_path / str(seed)
        folder.mkdir()
        paths.append(write(folder / "a.h5", line(diffractors=[diffractor], seed=seed)))
    settings = Overrides({"antenna_hz": "1e9"})
    result = process(plan(paths, overrides=settings), tmp_path / "out")
    places = {one.line: one.along_track_m for one in result.indications[:2]}
    assert places == {"L1": pytest.approx(2.0, abs=0.04), "L1-2": pytest.approx(6.0, abs=0.04)}
    lines = [one.header.line for one in open_recording(tmp_path / "out" / "flight.h5").streams]
    assert lines == ["L1", "L1-2"]
    assert {path.name for path in result.files} >= {"L1.raw.png", "L1-2.raw.png"}


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "flight.h5", line(traces=50))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"flight\.h5: is a recording of this job"):
        process(plan([path]), tmp_path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["flight.h5"]


def test_an_error_half_way_leaves_no_flight(tmp_path: Path, flight: Path) -> None:
    job = plan([flight], velocity_m_per_s=VELOCITY_M_PER_S)
    seen: list[int] = []

    def fail(traces: int) -> None:
        seen.append(traces)
        msg = "interrupted"
        raise OSError(msg)

    with pytest.raises(OSError, match="interrupted"):
        process(job, tmp_path / "out", progress=fail)
    assert seen
    assert list((tmp_path / "out").iterdir()) == []


def test_progress_counts_every_trace(tmp_path: Path, flight: Path) -> None:
    counts: list[int] = []
    process(plan([flight]), tmp_path, progress=counts.append)
    assert sum(counts) == 400


def test_blocks_of_a_flight_and_of_memory_are_alike(flight: Path) -> None:
    """What the tests write is what they read."""
    stream = open_recording(flight).streams[0]
    block: Block = stream.rows(0, 400)
    np.testing.assert_array_equal(block.data, line("L 1").data)


def test_processing_a_result_again_is_warned_of(tmp_path: Path) -> None:
    process(plan([write(tmp_path / "a.h5", line())]), tmp_path / "out")
    again = plan([tmp_path / "out" / "flight.h5"])
    assert any("already" in one.text for one in again.notices if one.severity == "warning")
