"""Radargram pictures: time and depth, distance or trace number, indications on top."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import Indication
from detectkit.product.canvas import Canvas
from detectkit.product.writing import naming

INDICATION_COLOUR = "#D55E00"
"""Vermillion of the colour-blind-safe Okabe-Ito palette."""
GAP_COLOUR = "#56B4E9"
BAND_COLOUR = "#0072B2"
CLIP_PERCENTILE = 98.0
"""Percentile of the absolute amplitude that is drawn black or white."""
CROWDED = 20
"""Above this many indications their marks are drawn smaller."""
Marked = Literal["apex", "top"]
DepthOf = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class RadargramText:
    """What a picture says in words.

    Parameters
    ----------
    title
        First line: file, and what was done to it.
    note
        Small print below: velocity and where it comes from, what is not known.
    """

    title: str
    note: str = ""


def draw_radargram(
    canvas: Canvas,
    path: Path,
    *,
    text: RadargramText,
    depth_of: DepthOf | None = None,
    searched_m: tuple[float, float] | None = None,
    indications: Sequence[Indication] = (),
    marked: Marked = "apex",
    evening: float = 0.0,
) -> None:
    """Write a radargram as PNG.

    Parameters
    ----------
    canvas
        The picture's samples.
    path
        File to write.
    text
        Title and small print.
    depth_of
        Depth in m for two-way times in s; adds a depth axis on the right.
    searched_m
        Depth band that detection looked at; drawn as two dashed lines.
    indications
        Marked and numbered by rank.
    marked
        ``"apex"``: a circle at the time of the apex; ``"top"``: a triangle on the upper edge,
        for a picture whose times are not those of the indications; so are alarms of a metal
        detector in any picture.
    evening
        Share, 0 to 1, of the decay with time that is evened out. Display only.
    """
    figure = Figure(figsize=(13.0, 5.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    columns = _columns(canvas)
    if canvas.filled.any():
        _draw_samples(axes, canvas, columns, evening)
    axes.set_xlabel("trace number" if canvas.edges_m is None else "distance along the line (m)")
    axes.set_ylabel("two-way time (ns)")
    if depth_of is not None and canvas.filled.any():
        _add_depth_axis(axes, canvas, depth_of, searched_m)
    size = 13.0 if len(indications) <= CROWDED else 7.0
    for one in indications:
        _mark(axes, one, canvas, size, marked)
    axes.set_xlim(columns.extent)
    pad = 24.0 if any(_at_top(one, marked) for one in indications) else None
    axes.set_title(text.title, loc="left", fontsize=12, pad=pad, parse_math=False)
    if text.note:
        figure.supxlabel(text.note, fontsize=9, x=0.01, ha="left", parse_math=False)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


class _Columns(NamedTuple):
    """Which column of the canvas stands at each of the picture's, -1 for none; and the ends."""

    column: npt.NDArray[np.int64]
    extent: tuple[float, float]


def _columns(canvas: Canvas) -> _Columns:
    """Return the picture's columns: at equal distances, or trace by trace without distance.

    A distance further than 1.5 usual steps from any trace stays empty.
    """
    if canvas.edges_m is None:
        column = np.where(canvas.filled, np.arange(canvas.filled.size), -1)
        return _Columns(column, (0.5, max(1, canvas.traces) + 0.5))
    known = np.flatnonzero(canvas.filled & np.isfinite(canvas.along_track_m))
    known = known[np.argsort(canvas.along_track_m[known], kind="stable")]
    at_m = canvas.along_track_m[known]
    grid_m = np.linspace(at_m[0], at_m[-1], known.size)
    nearest = np.searchsorted(0.5 * (at_m[1:] + at_m[:-1]), grid_m)
    usual_m = float(np.median(np.diff(at_m)))
    missing = np.abs(at_m[nearest] - grid_m) > 1.5 * usual_m + 1e-9
    half_m = 0.5 * (grid_m[1] - grid_m[0])
    return _Columns(
        np.where(missing, -1, known[nearest]), (float(at_m[0] - half_m), float(at_m[-1] + half_m))
    )


