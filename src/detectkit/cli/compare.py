"""``detectkit compare``: how alike recordings are, by statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import FormatOption, SetOption
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.core import UsageError
from detectkit.io import Overrides, Recording, Stream, open_recording

if TYPE_CHECKING:
    from detectkit.product.comparison import Compared


def compare(
    recording: Annotated[
        Path, typer.Argument(metavar="RECORDING", help="What the others are measured by.")
    ],
    others: Annotated[list[Path], typer.Argument(metavar="OTHER…", help="Recorded or simulated.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT.png", help="Draw them there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    settings: SetOption = None,
    format_name: FormatOption = None,
) -> None:
    """Compare radargrams by their statistics: spectrum, decay, likeness of traces, amplitudes.

    Says what does not match between the first and each of the others. That two radargrams match
    does not mean that they show the same ground. Of each file the first line of a radar counts.

    Examples:

      detectkit compare LINE0.DT1 simulated.h5 -o compared.png

      detectkit compare FILE____032.DZT FILE____033.DZT --json
    """
    from detectkit.product.comparison import (
        compared,
        comparison_facts,
        draw_comparison,
        statement,
    )

    overrides = Overrides.parse(settings or [])
    opened = [
        open_recording(path, overrides=overrides, format_name=format_name)
        for path in (recording, *others)
    ]
    streams = [_radar(one) for one in opened]
    names = _names([one.path for one in opened])
    found: list[Compared] = []
    with trace_progress("reading", sum(one.traces for one in streams)) as count:
        for name, stream in zip(names, streams, strict=True):
            found.append(compared(name, stream, progress=count))
    said = [statement(found[0], other) for other in found[1:]]
    if output is not None:
        draw_comparison(found, output)
    if as_json:
        typer.echo(json.dumps({**comparison_facts(found), "statements": said}))
    else:
        out.print(_table(found))
        for sentence in said:
            out.print(sentence, markup=False)
        if output is not None:
            out.print(f"  {output}", markup=False)
    notices = [notice for one in opened for notice in one.notices]
    if not as_json:
        say_notices(one for one in notices if one.severity != "note")
    if any(one.severity == "warning" for one in notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _radar(recording: Recording) -> Stream:
    """Return the first line of a radar."""
    for stream in recording.streams:
        if stream.header.sensor.kind == "gpr" and stream.traces:
            return stream
    msg = f"{recording.path}: holds no traces of a radar; give the recording of one"
    raise UsageError(msg)


def _names(paths: list[Path]) -> list[str]:
    """Return the files' names, with their folders where names are the same."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    return [f"{path.parent.name}/{path.name}" for path in paths]


def _table(found: list[Compared]) -> Table:
    from detectkit.product.comparison import FIGURES, mismatches, number, values_of

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for one in found:
        table.add_column(escape(one.name), justify="right", overflow="fold")
    table.add_column("tolerance", justify="right", style="dim")
    values = [values_of(one) for one in found]
    wrong = [[], *([each.name for each in mismatches(found[0], one)] for one in found[1:])]
    for each in FIGURES:
        cells = [
            f"[bold]{number(value[each.name])} ≠[/bold]" if each.name in bad
            else number(value[each.name])
            for value, bad in zip(values, wrong, strict=True)
        ]  # fmt: skip
        label = f"{each.words} ({each.unit})" if each.unit else each.words
        table.add_row(label, *cells, each.tolerance)
    table.add_row(
        "closest law of the envelope", *(one.statistics.clutter.closest for one in found), ""
    )
    return table
