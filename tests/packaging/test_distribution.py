"""What users install holds what the repository holds: the wheel, and the wheel from the sdist."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = {
    "detectkit": "src/detectkit",
    "detectkit_drivers": "drivers/detectkit_drivers",
    "detectkit_models": "models/detectkit_models",
    "detectkit_calibration": "calibration/detectkit_calibration",
    "detectkit_sim_data": "sim_data/detectkit_sim_data",
}


def build(target: str, source: Path, folder: Path) -> Path:
    """Build the wheel or the sdist offline, with the hatchling of this environment."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build("wheel", ROOT, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked source distribution."""
    archive = build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def expected_files() -> set[str]:
    """Return every file of the five packages as the wheel should name it."""
    return {
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def packaged_files(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_every_file_of_the_five_packages(wheel: zipfile.ZipFile) -> None:
    """Code, py.typed, templates, pipelines and the simulated data alike; and nothing else."""
    assert {name.partition("/")[0] for name in packaged_files(wheel)} == set(PACKAGES)
    assert packaged_files(wheel) == expected_files()
    assert "detectkit/py.typed" in packaged_files(wheel)


def test_the_wheel_made_from_the_sdist_is_the_same(
    wheel: zipfile.ZipFile, sdist: Path, tmp_path: Path
) -> None:
    again = zipfile.ZipFile(build("wheel", sdist, tmp_path))
    assert packaged_files(again) == packaged_files(wheel)


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "Makefile", "tests/conftest.py"])
def test_the_sdist_can_be_tested_by_who_unpacks_it(sdist: Path, name: str) -> None:
    assert (sdist / name).is_file()


def test_the_wheel_registers_every_entry_point(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    parser = configparser.ConfigParser(delimiters="=")
    parser.read_string(wheel.read(name).decode())
    groups = {group: dict(parser[group]) for group in parser.sections()}
    declared = {"console_scripts": PROJECT["project"]["scripts"]}
    assert groups == {**declared, **PROJECT["project"]["entry-points"]}


def test_the_licence_goes_along(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
    assert b"Redistribution and use in source and binary forms" in wheel.read(name)


def declared_points() -> list[EntryPoint]:
    groups = PROJECT["project"]["entry-points"]
    points = [EntryPoint(n, v, group) for group, names in groups.items() for n, v in names.items()]
    scripts = PROJECT["project"]["scripts"].items()
    return [*points, *(EntryPoint(name, value, "console_scripts") for name, value in scripts)]


@pytest.mark.parametrize(
    "point", declared_points(), ids=lambda point: f"{point.group}:{point.name}"
)
def test_every_entry_point_leads_to_something(point: EntryPoint) -> None:
    assert callable(point.load())


def test_this_environment_has_the_entry_points_of_this_checkout() -> None:
    """After an edit of pyproject.toml an editable install must be made anew."""
    installed = {point.group + ":" + point.name for point in distribution("detectkit").entry_points}
    wanted = {point.group + ":" + point.name for point in declared_points()}
    assert installed == wanted, "run: pip install -e '.[test]'"


def test_the_base_installs_without_torch() -> None:
    names = [text.split(">")[0].split("[")[0] for text in PROJECT["project"]["dependencies"]]
    assert {"torch", "pytorch-lightning", "dask"}.isdisjoint(names)


def test_all_holds_every_extra_that_users_need() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    listed = everything.removeprefix("detectkit[").removesuffix("]").split(",")
    assert set(listed) == set(extras) - {"all", "test", "dev"}
