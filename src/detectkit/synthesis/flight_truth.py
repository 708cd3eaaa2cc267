"""The truth of a simulated flight as a table: what lies where, and what a detector hears of it."""

from __future__ import annotations

import csv
import io
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detectkit.sim import Detector, FlightSimulator, TrueObject
from detectkit.sim.bodies import PlacedBody
from detectkit.sim.ground import Soil
from detectkit.sim.induction import Poses, metal_of_bodies, model_of
from detectkit.sim.route import PlannedLane

Values = npt.NDArray[np.float64]

COLUMNS = (
    "along_track_m", "offset_m", "longitude_deg", "latitude_deg", "depth_m", "class", "kind",
    "line", "name", "body", "along_m", "across_m", "radius_m", "thickness_m", "tilt_deg", "water",
    "metal", "metal_over_soil", "metal_over_soil_best_channel",
)  # fmt: skip
PASSED_M = np.linspace(-0.4, 0.4, 17)
"""Places of the coil over which the highest answer to a body's metal is taken."""


class Loudness(NamedTuple):
    """What a detector hears of metal over what it hears of the soil; below 1 the soil is louder.

    0 without metal, infinite where the soil is silent.
    """

    all_channels: float
    best_channel: float


@dataclass(frozen=True, slots=True)
class Marked:
    """A body in the ground, and the line that passes nearest.

    Parameters
    ----------
    one
        The body.
    line
        Number of the lane.
    along_track_m, offset_m
        From the lane's start, in the direction of flight and to its right.
    metal_over_soil
        See `metal_over_soil`.
    """

    one: TrueObject
    line: int
    along_track_m: float
    offset_m: float
    metal_over_soil: Loudness


def marked_truth(simulator: FlightSimulator) -> tuple[Marked, ...]:
    """Return everything in the ground, in the order of the lines that pass nearest."""
    scenario, buried = simulator.scenario, simulator.buried
    height_m = scenario.flight.height_m - scenario.detector.lever_arm_m[2]
    placed = {one.name: one for one in (*buried.targets, *buried.clutter)}
    found = []
    for one in simulator.truth.objects:
        line, along, offset = nearest_line(simulator.lanes, one.along_m, one.across_m)
        heard = metal_over_soil(
            placed[one.name], scenario.detector, scenario.soil, height_m=height_m
        )
        found.append(Marked(one, line, along, offset, heard))
    return tuple(sorted(found, key=lambda one: (one.line, one.along_track_m, one.one.name)))


def nearest_line(
    lanes: Sequence[PlannedLane], along_m: float, across_m: float
) -> tuple[int, float, float]:
    """Return the lane that passes nearest a place: number, way along it, offset to its right."""
    best = (math.inf, 0, 0.0, 0.0)
    for lane in lanes:
        length = math.dist(lane.from_m, lane.to_m)
        ahead = [(to - start) / length for start, to in zip(lane.from_m, lane.to_m, strict=True)]
        away = (along_m - lane.from_m[0], across_m - lane.from_m[1])
        along = away[0] * ahead[0] + away[1] * ahead[1]
        offset = away[1] * ahead[0] - away[0] * ahead[1]
        beyond = max(-along, along - length, 0.0)
        best = min(best, (math.hypot(offset, beyond), lane.number, along, offset))
    return best[1], best[2], best[3]


def metal_over_soil(
    placed: PlacedBody, detector: Detector, soil: Soil, *, height_m: float
) -> Loudness:
    """Return what a detector hears of a body's metal over what it hears of the soil.

    The coil passes level over the body; its strongest answer counts. Of all channels together the
    root of the sum of squares is compared: for continuous waves that is the size of the complex
    answer. A single channel, quadrature above all, may stand out of benign soil where the whole
    does not.

    Parameters
    ----------
    placed
        The body, at its depth under level ground.
    detector, soil
        Of the scenario.
    height_m
        Of the coil over the ground.

    Examples
    --------
    >>> from detectkit.sim import Detector, Soil
    >>> from detectkit.sim.bodies import load_library
    >>> mine = PlacedBody(load_library()["PMN-2"], 0.0, 0.0, 0.05)
    >>> heard = metal_over_soil(mine, Detector(), Soil(susceptibility=1e-3), height_m=0.3)
    >>> heard.all_channels < 1.0
    True
    """
    metal = metal_of_bodies([placed])
    if not metal.parts:
        return Loudness(0.0, 0.0)
    along = placed.along_m + PASSED_M
    place = np.column_stack(
        [along, np.full_like(along, placed.across_m), np.full_like(along, height_m)]
    )
    forward, right, up = (np.tile(one, (len(along), 1)) for one in np.eye(3))
    poses = Poses(place, forward, right, up, np.full_like(along, height_m), up)
    bare = model_of(detector, soil, metal_of_bodies([]), seed=0).response(poses)
    both = model_of(detector, soil, metal, seed=0).response(poses)
    ground, heard = np.abs(bare[0]), np.abs(both - bare)
    whole = float(np.sqrt((heard**2).sum(axis=1)).max())
    with np.errstate(divide="ignore", invalid="ignore"):
        channels = np.where(heard.max(axis=0) > 0.0, heard.max(axis=0) / ground, 0.0)
        together = float(np.divide(whole, np.sqrt((ground**2).sum())))
    return Loudness(together, float(channels.max()))


def truth_csv(truth: Sequence[Marked]) -> str:
    """Return the table as text; its first seven columns are those of the demonstration line."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in truth:
        body = one.one
        table.writerow(
            [
                f"{one.along_track_m:.3f}", f"{one.offset_m:.3f}",
                f"{body.longitude_deg:.9f}", f"{body.latitude_deg:.9f}",
                f"{body.depth_m:.3f}", body.object_class, body.kind, one.line, body.name,
                body.body, f"{body.along_m:.3f}", f"{body.across_m:.3f}",
                f"{body.radius_m:.4f}", f"{body.thickness_m:.4f}", f"{body.tilt_deg:.1f}",
                f"{body.water:.2f}", body.metal, f"{one.metal_over_soil.all_channels:.3g}",
                f"{one.metal_over_soil.best_channel:.3g}",
            ]
        )  # fmt: skip
    return text.getvalue()


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
