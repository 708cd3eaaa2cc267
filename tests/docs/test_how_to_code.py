"""The code of the how-to pages works: each page's files become a package, built and tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from detectkit.learn.training.recipe import TrainingRecipe
from detectkit.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r'^```\w+ title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PLAIN_TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLAIN_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(page: Path) -> dict[str, str]:
    """Return the files that a page shows, by the title of their fence."""
    return dict(FENCE.findall(page.read_text(encoding="utf-8")))


def run(command: list[str], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["add-a-step", "add-a-format"])
def test_the_package_of_the_page_builds_and_passes_its_tests(page: str, tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name, text in files_of(ROOT / f"docs/how-to/{page}.md").items():
        (source / name).write_text(text, encoding="utf-8")
    run(["hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")], source)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(installed)
    (test,) = source.glob("test_*.py")
    alone = tmp_path / "alone"
    alone.mkdir()
    test.rename(alone / test.name)
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir", str(alone)]
    run(["pytest", *options, test.name], alone, PYTHONPATH=str(installed))


@pytest.mark.parametrize(
    "page",
    sorted((ROOT / "docs").rglob("*.md")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_examples_in_the_text_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A python fence without a title is a small script that must run as it stands."""
    monkeypatch.chdir(tmp_path)
    for code in PLAIN_PYTHON.findall(page.read_text(encoding="utf-8")):
        exec(compile(code, str(page), "exec"), {"__name__": "example"})


def test_pipelines_in_the_text_are_pipelines() -> None:
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs/how-to").glob("*.md")]
    pieces = [code for text in texts for code in PLAIN_TOML.findall(text)]
    recipes = [code for code in pieces if code.startswith("[network]")]
    assert recipes
    assert len(recipes) < len(pieces)
    for code in pieces:
        if code in recipes:
            assert TrainingRecipe.from_toml(f'name = "page"\n{code}').text
        else:
            assert Pipeline.from_toml(code).steps
