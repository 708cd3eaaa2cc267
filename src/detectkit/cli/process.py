"""``detectkit process``: the main job, recordings in, indications out."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.given import (
    CalibrationOption,
    Given,
    GivenVelocity,
    MarkSpacingOption,
    PipelineOption,
    VelocityErrorOption,
    VelocityFromOption,
    VelocityOption,
)
from detectkit.cli.options import FormatOption, SetOption
from detectkit.cli.output import out, print_wide, say_found, say_notices, trace_progress
from detectkit.core import Indication, UsageError

if TYPE_CHECKING:
    from detectkit.batch.job import Job
    from detectkit.batch.process import RunResult

SHOWN = 20
DepthOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--depth",
        metavar="SHALLOW DEEP",
        help="Depths to search in m, e.g. 0.03 0.6, for the fitted pipeline.",
    ),
]
ModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME",
        help="What weighs the evidence: `auto`, `rule`, `none`, a model of `detectkit models`, "
        "a model's folder or a rule's TOML.",
    ),
]
PriorOption = Annotated[
    float | None,
    typer.Option(
        "--prior",
        metavar="SHARE",
        help="Share of targets among candidates that you expect, e.g. 0.02; else the model's own.",
    ),
]
ForceModelOption = Annotated[
    bool,
    typer.Option(
        "--force-model", help="Use the model on a pipeline that it was not made on, at your risk."
    ),
]
RepeatOption = Annotated[
    Path | None,
    typer.Option("--repeat", metavar="RUN.toml", help="Repeat an earlier run exactly."),
]


def process(  # noqa: PLR0913, PLR0917 - typer passes options by name
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Recorded files.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the results go.")
    ] = Path("out"),
    pipeline: PipelineOption = None,
    velocity: VelocityOption = None,
    velocity_error: VelocityErrorOption = None,
    velocity_from: VelocityFromOption = None,
    depth: DepthOption = None,
    mark_spacing: MarkSpacingOption = None,
    calibration: CalibrationOption = "",
    model: ModelOption = "auto",
    prior: PriorOption = None,
    force_model: ForceModelOption = False,
    repeat: RepeatOption = None,
    settings: SetOption = None,
    format_name: FormatOption = None,
) -> None:
    """Turn recordings into a picture, a table and a map layer of what looks suspicious.

    Writes flight.h5, a raw and a processed radargram per line, indications.csv,
    indications.geojson (when there are positions), run.toml and the pipelines used.

    Examples:

      detectkit process LINE0.DT1 -o out/line0

      detectkit process wall/*.dt --velocity 0.135e9 -o out/wall

      detectkit process flights/17/flight.h5 --calibration radar-x-1207-2026-05-04-3f2a9c01.toml

      detectkit process flights/17/flight.h5 --prior 0.02 -o out/17

      detectkit process --repeat out/wall/run.toml -o out/again
    """
    from detectkit.batch.process import process as run
    from detectkit.learn.choose import Wish

    given = Given(
        files or [],
        pipeline,
        GivenVelocity(velocity, velocity_error, velocity_from),
        depth,
        mark_spacing,
        settings or [],
        format_name,
        calibration,
    )
    wish = Wish(model, prior, "other-pipeline" if force_model else "")
    if repeat is None:
        job = replace(given.job(), wish=wish)
    elif wish != Wish():
        msg = "--repeat takes the model from the run.toml too; leave --model and --prior out"
        raise UsageError(msg)
    else:
        job = _repeated(repeat, given)
    with trace_progress("processing", job.traces) as count:
        result = run(job, output, progress=count)
    say_notices(one for one in result.notices if one.severity != "note")
    _print(result, job)
    if result.warnings:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _repeated(run: Path, given: Given) -> Job:
    from detectkit.batch.run_record import read_run

    if given != Given([]):
        msg = "--repeat takes everything from the run.toml; give it alone, with -o"
        raise UsageError(msg)
    from detectkit.batch.calibrating import with_findings

    return with_findings(read_run(run))


def _print(result: RunResult, job: Job) -> None:
    found = result.indications
    if found:
        print_wide(_table(found[:SHOWN]))
    if len(found) > SHOWN:
        out.print(f"[dim]… and {len(found) - SHOWN} more in indications.csv[/dim]")
    lines = f"{len(job.lines)} line{'' if len(job.lines) == 1 else 's'}"
    sought = any(line.detection is not None for line in job.lines)
    say_found(len(found), sought=sought, before=f"{result.traces:,} traces in {lines}: ")
    if found and not result.placed:
        where = "distance along the line" if found[0].along_track_m is not None else "trace number"
        out.print(
            f"No geographic positions in the recording: results are by {where}, no map layer."
        )
    elif found and result.placed < len(found):
        out.print(f"{len(found) - result.placed} of them have no position; the rest is in the map.")
    if result.assessed_by:
        out.print(
            f"Weighed by {escape(result.assessed_by)}: its probabilities rank the places and "
            "take none away; evidence unlike its own is called unknown."
        )
    for remark in result.remarks:
        out.print(remark, markup=False)
    for path in result.files:
        out.print(f"  {path}", markup=False)


def _table(found: list[Indication]) -> Table:
    assessed = any(one.probability is not None for one in found)
    heard = any(one.detector_snr is not None for one in found)
    names = ["rank", "line", "along (m)", "trace", "depth (m)", "±", "score"]
    names += ["sensors", "metal"] * heard + ["probability", "category"] * assessed
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        left = name in {"line", "sensors", "category"}
        table.add_column(name, justify="left" if left else "right")
    for one in found:
        row = [str(one.rank), escape(one.line), _told(one.along_track_m, 2), str(one.trace)]
        row += [_told(one.depth_m, 3), _told(one.depth_error_m, 3), f"{one.score:.1f}"]
        row += [SHORT[one.sensors], _told(one.detector_snr, 1)] * heard
        row += [_chance(one), one.category] * assessed
        table.add_row(*row)
    return table


SHORT = {"gpr": "gpr", "metal_detector": "metal", "gpr+metal_detector": "gpr+metal"}


def _told(value: float | None, digits: int) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _chance(one: Indication) -> str:
    """Return the probability with its interval, in percent."""
    chances = (one.probability, one.probability_low, one.probability_high)
    if None in chances:
        return "–"
    middle, low, high = (f"{100.0 * (chance or 0.0):.3g}" for chance in chances)
    return f"{middle} % ({low}–{high})"
