"""A place's evidence, and what of it moved the network that weighed it, in one picture."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from detectkit.detect.assess import Assessment
from detectkit.learn.explanation import HALO_M, Explanation
from detectkit.product.writing import naming

Values = npt.NDArray[np.float64]

STRIP_STYLES = (("anomaly", "#0072B2", "-"), ("soil", "#999999", "--"))
"""Of the detector's strips those in standard deviations, colour-blind-safe (Okabe-Ito)."""
SENSOR_WORDS = {"radar": "radar", "metal_detector": "metal detector"}


def draw_explanation(explanation: Explanation, path: Path) -> None:
    """Write the picture as PNG: radar, focused radar, what moved the network, and the detector."""
    figure = Figure(figsize=(12.0, 6.6), dpi=110, layout="constrained")
    figure.suptitle(_title(explanation), x=0.01, ha="left", fontsize=11)
    grid = figure.add_gridspec(2, 3, height_ratios=(3.0, 1.15))
    panels = [figure.add_subplot(grid[0, at]) for at in range(3)]
    patch, shares = explanation.patch, explanation.radar.sum(axis=0)
    processed, focused = (np.asarray(one, np.float64) for one in patch.radar)
    size = _size(processed)
    pictures = (
        (processed, "radargram, levelled", "RdBu_r", (-size, size), "clutter levels"),
        (focused, "focused (envelope)", "cividis", (0.0, _size(focused)), "clutter levels"),
        (shares, "what moved the network", "PuOr", (-_size(shares), _size(shares)),
         "log-odds of a target per sample"),
    )  # fmt: skip
    for axes, (image, title, colours, limits, unit) in zip(panels, pictures, strict=True):
        drawn = _draw(axes, explanation, image, colours, limits)
        axes.set_title(title, fontsize=10)
        figure.colorbar(drawn, ax=axes, label=unit, shrink=0.85)
    panels[0].set_ylabel("depth (m)")
    _strips(figure.add_subplot(grid[1, 0]), explanation)
    _words(figure.add_subplot(grid[1, 1:]), explanation)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _draw(
    axes: Axes, one: Explanation, image: Values, colours: str, limits: tuple[float, float]
) -> AxesImage:
    along, depth = one.grid.along_m, one.grid.depth_m
    half, low = 0.5 * one.grid.spacing_m, 0.5 * one.grid.row_m
    extent = (along[0] - half, along[-1] + half, depth[-1] + low, depth[0] - low)
    seen = np.ma.masked_array(image, np.broadcast_to(~one.patch.radar_known, image.shape))
    drawn = axes.imshow(seen, cmap=colours, vmin=limits[0], vmax=limits[1], extent=extent,
                        aspect="auto", interpolation="nearest")  # fmt: skip
    axes.set_facecolor("#dddddd")
    axes.axhline(0.0, color="0.5", lw=0.8)
    for side in (-HALO_M, HALO_M):
        axes.axvline(side, color="0.5", lw=0.8, ls=":")
    axes.set_xlabel("along the track (m)")
    if not one.patch.radar_known.any():
        axes.text(0.5, 0.5, "no radar here", transform=axes.transAxes, ha="center")
    return drawn


def _strips(axes: Axes, one: Explanation) -> None:
    known = one.patch.detector_known
    axes.set_title("metal detector", fontsize=10, loc="left")
    axes.set_xlabel("along the track (m)")
    axes.set_ylabel("deviations of the lane")
    axes.set_xlim(one.grid.along_m[0], one.grid.along_m[-1])
    if not known.any():
        axes.text(0.5, 0.5, "no detector here", transform=axes.transAxes, ha="center")
        return
    for row, (name, colour, style) in enumerate(STRIP_STYLES):
        values = np.where(known, one.patch.detector[row], np.nan)
        axes.plot(one.grid.along_m, values, color=colour, ls=style, lw=1.2, label=name)
    axes.legend(
        fontsize=8,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 0.97),
        ncols=2,
        handlelength=1.2,
        columnspacing=1.0,
    )


def _words(axes: Axes, one: Explanation) -> None:
    axes.axis("off")
    said = [f"with all that was there: {_chance(one.assessment)}"]
    said += [f"without the {SENSOR_WORDS[name]}: {_chance(what)}" for name, what in one.without]
    said.append(
        f"of what moved the network in the radargram, {100 * one.share_above_ground:.0f} % lie "
        f"above the ground and {100 * one.share_beyond_halo:.0f} % beyond ± {HALO_M:g} m (dotted)"
    )
    said.append(
        f"beside nothing heard, the radar's samples moved the log-odds by {one.radar.sum():+.2f}, "
        f"the detector's by {one.detector.sum():+.2f} (all of it: {one.moved:+.2f})"
    )
    said += [f"{name} = {value:.3g}: beyond what the model was made on"
             for name, value in one.assessment.outside]  # fmt: skip
    said.append("It tells what the network looked at, not what lies there.")
    words = axes.text(0.0, 1.0, "\n".join(said), transform=axes.transAxes, va="top", fontsize=9)
    words.set_linespacing(1.5)
    words.set_in_layout(False)


def _title(one: Explanation) -> str:
    place, said = one.indication, one.assessment
    rank = f"indication {place.rank}" if place.rank else "indication"
    words = f"{place.recording} {rank}, {place.line}, trace {place.trace}: {said.category}"
    novelty = "" if math.isnan(said.novelty) else f", novelty {said.novelty:.3f}"
    return f"{words.strip()}, {_chance(said)}{novelty}; {one.label}"


def _chance(said: Assessment) -> str:
    return f"probability {said.probability:.3g} ({said.low:.3g} to {said.high:.3g})"


def _size(image: Values) -> float:
    """Return the end of a colour scale: nearly the largest size, above 0."""
    return max(float(np.quantile(np.abs(image), 0.995)), 1e-9)
