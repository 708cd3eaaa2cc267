"""``detectkit calibrate``: a few minutes before take-off become numbers with their errors."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from detectkit.cli.calibrate_arms import arms
from detectkit.cli.calibrate_detector import detector
from detectkit.cli.calibrate_radar import radar
from detectkit.cli.output import out, say_notices

calibrate = typer.Typer(
    help="Measure an instrument on the ground before it flies; see what is known of it.",
    no_args_is_help=True,
)


calibrate.command()(radar)
calibrate.command()(detector)
calibrate.command()(arms)


@calibrate.command()
def show(
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="A file, or a name in `list`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_steps: Annotated[
        bool, typer.Option("--steps", help="Print the steps that apply it, as TOML.")
    ] = False,
) -> None:
    """Say what a calibration holds: instrument, days, numbers with their errors.

    Examples:

      detectkit calibrate show calibration/radar-x-1207-2026-05-04-3f2a9c01.toml

      detectkit calibrate show coil.toml --steps >> pipeline.toml
    """
    from detectkit.calibration.library import find
    from detectkit.calibration.record_file import read_record
    from detectkit.cli.calibration_words import lines_of

    found = read_record(find(record))
    if as_steps:
        from detectkit.calibration.apply import tables_of
        from detectkit.pipeline import Pipeline, parse_steps

        typer.echo(Pipeline(parse_steps(tables_of(found))).to_toml())
        return
    if as_json:
        typer.echo(json.dumps({**asdict(found), "id": found.id}, default=_plain))
        return
    for line in lines_of(found):
        out.print(line, markup=False)


@calibrate.command("list")
def list_records(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the calibrations in the user's folder and those that ship.

    Examples:

      detectkit calibrate list
    """
    from detectkit.calibration.library import entries, shelves
    from detectkit.cli.calibration_words import facts_of

    known, said = entries()
    say_notices(said)
    if as_json:
        typer.echo(json.dumps([facts_of(one.record, [one.path]) for one in known]))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("instrument", "serial", "made", "until", "holds", "file"):
        table.add_column(name)
    for one in known:
        record = one.record
        days = (f"{record.made_utc:%Y-%m-%d}", f"{record.expires_utc:%Y-%m-%d}")
        mark = " (simulated)" if record.simulated else ""
        holds = ", ".join(record.sections) + mark
        table.add_row(record.instrument, record.serial or "–", *days, holds, one.path.name)
    if known:
        out.print(table)
    else:
        out.print(f"no calibrations in {', '.join(str(one) for one in shelves())}", markup=False)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
