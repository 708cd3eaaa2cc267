"""``detectkit velocity``: measure the velocity of the ground on recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import FormatOption, SetOption
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.core import UsageError
from detectkit.io import Overrides

if TYPE_CHECKING:
    from detectkit.product.velocity_result import MeasuredVelocity, Recommended

SHOWN = 40
Method = Literal["hyperbola", "focus", "cmp"]


def velocity(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Recorded files.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="Write velocity.json, pictures."),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option("--method", help="Use this alone. Without it: all that fit."),
    ] = None,
    cmp: Annotated[
        bool,
        typer.Option("--cmp", help="The files are common-midpoint gathers; see --offsets."),
    ] = False,
    offsets: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--offsets",
            metavar="FIRST STEP",
            help="Antenna distance of the first trace and its growth by trace in m (a gather).",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    settings: SetOption = None,
    format_name: FormatOption = None,
) -> None:
    """Measure the velocity of the wave in the ground, with its interval of 95 %.

    From the curves of buried things (hyperbolas), from how sharp the image becomes (focus), and
    from gathers in which the antennas move apart (cmp). Give all lines of one place together.

    Examples:

      detectkit velocity wall/*.dt -o out/velocity

      detectkit velocity CMP.DT1 --json

      detectkit process wall/*.dt --velocity-from out/velocity/velocity.json
    """
    from detectkit.batch.velocity import METHODS, measure_velocity
    from detectkit.io import open_recording

    chosen = METHODS if method is None else (method,)
    overrides = Overrides.parse(settings or [])
    opened = [open_recording(one, overrides=overrides, format_name=format_name) for one in files]
    traces = sum(stream.traces for one in opened for stream in one.streams)
    with trace_progress("measuring", traces) as count:
        found = measure_velocity(
            files,
            methods=chosen,
            offsets_m=offsets,
            overrides=overrides,
            format_name=format_name,
            progress=count,
        )
    if cmp and not found.gathers:
        msg = "--cmp: the files do not tell how the antennas move apart; give --offsets FIRST STEP"
        raise UsageError(msg)
    written = [] if output is None else _written(found, output)
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
    else:
        say_notices(one for one in found.notices if one.severity != "note")
        _print(found, written)
    if found.recommended is None:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _written(found: MeasuredVelocity, folder: Path) -> list[Path]:
    from detectkit.product.velocity_pictures import draw_gather, draw_velocity

    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / "velocity.json"
    answer.write_text(json.dumps(found.to_dict(), indent=1), encoding="utf-8")
    written = [answer]
    if found.seen:
        written.append(folder / "velocity.png")
        draw_velocity(found, written[-1])
    for number, gather in enumerate(found.gathers, start=1):
        written.append(folder / f"cmp-{number}.png")
        draw_gather(gather, written[-1])
    return written


def _print(found: MeasuredVelocity, written: list[Path]) -> None:
    if found.hyperbolas:
        out.print(_table(found))
    for one in found.gathers:
        for wave, what in ((one.air, "wave in air"), (one.ground, "wave along the ground")):
            if wave is not None:
                out.print(
                    f"{one.name}: {what} {wave.velocity_m_per_s / 1e9:.4f} m/ns ± "
                    f"{wave.velocity_error_m_per_s / 1e9:.4f}",
                    markup=False,
                )
        for each in one.reflections:
            half = each.reach * each.velocity_error_m_per_s / 1e9
            out.print(
                f"{one.name}: reflection at {each.twt0_s * 1e9:.1f} ns, "
                f"{each.velocity_m_per_s / 1e9:.4f} m/ns ± {half:.4f} (95 %, {each.traces} traces)",
                markup=False,
            )
    if found.focus is not None and found.focus is not found.recommended:
        out.print(f"Focus, as a check: {_said(found.focus)}", markup=False)
    if found.recommended is None:
        out.print("Velocity: not measured.")
    else:
        out.print(f"Velocity: {_said(found.recommended)}", markup=False)
    for path in written:
        out.print(f"  {path}", markup=False)


def _said(one: Recommended) -> str:
    low, high = one.interval_m_per_s
    return (
        f"{one.velocity_m_per_s / 1e9:.4f} m/ns, 95 % between {low / 1e9:.4f} and "
        f"{high / 1e9:.4f} ({one.method}, {one.count})"
    )


def _table(found: MeasuredVelocity) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("line", "along (m)", "apex (ns)", "depth (m)", "95 %", "m/ns", "95 %", "picks"):
        table.add_column(name, justify="left" if name == "line" else "right", no_wrap=True)
    for one in found.hyperbolas[:SHOWN]:
        low, high = one.velocity_interval_m_per_s
        table.add_row(
            escape(one.line),
            f"{one.along_track_m:.2f}",
            f"{one.apex_time_s * 1e9:.3f}",
            f"{one.depth_m:.3f}",
            f"{max(0.0, one.depth_interval_m[0]):.2f}–{one.depth_interval_m[1]:.2f}",
            f"{one.velocity_m_per_s / 1e9:.4f}",
            f"{low / 1e9:.3f}–{high / 1e9:.3f}",
            str(one.picks),
        )
    return table
