"""``detectkit simulate flight``: from a scenario to a recording that every command takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectkit.batch.job import plan
from detectkit.io import open_recording

from .conftest import Command

SCENARIO = """
name = "trial"
seed = 4
[site]
longitude_deg = 47.0
latitude_deg = 40.0
heading_deg = 40.0
start_time = 2025-05-14T07:30:00Z
[flight]
lanes = 2
lane_length_m = 1.5
lane_spacing_m = 0.4
height_m = 0.95
standing_height_m = 0.75
[radar]
centre_hz = 0.6e9
samples = 160
sample_interval_s = 1e-10
time_zero_s = 2e-9
lever_arm_m = [0.0, 0.0, 0.5]
dropped_share = 0.01
[soil]
susceptibility = 1e-3
[[object]]
name = "mine"
body = "PMA-2"
along_m = 0.9
across_m = 0.1
depth_m = 0.08
[[object]]
name = "plate"
body = "TM-62M"
along_m = 1.0
across_m = 0.4
depth_m = 0.1
"""


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    path = tmp_path / "trial.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def test_help_shows_examples(detectkit: Command) -> None:
    answer = detectkit("simulate", "flight", "--help")
    assert answer.code == 0
    assert "detectkit simulate flight ap_line --preview" in answer.out.split("Examples:")[1]


def test_it_writes_a_flight_its_truth_and_a_picture(
    detectkit: Command, trial: Path, tmp_path: Path
) -> None:
    path = tmp_path / "flight.h5"
    answer = detectkit("simulate", "flight", trial, "-o", path)
    assert answer.code == 0
    assert "in the ground 2 targets and 0 pieces of clutter" in answer.out
    assert "1 of them with so little metal that the detector hears the soil louder" in answer.out
    assert "note: simulated by a ray/Born model" in answer.err
    assert path.with_suffix(".png").stat().st_size > 50_000
    assert "TM-62M" in (tmp_path / "flight.truth.csv").read_text(encoding="utf-8")
    assert {one.name for one in tmp_path.iterdir()} == {
        "trial.toml", "flight.h5", "flight.png", "flight.truth.csv",
    }  # fmt: skip
    assert "trial-003" in detectkit("inspect", path).out
    job = plan([path])
    assert [one.name for one in job.lines] == ["trial-003", "trial-005"]


def test_json_seed_and_rate(detectkit: Command, trial: Path, tmp_path: Path) -> None:
    path = tmp_path / "flight.h5"
    words = ("simulate", "flight", trial, "-o", path, "--no-picture", "--json")
    answer = detectkit(*words, "--seed", "7", "--radar-hz", "40")
    told = json.loads(answer.out)
    assert (told["simulated"], told["seed"], told["model"]) == (True, 7, "ray")
    assert 110 <= told["rows"]["gpr"] <= 120
    assert told["files"] == [str(path), str(tmp_path / "flight.truth.csv")]
    assert json.loads(open_recording(path).attachments["simulation.json"])["seed"] == 7


def test_what_cannot_be_is_refused_with_what_can(
    detectkit: Command, trial: Path, tmp_path: Path
) -> None:
    answer = detectkit("simulate", "flight", "no_such")
    assert answer.code == 2
    assert "no scenario 'no_such' ships; give a TOML file, or one of: ap_line" in answer.err
    taken = tmp_path / "taken.h5"
    taken.write_bytes(b"mine")
    answer = detectkit("simulate", "flight", trial, "-o", taken)
    assert answer.code == 2
    assert "exists already; choose another name (-o) or give --replace" in answer.err
    assert taken.read_bytes() == b"mine"
