"""run.toml: enough to run it again and get the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w

from detectkit.batch.job import plan
from detectkit.batch.process import RunResult, process
from detectkit.batch.run_record import file_sha256, read_run
from detectkit.core import FormatError, PipelineError
from detectkit.io import Overrides

from .flights import in_time_mode, line, write


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A file of two lines, each with a pipeline of its own, and settings of the user."""
    folder = tmp_path_factory.mktemp("run")
    second = in_time_mode(line("L2", diffractors=((3.0, 0.25),), seed=2))
    path = write(folder / "lanes.h5", line(), second)
    job = plan([path], overrides=Overrides({"permittivity": "9.5"}))
    assert len({one.pipeline.fingerprint for one in job.lines}) == 2
    return process(job, folder / "out")


def changed(result: RunResult, tmp_path: Path, **fields: object) -> Path:
    """Copy the record with other fields in its first input."""
    document = tomllib.loads((result.folder / "run.toml").read_text(encoding="utf-8"))
    document["input"][0].update(fields)
    folder = tmp_path / "pipelines"
    folder.mkdir()
    for path in (result.folder / "pipelines").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (tmp_path / "run.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    return tmp_path / "run.toml"


def test_it_repeats_the_run_to_the_same_bytes(result: RunResult, tmp_path: Path) -> None:
    again = process(read_run(result.folder / "run.toml"), tmp_path)
    assert again.indications == result.indications
    assert [one.traces for one in (again, result)] == [800, 800]
    same = ["indications.csv", "indications.geojson", "L1.processed.png", "L2.raw.png"]
    for name in same:
        assert (tmp_path / name).read_bytes() == (result.folder / name).read_bytes(), name
    assert again.warnings == []


def test_the_job_is_the_one_that_ran(result: RunResult) -> None:
    job = read_run(result.folder / "run.toml")
    assert [one.name for one in job.lines] == ["L1", "L2"]
    assert [one.stream.header.line for one in job.lines] == ["L1", "L2"]
    assert len({one.pipeline.fingerprint for one in job.lines}) == 2
    assert all(one.recording.overrides == {"permittivity": "9.5"} for one in job.lines)
    assert len(job.recordings) == 1


def test_a_repeat_of_a_repeat_is_the_same(result: RunResult, tmp_path: Path) -> None:
    process(read_run(result.folder / "run.toml"), tmp_path / "a")
    process(read_run(tmp_path / "a" / "run.toml"), tmp_path / "b")
    for name in ("indications.csv", "indications.geojson"):
        assert (tmp_path / "b" / name).read_bytes() == (result.folder / name).read_bytes()


def test_a_recording_that_changed_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", line(traces=60))
    first = process(plan([path]), tmp_path / "out")
    path.unlink()
    write(path, line(traces=60, seed=9))
    again = process(read_run(first.folder / "run.toml"), tmp_path / "again")
    (warning,) = again.warnings
    assert "a.h5: the file is not the one of the earlier run (sha256" in str(warning)
    assert file_sha256(path)[:12] in str(warning)


class TestWhatCannotBeRepeated:
    @pytest.mark.parametrize(
        "text",
        [
            "not toml",
            "[other]",
            "input = 3",
            'input = ["a"]',
            "input = [1]",
            '[[input]]\nfile = "a"',
            "\xff",
        ],
    )
    def test_a_file_that_is_no_record_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "run.toml"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(PipelineError, match=r"run\.toml: cannot be read as a run\.toml"):
            read_run(path)

    def test_a_record_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match=r"run\.toml: cannot be read"):
            read_run(tmp_path / "run.toml")

    def test_a_record_of_nothing_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "run.toml").write_text("input = []", encoding="utf-8")
        with pytest.raises(PipelineError, match="nothing to repeat"):
            read_run(tmp_path / "run.toml")

    def test_a_missing_pipeline_is_named(self, result: RunResult, tmp_path: Path) -> None:
        path = changed(result, tmp_path, pipeline="pipelines/none.toml")
        with pytest.raises(PipelineError, match=r"pipelines/none\.toml, which is not beside it"):
            read_run(path)

    def test_a_missing_recording_is_named(self, result: RunResult, tmp_path: Path) -> None:
        path = changed(result, tmp_path, file="/none/lanes.h5")
        with pytest.raises(FormatError, match=r"lanes\.h5: does not exist"):
            read_run(path)

    @pytest.mark.parametrize("stream", [2, -1])
    def test_a_recording_with_fewer_streams_is_refused(
        self, result: RunResult, tmp_path: Path, stream: int
    ) -> None:
        with pytest.raises(FormatError, match=r"has 2 streams.*not the recording of that run"):
            read_run(changed(result, tmp_path, stream=stream))


def test_a_digest_is_that_of_the_whole_file(tmp_path: Path) -> None:
    import hashlib

    content = bytes(range(256)) * 40_000
    (tmp_path / "a").write_bytes(content)
    assert file_sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
