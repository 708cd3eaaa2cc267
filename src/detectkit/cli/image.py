"""``detectkit image``: lines focused into a volume of voxels fixed to the ground."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
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
from detectkit.cli.output import out, say_notices, trace_progress
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.batch.image import ImageResult

SHOWN = 20
COLUMNS = (
    "easting (m)", "northing (m)", "depth (m)", "±", "score (σ)", "amplitude", "contrast",
)  # fmt: skip

FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Recorded files, HDF5 flights, folders of flights."),
]
OutputOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="VOLUME.zarr", help="Where the volume goes.")
]
TracksOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--tracks",
        metavar="TXT",
        help="Where a line ran: x y [z] in m in each row. Once for each line, in their order; or "
        "a folder of them, taken by name.",
    ),
]
SpacingOption = Annotated[
    float | None, typer.Option("--spacing", metavar="M", help="Distance of the columns of voxels.")
]
DepthOption = Annotated[
    tuple[float, float] | None,
    typer.Option("--depth", metavar="SHALLOW DEEP", help="Depths in m, e.g. 0 0.6."),
]
RadiusOption = Annotated[
    float | None,
    typer.Option("--radius", metavar="M", help="How far from its antennas a trace is used."),
]
OriginOption = Annotated[
    tuple[float, float] | None,
    typer.Option("--origin", metavar="LON LAT", help="Origin of the frame, degrees."),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=0, help="Processor threads; 0: as many as there are.")
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="cpu, or a graphics processor by PyTorch, e.g. cuda: the same to a thousandth, but "
        "not to the bit.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def image(  # noqa: PLR0913, PLR0917 - typer passes options by name
    files: FilesArgument,
    output: OutputOption = Path("volume.zarr"),
    velocity: VelocityOption = None,
    velocity_error: VelocityErrorOption = None,
    velocity_from: VelocityFromOption = None,
    pipeline: PipelineOption = None,
    tracks: TracksOption = None,
    spacing: SpacingOption = None,
    depth: DepthOption = None,
    radius: RadiusOption = None,
    origin: OriginOption = None,
    mark_spacing: MarkSpacingOption = None,
    calibration: CalibrationOption = "",
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    settings: SetOption = None,
    format_name: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Focus recordings or flights into one volume, from where the antennas really were.

    The traces go through the same pipeline as in `process`, then each is projected back into
    voxels fixed to the ground, refracted at its surface. The volume is a Zarr folder that
    xarray and GIS open; NaN in it means: not imaged. Look at it with `detectkit slice`.

    Examples:

      detectkit image flights/17 --velocity 1.1e8 -o site.zarr

      detectkit image grid/*.DZT --tracks grid/tracks --velocity 1.0e8 --depth 0 1.5 -o grid.zarr

      detectkit image LID10001.dt --velocity 0.135e9 --json -o bars.zarr
    """
    from detectkit.batch.image import ImageRequest, recordings_of
    from detectkit.batch.image import image as run
    from detectkit.volume.settings import ImageSettings

    told = GivenVelocity(velocity, velocity_error, velocity_from)
    given = Given(
        recordings_of(files),
        pipeline,
        mark_spacing=mark_spacing,
        settings=settings or [],
        format_name=format_name,
        calibration=calibration,
    )
    if pipeline is None:
        given = replace(given, velocity=told, depth=depth)
    request = ImageRequest(
        ImageSettings(spacing_m=spacing, band_m=depth, radius_m=radius),
        *told.told(),
        tracks=tuple(_listed(tracks or [])),
        origin_deg=origin,
        threads=threads or os.cpu_count() or 1,
        device=device,
    )
    job = given.job()
    with trace_progress("focusing", job.traces) as count:
        result = run(job, output, request, progress=count)
    if as_json:
        typer.echo(json.dumps(result.to_dict()))
    else:
        say_notices(one for one in result.notices if one.severity != "note")
        _print(result)
    if any(one.severity == "warning" for one in result.notices):
        raise typer.Exit(ExitCode.DONE_WITH_WARNINGS)


def _listed(given: list[Path]) -> list[Path]:
    """Return the files, a folder's in the order of their names."""
    files: list[Path] = []
    for one in given:
        files += sorted(one.glob("*.txt")) if one.is_dir() else [one]
    if given and not files:
        msg = f"--tracks {given[0]}: there is no .txt file in it"
        raise UsageError(msg)
    return files


def _print(result: ImageResult) -> None:
    soil = result.soil
    if result.peaks:
        out.print(_table(result))
    if len(result.peaks) > SHOWN:
        out.print(f"[dim]… and {len(result.peaks) - SHOWN} more, see --json[/dim]")
    out.print(
        f"{result.traces:,} traces in {result.tiles} tiles at {soil.velocity_m_per_s / 1e9:.3g} "
        f"m/ns ± {100 * soil.velocity_error:.3g} % ({soil.velocity_source}): "
        f"{len(result.peaks)} peaks, {_scored(result)}; a peak is an echo, not yet an object.",
        markup=False,
    )
    out.print(
        "What is NaN in the volume was not imaged; no peak does not mean that nothing is there."
    )
    for path in (result.volume, result.picture):
        out.print(f"  {path}", markup=False)


def _scored(result: ImageResult) -> str:
    scored = sum(one.score is not None for one in result.peaks)
    return f"{scored} of them with a score of 4 deviations of the clutter around or more"


def _table(result: ImageResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for one in result.peaks[:SHOWN]:
        table.add_row(
            f"{one.easting_m:.3f}",
            f"{one.northing_m:.3f}",
            f"{one.depth_m:.3f}",
            f"{one.depth_error_m:.3f}",
            "–" if one.score is None else f"{one.score:.1f}",
            f"{one.amplitude:.4g}",
            "–" if one.contrast is None else f"{one.contrast:.1f}",
        )
    return table
