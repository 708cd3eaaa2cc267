"""``detectkit resolution``: what a flight's geometry can tell apart."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from detectkit.cli.output import out
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.imaging.resolution import Resolution, Sight
    from detectkit.product.flown_lines import FlownLines

DEPTHS_M = (0.05, 0.1, 0.2, 0.3)


def resolution(  # noqa: PLR0913, PLR0917 - typer passes options by name
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A recording; the geometry is taken from it."),
    ] = None,
    height: Annotated[
        float | None,
        typer.Option("--height", metavar="M", help="Of the antennas over the ground; 0: on it."),
    ] = None,
    line_spacing: Annotated[
        float | None, typer.Option("--line-spacing", metavar="M", help="Between lines.")
    ] = None,
    trace_spacing: Annotated[
        float | None, typer.Option("--trace-spacing", metavar="M", help="Between traces.")
    ] = None,
    centre: Annotated[
        float | None,
        typer.Option("--centre", metavar="HZ", help="Centre frequency, e.g. 1.2e9."),
    ] = None,
    bandwidth: Annotated[
        float | None,
        typer.Option(
            "--bandwidth",
            metavar="HZ",
            help="From -6 dB to -6 dB; without it that of a Ricker wavelet.",
        ),
    ] = None,
    velocity: Annotated[
        float, typer.Option("--velocity", metavar="M_PER_S", help="In the ground.")
    ] = 1.0e8,
    depth: Annotated[
        list[float] | None, typer.Option("--depth", metavar="M", help="Repeatable.")
    ] = None,
    radius: Annotated[
        float, typer.Option("--radius", metavar="M", help="Traces farther aside are not used.")
    ] = 1.5,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="Where the picture goes."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say how near two bodies may lie and still be told apart, before you fly or afterwards.

    Widths are those of the numeric point-spread function at -3 dB, for an ideal point under a line.

    Examples:

      detectkit resolution --height 0.5 --line-spacing 0.4 --trace-spacing 0.02 --centre 1.2e9

      detectkit resolution flight.h5 --velocity 1.1e8 --depth 0.1 --depth 0.3 -o pictures

      detectkit resolution flight.h5 --line-spacing 0.2 --json
    """
    from detectkit.imaging.resolution import resolution as resolution_at
    from detectkit.product.flown_lines import FlownLines
    from detectkit.product.resolution_report import as_numbers, draw_resolution, sentences

    given = FlownLines(height, line_spacing, trace_spacing, None, centre)
    sight = _sight(_completed(given, file), bandwidth, velocity, radius)
    found = [resolution_at(sight, one) for one in sorted(set(depth or DEPTHS_M))]
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        draw_resolution(sight, found, output / "resolution.png")
    if as_json:
        typer.echo(json.dumps(as_numbers(sight, found)))
        return
    out.print(_table(found))
    for one in sentences(sight, found):
        out.print(one, markup=False)
    if output is not None:
        out.print(f"  {output / 'resolution.png'}", markup=False)


def _completed(given: FlownLines, file: Path | None) -> FlownLines:
    """Return what was given, and the rest as the file tells it."""
    if file is None:
        return given
    from detectkit.io import open_recording
    from detectkit.product.flown_lines import flown_lines

    told = flown_lines(open_recording(file))
    return replace(
        told,
        **{
            name: value
            for name in ("height_m", "line_spacing_m", "trace_spacing_m", "antenna_hz")
            if (value := getattr(given, name)) is not None
        },
    )


def _sight(lines: FlownLines, bandwidth: float | None, velocity: float, radius: float) -> Sight:
    from detectkit.imaging.point_spread import Pulse
    from detectkit.imaging.resolution import LineGeometry, Sight

    height = _told(lines.height_m, "--height")
    spacing = _told(lines.line_spacing_m, "--line-spacing")
    step = _told(lines.trace_spacing_m, "--trace-spacing")
    centre = _told(lines.antenna_hz, "--centre")
    separation = lines.antenna_separation_m or 0.0
    pulse = Pulse.ricker(centre) if bandwidth is None else Pulse.gaussian(centre, bandwidth)
    return Sight(LineGeometry(height, spacing, step, separation, radius), pulse, velocity)


def _told(value: float | None, option: str) -> float:
    if value is None:
        msg = f"give {option}: no recording tells it here; 0.5 m is 0.5, 1.2 GHz is 1.2e9"
        raise UsageError(msg)
    return value


def _table(found: list[Resolution]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in (
        "depth (m)", "along (m)", "across (m)", "in depth (m)", "ghosts (dB)",
        "spacing for 3-D (m)", "lines", "traces",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for one in found:
        needed = one.sampling.alias_free_m
        table.add_row(
            f"{one.depth_m:g}",
            _width(one.apart_along_m),
            _width(one.apart_across_m),
            _width(one.down_m),
            f"{one.across_sidelobe_db:.0f}",
            f"{needed:.3f}",
            _sampled(one.line_spacing_m, needed),
            _sampled(one.trace_spacing_m, needed),
        )
    return table


def _width(metres: float) -> str:
    return f"{metres:.3f}" if math.isfinite(metres) else "–"


def _sampled(spacing_m: float, needed_m: float) -> str:
    ratio = spacing_m / needed_m
    return "near enough" if ratio <= 1.0 else f"{ratio:.1f} x too far"
