"""Draw the radar's evidence at places of the shipped simulated flights.

    python benchmarks/evidence_pictures.py docs/pictures/evidence.png

Two mines, a food can and bare ground, each cut at its true place from the lane that passes
nearest, after the default pipeline: both images of a patch, in standard deviations of the clutter
around. All is simulated (full-wave, in a plane).
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from detectkit.batch.job import LineJob, plan
from detectkit.detect.detector import Detector
from detectkit.detect.evidence import GRID
from detectkit.detect.metres import offsets_m
from detectkit.detect.radar_track import RadarCut
from detectkit.pipeline import Runner

FLIGHTS = "flights"
SHOWN = (
    ("ap_row", "ap-2"),
    ("at_hill", "at-1"),
    ("empty_clutter", "old-can"),
    ("empty_clutter", "bare ground"),
)
BARE_ROW = 85
"""Of the first lane of that flight: no body within 0.3 m."""
LIMITS = {"processed": 4.0, "focused": 20.0}
FAR_M = 0.3


@dataclass(frozen=True)
class Body:
    """One row of a flight's truth."""

    name: str
    kind: str
    longitude_deg: float
    latitude_deg: float
    depth_m: float


def truth(flight: str) -> list[Body]:
    """Return what lies under a shipped flight."""
    path = files("detectkit_sim_data") / FLIGHTS / f"{flight}.truth.csv"
    with path.open(encoding="utf-8") as file:
        return [
            Body(
                one["name"],
                one["body"],
                float(one["longitude_deg"]),
                float(one["latitude_deg"]),
                float(one["depth_m"]),
            )
            for one in csv.DictReader(file)
        ]


def detectors(flight: str) -> list[Detector]:
    """Return a detector for each lane, with the lane's rows in its track."""
    path = Path(str(files("detectkit_sim_data") / FLIGHTS / f"{flight}.h5"))
    return [one for line in plan([path]).lines if (one := _flown(line)) is not None]


def _flown(line: LineJob) -> Detector | None:
    if line.detection is None:
        return None
    runner, detector = Runner(line.pipeline.steps), Detector(line.detection)
    for block in line.stream.blocks():
        for processed in runner.push(replace(block, line=line.name)):
            list(detector.push(processed))
    for processed in runner.finish():
        list(detector.push(processed))
    list(detector.finish())
    return detector


def cut_of(flight: str, name: str) -> tuple[RadarCut, str, list[Body]]:
    """Return the evidence at a body or at bare ground, its title, and the bodies around."""
    bodies = truth(flight)
    body = next((one for one in bodies if one.name == name), None)
    best: RadarCut | None = None
    for detector in detectors(flight):
        if body is None:
            cut = detector.track.cut(detector.track.lines[0], BARE_ROW)
        else:
            cut = detector.track.cut_at(
                longitude_deg=body.longitude_deg, latitude_deg=body.latitude_deg, within_m=FAR_M
            )
        if cut is not None and (best is None or cut.known.sum() > best.known.sum()):
            best = cut
    if best is None:
        msg = f"{flight}: no lane passes within {FAR_M} m of {name}"
        raise SystemExit(msg)
    title = name if body is None else f"{body.kind} ({name}), top {100 * body.depth_m:.0f} cm deep"
    return best, f"{title}\nflight {flight}", bodies


def draw(path: Path) -> None:
    """Write the picture."""
    figure = Figure(figsize=(12.0, 4.7), layout="constrained", dpi=100)
    axes = figure.subplots(2, len(SHOWN), sharex=True, sharey=True)
    for column, (flight, name) in enumerate(SHOWN):
        cut, title, bodies = cut_of(flight, name)
        axes[0, column].set_title(title, fontsize=9)
        for row, (image, limit) in enumerate(LIMITS.items()):
            drawn = _image(axes[row, column], cut, row, limit)
            _bodies(axes[row, column], cut, bodies)
            if column == len(SHOWN) - 1:
                bar = figure.colorbar(drawn, ax=axes[row, :].tolist(), pad=0.01)
                bar.set_label(f"{image},\nin deviations of the clutter")
    for one in axes[1, :]:
        one.set_xlabel("along the track, m")
    for one in axes[:, 0]:
        one.set_ylabel("depth, m")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles[:1], labels[:1], loc="outside lower left", fontsize=8, frameon=False)
    figure.savefig(path, metadata={"Software": None})


def _image(axes: Axes, cut: RadarCut, row: int, limit: float) -> AxesImage:
    half, step = 0.5 * GRID.spacing_m, 0.5 * GRID.row_m
    along, depth = GRID.along_m, GRID.depth_m
    extent = (along[0] - half, along[-1] + half, depth[-1] + step, depth[0] - step)
    values = np.ma.masked_array(cut.radar[row], np.broadcast_to(~cut.known, cut.radar[row].shape))
    axes.set_facecolor("#bbbbbb")
    axes.axhline(0.0, color="black", linewidth=0.6)
    return axes.imshow(
        values,
        extent=extent,
        cmap="RdBu_r" if row == 0 else "viridis",
        vmin=-limit if row == 0 else 0.0,
        vmax=limit,
        interpolation="nearest",
    )


def _bodies(axes: Axes, cut: RadarCut, bodies: list[Body]) -> None:
    """Mark the tops of the bodies under the patch."""
    known = np.flatnonzero(cut.known)
    for body in bodies:
        east, north = offsets_m(
            cut.longitude_deg[known],
            cut.latitude_deg[known],
            (body.longitude_deg, body.latitude_deg),
        )
        away = np.hypot(east, north)
        at = int(away.argmin())
        if away[at] <= FAR_M and 0 < at < known.size - 1:
            place = GRID.along_m[known[at]], body.depth_m
            axes.plot(*place, "v", color="#e69f00", mec="black", label="top of a simulated body")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    draw(parser.parse_args().picture)
