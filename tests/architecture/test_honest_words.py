"""Ground is never called clear or safe, an indication never a mine: not by any text we ship.

A survey finds or does not find; that ground is free of mines is for the authority to say after
clearance. The test reads every string literal of the source (help texts are docstrings), every
template and every page of documentation. It forbids the bare words; what they may stand for
elsewhere is in `ALLOWED`, phrase by phrase, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("src", "drivers", "models", "calibration", "sim_data")
TEXT_SUFFIXES = {".md", ".html", ".htm", ".j2", ".js", ".svg", ".toml", ".txt"}

# Whole words in plain text: `clear_error` and `--clear` are names, not statements.
FORBIDDEN = re.compile(
    r"""(?<![\w.\-`]) (?:
        clear(?:ed)? | safe(?:ly)? | mine[ -]?free | free\ of\ mines
        | (?:no\ )? mines?\ (?:was\ |were\ )? (?:detected|found)
        | (?:detected|found)\ (?:a\ |an?\ |the\ )? mines?
    ) (?![\w`(=])""",
    re.IGNORECASE | re.VERBOSE,
)

# (file, phrase, reason). A phrase is taken out before the text is searched.
ALLOWED: tuple[tuple[str, str, str], ...] = (
    ("README.md", '"clear" or "safe"', "states the rule"),
    ("CONTRIBUTING.md", '"clear" or "safe"', "states the rule"),
    ("docs/explanation/honest-output.md", '"clear"', "states the rule"),
    ("docs/explanation/honest-output.md", '"safe"', "states the rule"),
    ("docs/explanation/honest-output.md", '"mine found"', "states the rule"),
)


def violations(text: str) -> list[str]:
    return [match.group() for match in FORBIDDEN.finditer(text)]


def without_allowed(text: str, name: str) -> str:
    for file, phrase, _ in ALLOWED:
        if file == name:
            text = text.replace(phrase, "")
    return text


def literals(source: str) -> Iterator[str]:
    """Yield every string literal of a Python source, the constant parts of f-strings too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def texts() -> list[Path]:
    inside = [path for folder in (*CODE, "docs", "web") for path in (ROOT / folder).rglob("*")]
    files = [path for path in inside if path.suffix in {".py", *TEXT_SUFFIXES}]
    return sorted([*files, *ROOT.glob("*.md"), *(ROOT / "changes").glob("*.md")])


def shown(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return "\n".join(literals(text)) if path.suffix == ".py" else text


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_promises_what_a_survey_cannot_know(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    assert violations(without_allowed(shown(path), name)) == []


@pytest.mark.parametrize(("file", "phrase", "reason"), ALLOWED)
def test_every_exception_is_still_needed(file: str, phrase: str, reason: str) -> None:
    assert phrase in shown(ROOT / file)
    assert violations(phrase), "the phrase would pass anyway: take it off the list"
    assert reason


@pytest.mark.parametrize(
    "promise",
    [
        "The lane is clear.",
        "3 ha cleared",
        "Safe to walk",
        "no mines found",
        "Mine detected at 3 m",
        "found a mine",
        "This area is mine-free",
    ],
)
def test_a_promise_is_caught(promise: str) -> None:
    assert violations(promise)


@pytest.mark.parametrize(
    "harmless",
    [
        "clear_error",
        "cache.clear()",
        "pass `--clear` to empty the cache",
        "indications of buried mines",
        "surveyed, none indicated",
        "thread-safe",
        "tomllib.safe",
        "unclear",
        "teams of mine clearance",
    ],
)
def test_names_in_code_are_not_promises(harmless: str) -> None:
    assert violations(harmless) == []


def test_literals_of_f_strings_are_read() -> None:
    assert "the lane is clear: " in set(literals('print(f"the lane is clear: {lane}")'))
