"""``detectkit replay``, ``finalize`` and ``recover``: what can be done with a flight's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.flight_inspection import is_flight
from detectkit.cli.output import err, out, say_found, sensors_first, trace_progress
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.mission import FlightFolder, Replayed

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A flight's folder.")]


def replay(
    folder: FolderArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Write results there.")
    ] = None,
    pipeline: Annotated[
        Path | None, typer.Option("--pipeline", metavar="TOML", help="Instead of the one flown.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="X", help="Times as fast as flown; else at once."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Feed a recorded flight through the same path as in flight, and compare with what that gave.

    Examples:

      detectkit replay flights/17

      detectkit replay flights/17 --pipeline better.toml -o out/17-better
    """
    from detectkit.mission import FlightFolder, Replay
    from detectkit.mission.folder import read_live
    from detectkit.pipeline import Pipeline

    opened = FlightFolder.open(folder)
    other = None if pipeline is None else Pipeline.from_toml(_text(pipeline))
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    one = Replay(opened, pipeline=other, speed=speed, volumes=output)
    with trace_progress("replaying", _journal_bytes(opened), what="bytes") as count:
        replayed = one.run(progress=count)
    live = read_live(opened)
    same = _same(replayed, live) if other is None else None
    files = [] if output is None else _write(opened, replayed, output)
    if as_json:
        out.print_json(json.dumps(_summary(replayed, same)))
    else:
        _print(replayed, same, files, compared=other is None)
    if same is False or replayed.damage:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def finalize(
    folder: FolderArgument,
    force: Annotated[bool, typer.Option("--force", help="Make it anew.")] = False,
) -> None:
    """Make flight.h5 of a flight's journal; the journal stays, doing it twice changes nothing.

    Examples:

      detectkit finalize flights/17
    """
    from detectkit.mission import FlightFolder
    from detectkit.mission import finalize as run

    opened = FlightFolder.open(folder)
    with trace_progress("finalizing", _journal_bytes(opened), what="bytes") as count:
        done = run(opened, force=force, progress=count)
    listed = sensors_first(done.rows)
    rows = ", ".join(f"{name} {number:,}" for name, number in listed) or "no rows"
    out.print(f"{done.path}: {rows}{'' if done.made else ' (stood there already)'}", markup=False)
    warnings = [one for one in done.notices if one.severity == "warning"]
    for one in warnings:
        err.print(f"warning: {one}", markup=False)
    if warnings:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def recover(folder: FolderArgument) -> None:
    """Bring back a flight that ended without landing: repair the journal, then finalize.

    What was torn is kept beside what is repaired; nothing is deleted.

    Examples:

      detectkit recover flights/17
    """
    from detectkit.io.journal import recover as repair
    from detectkit.io.journal import scan
    from detectkit.mission import FlightFolder

    if not is_flight(folder):
        FlightFolder.open(folder)  # says what is wrong with it
    torn = scan(folder).damages
    report = repair(folder)
    segments = f"{len(report.segments)} segment{'' if len(report.segments) == 1 else 's'}"
    out.print(
        f"{folder}: {segments}, {report.records:,} records, {len(report.rewritten)} repaired",
        markup=False,
    )
    for damage in torn:
        out.print(f"  {damage}", markup=False)
    for damage in report.damages:
        err.print(f"warning: {damage}", markup=False)
    out.print(f"`detectkit replay {folder} -o OUT` makes its tables and its map.", markup=False)
    finalize(folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--pipeline {path}: cannot be read ({error})"
        raise UsageError(msg) from error


def _journal_bytes(folder: FlightFolder) -> int:
    from detectkit.io.journal import scan

    return sum(one.bytes for one in scan(folder.path).segments)


def _same(replayed: Replayed, live: dict[str, Any] | None) -> bool | None:
    """Tell whether the live result was the same; None where there is none to compare with."""
    from detectkit.mission.volumes import is_volume_digest

    if live is None or not live.get("complete"):
        return None
    made = {name for name in live["digests"] if not is_volume_digest(name)} | set(replayed.digests)
    return {name: one for name, one in live["digests"].items() if name in made} == replayed.digests


def _write(folder: FlightFolder, replayed: Replayed, output: Path) -> Sequence[Path]:
    from detectkit.live.landing import write_products

    title = folder.mission.name + (" · simulated" if folder.simulated else "")
    files = write_products(
        output,
        replayed.indications,
        replayed.track,
        title=f"{title} · replayed",
        refly=folder.mission.refly,
    )
    return [*files, *(one.path for one in replayed.volumes.values() if one.path is not None)]


def _summary(replayed: Replayed, same: bool | None) -> dict[str, Any]:
    return {
        "rows": replayed.rows,
        "traces": replayed.traces,
        "digests": replayed.digests,
        "indications": len(replayed.indications),
        "same_as_live": same,
        "hearing": [one.to_dict() for one in replayed.hearing],
        "damage": [str(one) for one in replayed.damage],
    }


def _print(replayed: Replayed, same: bool | None, files: Sequence[Path], *, compared: bool) -> None:
    from detectkit.detect.metal.piece import pieces_text

    for name, rows in sensors_first(replayed.rows):
        out.print(f"{name}: {rows:,} rows", markup=False)
    words = {True: "the same as in flight, to the bit", False: "NOT the same as in flight",
             None: "nothing to compare with: no complete live result"
             if compared else "another pipeline than the one flown, not compared"}  # fmt: skip
    out.print(f"{sum(replayed.traces.values()):,} processed traces: {words[same]}")
    say_found(len(replayed.indications), sought=replayed.sought)
    for told in (pieces_text(replayed.indications), *(one.text for one in replayed.hearing)):
        if told:
            out.print(told, markup=False)
    for one in replayed.damage:
        err.print(f"warning: {one}", markup=False)
    for name, volume in replayed.volumes.items():
        if volume.fault:
            err.print(f"warning: volume of {name!r}: {volume.fault}", markup=False)
    for path in files:
        out.print(f"  {path}", markup=False)
