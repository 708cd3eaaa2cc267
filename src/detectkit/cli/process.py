"""``detectkit process``: the main job, recordings in, indications out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectkit.cli.exit_codes import ExitCode
from detectkit.cli.options import FormatOption, SetOption
from detectkit.cli.output import out, say_found, say_notices, trace_progress
from detectkit.core import Indication, UsageError
from detectkit.io import Overrides
from detectkit.pipeline import Pipeline

if TYPE_CHECKING:
    from detectkit.batch.job import Job, KnownVelocity
    from detectkit.batch.process import RunResult

SHOWN = 20
PipelineOption = Annotated[
    Path | None,
    typer.Option(
        "--pipeline", metavar="TOML", help="Pipeline; without it one is fitted to each line."
    ),
]
DepthOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--depth",
        metavar="SHALLOW DEEP",
        help="Depths to search in m, e.g. 0.03 0.6, for the fitted pipeline.",
    ),
]
MarkSpacingOption = Annotated[
    float | None,
    typer.Option(
        "--mark-spacing",
        metavar="M",
        help="Distance between the operator's marks in m, to tell distance by them.",
    ),
]
RepeatOption = Annotated[
    Path | None,
    typer.Option("--repeat", metavar="RUN.toml", help="Repeat an earlier run exactly."),
]
CalibrationOption = Annotated[
    str,
    typer.Option(
        "--calibration",
        metavar="RECORD",
        help="A record of `detectkit calibrate`, for the fitted pipeline; `none` for none. "
        "Without it: the one that came with the flight.",
    ),
]


def process(  # noqa: PLR0913, PLR0917 - typer passes options by name
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Recorded files.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the results go.")
    ] = Path("out"),
    pipeline: PipelineOption = None,
    velocity: Annotated[
        float | None,
        typer.Option(
            "--velocity",
            metavar="M_PER_S",
            help="Velocity in the ground, e.g. 1.0e8 (0.1 m/ns), for the fitted pipeline.",
        ),
    ] = None,
    velocity_error: Annotated[
        float | None,
        typer.Option(
            "--velocity-error",
            metavar="M_PER_S",
            help="One standard deviation of the velocity, e.g. 5e6; it enters every depth's error.",
        ),
    ] = None,
    velocity_from: Annotated[
        Path | None,
        typer.Option(
            "--velocity-from",
            metavar="JSON",
            help="Velocity and error as `detectkit velocity` measured them.",
        ),
    ] = None,
    depth: DepthOption = None,
    mark_spacing: MarkSpacingOption = None,
    calibration: CalibrationOption = "",
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

      detectkit process --repeat out/wall/run.toml -o out/again
    """
    from detectkit.batch.process import process as run

    given = _Given(
        files or [],
        pipeline,
        _Velocity(velocity, velocity_error, velocity_from),
        depth,
        mark_spacing,
        settings or [],
        format_name,
        calibration,
    )
    job = given.job() if repeat is None else _repeated(repeat, given)
    with trace_progress("processing", job.traces) as count:
        result = run(job, output, progress=count)
    say_notices(one for one in result.notices if one.severity != "note")
    _print(result, job)
    if result.warnings:
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


@dataclass(frozen=True, slots=True)
class _Velocity:
    """What the user gave of the velocity."""

    m_per_s: float | None = None
    error_m_per_s: float | None = None
    measured: Path | None = None

    def told(self) -> tuple[float | None, KnownVelocity]:
        """Return the velocity, and how well it is known."""
        from detectkit.batch.job import KnownVelocity

        if self.measured is None:
            return self.m_per_s, KnownVelocity(self.error_m_per_s)
        if self.m_per_s is not None or self.error_m_per_s is not None:
            msg = "--velocity-from tells velocity and error; leave the other two out"
            raise UsageError(msg)
        from detectkit.batch.velocity_result import read_measured

        velocity, error = read_measured(self.measured)
        return velocity, KnownVelocity(error, "measured")


NOTHING = _Velocity()


@dataclass(frozen=True, slots=True)
class _Given:
    """What the user gave."""

    files: list[Path]
    pipeline: Path | None
    velocity: _Velocity
    depth: tuple[float, float] | None
    mark_spacing: float | None
    settings: list[str]
    format_name: str | None
    calibration: str = ""

    def job(self) -> Job:
        """Return the job, planned."""
        from detectkit.batch.job import plan

        if not self.files:
            msg = "give at least one recorded file, or --repeat RUN.toml"
            raise UsageError(msg)
        if self.pipeline is not None and (self.velocity != NOTHING or self.depth is not None):
            msg = (
                "with --pipeline, velocity and depths stand in its [detect] section; leave them out"
            )
            raise UsageError(msg)
        velocity, known = self.velocity.told()
        planned = plan(
            self.files,
            pipeline=None if self.pipeline is None else Pipeline.from_toml(_text(self.pipeline)),
            velocity_m_per_s=velocity,
            known=known,
            band_m=self.depth,
            mark_spacing_m=self.mark_spacing,
            overrides=Overrides.parse(self.settings),
            format_name=self.format_name,
        )
        return self._calibrated(planned)

    def _calibrated(self, planned: Job) -> Job:
        from detectkit.batch.calibrating import with_calibrations, with_findings
        from detectkit.calibration.library import find
        from detectkit.calibration.record_file import read_record

        if self.pipeline is not None and self.calibration:
            msg = "with --pipeline, the calibration stands in its steps; leave --calibration out"
            raise UsageError(msg)
        if self.pipeline is not None or self.calibration == "none":
            return with_findings(planned)
        record = read_record(find(Path(self.calibration))) if self.calibration else None
        return with_calibrations(planned, record)


def _repeated(run: Path, given: _Given) -> Job:
    from detectkit.batch.run_record import read_run

    if given != _Given([], None, NOTHING, None, None, [], None):
        msg = "--repeat takes everything from the run.toml; give it alone, with -o"
        raise UsageError(msg)
    from detectkit.batch.calibrating import with_findings

    return with_findings(read_run(run))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--pipeline {path}: cannot be read ({error})"
        raise UsageError(msg) from error


def _print(result: RunResult, job: Job) -> None:
    found = result.indications
    if found:
        out.print(_table(found[:SHOWN]))
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
    for remark in result.remarks:
        out.print(remark, markup=False)
    for path in result.files:
        out.print(f"  {path}", markup=False)


def _table(found: list[Indication]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("rank", "line", "along (m)", "trace", "depth (m)", "±", "score"):
        table.add_column(name, justify="left" if name == "line" else "right")
    for one in found:
        along = "–" if one.along_track_m is None else f"{one.along_track_m:.2f}"
        table.add_row(
            str(one.rank),
            escape(one.line),
            along,
            str(one.trace),
            f"{one.depth_m:.3f}",
            f"{one.depth_error_m:.3f}",
            f"{one.score:.1f}",
        )
    return table
