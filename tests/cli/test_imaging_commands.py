"""``slice`` and ``resolution`` at work, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import VoxelGrid
from detectkit.io.volume import Extent, VolumeWriter

from .conftest import Command

PLANNED = ("--height", "0.5", "--line-spacing", "0.4", "--trace-spacing", "0.02", "--radius", "0.6",
           "--depth", "0.1")  # fmt: skip


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return a volume of one tile with one bright voxel."""
    values = np.random.default_rng(1).uniform(1.0, 2.0, (16, 16, 8)).astype(np.float32)
    values[9, 5, 3] = 90.0
    parts = {"amplitude": values, "coherence": values / 90.0, "weight": np.ones_like(values)}
    grid = VoxelGrid(0.025, 0.025, depths=8, tile=16)
    with VolumeWriter(tmp_path / "v.zarr", grid, Extent.around([(0, 0)])) as writer:
        writer.put((0, 0), parts)
    return tmp_path / "v.zarr"


class TestSlice:
    def test_by_itself_it_draws_all_and_cuts_through_the_strongest_peak(
        self, detectkit: Command, volume: Path, tmp_path: Path
    ) -> None:
        answer = detectkit("slice", volume, "-o", tmp_path / "[a] out")
        assert answer.code == 0
        names = ["slices.png", "projections.png", "section-1.png", "section-2.png"]
        assert answer.out.splitlines()[1:] == [f"  {tmp_path / '[a] out' / one}" for one in names]
        assert all((tmp_path / "[a] out" / one).is_file() for one in names)
        assert "1 peaks marked, unverified" in answer.out
        assert "does not mean that nothing is there" in answer.out

    def test_what_is_asked_for_is_cut(
        self, detectkit: Command, volume: Path, tmp_path: Path
    ) -> None:
        answer = detectkit(
            "slice", volume, "--depth", "0.05", "--depth", "0.06", "--band", "0.05", "0.1",
            "--section", "0", "0", "0.3", "0.3", "--peaks", "0", "--variable", "coherence",
            "-o", tmp_path / "out",
        )  # fmt: skip
        assert answer.code == 0
        assert "2 depths of v.zarr, 0 peaks" in answer.out
        written = {path.name for path in (tmp_path / "out").iterdir()}
        assert written == {"slices.png", "projections.png", "section-1.png"}

    def test_a_line_is_followed(
        self, detectkit: Command, volume: Path, demo_line: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("0 0\n0.2 0.1\n0.3 0.3\n", encoding="utf-8")
        answer = detectkit("slice", volume, "--along", tmp_path / "a.txt", "-o", tmp_path / "out")
        assert answer.code == 0
        assert (tmp_path / "out" / "section-1.png").is_file()
        assert not (tmp_path / "out" / "section-2.png").exists()
        answer = detectkit("slice", volume, "--along", demo_line, "-o", tmp_path / "none")
        assert answer.code == 2
        assert "no place on the globe" in answer.err

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--depth", "3"], "the volume holds 0 to 0.175 m"),
            (["--band", "1", "2"], "no voxel lies between 1 and 2 m"),
            (["--section", "9", "9", "10", "9"], "the volume reaches from 0 to 0.375 m east"),
            (["--section", "0", "0", "0", "0"], "two different points"),
            (["--variable", "colour"], "amplitude, coherence, weight"),
            (["--peaks", "-1"], "--peaks"),
        ],
    )
    def test_what_the_volume_lacks_is_told_with_what_it_holds(
        self, detectkit: Command, volume: Path, tmp_path: Path, words: list[str], says: str
    ) -> None:
        answer = detectkit("slice", volume, *words, "-o", tmp_path / "out")
        assert answer.code == 2
        assert says in " ".join(answer.err.split())
        assert not (tmp_path / "out").exists()

    def test_what_is_no_volume_is_named(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        for path in (demo_line, tmp_path, tmp_path / "none.zarr"):
            answer = detectkit("slice", path, "-o", tmp_path / "out")
            assert answer.code == 3
            assert path.name in answer.err


class TestResolution:
    def test_a_plan_is_judged_in_words(
        self, detectkit: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("detectkit.product.resolution_report.PIXELS", 21)
        answer = detectkit("resolution", *PLANNED, "--centre", "1.2e9", "-o", tmp_path / "out")
        assert answer.code == 0
        assert "each line images alone" in answer.out
        assert "cannot be told apart" in answer.out
        assert (tmp_path / "out" / "resolution.png").is_file()

    def test_a_program_reads_json(self, detectkit: Command) -> None:
        answer = detectkit(
            "resolution", *PLANNED, "--centre", "1.2e9", "--bandwidth", "0.8e9", "--json"
        )
        found = json.loads(answer.out)
        assert found["band_hz"] == pytest.approx([0.8e9, 1.6e9], rel=0.01)
        assert found["depths"][0]["down_rule_m"] == pytest.approx(1e8 / 1.6e9, rel=0.01)

    def test_a_recording_gives_what_it_knows(self, detectkit: Command, demo_line: Path) -> None:
        answer = detectkit(
            "resolution", demo_line, "--height", "0", "--line-spacing", "0.2", "--depth", "0.1",
            "--radius", "0.5", "--json",
        )  # fmt: skip
        found = json.loads(answer.out)
        assert found["trace_spacing_m"] == pytest.approx(0.01, abs=1e-3)
        assert found["mean_hz"] == pytest.approx(1.128 * 1.2e9, rel=0.01)

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (list(PLANNED), "give --centre"),
            (["{line}"], "give --height"),
            ([*PLANNED, "--centre", "1.2"], "1.2 GHz is 1.2e9"),
            ([*PLANNED, "--centre", "1.2e9", "--velocity", "0.1"], "0.1 m/ns is 1e8"),
            ([*PLANNED, "--centre", "1.2e9", "--depth", "-1"], "above 0"),
            ([*PLANNED, "--centre", "1.2e9", "--bandwidth", "9"], "-6 dB to -6 dB"),
            ([*PLANNED, "--centre", "1.2e9", "--trace-spacing", "0"], "must be above 0"),
        ],
    )
    def test_what_lacks_or_cannot_be_is_told(
        self, detectkit: Command, demo_line: Path, words: list[str], says: str
    ) -> None:
        answer = detectkit("resolution", *[word.format(line=demo_line) for word in words])
        assert answer.code == 2
        assert says in " ".join(answer.err.split())
        assert answer.out == ""


@pytest.mark.parametrize("command", ["slice", "resolution"])
def test_the_help_shows_examples(detectkit: Command, command: str) -> None:
    answer = detectkit(command, "--help")
    assert f"detectkit {command}" in answer.out.split("Examples:")[1]
