"""Pictures of a volume: depth slices, projections over a band, vertical sections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from detectkit.core import FormatError
from detectkit.geo import geographic_of
from detectkit.io.volume import Variable, Volume
from detectkit.product.radargram import INDICATION_COLOUR
from detectkit.product.volume_cuts import Cuts, Float32s, Section
from detectkit.product.writing import naming
from detectkit.volume.maxima import Placed

NOT_IMAGED = "0.86"
HATCH = "0.74"
USUAL_PERCENTILE = 99.5
MOST_OVER_USUAL = 5.0
"""The brightest colour stands between this percentile of what is drawn and the largest value, at
their geometric mean, and at most so many times the former: one spike darkens no picture."""
WIDTH_IN = 13.0
TALLEST_IN = 11.0
DPI = 110
BRIGHT = (
    "Bright: echoes that add up there. An image without a bright spot does not mean that nothing "
    "is there; a bright spot is not yet an object. Grey: no trace saw it, or few from afar."
)
LEVELS: dict[str, str] = {
    "amplitude": "amplitude of the focused echo\n(unit of the processed samples; root scale)",
    "coherence": "coherence: share of the echoes'\nenergy that adds up in phase (0 to 1)",
    "weight": "sum of the weights of the\ntraces that see a voxel",
    "fold": "traces that see a voxel",
}


@dataclass(frozen=True, slots=True)
class VolumeText:
    """What the pictures of a volume say in words.

    Parameters
    ----------
    source
        The file, and the velocity with its error.
    note
        Small print: where the frame lies, what is not known.
    """

    source: str
    note: str


@dataclass(frozen=True, slots=True)
class _Colours:
    """How values become colours."""

    norm: Normalize
    map: Colormap
    extend: Literal["max", "neither"] = "max"

    def bar(self) -> ScalarMappable:
        return ScalarMappable(self.norm, self.map)


def words_of(volume: Volume) -> VolumeText:
    """Return what a volume tells about itself, and what its pictures do not say."""
    known = volume.attributes
    velocity, error = known.get("velocity_m_per_s"), known.get("velocity_error")
    said = "velocity not told"
    if velocity is not None:
        said = f"{float(velocity) / 1e9:.4g} m/ns"
        said += f" ± {100.0 * float(error):.2g} %" if error else ", its error not known"
        source = known.get("velocity_source")
        said = f"velocity {said}" + (f" ({source})" if source else "")
    simulated = "SIMULATED, " if known.get("simulated") else ""
    notes = [
        _frame_words(volume),
        BRIGHT,
    ]
    return VolumeText(f"{simulated}{volume.path.name}, {said}", "\n".join(notes))


def draw_slices(
    cuts: Cuts, path: Path, *, text: VolumeText, name: Variable = "amplitude",
    peaks: Sequence[Placed] = (),
) -> None:  # fmt: skip
    """Write all depth slices on one sheet, with one colour scale, as PNG.

    Parameters
    ----------
    cuts
        From `volume_cuts.cut`.
    path
        File to write.
    text
        From `words_of`.
    name
        What the values are.
    peaks
        Numbered in their order, each on the slice nearest to its depth.
    """
    depths = list(cuts.slices)
    rows, columns, size = _sheet(len(depths), _aspect(cuts.edges_m))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    scale = _scale(name, list(cuts.slices.values()))
    nearest = [int(np.argmin([abs(one - peak.depth_m) for one in depths])) for peak in peaks]
    for number, depth_m in enumerate(depths):
        _draw_plane(axes[number], cuts.slices[depth_m], cuts.edges_m, scale)
        axes[number].set_title(f"{depth_m:g} m deep", fontsize=10)
        marked = [(rank, one) for rank, one in enumerate(peaks, 1) if nearest[rank - 1] == number]
        _mark(axes[number], marked)
    for spare in axes[len(depths) :]:
        spare.set_visible(False)
    for number in range(len(depths)):
        if number + columns >= len(depths):
            axes[number].set_xlabel("easting (m)")
            axes[number].tick_params(labelbottom=True)
        if number % columns == 0:
            axes[number].set_ylabel("northing (m)")
    _colour_bar(figure, list(axes[: len(depths)]), scale, LEVELS[name])
    _finish(figure, path, f"Depth slices: {text.source}", _plan_note(text, cuts, peaks))


def draw_projections(
    cuts: Cuts, path: Path, *, text: VolumeText, name: Variable = "amplitude",
    peaks: Sequence[Placed] = (),
) -> None:  # fmt: skip
    """Write the largest value over the band, its depth, and the energy, side by side, as PNG."""
    aspect = _aspect(cuts.edges_m)
    stacked = aspect < 0.45
    shape, panel_in = ((3, 1), WIDTH_IN) if stacked else ((1, 3), WIDTH_IN / 3.0)
    height = shape[0] * (panel_in * aspect * 0.85 + 1.0) + 1.6
    figure = Figure(figsize=(WIDTH_IN, min(height, TALLEST_IN)), dpi=DPI, layout="constrained")
    axes = figure.subplots(*shape, squeeze=False).ravel()
    shallow, deep = cuts.band_m
    panels = (
        ("largest value", cuts.maximum, _scale(name, [cuts.maximum]), f"largest {name}"),
        ("depth of the largest value (pale: a weak echo)", cuts.depth_of_maximum_m,
         _Colours(Normalize(shallow, deep), colormaps["viridis_r"], "neither"), "depth (m)"),
        ("energy", np.sqrt(cuts.energy), _scale(name, [np.sqrt(cuts.energy)]),
         f"root mean square {name}"),
    )  # fmt: skip
    for ax, (title, values, scale, label) in zip(axes, panels, strict=True):
        _draw_plane(ax, values, cuts.edges_m, scale)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("easting (m)")
        ax.set_ylabel("northing (m)")
        place: dict[str, Any] = {} if stacked else {"location": "bottom"}
        figure.colorbar(
            scale.bar(),
            ax=ax,
            label=label,
            shrink=0.9,
            extend=scale.extend,
            ticks=MaxNLocator(4),
            **place,
        )
    _pale(axes[1], cuts, panels[0][2].norm)
    _mark(axes[0], list(enumerate(peaks, 1)))
    title = f"{shallow:g} to {deep:g} m deep: {text.source}"
    _finish(figure, path, title, _plan_note(text, cuts, peaks))


def draw_section(
    section: Section, path: Path, *, text: VolumeText, name: Variable = "amplitude"
) -> None:
    """Write a vertical section as PNG; the small print says by how much depth is stretched."""
    figure = Figure(figsize=(WIDTH_IN, 5.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    scale = _scale(name, [section.values])
    shallow, deep = section.depth_edges_m
    edges = (0.0, section.along_m, shallow, deep)
    _draw_plane(axes, section.values, edges, scale)
    axes.invert_yaxis()
    stretch = _stretch(section.along_m, deep - shallow)
    axes.set_aspect(stretch)
    start, end = section.corners_m[0], section.corners_m[-1]
    axes.set_xlabel(
        f"distance (m) from {start[0]:.2f} east, {start[1]:.2f} north "
        f"to {end[0]:.2f} east, {end[1]:.2f} north"
    )
    axes.set_ylabel("depth (m)")
    _colour_bar(figure, [axes], scale, LEVELS[name])
    stretched = "Depth and distance at one scale" if stretch == 1.0 else (
        f"Depth is stretched {stretch:g} times against distance"
    )  # fmt: skip
    note = f"{stretched}; depth counts from the surface, wherever that lies.\n{text.note}"
    _finish(figure, path, f"Section: {text.source}", note)


def _scale(name: str, planes: Sequence[Float32s]) -> _Colours:
    """Return one robust colour scale for all planes, from 0."""
    seen = np.concatenate([one[np.isfinite(one)] for one in planes])
    usual, most = (float(np.percentile(seen, one)) for one in (USUAL_PERCENTILE, 100.0))
    top = min(math.sqrt(usual * most), MOST_OVER_USUAL * usual) or most or 1.0
    norm = PowerNorm(0.5, 0.0, top) if name == "amplitude" else Normalize(0.0, top)
    return _Colours(norm, colormaps["viridis"])


def _draw_plane(
    axes: Axes, values: Float32s, edges: tuple[float, float, float, float], scale: _Colours
) -> None:
    west, east, low, high = edges
    axes.set_facecolor(NOT_IMAGED)
    missing = np.isnan(values)
    if missing.any():
        axes.fill_between([west, east], low, high, facecolor=NOT_IMAGED, edgecolor=HATCH,
                          hatch="///", linewidth=0.0, zorder=0)  # fmt: skip
    axes.imshow(
        np.ma.masked_array(values, missing).T,
        origin="lower", extent=edges, cmap=scale.map, norm=scale.norm, interpolation="nearest",
        aspect="equal", zorder=1,
    )  # fmt: skip
    axes.tick_params(labelsize=8)


def _pale(axes: Axes, cuts: Cuts, norm: Normalize) -> None:
    """Whiten a map where the largest value is small: its depth says little there."""
    strength = np.clip(np.ma.filled(norm(cuts.maximum), 1.0), 0.0, 1.0)
    veil = np.ones((*strength.shape, 4))
    veil[..., 3] = np.where(np.isnan(cuts.maximum), 0.0, 0.85 * (1.0 - strength))
    axes.imshow(veil.swapaxes(0, 1), origin="lower", extent=cuts.edges_m, aspect="equal",
                interpolation="nearest", zorder=2)  # fmt: skip


def _mark(axes: Axes, peaks: Sequence[tuple[int, Placed]]) -> None:
    from matplotlib.patheffects import withStroke

    outline = [withStroke(linewidth=2.5, foreground="white")]
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    near_m = 0.08 * (east - west)
    for rank, one in peaks:
        at_top = one.northing_m > north - 0.1 * (north - south)
        beside = one.easting_m > east - near_m or any(
            0.0 < other.easting_m - one.easting_m < near_m
            and abs(other.northing_m - one.northing_m) < near_m
            for _, other in peaks
        )
        axes.plot([one.easting_m], [one.northing_m], "o", ms=11.0, mfc="none", zorder=3,
                  mec=INDICATION_COLOUR, mew=1.6, path_effects=outline, clip_on=False)  # fmt: skip
        axes.annotate(
            str(rank), (one.easting_m, one.northing_m),
            xytext=(-6.0 if beside else 6.0, -12.0 if at_top else 5.0), fontsize=8,
            ha="right" if beside else "left",
            textcoords="offset points", color=INDICATION_COLOUR, fontweight="bold", zorder=4,
            path_effects=outline, annotation_clip=True,
        )  # fmt: skip


def _colour_bar(figure: Figure, axes: list[Axes], scale: _Colours, label: str) -> None:
    bar = figure.colorbar(
        scale.bar(), ax=axes, location="right", shrink=0.8, aspect=30, extend="max"
    )
    bar.set_label(label, fontsize=9)


def _finish(figure: Figure, path: Path, title: str, note: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False)
    figure.supxlabel(note, fontsize=8.5, x=0.01, ha="left", parse_math=False)
    figure.legend(
        handles=[Patch(facecolor=NOT_IMAGED, edgecolor=HATCH, hatch="///", label="not imaged")],
        loc="upper right", fontsize=9, frameon=False,
    )  # fmt: skip
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _plan_note(text: VolumeText, cuts: Cuts, peaks: Sequence[Placed]) -> str:
    lines = []
    if peaks:
        lines.append(
            "Circles: places of the volume, unverified; 1 stands out most from the clutter around."
        )
    if cuts.columns_per_pixel > 1:
        side = cuts.columns_per_pixel
        lines.append(f"Each pixel shows the largest of {side} x {side} columns.")
    return "\n".join([*lines, text.note])


def _sheet(count: int, aspect: float) -> tuple[int, int, tuple[float, float]]:
    """Return rows and columns of a sheet and its size: as wide as a page, not too tall."""
    fitting = []
    for columns in range(1, min(count, 6) + 1):
        rows = -(-count // columns)
        height = rows * ((WIDTH_IN - 2.4) / columns * aspect + 0.35) + 1.5
        fitting.append((abs(height - 8.5), rows, columns, height))
    _, rows, columns, height = min(fitting)
    return rows, columns, (WIDTH_IN, float(np.clip(height, 3.5, TALLEST_IN)))


def _aspect(edges_m: tuple[float, float, float, float]) -> float:
    west, east, south, north = edges_m
    return (north - south) / (east - west)


def _stretch(along_m: float, deep_m: float) -> float:
    """Return a round number by which depth is stretched, so that the section fills the page."""
    wanted = 0.3 * along_m / deep_m
    return next((one for one in (20.0, 10.0, 5.0, 2.0) if wanted >= one), 1.0)


def _frame_words(volume: Volume) -> str:
    """Return where the frame lies, by its south-west corner."""
    east, north = float(volume.easting_m[0]), float(volume.northing_m[0])
    if not volume.grid.crs_wkt:
        return "The frame is that of the lines; it has no place on the globe."
    try:
        place = geographic_of(volume.grid.crs_wkt, np.array([east]), np.array([north]))
    except FormatError:
        return "The frame cannot be read; it has no place on the globe."
    longitude, latitude = (float(one[0]) for one in place)
    if not math.isfinite(longitude + latitude):
        return "The frame has no place on the globe."
    return (
        f"The volume's corner at {east:g} m east, {north:g} m north lies at longitude "
        f"{longitude:.7f}°, latitude {latitude:.7f}°."
    )
