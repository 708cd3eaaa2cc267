"""``detectkit merge`` at work."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from detectkit.cli.exit_codes import ExitCode
from detectkit.io import open_recording

from .conftest import Command

NAME = "2026-05-01-10-00-00-position.csv"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 500 traces, flown 1 m/s to the north; 100 traces a second."""
    lines = ["Time,Pitch,Roll,Yaw,Latitude,Longitude,Altitude,RTK Status,ALT:Altitude,GPR:Trace"]
    for trace in range(500):
        lat = 50.1 + trace * 0.01 / 111_240.0
        clock = f"10:00:{trace * 0.01:06.3f}"
        lines.append(f"{clock},0.0,0.0,0.0,{lat:.10f},14.3,250.0,50,1.0,{trace}")
    path = tmp_path / NAME
    path.write_text("\n".join(lines) + "\n")
    return path


def test_it_writes_a_flight_that_process_puts_on_the_map(
    detectkit: Command, demo_line: Path, log: Path, tmp_path: Path
) -> None:
    on_the_ground = log.read_text().replace(",ALT:Altitude", "").replace(",50,1.0,", ",50,")
    log.write_text(on_the_ground)
    answer = detectkit("merge", demo_line, log, "-o", tmp_path / "flight.h5")
    assert answer.code == 0
    assert "500 of 500 traces have a position (joined by trace)" in answer.out
    assert "assumed: " in answer.err
    assert detectkit("process", tmp_path / "flight.h5", "-o", tmp_path / "out").code in {0, 4}
    table = next((tmp_path / "out").rglob("indications.csv"))
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert rows
    for row in rows:
        assert 50.1 <= float(row["lat"]) < 50.1001
        assert float(row["lon"]) == pytest.approx(14.3, abs=1e-6)


def test_json_tells_how_many_and_why_not(
    detectkit: Command, demo_line: Path, log: Path, tmp_path: Path
) -> None:
    lines = log.read_text().split("\n")
    log.write_text("\n".join(lines[:401]) + "\n")
    answer = detectkit("merge", demo_line, log, "-o", tmp_path / "flight.h5", "--json")
    assert answer.code == ExitCode.DONE_WITH_WARNINGS
    told = json.loads(answer.out)
    assert told["located"] == {"gpr": 400}
    assert told["traces"] == {"gpr": 500}
    assert told["unlocated"] == {"the log does not hold the trace's number": 100}
    assert (told["by"], told["log"]["format"], told["log"]["clock"]) == (
        "trace",
        "skyhub-position",
        "utc",
    )
    assert any(one["severity"] == "warning" for one in told["notices"])


def test_settings_reach_the_reader_that_has_them(
    detectkit: Command, demo_line: Path, log: Path, tmp_path: Path
) -> None:
    answer = detectkit(
        "merge", demo_line, log, "-o", tmp_path / "flight.h5", "--set", "date=2026-05-02",
        "--set", "instrument=Prototype 7", "--lever-arm", "1", "0", "0", "--lag", "0.1",
    )  # fmt: skip
    assert answer.code in {0, 4}
    assert "the day is" not in answer.err
    (stream,) = open_recording(tmp_path / "flight.h5").streams
    assert stream.header.sensor.instrument == "Prototype 7"
    block = stream.rows(100, 101)
    metres = (block.coord("latitude_deg")[0] - 50.1) * 111_240.0
    assert metres == pytest.approx(1.0 - 0.1 + 1.0, abs=0.01)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--by", "time"), ExitCode.INPUT_UNUSABLE, "the log runs 2026-05-01T10:00:00.000Z"),
        (("--start", "yesterday"), ExitCode.WRONG_USE, "--start yesterday: give a moment"),
        (("--set", "no_such=1"), ExitCode.WRONG_USE, "no_such"),
        (("--first-trace", "9000"), ExitCode.INPUT_UNUSABLE, "none of its 500 traces"),
        (("--by", "guess"), ExitCode.WRONG_USE, "guess"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    detectkit: Command,
    demo_line: Path,
    log: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    code: ExitCode,
    said: str,
) -> None:
    answer = detectkit("merge", demo_line, log, "-o", tmp_path / "flight.h5", *words)
    assert answer.code == code
    assert said in answer.err
    assert not (tmp_path / "flight.h5").exists()


def test_a_file_that_is_no_log_is_refused(
    detectkit: Command, demo_line: Path, tmp_path: Path
) -> None:
    answer = detectkit("merge", demo_line, demo_line, "-o", tmp_path / "flight.h5")
    assert answer.code == ExitCode.INPUT_UNUSABLE
    assert "no reader of position logs recognises" in answer.err


def test_neither_file_is_written_over(
    detectkit: Command, demo_line: Path, log: Path, tmp_path: Path
) -> None:
    before = log.read_bytes()
    answer = detectkit("merge", demo_line, log, "-o", log, "--replace")
    assert answer.code == ExitCode.WRONG_USE
    assert log.read_bytes() == before
    done = tmp_path / "flight.h5"
    assert detectkit("merge", demo_line, log, "-o", done).code == 0
    assert detectkit("merge", demo_line, log, "-o", done).code == ExitCode.WRONG_USE
    assert detectkit("merge", demo_line, log, "-o", done, "--replace").code == 0
