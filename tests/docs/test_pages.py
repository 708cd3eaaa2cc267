"""What the pages promise exists: files they link to, commands and options they print."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from typer import rich_utils
from typer.testing import CliRunner

from detectkit.cli.app import app
from detectkit.cli.exit_codes import MEANING
from detectkit.io.overrides import COMMON
from detectkit.product.tables import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    + [ROOT / folder / "README.md" for folder in ("drivers", "models", "calibration", "sim_data")]
)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SHELL = re.compile(r"^```(?:bash|console|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|detectkit) [^`]+)`")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
GROUPS = {"calibrate", "simulate"}
"""Commands that have commands of their own."""
DETECTKIT = [sys.executable, "-c", "from detectkit.cli import main; main()"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def commands() -> list[str]:
    """Return every command line that a page tells the reader to type."""
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line for block in SHELL.findall(text) for line in block.splitlines()]
        found.update(line.removeprefix("$ ") for line in [*lines, *INLINE.findall(text)])
    return sorted(line for line in found if line.startswith(("make ", "detectkit ")))


@cache
def help_of(subcommand: str) -> str:
    """Return the help of a command, or of one in a group; fail where there is no such command."""
    wide = {"COLUMNS": "240", "NO_COLOR": "1", "TERM": "dumb"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rich_utils, "MAX_WIDTH", 240)
        done = CliRunner().invoke(app, [*subcommand.split(), "--help"], env=wide)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("command", commands())
def test_commands_on_the_pages_exist(command: str) -> None:
    program, *words = shlex.split(command, comments=True)
    if program == "make":
        targets = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
        assert {word for word in words if "=" not in word} <= set(targets)
        return
    subcommand = words[0] if words and words[0][0] not in "-[" else ""
    if subcommand in GROUPS and len(words) > 1:
        subcommand = f"{subcommand} {words[1]}"
    options = [
        re.split(r"[=\]]", word.lstrip("["))[0] for word in words if word.lstrip("[")[0] == "-"
    ]
    text = help_of(subcommand)
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))
    assert set(options) <= known


def test_the_readme_names_every_command_of_the_gate() -> None:
    """`.ci/run` starts as a newcomer starts."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    gate = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    block = SHELL.findall(readme)[0].splitlines()
    assert block == ["make demo", "make test"]
    assert [line for line in gate if line in block] == block


def test_the_readme_explains_the_exit_codes_and_the_columns_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code, meaning in MEANING.items():
        assert f"| {code.value} | {meaning} |" in readme
    table = readme.partition("| column | meaning |")[2].partition("\n\n")[0]
    explained = re.findall(r"`(\w+)`", table)
    assert {"rank", "lon", "depth_m", "score"} <= set(explained) <= set(COLUMNS)


def test_the_page_of_overrides_lists_every_common_setting() -> None:
    page = (ROOT / "docs/how-to/override-a-header.md").read_text(encoding="utf-8")
    assert [name for name in COMMON if f"`{name}`" not in page] == []


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.name != "index.md"]
    linked = {(ROOT / "docs" / link).resolve() for link in LINK.findall(index)}
    assert [relative(path) for path in pages if path not in linked] == []


def test_the_page_of_steps_is_that_of_the_installed_steps() -> None:
    """It is generated: `make docs-steps`."""
    done = subprocess.run(
        [*DETECTKIT, "steps", "--markdown"], capture_output=True, encoding="utf-8", check=True
    )
    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == done.stdout
