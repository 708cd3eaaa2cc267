"""The manual of the steps, made from the code."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import MISSING, fields
from typing import Any

from detectkit.pipeline.registry import step_class, step_names
from detectkit.pipeline.step import Step


def document() -> str:
    """Return all steps as one Markdown page."""
    head = (
        "# Steps\n\nMade from the code by `detectkit steps --markdown`; do not edit.\n"
        "A pipeline is a TOML file of `[[step]]` tables, run in order.\n"
    )
    return "\n".join([head, *(page(step_class(one)) for one in step_names())])


def page(step: type[Step]) -> str:
    """Return one step as Markdown: what it does, where it works, its settings, its example."""
    text = inspect.getdoc(step) or ""
    body = re.split(r"\n(?:Examples|Parameters|Attributes)\n-+\n", text)[0].strip()
    lines = [f"## {step.name}", "", body, ""]
    if step.live_substitute:
        lines += [f"Needs the whole line; live use `{step.live_substitute}` instead.", ""]
    if step.display_only:
        lines += ["For display: detection refuses it unless asked.", ""]
    settings = [_setting(one) for one in fields(step)]  # type: ignore[arg-type]
    if settings:
        lines += ["| setting | type | default |", "|---|---|---|", *settings, ""]
    example = docstring_example(step)
    if example:
        lines += ["```toml", example, "```", ""]
    return "\n".join(lines)


def summary(step: type[Step]) -> str:
    """Return the first sentence of a step's docstring."""
    return (inspect.getdoc(step) or "").split("\n\n")[0].replace("\n", " ")


def docstring_example(step: type[Step]) -> str:
    """Return the TOML example of a step's docstring, "" where it has none."""
    found = re.search(r"code-block:: toml\n\n((?:[ \t]+.*\n?|\n)+)", inspect.getdoc(step) or "")
    return textwrap.dedent(found.group(1)).strip() if found else ""


def _setting(one: Any) -> str:
    default = "required" if one.default is MISSING else f"`{one.default!r}`"
    return f"| `{one.name}` | {str(one.type).replace('|', 'or')} | {default} |"
