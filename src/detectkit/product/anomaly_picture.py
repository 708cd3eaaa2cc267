"""The autoencoder along a line in one picture: what it saw, what it drew badly, and the score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import Indication
from detectkit.learn.line_anomaly import LineAnomaly
from detectkit.product.writing import naming

SCORE, PEAK, INDICATION = "#0072B2", "#D55E00", "#000000"
"""Colour-blind-safe (Okabe-Ito)."""


def draw_line_anomaly(
    stretches: Sequence[LineAnomaly],
    peaks: Sequence[npt.NDArray[np.int64]],
    path: Path,
    *,
    title: str,
    threshold: float,
    indications: Sequence[Indication] = (),
) -> None:
    """Write the picture of a line as PNG.

    Parameters
    ----------
    stretches, peaks
        Of the line, and the places above the threshold in each.
    indications
        What another score found in the line, for comparison.
    """
    figure = Figure(figsize=(12.0, 7.2), dpi=110, layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    seen, drawn, score = figure.subplots(3, 1, sharex=True, height_ratios=(1.0, 1.0, 0.9))
    _images(figure, seen, stretches, "seen")
    _images(figure, drawn, stretches, "misdrawn")
    for one, at in zip(stretches, peaks, strict=True):
        score.plot(one.along_m, one.score, color=SCORE, lw=1.2)
        score.plot(one.along_m[at], one.score[at], "v", color=PEAK, ms=7)
    score.plot([], [], "v", color=PEAK, ms=7, label="autoencoder's peak")
    score.axhline(threshold, color="0.5", lw=0.8, ls="--")
    places = [one.along_track_m for one in indications if one.along_track_m is not None]
    low = min(0.0, *score.get_ylim())
    score.plot(places, [low] * len(places), "|", color=INDICATION, ms=12, mew=1.4,
               label="indication of the pipeline's own score")  # fmt: skip
    score.set_ylabel("deviations of the\nclutter beside")
    score.set_xlabel("along the line (m)")
    score.set_title("score: the focused image's error over all depths", fontsize=10, loc="left")
    score.legend(fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2)
    with naming(path):
        figure.savefig(path, format="png", metadata={"Software": "detectkit"})


def _images(figure: Figure, axes: Axes, stretches: Sequence[LineAnomaly], what: str) -> None:
    values = [np.asarray(getattr(one, what), np.float64) for one in stretches]
    size = max(float(np.nanquantile(np.abs(np.concatenate(values, axis=1)), 0.99)), 1e-9)
    looks = {
        "seen": ("radargram as the autoencoder sees it", "RdBu_r", -size, "clutter levels"),
        "misdrawn": ("focused image: what it draws badly", "cividis", 0.0, "squared error"),
    }
    title, colours, low, unit = looks[what]
    image = None
    for one, shown in zip(stretches, values, strict=True):
        image = axes.pcolormesh(one.along_m, one.depth_m, shown, cmap=colours, vmin=low, vmax=size,
                                shading="nearest", rasterized=True)  # fmt: skip
    axes.set_ylim(stretches[0].depth_m[-1], stretches[0].depth_m[0])
    axes.axhline(0.0, color="0.5", lw=0.8)
    axes.set_facecolor("#dddddd")
    axes.set_ylabel("depth (m)")
    axes.set_title(title, fontsize=10, loc="left")
    if image is not None:
        figure.colorbar(image, ax=axes, label=unit, pad=0.01)
