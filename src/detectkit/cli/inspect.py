"""``detectkit inspect``: what a file is and how healthy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.flight_inspection import inspect_flight, is_flight
from detectkit.cli.options import FileArgument, FormatOption, SetOption
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.io import Overrides, Recording, open_recording


def inspect(
    file: FileArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="PNG", help="Draw the radargram there.")
    ] = None,
    settings: SetOption = None,
    format_name: FormatOption = None,
) -> None:
    """Say what a recording is: instrument, times, positions, clipping, gaps, health.

    Given the folder of a flight it reads the journal, whether or not the flight was finalized.

    Examples:

      detectkit inspect LINE0.DT1

      detectkit inspect FILE____001.DZT --json

      detectkit inspect flights/17 --json

      detectkit inspect odd.bin --format gssi-dzt --set data_offset=1024 --png look.png
    """
    from detectkit.product.inspection import describe_recording, inspect_stream

    if is_flight(file):
        inspect_flight(file, as_json=as_json)
        return
    overrides = Overrides.parse(settings or [])
    recording = open_recording(file, overrides=overrides, format_name=format_name)
    total = sum(stream.traces for stream in recording.streams)
    with trace_progress("reading", total) as count:
        parts = [inspect_stream(stream, progress=count) for stream in recording.streams]
    description = describe_recording(recording, parts)
    if as_json:
        typer.echo(json.dumps(description))
    else:
        for part in parts:
            _print(recording, part.to_dict(), _strip(part))
        _print_calibrations(description["calibrations"])
        say_notices(recording.notices)
    if png is not None and parts:
        _draw(recording, parts, png)
    if any(one.severity == "warning" for one in recording.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _strip(part: Any) -> str:
    from detectkit.product.inspection import thumbnail

    return thumbnail(part.health.canvas)


def _print(recording: Recording, facts: dict[str, Any], strip: str) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    for label, value in _facts(recording, facts):
        table.add_row(f"[dim]{label}[/dim]", escape(value))
    out.print(table)
    if strip:
        out.print(f"[dim]energy along the line[/dim] |{strip}|")


def _print_calibrations(known: list[dict[str, Any]]) -> None:
    for one in known:
        simulated = ", simulated" if one["simulated"] else ""
        until = one["expires_utc"][:10]
        out.print(
            f"calibration {one['name']}: {one['id'][:12]} of {one['instrument']}, holds until "
            f"{until}{simulated}",
            markup=False,
        )
        for fault in one["faults"]:
            out.print(f"  {fault}", markup=False)


def _facts(recording: Recording, facts: dict[str, Any]) -> list[tuple[str, str]]:
    clipped = facts["clipped_fraction"]
    marks = facts["marks"]
    return [
        ("file", f"{recording.path.name}, line {facts['line']}, sensor {facts['sensor']}"),
        ("format", recording.format),
        ("instrument", facts["instrument"]),
        ("antenna", _hertz(facts["antenna_hz"])),
        ("traces", f"{facts['traces']:,} of {facts['samples']} samples"),
        ("time", _time(facts)),
        ("distance", _distance(facts)),
        ("positions", _positions(facts)),
        ("marks", f"{len(marks)}: {', '.join(map(str, marks[:20]))}" if marks else "none"),
        ("clipped", "full scale not known" if clipped is None else f"{100 * clipped:.3g} %"),
        ("gaps", f"{facts['gaps']} ({facts['missing_traces']} traces missing)"),
        ("dead traces", f"{facts['dead_traces']}"),
    ]


def _time(facts: dict[str, Any]) -> str:
    window_s, interval_s = facts["window_s"], facts["sample_interval_s"]
    if window_s is None or interval_s is None:
        return "no delay axis"
    return f"{window_s * 1e9:.4g} ns, one sample every {interval_s * 1e9:.5g} ns"


def _hertz(value: float | None) -> str:
    return "not told" if value is None else f"{value / 1e6:g} MHz"


def _distance(facts: dict[str, Any]) -> str:
    if facts["distance_m"] is None:
        return "none recorded"
    spacing = facts["trace_spacing_m"]
    every = "" if spacing is None else f", a trace every {1000 * spacing:.4g} mm"
    return f"{facts['distance_m']:.3f} m{every}"


def _positions(facts: dict[str, Any]) -> str:
    without = facts["fixes_without_position"]
    rejected = f"; {without} fixes without a valid position ignored" if without else ""
    return f"{facts['fixes']} valid fixes{rejected}"


def _draw(recording: Recording, parts: list[Any], png: Path) -> None:
    from detectkit.product.radargram import RadargramText, draw_radargram

    radar = [part for part in parts if part.to_dict()["sample_interval_s"] is not None]
    for number, part in enumerate(radar):
        path = png if number == 0 else png.with_stem(f"{png.stem}-{number + 1}")
        facts = part.to_dict()
        title = f"{recording.path.name} · {facts['instrument']} · as recorded"
        draw_radargram(part.health.canvas, path, text=RadargramText(title))
