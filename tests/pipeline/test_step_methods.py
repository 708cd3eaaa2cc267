"""Every step tells its method where a user looks: in `detectkit steps NAME` and docs/steps.md."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from detectkit.cli.app import app
from detectkit.pipeline import step_class, step_names
from detectkit.pipeline.manual import document, page

SOURCE = re.compile(r"\b(?:19|20)\d\d\b|\bEPSG method \d+|no published source")
EXPLAINED = re.compile(r"^- (`.+?`): ", re.MULTILINE)


def method(name: str) -> str:
    """Return the paragraph of a step's docstring that tells its method."""
    paragraphs = (inspect.getdoc(step_class(name)) or "").split("\n\n")
    found = [one for one in paragraphs if one.startswith("Method:")]
    assert len(found) == 1, f"{name}: {len(found)} paragraphs begin with 'Method:', not one"
    return found[0]


@pytest.mark.parametrize("name", step_names())
def test_a_step_tells_its_method_and_the_source_or_that_there_is_none(name: str) -> None:
    assert SOURCE.search(method(name)), method(name)


@pytest.mark.parametrize("name", step_names())
def test_the_page_shows_the_method_before_settings_and_example(name: str) -> None:
    text = page(step_class(name))
    assert text.count(method(name)) == 1
    behind = text.partition(method(name))[2]
    assert "```toml" in behind
    assert "| setting |" in behind or not fields(step_class(name))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", step_names())
def test_settings_that_a_page_explains_exist(name: str) -> None:
    """A setting that is renamed must not live on in the text."""
    step = step_class(name)
    known = {one.name for one in fields(step)}  # type: ignore[arg-type]
    explained = " ".join(EXPLAINED.findall(page(step)))
    assert set(re.findall(r"`(\w+)`", explained)) <= known


@pytest.mark.parametrize("name", step_names())
def test_formulas_stand_on_one_line_in_closed_quotes(name: str) -> None:
    """Markdown would else take their stars and bars for its own."""
    assert all(line.count("``") % 2 == 0 for line in method(name).splitlines())


def test_the_document_and_the_command_show_every_method() -> None:
    text = document()
    assert [name for name in step_names() if method(name) not in text] == []
    shown = CliRunner().invoke(app, ["steps", "dewow"])
    assert shown.exit_code == 0
    assert method("dewow") in shown.stdout
