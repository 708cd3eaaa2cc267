"""The vocabulary names every coordinate and quantity that the source writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectkit.core import VOCABULARY
from detectkit.core.vocabulary import unit_of

SOURCE = Path(__file__).resolve().parents[2] / "src" / "detectkit"
UNITS_BY_ENDING = {
    "_s": "s",
    "_ns": "ns",
    "_m": "m",
    "_deg": ("degree_east", "degree_north"),
    "_rad": "rad",
}


def trees(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def coordinates(tree: ast.AST) -> Iterator[str]:
    """Yield keys of dicts whose value is ("trace" | "delay", …), and keys of `columns`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and _is_coord(value):
                    yield str(key.value)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            holder = node.value
            if isinstance(holder, ast.Name) and holder.id in {"coords", "columns"}:
                yield str(node.slice.value)


def _is_coord(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
        return False
    first = value.elts[0]
    return isinstance(first, ast.Constant) and first.value in {"trace", "delay", "channel"}


def columns_of_readers(tree: ast.AST) -> Iterator[str]:
    """Yield string keys of dict literals in functions called `read` or `…columns`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and re.search(r"^read$|columns$", node.name):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Dict):
                    yield from (k.value for k in inner.keys if isinstance(k, ast.Constant))  # type: ignore[misc]


def quantities(tree: ast.AST) -> Iterator[str]:
    """Yield what is given as `quantity=` or as the class attribute `quantity`."""
    for node in ast.walk(tree):
        value: ast.expr | None = None
        if isinstance(node, ast.keyword) and node.arg == "quantity":
            value = node.value
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "quantity":
            value = node.value
        if isinstance(value, ast.Constant) and value.value:
            yield str(value.value)


def test_every_coordinate_of_steps_and_readers_is_named() -> None:
    found = {name for tree in trees("pipeline", "detect", "io") for name in coordinates(tree)}
    for folder in ("gssi", "mala", "sensoft", "ids", "seismic", "gprmax"):
        found |= {name for tree in trees(f"io/{folder}") for name in columns_of_readers(tree)}
    assert {"twt_s", "repaired", "trace_counter", "easting_m", "damaged_tag"} <= found
    assert found - set(VOCABULARY) == set()


def test_every_quantity_is_named() -> None:
    found = {name for tree in trees("pipeline", "detect", "core") for name in quantities(tree)}
    assert {"amplitude", "score", "envelope", "instantaneous_phase"} <= found
    assert found - set(VOCABULARY) == set()


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_the_unit_in_a_name_is_its_unit(name: str) -> None:
    assert VOCABULARY[name].meaning
    ending = re.search(r"_(s|ns|m|deg|rad)$", name)
    if ending:
        assert unit_of(name) in UNITS_BY_ENDING[ending.group()]


def test_a_name_that_is_not_known_has_no_unit() -> None:
    assert unit_of("colour") == "1"
