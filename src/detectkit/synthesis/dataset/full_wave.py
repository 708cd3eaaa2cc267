"""What is heard over a scene, full-wave: the ground once, each body's echo once, then every radar.

All of it is linear in the fields until the receiver's effects, so each sample cuts its own wavelet
out of the same wide-band run.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna import in_air, radargram
from detectkit.sim.fdtd import Shots, Solver
from detectkit.sim.fullwave import (
    Lane,
    LaneResponses,
    pattern_of,
    respond,
    solver_for,
    spacing_for,
    wettest_index,
)
from detectkit.sim.scene import Subsurface
from detectkit.synthesis.dataset.detector import strip
from detectkit.synthesis.dataset.heard import Heard, heard_of, recorded
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Sample, Scene, Track

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

LIGHTEST = 0.95
"""Times the mean refractive index: how deep the window reaches is told by it."""
REACH = 0.85
"""Of the solver's window: bodies farther out are too near its rim to be heard rightly."""


def heard_full_wave(recipe: Recipe, scene: Scene) -> Heard:
    """Return what radar and detector hear in each sample of a scene."""
    solver = solver_of(recipe, scene)
    spacing_m = spacing_of(recipe, scene.site.subsurface)
    lane = lane_of(recipe, scene)
    return heard_in(scene, lane, respond(lane, scene.library, solver, spacing_m=spacing_m))


def heard_in(scene: Scene, lane: Lane, fields: LaneResponses) -> Heard:
    """Return what radar and detector make of the fields over a scene, by whatever solver.

    Parameters
    ----------
    scene
        With its samples.
    lane
        Its bodies, and a shot at each trace.
    fields
        Heard there.
    """
    pairs = [_sample(scene, one, lane, fields) for one in scene.samples]
    return heard_of(pairs, [strip(scene, one) for one in scene.samples])


def lane_of(recipe: Recipe, scene: Scene) -> Lane:
    """Return the lane of a scene with all its bodies."""
    return Lane(
        scene.site.subsurface,
        scene.site.seed,
        shots_of(scene),
        targets=scene.burials,
        clutter=scene.clutter,
        plugs=scene.plugs,
        surface=scene.ground_up_m,
        across_m=scene.across_m,
        reach_m=REACH * recipe.half_width_m,
    )


def shots_of(scene: Scene) -> Shots:
    """Return the antennas at each trace: transmitter behind, receiver in front."""
    track = scene.track
    pitch = np.deg2rad(track.pitch_deg)
    middle = np.column_stack([track.along_m, scene.ground_up_m(track.along_m) + track.height_m])
    half = 0.5 * scene.separation_m * np.column_stack([np.cos(pitch), np.sin(pitch)])
    return Shots(middle - half, (middle + half)[:, np.newaxis])


def solver_of(recipe: Recipe, scene: Scene) -> Solver:
    """Return windows that hold the traces of all samples of a scene."""
    centre_hz = recipe.radar.ends("centre_hz")[1]
    last_s = max(
        (one.radar.samples + 1) * one.radar.sample_interval_s - one.radar.time_zero_s
        for one in scene.samples
    )
    height = scene.track.height_m
    index = math.sqrt(scene.site.subsurface.at(centre_hz)[0])
    return solver_for(
        centre_hz=centre_hz,
        trace_s=last_s,
        height_m=(float(height.min()), float(height.max())),
        index=max(1.0, LIGHTEST * index),
        half_width_m=recipe.half_width_m,
    )


def spacing_of(recipe: Recipe, ground: Subsurface) -> float:
    """Return the side of the cells that the wettest ground of a site needs, in m."""
    centre_hz = recipe.radar.ends("centre_hz")[1]
    index = wettest_index(ground, centre_hz=centre_hz)
    return spacing_for(centre_hz=centre_hz, index=index, cells=recipe.cells)


def _sample(
    scene: Scene, sample: Sample, lane: Lane, fields: LaneResponses
) -> tuple[Floats, Floats]:
    """Return a sample's radargram and the body's part of it, both cut to the patch."""
    radar, body, time_s = sample.radar, scene.body_of(sample), scene.track.time_s
    cut = slice(sample.first_sample, sample.first_sample + scene.patch.samples)
    air = in_air(fields.background, lane.shots)
    counts = radargram(fields.background, radar, air=air)
    alone = np.zeros_like(counts)
    for echo in fields.targets:
        if echo.body is body:
            weight = pattern_of(lane, echo, radar, axis=look(scene.track)[echo.shots])
            alone[echo.shots] = radargram(echo.responses, radar, weight=weight)
    heard, part = recorded(counts, alone, radar, time_s=time_s, seed=sample.seed)
    return heard[:, cut], part[:, cut]


def look(track: Track) -> Values:
    """Return where the antennas look at each trace: along, across, down, (traces, 3)."""
    roll, pitch = np.deg2rad(track.roll_deg), np.deg2rad(track.pitch_deg)
    return np.column_stack([np.sin(pitch), -np.sin(roll), np.cos(pitch) * np.cos(roll)])


def cell_steps(recipe: Recipe, scene: Scene) -> float:
    """Return how many cells times steps a scene costs, without the absorbing rim."""
    from detectkit.sim.fdtd.plan import clockwork

    solver, spacing_m = solver_of(recipe, scene), spacing_of(recipe, scene.site.subsurface)
    lane = lane_of(recipe, scene)
    shots = len(lane.shots) + sum(len(lane.heard_by(one)) for one in lane.targets)
    cells = 2.0 * solver.half_width_m * (solver.above_m + solver.below_m) / spacing_m**2
    return shots * cells * clockwork(spacing_m, solver).steps