def _draw_samples(axes: Axes, canvas: Canvas, columns: _Columns, evening: float) -> None:
    image = canvas.image * _evened(canvas, evening)
    seen = np.abs(image[canvas.filled])
    limit = float(np.percentile(seen, CLIP_PERCENTILE)) if seen.size else 1.0
    twt_ns = canvas.twt_s * 1e9
    picture = image[columns.column]
    missing = np.broadcast_to(columns.column[:, None] < 0, picture.shape)
    axes.imshow(
        np.ma.masked_array(picture, missing).T,
        aspect="auto",
        cmap=colormaps["gray"].with_extremes(bad=GAP_COLOUR),
        vmin=-limit or -1.0,
        vmax=limit or 1.0,
        interpolation="antialiased",
        extent=(*columns.extent, float(twt_ns[-1]), float(twt_ns[0])),
    )


def _evened(canvas: Canvas, evening: float) -> npt.NDArray[np.float32]:
    """Return one display gain per sample: the line's rms decay, smoothed, to a power."""
    if not canvas.filled.any():
        return np.ones(canvas.image.shape[1], np.float32)
    rms = np.sqrt((canvas.image[canvas.filled].astype(np.float64) ** 2).mean(axis=0))
    width = max(3, rms.size // 12)
    padded = np.pad(rms, width // 2, mode="edge")
    smooth = np.convolve(padded, np.full(width, 1.0 / width), mode="valid")[: rms.size]
    share = np.maximum(smooth / max(float(smooth.max()), 1e-30), 1e-3)
    return (share**-evening).astype(np.float32)


def _add_depth_axis(
    axes: Axes, canvas: Canvas, depth_of: DepthOf, searched_m: tuple[float, float] | None
) -> None:
    """Put depth ticks on the right at the times that have a depth; dash the searched band."""
    depth = depth_of(canvas.twt_s)
    usable = np.isfinite(depth) & (depth >= 0.0)
    usable &= np.diff(depth, prepend=-1.0) > 0.0
    if usable.sum() < 2:
        return
    twt_ns = canvas.twt_s[usable] * 1e9
    right = axes.twinx()
    right.set_ylim(axes.get_ylim())
    ticks = _round_ticks(float(depth[usable].max()))
    right.set_yticks(np.interp(ticks, depth[usable], twt_ns))
    right.set_yticklabels([f"{tick:g}" for tick in ticks])
    right.set_ylabel("depth (m)")
    for limit_m in searched_m or ():
        at_ns = float(np.interp(limit_m, depth[usable], twt_ns))
        axes.axhline(at_ns, color=BAND_COLOUR, lw=1.2, ls=(0, (6, 4)))


def _round_ticks(deepest: float) -> npt.NDArray[np.float64]:
    raw = deepest / 6.0
    power = 10.0 ** np.floor(np.log10(raw))
    step = min((one * power for one in (1.0, 2.0, 5.0, 10.0)), key=lambda one: abs(one - raw))
    ticks: npt.NDArray[np.float64] = np.arange(step, deepest, step, dtype=np.float64)
    return np.asarray(ticks.round(6), np.float64)


def _at_top(one: Indication, marked: Marked) -> bool:
    """Tell whether a triangle marks it: a metal detector's alarm has no time to be marked at."""
    return marked == "top" or not math.isfinite(one.twt_s)


def _mark(axes: Axes, one: Indication, canvas: Canvas, size: float, marked: Marked) -> None:
    x = one.trace if canvas.edges_m is None or one.along_track_m is None else one.along_track_m
    at_top = _at_top(one, marked)
    twt_ns = axes.get_ylim()[1] if at_top else one.twt_s * 1e9
    shape, fill = ("v", INDICATION_COLOUR) if at_top else ("o", "none")
    axes.plot(
        [x], [twt_ns], shape, ms=size, mfc=fill, mec=INDICATION_COLOUR, mew=1.8, clip_on=False
    )
    axes.annotate(
        str(one.rank),
        (x, twt_ns),
        xytext=(0, 3.0 + 0.55 * size),
        textcoords="offset points",
        ha="center",
        fontsize=6.0 + 0.3 * size,
        fontweight="bold",
        color=INDICATION_COLOUR,
        path_effects=_outline(),
    )


def _outline() -> list[object]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white")]
