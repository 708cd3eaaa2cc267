"""The commands at work."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, Sensor
from detectkit.io import open_recording
from detectkit.io.flight.writer import FlightWriter
from detectkit.pipeline import step_names
from detectkit.pipeline.manual import document

from .conftest import Command


class TestInspect:
    def test_it_tells_people_what_the_file_is(self, detectkit: Command, demo_line: Path) -> None:
        answer = detectkit("inspect", demo_line)
        assert answer.code == 0
        for words in (
            "demo_line.h5, line demo_line",
            "simulated (ray model)",
            "1200 MHz",
            "500 of 256 samples",
            "12.8 ns, one sample every 0.05 ns",
            "4.990 m, a trace every 10 mm",
            "5: 1, 101, 201, 301, 401",
            "0 %",
        ):
            assert words in answer.out, words
        assert "note: simulated by a ray model" in answer.err

    def test_a_detector_has_no_delay_axis_and_no_picture(
        self, detectkit: Command, tmp_path: Path
    ) -> None:
        sensor = Sensor(id="md", kind="metal_detector")
        data = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
        with FlightWriter(tmp_path / "md.h5") as flight:
            block = Block(data, dims=("trace", "channel"), sensor=sensor, line="L1")
            flight.stream("md").append(block)
        answer = detectkit("inspect", tmp_path / "md.h5", "--png", tmp_path / "a.png")
        assert answer.code == 0
        assert "no delay axis" in answer.out
        assert not (tmp_path / "a.png").exists()
        found = json.loads(detectkit("inspect", tmp_path / "md.h5", "--json").out)
        assert found["sample_interval_s"] is found["window_s"] is None
        assert found["traces"] == 40

    def test_a_file_of_several_streams_draws_each(self, detectkit: Command, tmp_path: Path) -> None:
        coords = {"twt_s": ("delay", np.arange(20) * 1e-10)}
        data = np.random.default_rng(1).normal(size=(30, 20)).astype(np.float32)
        with FlightWriter(tmp_path / "two.h5") as flight:
            for name in ("gpr-1", "gpr-2"):
                block = Block(data, coords=coords, sensor=Sensor(id=name), line="L1")
                flight.stream(name).append(block)
        answer = detectkit("inspect", tmp_path / "two.h5", "--png", tmp_path / "a.png")
        assert answer.out.count("instrument") == 2
        assert (tmp_path / "a.png").exists()
        assert (tmp_path / "a-2.png").exists()

    @pytest.mark.parametrize("name", ["[bold]a[old] $x^{$.h5", "[red].h5", "a b'c.h5"])
    def test_any_file_name_is_shown_as_it_is(
        self, detectkit: Command, tmp_path: Path, demo_line: Path, name: str
    ) -> None:
        folder = tmp_path / "[red]"
        folder.mkdir()
        (folder / name).write_bytes(demo_line.read_bytes())
        answer = detectkit("inspect", folder / name, "--png", folder / "a.png")
        assert answer.code == 0
        assert name in answer.out
        answer = detectkit("convert", folder / name, "-o", folder / "b.h5")
        assert f"{folder / 'b.h5'}: 500 traces" in answer.out


class TestProcess:
    def test_from_a_recording_to_indications_and_again(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        out, again = tmp_path / "[a] out", tmp_path / "again"
        answer = detectkit("process", demo_line, "-o", out)
        assert answer.code == 0
        with (out / "indications.csv").open(encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        assert f"500 traces in 1 line: {len(rows)} indications, unverified." in answer.out
        assert "No indication does not mean that nothing is there." in answer.out
        told = [line.strip() for line in answer.out.splitlines() if line.startswith("  /")]
        assert len(told) == 6
        assert all(Path(path).is_file() for path in told)

        repeated = detectkit("process", "--repeat", out / "run.toml", "-o", again)
        assert repeated.code == 0
        for name in ("indications.csv", "indications.geojson"):
            assert (again / name).read_bytes() == (out / name).read_bytes()

    def test_a_pipeline_of_ones_own(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        detectkit("process", demo_line, "-o", tmp_path / "fitted", "--velocity", "1.1e8")
        (given,) = (tmp_path / "fitted" / "pipelines").iterdir()
        assert "velocity_m_per_s = 110000000.0" in given.read_text(encoding="utf-8")
        answer = detectkit("process", demo_line, "--pipeline", given, "-o", tmp_path / "given")
        assert answer.code == 0
        tables = [tmp_path / name / "indications.csv" for name in ("fitted", "given")]
        assert tables[0].read_bytes() == tables[1].read_bytes()

    def test_depths_to_search_can_be_given(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        answer = detectkit("process", demo_line, "--depth", "0.15", "0.3", "-o", tmp_path)
        assert answer.code == 0
        with (tmp_path / "indications.csv").open(encoding="utf-8") as handle:
            depths = [float(row["depth_m"]) for row in csv.DictReader(handle)]
        assert depths
        assert all(0.15 <= depth <= 0.3 for depth in depths)

    def test_without_positions_it_says_so(
        self, detectkit: Command, cut_short: Path, tmp_path: Path
    ) -> None:
        answer = detectkit("process", cut_short, "-o", tmp_path / "out")
        assert "warning: cut.rd3" in answer.err
        assert "velocity 0.1 m/ns in the ground" in answer.err
        assert not (tmp_path / "out" / "indications.geojson").exists()

    def test_it_does_not_replace_its_input(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        path = tmp_path / "flight.h5"
        path.write_bytes(demo_line.read_bytes())
        answer = detectkit("process", path, "-o", tmp_path)
        assert answer.code == 2
        assert "choose another folder" in answer.err
        assert path.read_bytes() == demo_line.read_bytes()


class TestConvert:
    def test_a_recording_comes_back_the_same(
        self, detectkit: Command, cut_short: Path, tmp_path: Path
    ) -> None:
        detectkit("convert", cut_short, "-o", tmp_path / "a.h5")
        (source,) = open_recording(cut_short).streams
        (stream,) = open_recording(tmp_path / "a.h5").streams
        one, other = source.rows(0, source.traces), stream.rows(0, stream.traces)
        np.testing.assert_array_equal(one.data, other.data, strict=True)
        assert one.coords.keys() == other.coords.keys()
        for name in one.coords:
            np.testing.assert_array_equal(one.coord(name), other.coord(name), strict=True)
        assert source.header.sensor == stream.header.sensor
        again = detectkit("convert", tmp_path / "a.h5", "-o", tmp_path / "b.h5")
        assert again.code == 4, "what its reader warned of is kept"

    def test_an_existing_file_is_replaced_on_purpose_only(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "a.h5").write_bytes(b"old")
        assert detectkit("convert", demo_line, "-o", tmp_path / "a.h5").code == 2
        assert (tmp_path / "a.h5").read_bytes() == b"old"
        assert detectkit("convert", demo_line, "-o", tmp_path / "a.h5", "--replace").code == 0
        assert open_recording(tmp_path / "a.h5").streams[0].traces == 500

    def test_it_never_replaces_the_recording_itself(
        self, detectkit: Command, cut_short: Path
    ) -> None:
        before = cut_short.read_bytes()
        answer = detectkit("convert", cut_short, "-o", cut_short, "--replace")
        assert answer.code == 2
        assert "is the recording itself" in answer.err
        assert cut_short.read_bytes() == before


class TestSteps:
    def test_all_are_listed_with_what_they_do(self, detectkit: Command) -> None:
        answer = detectkit("steps")
        listed = [line.split()[0] for line in answer.out.splitlines() if line.strip()]
        assert [one for one in listed if one in step_names()] == list(step_names())

    def test_one_is_shown_in_full(self, detectkit: Command) -> None:
        answer = detectkit("steps", "dewow")
        assert answer.out.startswith("## dewow")
        assert 'use = "dewow"' in answer.out

    def test_all_of_it_is_markdown(self, detectkit: Command) -> None:
        assert detectkit("steps", "--markdown").out.strip() == document().strip()


class TestDoctor:
    def test_it_answers_in_json(self, detectkit: Command) -> None:
        answer = detectkit("doctor", "--json")
        report = json.loads(answer.out)
        assert answer.code == 0
        assert report.keys() >= {"detectkit", "python", "extras", "plug_ins"}
        assert report["extras"][""]["numpy"]
        assert set(report["plug_ins"]["detectkit.steps"]) == set(step_names())
        states = [s for group in report["plug_ins"].values() for s in group.values()]
        assert set(states) == {"ok"}

    def test_it_tells_people_how_to_add_what_lacks(self, detectkit: Command) -> None:
        report = json.loads(detectkit("doctor", "--json").out)
        text = detectkit("doctor").out
        lacking = [x for x, packages in report["extras"].items() if None in packages.values()]
        for extra in lacking:
            assert f"pip install 'detectkit[{extra}]'" in text
        assert "steps: " in text

    def test_a_broken_plug_in_is_named(
        self, detectkit: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from importlib.metadata import EntryPoint

        from detectkit.cli import doctor

        def broken(*, group: str) -> list[EntryPoint]:
            return [EntryPoint("theirs", "no_such_package[/x]:Step", group)]

        monkeypatch.setattr(doctor, "entry_points", broken)
        answer = detectkit("doctor")
        assert answer.code == 4
        assert "theirs: cannot be loaded" in answer.out
