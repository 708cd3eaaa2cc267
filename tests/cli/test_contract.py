"""What scripts rely on: exit codes, JSON on standard output alone, words on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectkit import __version__
from detectkit.cli import exit_codes
from detectkit.cli.exit_codes import MEANING, ExitCode, code_of
from detectkit.core import (
    DetectkitError,
    FormatError,
    MissingDependencyError,
    MissingSideFileError,
    PipelineError,
    ShapeError,
    UnknownFormatError,
    UsageError,
)
from detectkit.io.flight.layout import FlightWriteError

from .conftest import Command

COMMANDS = ("inspect", "process", "convert", "steps", "doctor")
INSPECTED = {
    "format",
    "instrument",
    "traces",
    "samples",
    "sample_interval_s",
    "window_s",
    "antenna_hz",
    "distance_m",
    "fixes",
    "marks",
    "clipped_fraction",
    "gaps",
    "warnings",
}


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("option", ["--help", "-h"])
    def test_every_command_shows_examples(
        self, detectkit: Command, command: str, option: str
    ) -> None:
        answer = detectkit(command, option)
        assert answer.code == 0
        assert "Examples:" in answer.out
        assert f"detectkit {command}" in answer.out.split("Examples:")[1]

    def test_the_whole_lists_commands_and_exit_codes(self, detectkit: Command) -> None:
        answer = detectkit("--help")
        text = " ".join(answer.out.split())
        assert answer.code == 0
        assert all(command in text for command in COMMANDS)
        for code in ExitCode:
            assert f"{int(code)} {MEANING[code]}" in text

    def test_nothing_said_shows_the_help(self, detectkit: Command) -> None:
        answer = detectkit()
        assert "Usage" in answer.out + answer.err
        assert answer.code in {0, 2}

    def test_the_version_is_told(self, detectkit: Command) -> None:
        answer = detectkit("--version")
        assert (answer.code, answer.out.strip()) == (0, f"detectkit {__version__}")


class TestExitCodes:
    def test_0_done(self, detectkit: Command, demo_line: Path) -> None:
        assert detectkit("inspect", demo_line).code == 0

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["inspect", "{line}", "--nonsense"], "--nonsense"),
            (["inspect"], "FILE"),
            (["nonsense"], "nonsense"),
            (["inspect", "{line}", "--set", "colour=red"], "antenna_hz"),
            (["inspect", "{line}", "--set", "antenna_hz"], "NAME=VALUE"),
            (["inspect", "{line}", "--set", "antenna_hz=fast"], "antenna_hz=fast"),
            (["inspect", "{line}", "--set", "sample_interval_s=0"], "above 0"),
            (["inspect", "{line}", "--format", "dzx"], "gssi-dzt"),
            (["process"], "at least one recorded file"),
            (["process", "{line}", "--velocity", "0.1"], "--velocity 0.1e9"),
            (["process", "{line}", "--velocity", "fast"], "'--velocity'"),
            (["process", "{line}", "--pipeline", "{folder}/none.toml"], "none.toml"),
            (["process", "{line}", "--pipeline", "{folder}/bad.toml"], "not valid TOML"),
            (["process", "{line}", "--pipeline", "{folder}/odd.toml"], "did you mean dewow"),
            (
                ["process", "{line}", "--pipeline", "{folder}/good.toml", "--velocity", "1e8"],
                "[detect]",
            ),
            (["process", "{line}", "--repeat", "{folder}/run.toml"], "give it alone"),
            (["process", "--repeat", "{folder}/run.toml"], "run.toml"),
            (["steps", "dewov"], "did you mean dewow"),
            (["convert", "{line}"], "--output"),
            (["convert", "{line}", "-o", "{folder}/good.toml"], "exists already"),
        ],
    )
    def test_2_wrong_use_names_the_way_out(
        self, detectkit: Command, demo_line: Path, tmp_path: Path, words: list[str], says: str
    ) -> None:
        texts = {"bad": "[[step", "odd": '[[step]]\nuse = "dewov"', "good": "step = []"}
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        places = {"line": demo_line, "folder": tmp_path}
        answer = detectkit(*[word.format(**places) for word in words])
        assert answer.code == ExitCode.WRONG_USE == 2
        assert says in answer.err
        assert answer.out == ""
        left = sorted(path.name for path in tmp_path.iterdir())
        assert left == ["bad.toml", "good.toml", "odd.toml"]

    @pytest.mark.parametrize("command", [["inspect"], ["process"], ["convert", "-o", "x.h5"]])
    def test_3_an_input_that_cannot_be_used_is_named(
        self, detectkit: Command, tmp_path: Path, command: list[str]
    ) -> None:
        (tmp_path / "junk.bin").write_bytes(bytes(range(200)))
        (tmp_path / "empty.dzt").write_bytes(b"")
        (tmp_path / "alone.rd3").write_bytes(bytes(4096))
        for name, says in (
            ("junk.bin", "--format"),
            ("empty.dzt", "no reader recognises its 0 bytes"),
            ("none.dt1", "does not exist"),
            (".", "is a folder"),
        ):
            answer = detectkit(*command, tmp_path / name)
            assert answer.code == ExitCode.INPUT_UNUSABLE == 3
            assert (name.strip(".") or tmp_path.name) in answer.err
            assert says in answer.err
            assert answer.out == ""
        assert detectkit(*command, tmp_path / "alone.rd3").code == 3

    def test_4_done_with_warnings_that_matter(
        self, detectkit: Command, cut_short: Path, tmp_path: Path
    ) -> None:
        said = detectkit("inspect", cut_short)
        assert said.code == ExitCode.DONE_WITH_WARNINGS == 4
        assert "warning: cut.rd3" in said.err
        quiet = detectkit("inspect", cut_short, "--json")
        assert quiet.code == 4
        assert any("cut.rd3" in one for one in json.loads(quiet.out)["warnings"])
        assert detectkit("process", cut_short, "-o", tmp_path / "out").code == 4
        assert (tmp_path / "out" / "flight.h5").exists()
        assert detectkit("convert", cut_short, "-o", tmp_path / "a.h5").code == 4
        assert (tmp_path / "a.h5").exists()

    def test_5_an_output_that_cannot_be_written_is_named(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        for words in (
            ["process", demo_line, "-o", tmp_path / "file"],
            ["process", demo_line, "-o", tmp_path / "file" / "out"],
            ["convert", demo_line, "-o", tmp_path / "file" / "a.h5"],
            ["inspect", demo_line, "--png", tmp_path / "none" / "a.png"],
        ):
            answer = detectkit(*words)
            assert answer.code == ExitCode.OUTPUT_FAILED == 5, words
            assert str(words[-1]) in answer.err
            assert "error: " in answer.err
            assert "check that" in answer.err
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    def test_5_a_full_disk_is_told(self, detectkit: Command, demo_line: Path) -> None:
        answer = detectkit("inspect", demo_line, "--png", "/dev/full")
        assert answer.code == 5
        assert "/dev/full: No space left on device" in answer.err

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (UsageError("x"), 2),
            (PipelineError("x"), 2),
            (MissingDependencyError("x"), 2),
            (FormatError("x"), 3),
            (UnknownFormatError("x"), 3),
            (MissingSideFileError("x"), 3),
            (ShapeError("x"), 3),
            (DetectkitError("x"), 3),
            (FlightWriteError("x"), 5),
            (OSError(28, "No space left on device"), 5),
        ],
    )
    def test_every_error_has_a_code(self, error: DetectkitError | OSError, code: int) -> None:
        assert code_of(error) == code

    def test_every_code_has_a_meaning(self) -> None:
        assert set(exit_codes.MEANING) == set(ExitCode)
        assert [int(code) for code in ExitCode] == [0, 2, 3, 4, 5]


class TestInspectJson:
    def test_it_is_one_object_with_the_promised_keys(
        self, detectkit: Command, demo_line: Path
    ) -> None:
        answer = detectkit("inspect", demo_line, "--json")
        found = json.loads(answer.out)
        assert found.keys() >= INSPECTED
        assert len(answer.out.splitlines()) == 1
        assert (found["format"], found["traces"], found["samples"]) == (
            "detectkit-flight",
            500,
            256,
        )
        assert found["sample_interval_s"] == 5e-11
        assert found["window_s"] == pytest.approx(256 * 5e-11)
        assert found["antenna_hz"] == 1.2e9
        assert found["distance_m"] == pytest.approx(4.99)
        assert found["marks"] == [1, 101, 201, 301, 401]
        assert found["fixes"] > 90
        assert (found["gaps"], found["clipped_fraction"], found["warnings"]) == (0, 0.0, [])

    def test_settings_of_the_user_show(self, detectkit: Command, demo_line: Path) -> None:
        words = ["--set", "antenna_hz=4e8", "--set", "trace_spacing_m=0"]
        found = json.loads(detectkit("inspect", demo_line, "--json", *words).out)
        assert found["antenna_hz"] == 4e8
        assert found["overrides"] == {"antenna_hz": "4e8", "trace_spacing_m": "0"}

    def test_a_picture_does_not_mix_with_it(
        self, detectkit: Command, demo_line: Path, tmp_path: Path
    ) -> None:
        answer = detectkit("inspect", demo_line, "--json", "--png", tmp_path / "a.png")
        assert json.loads(answer.out)["traces"] == 500
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")

    def test_it_is_plain_ascii(self, detectkit: Command, tmp_path: Path, demo_line: Path) -> None:
        """Whatever a pipe's encoding is, it arrives."""
        path = tmp_path / "лінія.h5"
        path.write_bytes(demo_line.read_bytes())
        answer = detectkit("inspect", path, "--json")
        assert answer.out.isascii()
        assert json.loads(answer.out)["file"] == "лінія.h5"
