"""``detectkit drivers``: the list of instruments, made from the code."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, Field, fields
from typing import Annotated, Any

import tomli_w
import typer
from rich.markup import escape

from detectkit.cli.output import out
from detectkit.core import UsageError
from detectkit.drivers import Instrument, driver_names, instrument_class


def drivers(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show this driver in full.")
    ] = None,
) -> None:
    """List the instruments that can be connected, what each measures and where it is found.

    Examples:

      detectkit drivers

      detectkit drivers zgpr
    """
    if name is not None:
        typer.echo(page(instrument_class(name)))
        return
    names = driver_names()
    width = max((len(one) for one in names), default=0)
    for one in names:
        out.print(f"[bold]{one:<{width}}[/bold]  {escape(_summary(one))}")
    out.print("\n[dim]detectkit drivers NAME shows settings and an example for a mission.[/dim]")


def page(kind: type[Instrument]) -> str:
    """Return one driver as Markdown: what it is, its settings, a table for a mission."""
    text = inspect.getdoc(kind) or ""
    body = re.split(r"\n(?:Examples|Parameters|Attributes)\n-+\n", text)[0].strip()
    lines = [f"## {kind.name}", "", body, "", f"{kind.title}, {_plain(kind)}.", ""]
    settings = fields(kind)
    if settings:
        meanings = _meanings(text)
        lines += ["| setting | type | default | meaning |", "|---|---|---|---|"]
        lines += [*(_setting(one, meanings.get(one.name, "")) for one in settings), ""]
    return "\n".join([*lines, "```toml", example(kind), "```", ""])


def example(kind: type[Instrument]) -> str:
    """Return an ``[[instrument]]`` table with every setting at its default, for a mission."""
    table: dict[str, Any] = {"id": kind.name, "driver": kind.name, "connect": kind.address}
    given = {one.name: value for one in fields(kind) if (value := _default(one)) is not None}
    if given:
        table["settings"] = given
    return tomli_w.dumps({"instrument": [table]}).strip()


def _summary(name: str) -> str:
    try:
        kind = instrument_class(name)
    except UsageError as error:
        return f"cannot be used: {error}"
    return f"{kind.title}, {_plain(kind)}, {kind.address}"


def _plain(kind: type[Instrument]) -> str:
    return "radar" if kind.kind == "gpr" else kind.kind.replace("_", " ")


def _setting(one: Field[Any], meaning: str) -> str:
    default = "required" if one.default is MISSING else f"`{one.default!r}`"
    return f"| `{one.name}` | {str(one.type).replace('|', 'or')} | {default} | {meaning} |"


def _meanings(text: str) -> dict[str, str]:
    """Return what the section Parameters of a docstring says of each setting."""
    found = re.search(r"\nParameters\n-+\n(.*?)(?=\n\w[^\n]*\n-{3,}\n|\Z)", text, re.DOTALL)
    meanings: dict[str, str] = {}
    if found:
        for names, about in re.findall(
            r"^(\w[\w, ]*)\n((?:[ \t]+.*\n?|\n)+)", found[1], re.MULTILINE
        ):
            meanings |= dict.fromkeys(re.split(r",\s*", names), " ".join(about.split()))
    return meanings


def _default(one: Field[Any]) -> Any:
    """Return a setting's default as a TOML value, None where it has none."""
    if one.default is MISSING:
        return None
    return list(one.default) if isinstance(one.default, tuple) else one.default
