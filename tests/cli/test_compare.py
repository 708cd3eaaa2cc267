"""``compare``: what it says of recordings that are alike and of others."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Command


def test_a_recording_matches_itself(detectkit: Command, demo_line: Path, tmp_path: Path) -> None:
    answer = detectkit("compare", demo_line, demo_line, "-o", tmp_path / "out.png")
    assert answer.code == 0
    assert "all 10 figures match within their tolerances" in answer.out
    assert (tmp_path / "out.png").stat().st_size > 20_000
    assert "≠" not in answer.out


def test_what_does_not_match_is_said(detectkit: Command, demo_line: Path, cut_short: Path) -> None:
    answer = detectkit("compare", demo_line, cut_short)
    assert answer.code == 4  # the second is read with a warning
    assert "figures do not match: " in answer.out
    assert "instead of" in answer.out
    assert "≠" in answer.out


def test_json_holds_the_same(detectkit: Command, demo_line: Path, cut_short: Path) -> None:
    answer = detectkit("compare", demo_line, cut_short, demo_line, "--json")
    said = json.loads(answer.out)
    assert [one["name"] for one in said["recordings"]] == [
        f"{demo_line.parent.name}/{demo_line.name}",
        f"{cut_short.parent.name}/{cut_short.name}",
        f"{demo_line.parent.name}/{demo_line.name}",
    ]
    first = said["recordings"][0]
    assert first["traces_counted"] <= first["traces"]
    assert {"peak_mhz", "decay_db_per_ns", "half_m", "weibull_shape"} <= first.keys()
    wrong, right = said["does_not_match"]
    assert "peak_mhz" in wrong["figures"]
    assert right["figures"] == []


def test_what_has_no_traces_of_a_radar_is_refused(
    detectkit: Command, demo_line: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    answer = detectkit("compare", demo_line, tmp_path / "notes.txt")
    assert answer.code not in {0, 1}
    assert "notes.txt" in answer.err


def test_real_recordings_are_compared(detectkit: Command, shared_data: Path) -> None:
    files = [shared_data / "mala" / "DAT_0097.rd3", shared_data / "gssi" / "DAT_0097.dzt"]
    answer = detectkit("compare", *files, "--json")
    (told,) = json.loads(answer.out)["does_not_match"]
    assert set(told["figures"]) <= {"decay_db_per_ns", "half_m"}  # one survey in two formats
