"""Focus simulated points: python benchmarks/point_scatterer.py [docs/pictures/back-projection.png].

A ball in the soil, simulated by rays (`detectkit.sim`) under a drone that sways: lanes 0.15 m
apart, curved, at changing height and speed. Each flight is focused three times, with the same band
and weights: from where the antennas were, refracted at the surface; from there, but each height
taken off the time and rays straight through the soil; and as straight lanes of equal spacing at one
height, which is taken off, rays straight. Prints a table in Markdown; with a path, draws the first
and the last way at 0.7 m over soil of permittivity 9.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import VoxelGrid
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector, image_of
from detectkit.imaging.point_spread import lobe_of
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S
from detectkit.sim.scatterers import sorted_into_cells
from detectkit.sim.wavelet import SECOND_DERIVATIVE
from detectkit_sim_data.recipes.quiet_soil import RADAR, radar_over

Values = npt.NDArray[np.float64]
Volume = npt.NDArray[np.float32]

POINT = np.array([0.06, -0.03, 0.22])
GRID = VoxelGrid(0.015, 0.015, depths=36, tile=36)
APART = np.array([0.5 * RADAR.antenna_separation_m, 0.0, 0.0])
LANES, LANE_TRACES = 11, 60
SHOWN = (0.7, 9.0, 0.8)
CASES = (
    (0.3, 3.0, 0.8), (0.3, 15.0, 0.8), SHOWN, (0.7, 9.0, 0.4), (0.7, 9.0, 0.15),
    (1.5, 3.0, 0.8), (1.5, 15.0, 0.8),
)  # fmt: skip
"""Height, permittivity, and how far from a column traces count."""
WAYS = "true places, refraction", "true places, straight rays", "straight lanes, straight rays"


@dataclass(frozen=True)
class Found:
    """What one way of focusing gives."""

    place: Values
    peak: float
    widths_m: tuple[float, float, float]
    inside: float


def flown(height_m: float) -> tuple[Values, Values]:
    """Return where the antennas' midpoint was, and where a planner thinks it was; (n, 3) each."""
    rng = np.random.default_rng(2)
    real, planned = [], []
    for lane in range(LANES):
        along = np.linspace(-0.9, 0.9, LANE_TRACES)
        phase = rng.uniform(0.0, 2.0 * math.pi, 3)
        north = np.full(LANE_TRACES, 0.15 * (lane - LANES // 2))
        planned.append(np.column_stack([along, north, np.full(LANE_TRACES, height_m)]))
        east = along + 0.05 * np.sin(2.0 * along + phase[0])
        sway = 0.06 * np.sin(3.5 * along + phase[1])
        up = height_m * (1.0 + 0.1 * np.sin(2.5 * along + phase[2]))
        real.append(np.column_stack([east, north + sway, up]))
    return np.concatenate(real), np.concatenate(planned)


def heard(middle: Values, permittivity: float) -> Volume:
    """Return the point's echoes alone, (n, samples)."""
    point = np.array([[POINT[0], POINT[1], 0.0, POINT[2], 1e-3, 0.0, SECOND_DERIVATIVE]])
    attitude = np.column_stack([np.tile([0.0, 0.0, 1.0], (len(middle), 1)), middle[:, 2]])
    time_s, radar = np.linspace(0.0, 1.0, len(middle)), radar_over(permittivity)
    loud, quiet = (
        replace(radar, scatterers=sorted_into_cells(one, 2.0)).heard(
            middle - APART, middle + APART, attitude, time_s
        )
        for one in (point, np.zeros((0, 7)))
    )
    return loud - quiet


def focused(
    traces: Volume, middle: Values, zero_twt_s: Values, *, velocity: float, radius_m: float
) -> Volume:
    """Return the amplitude of the columns within 0.54 m of the origin."""
    axis = TimeAxis(-RADAR.time_zero_s, RADAR.sample_interval_s, RADAR.samples)
    settings = BackProjection(velocity, radius_m, weights="equal")
    tiles = MemoryTiles()
    projector = BackProjector(GRID, settings, axis, tiles)
    antennas = Antennas.level(middle - APART, middle + APART)
    projector.push(traces, replace(antennas, zero_twt_s=zero_twt_s))
    projector.finish()
    parts = [[image_of(tiles.get((a, b))).amplitude for b in (-1, 0)] for a in (-1, 0)]
    return np.concatenate([np.concatenate(row, axis=1) for row in parts])


def every_way(height_m: float, permittivity: float, radius_m: float) -> list[Volume]:
    """Return the point's images in the order of `WAYS`, the first one's peak being 1."""
    known = {"velocity": SPEED_OF_LIGHT_M_S / math.sqrt(permittivity), "radius_m": radius_m}
    real, planned = flown(height_m)
    traces = heard(real, permittivity)
    images = [focused(traces, real, np.zeros(len(real)), **known)]
    for path in (real, planned):
        taken_off_s = -2.0 * path[:, 2] / SPEED_OF_LIGHT_M_S
        images.append(focused(traces, path * [1.0, 1.0, 0.0], taken_off_s, **known))
    return [one / np.nanmax(images[0]) for one in images]


def found(image: Volume) -> Found:
    """Return place, height and width of the peak, and the energy within 8 cm of the true place."""
    offset = GRID.tile * GRID.spacing_m
    top = np.array(np.unravel_index(np.nanargmax(image), image.shape))
    axes = np.arange(image.shape[0]) * GRID.spacing_m - offset, GRID.depth_m
    place, widths = [], []
    for number, axis in enumerate((axes[0], axes[0], axes[1])):
        line = image[tuple(slice(None) if k == number else top[k] for k in range(3))]
        at = int(np.clip(top[number], 1, len(line) - 2))
        low, mid, high = (float(line[at + k]) for k in (-1, 0, 1))
        bend = low - 2.0 * mid + high
        step = float(axis[1] - axis[0])
        place.append(axis[at] + 0.5 * step * (low - high) / bend)
        widths.append(lobe_of(axis - axis[top[number]], line / line[top[number]]).width_m)
    away = np.meshgrid(axes[0] - POINT[0], axes[0] - POINT[1], axes[1] - POINT[2], indexing="ij")
    near = sum(one**2 for one in away) < 0.08**2
    inside = float(np.nansum(image[near] ** 2) / np.nansum(image**2))
    return Found(np.array(place), float(np.nanmax(image)), (*widths,), inside)


def row(case: tuple[float, float, float], name: str, one: Found) -> str:
    """Return a line of the table."""
    away = one.place - POINT
    widths = " x ".join("–" if math.isinf(w) else f"{100 * w:.1f}" for w in one.widths_m)
    return (
        f"| {case[0]} | {case[1]:.0f} | {case[2]} | {name} | {1000 * math.hypot(*away[:2]):.0f} | "
        f"{1000 * away[2]:+.0f} | {one.peak:.2f} | {widths} | {100 * one.inside:.0f} |"
    )


def picture(images: list[Volume], path: str) -> None:
    """Draw slice and section of both."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 7.4), dpi=120, layout="constrained")
    panels: Any = figure.subplots(2, 2, height_ratios=[1.75, 1.0])
    half = GRID.tile * GRID.spacing_m - 0.5 * GRID.spacing_m
    bottom = GRID.depth_m[-1]
    level = round(POINT[2] / GRID.depth_spacing_m)
    line = round(POINT[1] / GRID.spacing_m) + GRID.tile
    for column, path_m in enumerate(flown(SHOWN[0])):
        image, name = images[2 * column], WAYS[2 * column]
        over, under = panels[0, column], panels[1, column]
        known = {"cmap": "cividis", "vmin": -40.0, "vmax": 0.0, "interpolation": "nearest"}
        image = 20.0 * np.log10(np.maximum(image, 1e-6))
        side = (-half, half, -half, half)
        shown = over.imshow(image[:, :, level].T, origin="lower", extent=side, **known)
        for lane in range(LANES):
            part = path_m[lane * LANE_TRACES : (lane + 1) * LANE_TRACES]
            over.plot(part[:, 0], part[:, 1], color="white", linewidth=0.5, alpha=0.6)
        over.set(title=name, xlim=(-half, half), ylim=(-half, half), xlabel="easting (m)")
        deep = (-half, half, bottom, 0.0)
        under.imshow(image[:, line].T, origin="upper", extent=deep, aspect="equal", **known)
        under.set(xlabel="easting (m)")
        for panel, place in ((over, POINT[:2]), (under, POINT[[0, 2]])):
            panel.plot(*place, "o", markersize=16, markerfacecolor="none", color="#D55E00")
    panels[0, 0].set_ylabel(f"northing (m), {GRID.depth_m[level]:.2f} m deep")
    panels[1, 0].set_ylabel("depth (m)")
    figure.colorbar(shown, ax=panels, label="amplitude (dB under the peak on the left)", shrink=0.7)
    figure.suptitle(
        f"One simulated point, {SHOWN[0]} m over soil of permittivity {SHOWN[1]:.0f}; "
        "circle: where it is; lines: where the antennas are taken to be"
    )
    figure.savefig(path)


def main() -> None:
    print(
        "| height m | permittivity | radius m | focused by | place mm | depth mm | peak "
        "| -3 dB cm (e x n x depth) | energy in 8 cm % |"
    )
    print("|---" * 9 + "|")
    for case in CASES:
        images = every_way(*case)
        for name, image in zip(WAYS, images, strict=True):
            print(row(case, name, found(image)))
        if case == SHOWN and len(sys.argv) > 1:
            picture(images, sys.argv[1])


if __name__ == "__main__":
    main()
