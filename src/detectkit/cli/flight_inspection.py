"""What a flight's folder holds, as ``detectkit inspect`` shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.output import err, out, trace_progress


def is_flight(path: Path) -> bool:
    """Tell whether a path is the folder of a flight, be it only by its journal."""
    return path.is_dir() and any(any(path.glob(name)) for name in ("flight.json", "journal-*.mcap"))


def inspect_flight(folder: Path, *, as_json: bool) -> None:
    """Decode a flight's journal; print counts, spans and gaps per stream."""
    from detectkit.io.journal import scan
    from detectkit.mission import FlightFolder, summarize

    opened = FlightFolder.open(folder)
    total = sum(one.bytes for one in scan(folder).segments)
    with trace_progress("reading", total, what="bytes") as count:
        summary = summarize(opened, progress=count)
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        _print(summary)
    if summary["journal"]["damage"]:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _print(summary: dict[str, Any]) -> None:
    simulated = f" (simulated: {summary['simulated']})" if summary["simulated"] else ""
    journal = summary["journal"]
    state = "finalized" if summary["finalized"] else "not finalized"
    out.print(
        f"flight {summary['name']}{simulated}: a journal of {journal['bytes']:,} bytes in "
        f"{journal['segments']} file{'' if journal['segments'] == 1 else 's'}, {state}",
        markup=False,
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("stream", "rows", "lost", "gaps", "span (s)", "rows/s", "no position"):
        table.add_column(name, justify="left" if name == "stream" else "right")
    for one in summary["streams"]:
        table.add_row(*_cells(one))
    out.print(table)
    for text in journal["damage"]:
        err.print(f"warning: {text}", markup=False)


def _cells(one: dict[str, Any]) -> list[str]:
    def number(value: float | None, digits: int) -> str:
        return "–" if value is None else f"{value:,.{digits}f}"

    return [
        one["sensor"],
        number(one["traces"], 0),
        number(one["missing_traces"], 0),
        number(one["gaps"], 0),
        number(one["span_s"], 2),
        number(one["rate_hz"], 1),
        number(one["without_position"], 0),
    ]
