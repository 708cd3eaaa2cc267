"""``detectkit slice``: pictures of a volume, cut level and upright."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
import typer

from detectkit.cli.output import out, trace_progress
from detectkit.core import UsageError

if TYPE_CHECKING:
    from detectkit.detect.volume_places import VolumePlace
    from detectkit.io.volume import Variable, Volume
    from detectkit.product.volume_cuts import Shown

MARKED = 10
AROUND_M = 3.0
CANDIDATES = 5000
"""Peaks looked at: those in voxels that are not shown are not marked."""
TRACKS = {".txt", ".csv", ".xy"}
Values = npt.NDArray[np.float64]
CutAcross = tuple[float, float, float, float]


VolumeArgument = Annotated[
    Path, typer.Argument(metavar="VOLUME", help="A volume, as `detectkit image` writes it.")
]
OutputOption = Annotated[
    Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the pictures go.")
]
DepthOption = Annotated[
    list[float] | None,
    typer.Option(
        "--depth", metavar="M", help="Depth of a slice in m. Repeatable; else about eight."
    ),
]
BandOption = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--band", metavar="SHALLOW DEEP", help="Depths in m of the projections; else all."
    ),
]
SectionOption = Annotated[
    CutAcross | None,
    typer.Option(
        "--section",
        metavar="X0 Y0 X1 Y1",
        help="A vertical cut between two points, easting and northing in m.",
    ),
]
AlongOption = Annotated[
    Path | None,
    typer.Option(
        "--along",
        metavar="FILE",
        help="A vertical cut along a line: a recording with positions, or a text with x y in m in "
        "each row.",
    ),
]
PeaksOption = Annotated[
    int, typer.Option("--peaks", min=0, help="Mark so many peaks, those that stand out most first.")
]
WeightOption = Annotated[
    float,
    typer.Option(
        "--least-weight",
        min=0.0,
        max=1.0,
        metavar="SHARE",
        help="Voxels with less than this share of the usual weight at their depth are shown as "
        "not imaged.",
    ),
]
VariableOption = Annotated[
    str, typer.Option("--variable", metavar="NAME", help="What to show: amplitude, coherence.")
]


def slice_(  # noqa: PLR0913, PLR0917 - typer passes options by name
    volume: VolumeArgument,
    output: OutputOption = Path("slices"),
    depth: DepthOption = None,
    band: BandOption = None,
    section: SectionOption = None,
    along: AlongOption = None,
    peaks: PeaksOption = MARKED,
    least_weight: WeightOption = 0.15,
    variable: VariableOption = "amplitude",
) -> None:
    """Cut through a volume: pictures of depth slices, of a band of depths, of vertical sections.

    Writes slices.png, projections.png and section-N.png; without --section and --along the volume
    is cut both ways through its strongest peak, 3 m to each side.

    Examples:

      detectkit slice volume.zarr -o pictures

      detectkit slice volume.zarr --depth 0.05 --depth 0.1 --depth 0.2 --peaks 0

      detectkit slice volume.zarr --band 0.05 0.3 --section 0 1.5 9 1.5

      detectkit slice volume.zarr --along flights/17/flight.h5
    """
    from detectkit.io.volume import open_volume
    from detectkit.product.slices import draw_projections, draw_section, draw_slices, words_of
    from detectkit.product.volume_cuts import Shown, cut, usual_depths
    from detectkit.product.volume_cuts import section as section_of

    opened = open_volume(volume)
    shown = Shown.of(opened, name=_variable(opened, variable), least_weight=least_weight)
    name = shown.name
    depths = sorted(set(depth or usual_depths(opened.depth_m)))
    with trace_progress("cutting", 0, what="parts") as count:
        cuts = cut(shown, depths_m=depths, band_m=band, progress=count.at)
    found = _peaks(shown, peaks)
    corners = [] if section is None else [_corners(section)]
    corners += [] if along is None else [_line(opened, along)]
    if not corners and found:
        corners = _through(opened, found[0].easting_m, found[0].northing_m)
    sections = [section_of(shown, one) for one in corners]
    text = words_of(opened)
    output.mkdir(parents=True, exist_ok=True)
    written = [output / "slices.png", output / "projections.png"]
    draw_slices(cuts, written[0], text=text, name=name, peaks=found)
    draw_projections(cuts, written[1], text=text, name=name, peaks=found)
    for number, one in enumerate(sections, start=1):
        written.append(output / f"section-{number}.png")
        draw_section(one, written[-1], text=text, name=name)
    out.print(
        f"{len(depths)} depths of {opened.path.name}, {len(found)} peaks marked, unverified. "
        "No bright spot does not mean that nothing is there.",
        markup=False,
    )
    for path in written:
        out.print(f"  {path}", markup=False)


def _variable(volume: Volume, name: str) -> Variable:
    for one in volume.variables:
        if one == name:
            return one
    msg = f"--variable {name}: {volume.path} holds {', '.join(volume.variables)}"
    raise UsageError(msg)


def _line(volume: Volume, path: Path) -> Values:
    """Return the corners of a line, from a track's text or a recording's positions."""
    if path.suffix.lower() in TRACKS:
        from detectkit.volume.tracks import read_track

        return read_track(path)
    from detectkit.geo import SiteFrame
    from detectkit.io import open_recording
    from detectkit.product.flown_lines import corners_of

    origin = volume.attributes.get("origin_deg")
    if origin is None:
        msg = (
            f"--along {path}: the volume has no place on the globe, so positions cannot be found "
            "in it; give a text file with x y in m in each row"
        )
        raise UsageError(msg)
    return corners_of(open_recording(path), SiteFrame(float(origin[0]), float(origin[1])))


def _peaks(shown: Shown, most: int) -> list[VolumePlace]:
    """Return the places among what is shown that stand out most."""
    from detectkit.detect.volume_places import scored_places
    from detectkit.volume.peaks import PeakSettings, find_peaks

    volume = shown.volume
    if most == 0 or not {"amplitude", "coherence", "weight"} <= set(volume.variables):
        return []
    found: list[VolumePlace] = []
    for one in scored_places(volume, find_peaks(volume, PeakSettings(most=CANDIDATES))):
        if len(found) < most and shown.holds(one.easting_m, one.northing_m, one.depth_m):
            found.append(one)
    return found


def _corners(cut: CutAcross) -> Values:
    return np.array(cut, np.float64).reshape(2, 2)


def _through(volume: Volume, easting_m: float, northing_m: float) -> list[Values]:
    """Return both cuts through a place, so far to each side as the volume reaches."""
    east, north = volume.easting_m, volume.northing_m
    west, right = max(east[0], easting_m - AROUND_M), min(east[-1], easting_m + AROUND_M)
    south, top = max(north[0], northing_m - AROUND_M), min(north[-1], northing_m + AROUND_M)
    return [
        _corners((float(west), northing_m, float(right), northing_m)),
        _corners((easting_m, float(south), easting_m, float(top))),
    ]
