"""The manual is made from the code, so that it cannot lag behind."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from detectkit.pipeline import step_class, step_names
from detectkit.pipeline.manual import docstring_example, document, page, summary


@pytest.mark.parametrize("name", step_names())
def test_a_page_tells_what_the_step_does_its_settings_and_an_example(name: str) -> None:
    step = step_class(name)
    text = page(step)
    assert text.startswith(f"## {name}\n")
    assert " ".join(summary(step).split()) in " ".join(text.split())
    assert "code-block" not in text
    assert "Examples\n---" not in text
    for one in fields(step):  # type: ignore[arg-type]
        assert f"| `{one.name}` | " in text
    assert f"```toml\n{docstring_example(step)}\n```" in text
    assert (f"`{step.live_substitute}`" in text) or not step.live_substitute
    assert ("For display" in text) == step.display_only


@pytest.mark.parametrize("name", step_names())
def test_a_summary_is_one_sentence(name: str) -> None:
    text = summary(step_class(name))
    assert text.endswith(".")
    assert 20 < len(text) < 130


def test_the_document_holds_every_step_once_in_order() -> None:
    heads = [line[3:] for line in document().splitlines() if line.startswith("## ")]
    assert heads == list(step_names())


def test_tables_are_not_broken_by_types() -> None:
    """A type like float | None must not open another column."""
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    assert {line.count("|") for line in rows} == {4}


def test_the_page_in_the_documentation_is_that_of_the_code(project_root: Path) -> None:
    shipped = (project_root / "docs" / "steps.md").read_text(encoding="utf-8")
    assert shipped.strip() == document().strip(), "run `detectkit steps --markdown > docs/steps.md`"
