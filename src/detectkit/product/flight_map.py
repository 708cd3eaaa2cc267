"""The map of a flight: where the radar was and how high, and what stood out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detectkit.core import Indication
from detectkit.geo import LocalFrame
from detectkit.mission import Track
from detectkit.product.radargram import INDICATION_COLOUR
from detectkit.product.writing import naming

Values = npt.NDArray[np.float64]
TRUTH_COLOUR = "#0072B2"
LOOSE_COLOUR = "#CC79A7"
RTK_FIXED = 4.0
NUMBERED = 20
"""So many of the strongest indications have their rank beside them."""
BREAK_M = 0.5
"""A line is not drawn over a longer step: nothing was measured there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A known place to draw beside the indications, of a simulated or seeded site."""

    longitude_deg: float
    latitude_deg: float
    label: str


def draw_flight_map(
    track: Track,
    path: Path,
    *,
    title: str,
    indications: Sequence[Indication] = (),
    truth: Sequence[Place] = (),
    note: str = "",
) -> bool:
    """Write the map as PNG; return False, and write nothing, where there are no positions.

    Parameters
    ----------
    track
        Where the sensor was.
    path
        File to write.
    title
        First line.
    indications
        Numbered by rank; those without a position are left out and counted in the small print.
    truth
        Known places, drawn as crosses.
    note
        Small print.
    """
    if not track.longitude_deg:
        return False
    lon, lat = np.array(track.longitude_deg), np.array(track.latitude_deg)
    frame = LocalFrame(float(lon.mean()), float(lat.mean()))
    figure = Figure(figsize=(9.0, _height_of(frame, track)), layout="constrained")
    axes = figure.subplots()
    _draw_track(figure, axes, frame, track)
    placed = _draw_indications(axes, frame, indications)
    _draw_truth(axes, frame, truth)
    _draw_frame(axes, frame, title)
    lines = [
        note,
        f"{len(indications)} indications, unverified"
        + (f", {len(indications) - placed} of them without a position" if placed != len(indications)
           else "") + "; no indication does not mean that nothing is there",
        f"{track.without_position} of {track.rows} traces have no position and are not drawn",
    ]  # fmt: skip
    figure.text(0.01, -0.01, "\n".join(one for one in lines if one), fontsize=8, va="top")
    with naming(path):
        figure.savefig(path, dpi=130, bbox_inches="tight")
    return True


def _height_of(frame: LocalFrame, track: Track) -> float:
    """Return the height of a picture 9 inches wide that the track fills."""
    east, north, _ = frame.to_local(np.array(track.longitude_deg), np.array(track.latitude_deg))
    return float(np.clip(2.0 + 6.5 * np.ptp(north) / max(float(np.ptp(east)), 1.0), 4.0, 11.0))


def _draw_track(figure: Figure, axes: Axes, frame: LocalFrame, track: Track) -> None:
    east, north, _ = frame.to_local(np.array(track.longitude_deg), np.array(track.latitude_deg))
    far = np.hypot(np.diff(east), np.diff(north)) > BREAK_M
    at = np.flatnonzero(far) + 1
    line = (np.insert(east, at, np.nan), np.insert(north, at, np.nan))
    axes.plot(*line, color="0.8", linewidth=4.0, solid_capstyle="round", zorder=1)
    quality = np.array(track.fix_quality)
    loose = np.isfinite(quality) & (quality != RTK_FIXED)
    if loose.any():
        axes.scatter(east[loose], north[loose], s=42, color=LOOSE_COLOUR, alpha=0.5, zorder=1.5,
                     linewidths=0.0, label="without RTK fix: less exact")  # fmt: skip
    height = np.array(track.height_m)
    if np.isfinite(height).any():
        dots = axes.scatter(east, north, c=height, s=5, cmap="cividis", zorder=2)
        figure.colorbar(dots, ax=axes, label="height above ground (m)", shrink=0.7)


def _draw_indications(axes: Axes, frame: LocalFrame, found: Sequence[Indication]) -> int:
    placed = [one for one in found if None not in (one.longitude_deg, one.latitude_deg)]
    if not placed:
        return 0
    east, north = _local(frame, [(o.longitude_deg or 0.0, o.latitude_deg or 0.0) for o in placed])
    size = np.clip([one.score for one in placed], 4.0, 16.0) ** 1.8
    axes.scatter(east, north, s=size, facecolors="none", edgecolors=INDICATION_COLOUR,
                 linewidths=1.4, zorder=4, label="indication, larger: higher score")  # fmt: skip
    for one, x, y in zip(placed, east, north, strict=True):
        if one.rank <= NUMBERED:
            axes.annotate(str(one.rank), (x, y), xytext=(7, 5), textcoords="offset points",
                          color=INDICATION_COLOUR, fontsize=9, zorder=5)  # fmt: skip
    return len(placed)


def _draw_truth(axes: Axes, frame: LocalFrame, truth: Sequence[Place]) -> None:
    if not truth:
        return
    east, north = _local(frame, [(one.longitude_deg, one.latitude_deg) for one in truth])
    axes.scatter(east, north, marker="x", s=45, color=TRUTH_COLOUR, zorder=3,
                 label="buried object (truth of the simulation)")  # fmt: skip
    for one, x, y in zip(truth, east, north, strict=True):
        axes.annotate(one.label, (x, y), xytext=(7, -11), textcoords="offset points",
                      color=TRUTH_COLOUR, fontsize=7, zorder=3)  # fmt: skip


def _draw_frame(axes: Axes, frame: LocalFrame, title: str) -> None:
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(f"metres east of {frame.longitude_deg:.7f}°")
    axes.set_ylabel(f"metres north of {frame.latitude_deg:.7f}°")
    axes.grid(color="0.92", linewidth=0.6)
    axes.annotate("N", (0.97, 0.97), (0.97, 0.88), xycoords="axes fraction", ha="center",
                  arrowprops={"arrowstyle": "->"}, va="center")  # fmt: skip
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize=8)


def _local(frame: LocalFrame, places: Sequence[tuple[float, float]]) -> tuple[Values, Values]:
    table = np.array(places, dtype=np.float64)
    east, north, _ = frame.to_local(table[:, 0], table[:, 1])
    return east, north
