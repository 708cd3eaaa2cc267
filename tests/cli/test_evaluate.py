"""``evaluate``: a run against the truth, from the files to the page."""

from __future__ import annotations

import json
from pathlib import Path

import detectkit_sim_data

from .conftest import Command

FLIGHT = detectkit_sim_data.path("flights/ap_row.h5")
TRUTH = detectkit_sim_data.path("flights/ap_row.truth.csv")


def test_a_flight_without_indications_misses_everything_and_says_so(
    detectkit: Command, tmp_path: Path
) -> None:
    answer = detectkit("evaluate", FLIGHT, "--truth", TRUTH, "-o", tmp_path / "out")
    assert answer.code == 0
    assert "detected 0.00 (0 of 3; 95 % interval 0.00 to 0.71)" in answer.out
    assert "The truth is simulated" in answer.out
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert names == ["discrimination_stage.csv", "evaluation.html", "response_stage.csv"]


def test_json_for_programs_with_other_settings(detectkit: Command, tmp_path: Path) -> None:
    answer = detectkit(
        "evaluate", FLIGHT, "--truth", TRUTH, "-o", tmp_path, "--json", "--halo", "0.15",
        "--swath", "0.8", "--against", FLIGHT, "--draws", "20",
    )  # fmt: skip
    facts = json.loads(answer.out)
    assert facts["surveyed"]["swath_m"] == 0.8
    assert [one["halo_m"] for one in facts["systems"]["response"]["halos"]] == [0.15]
    assert facts["compared"][0]["with"] == "against ap_row"


def test_a_truth_that_is_none_is_refused(detectkit: Command, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    answer = detectkit("evaluate", FLIGHT, "--truth", tmp_path / "t.csv", "-o", tmp_path)
    assert answer.code not in {0, 4}
    assert "found_category" in answer.err
