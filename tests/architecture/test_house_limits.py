"""The limits of the house style that no linter counts: length of functions and files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "drivers", "models", "calibration", "sim_data")
FUNCTION_LINES = 60
FILE_LINES = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


def source_files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def too_long(text: str) -> Iterator[str]:
    """Yield the name and the length of each function above the limit."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function) and length_without_docstring(node) > FUNCTION_LINES:
            yield f"{node.name}: {length_without_docstring(node)} lines"


def length_without_docstring(node: Function) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is None:
        return lines
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_the_source_is_found() -> None:
    assert len(source_files()) > 20


@pytest.mark.parametrize("path", source_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_functions_and_files_keep_their_limits(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(too_long(text)) == []
    assert len(text.splitlines()) <= FILE_LINES, f"more than {FILE_LINES} lines: one idea each?"
    assert path.name not in {"utils.py", "util.py", "helpers.py", "misc.py"}, "name the thing"


def test_a_docstring_does_not_count_but_every_other_line_does() -> None:
    docstring = '    """' + "text\n" * 50 + '    """\n'
    exactly = "def f():\n" + docstring + "    pass\n" * (FUNCTION_LINES - 1)
    assert list(too_long(exactly)) == []
    assert list(too_long(exactly + "    pass\n")) == [f"f: {FUNCTION_LINES + 1} lines"]
