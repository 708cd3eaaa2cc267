"""The driver of the how-to page builds, registers, and passes DriverSuite as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/add-a-driver.md"
FENCE = re.compile(r'^```\w+ title="([\w./]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
FILES = dict(FENCE.findall(PAGE.read_text(encoding="utf-8")))


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the page's package and unpack its wheel, as pip would."""
    source = tmp_path_factory.mktemp("source")
    for name, text in FILES.items():
        path = source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run(["hatchling", "build", "-t", "wheel", "-d", str(source / "dist")], source)
    (wheel,) = (source / "dist").glob("*.whl")
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_driver_of_the_page_passes_its_tests(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_acme_sonar.py").write_text(FILES["test_acme_sonar.py"], encoding="utf-8")
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    said = run(["pytest", *options, "test_acme_sonar.py"], tmp_path, PYTHONPATH=str(installed))
    assert re.search(r"\d+ passed", said), said
    assert "skipped" not in said, "a law does not apply to the page's example"


def test_the_table_for_a_mission_builds_the_instrument(installed: Path, tmp_path: Path) -> None:
    (table,) = tomllib.loads(FILES["mission.toml"])["instrument"]
    script = tmp_path / "build_it.py"
    script.write_text(
        "from detectkit.drivers import build_instrument\n"
        "from detectkit.drivers.wires import parse_address\n"
        f"table = {table!r}\n"
        "one = build_instrument(table['driver'], table['settings'], where='the page')\n"
        "print(one.title, one.rate_hz, parse_address(table['connect']).path)\n",
        encoding="utf-8",
    )
    said = run(["build_it"], tmp_path, PYTHONPATH=f"{installed}{os.pathsep}{tmp_path}")
    assert said.split("\n")[0] == "ACME sonar 50 /dev/ttyUSB0"
