"""The installed command in a process of its own: pipes, encodings, start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("detectkit")
COMMAND = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "detectkit"]


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        capture_output=True,
        timeout=100,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"detectkit ")


def test_an_error_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    done = run("inspect", tmp_path / "none.dzt")
    assert done.returncode == 3
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    assert done.stderr.decode().startswith("error: ")
    assert "none.dzt" in done.stderr.decode()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_pipe_of_any_encoding_is_written(demo_line: Path, encoding: str) -> None:
    """Block characters and degrees are replaced, not a reason to fail."""
    done = run("inspect", demo_line, PYTHONIOENCODING=encoding)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"energy along the line" in done.stdout


def test_json_is_written_into_a_pipe_of_any_encoding(demo_line: Path) -> None:
    assert json.loads(run("inspect", demo_line, "--json", PYTHONIOENCODING="ascii").stdout)


@pytest.mark.parametrize("words", [["steps", "--markdown"], ["doctor"]])
def test_a_reader_that_goes_away_is_no_traceback(demo_line: Path, words: list[str]) -> None:
    command = [*COMMAND, *[word.format(line=demo_line) for word in words]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait(100)
    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_it_starts_without_the_heavy_packages() -> None:
    """`--help` must not wait for numba, h5py and matplotlib."""
    code = (
        "import sys; sys.argv = ['detectkit', '--version']\n"
        "from detectkit.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numba', 'h5py', 'matplotlib', 'torch', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=100, check=True
    )
    assert done.stdout.decode().splitlines()[-1] == "[]"
