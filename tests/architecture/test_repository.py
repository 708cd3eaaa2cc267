"""What may lie in the repository, and where."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUG_IN_FOLDERS = ("drivers", "models", "calibration", "sim_data")
LARGEST_KIB = 5 * 1024

# Absolute paths of somebody's machine: home folders, mounts, work folders.
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:home|root|Users|mnt|media|work|farm|scratch)/\w")


def repository_files() -> list[Path]:
    """Return the files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("folder", PLUG_IN_FOLDERS)
def test_a_plug_in_folder_holds_one_package_and_no_loose_module(folder: str) -> None:
    """An editable install puts it on sys.path: drivers/serial.py would answer for pyserial."""
    children = [child for child in (ROOT / folder).iterdir() if child.name != "__pycache__"]
    packages = [child.name for child in children if child.is_dir()]
    assert packages == [f"detectkit_{folder}"]
    assert [child.name for child in children if child.is_file()] == ["README.md"]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = []
    for path in repository_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        if "\0" not in text:
            name = path.relative_to(ROOT).as_posix()
            found += [f"{name}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_no_file_is_larger_than_a_clone_can_bear() -> None:
    large = [path for path in repository_files() if path.stat().st_size > LARGEST_KIB * 1024]
    assert [path.relative_to(ROOT).as_posix() for path in large] == []


@pytest.mark.parametrize(
    "path", ["/home/" + "ann/data", "see /Users/" + "ann/x", '"/mnt/' + 'disk"']
)
def test_a_machine_path_is_caught(path: str) -> None:
    assert MACHINE_PATH.search(path)


@pytest.mark.parametrize(
    "text", ["docs/home/page", "out/demo/report", "~/mine/here", "/detectkit/x"]
)
def test_relative_paths_are_not(text: str) -> None:
    assert not MACHINE_PATH.search(text)
