"""``detectkit steps``: the list of steps, made from the code."""

from __future__ import annotations

from typing import Annotated

import typer

from detectkit.cli.output import out
from detectkit.pipeline import step_class, step_names
from detectkit.pipeline.manual import document, page, summary


def steps(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show this step in full.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print all of it as Markdown.")
    ] = False,
) -> None:
    """List the steps of a pipeline, what each does, its settings and an example.

    Examples:

      detectkit steps

      detectkit steps dewow

      detectkit steps --markdown > docs/steps.md
    """
    if name is not None:
        typer.echo(page(step_class(name)))
    elif markdown:
        typer.echo(document())
    else:
        width = max(len(one) for one in step_names())
        for one in step_names():
            out.print(f"[bold]{one:<{width}}[/bold]  {summary(step_class(one))}")
        out.print("\n[dim]detectkit steps NAME shows settings, method and an example.[/dim]")
