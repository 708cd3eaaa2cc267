"""What is heard over a scene, full-wave: the ground once, each body's echo once, then every radar.

All of it is linear in the fields until the receiver's effects, so each sample cuts its own wavelet
out of the same wide-band run.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna import compact_weight, radargram
from detectkit.sim.bodies import PlacedBody
from detectkit.sim.fdtd import Responses, Shots, Solver, simulate
from detectkit.sim.fullwave import Lane, LaneResponses, respond, solver_for, spacing_for
from detectkit.sim.fullwave.plan import HIGHEST
from detectkit.sim.instruments import Radar
from detectkit.sim.scene import Section, Subsurface
from detectkit.sim.spreading import as_dipole
from detectkit.synthesis.dataset.detector import strip
from detectkit.synthesis.dataset.heard import Heard, heard_of, recorded
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Sample, Scene, Track

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

WETTEST = 2.5
"""Standard deviations over the mean moisture that the cells must still resolve."""
LIGHTEST = 0.95
"""Times the mean refractive index: how deep the window reaches is told by it."""
FAR_M = 100.0
FADED = 0.35
"""Share of the window's half width over which a body's echo fades."""


def heard_full_wave(recipe: Recipe, scene: Scene) -> Heard:
    """Return what radar and detector hear in each sample of a scene."""
    solver = solver_of(recipe, scene)
    spacing_m = spacing_of(recipe, scene.site.subsurface)
    lane = lane_of(recipe, scene)
    fields = respond(lane, scene.library, solver, spacing_m=spacing_m)
    air = _in_air(scene, solver, spacing_m)
    pairs = [_sample(recipe, scene, one, fields, air) for one in scene.samples]
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
        reach_m=recipe.half_width_m,
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
    highest = np.array(HIGHEST * centre_hz)
    indices = []
    moistures = [(max(ground.moisture, ground.surface_moisture or 0.0), ground.moisture_std)]
    moistures += [(one.moisture, one.moisture_std) for one in ground.layers]
    for texture, (mean, spread) in zip(ground.textures(), moistures, strict=True):
        wet = mean + WETTEST * spread
        permittivity = texture.permittivity(highest, np.array(min(wet, texture.porosity)))
        indices.append(math.sqrt(float(np.real(permittivity))))
    return spacing_for(centre_hz=centre_hz, index=max(indices), cells=recipe.cells)


def _in_air(scene: Scene, solver: Solver, spacing_m: float) -> Responses:
    """Return what the antennas hear of each other far from any ground, (1, 1, samples)."""
    air, none = np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)
    half = 0.5 * scene.separation_m
    shot = Shots(np.array([[-half, 0.0]]), np.array([[[half, 0.0]]]))
    heard = simulate(Section(spacing_m, 0.0, 0.0, air, none, none), shot, solver)
    return as_dipole(heard, shots=shot, ground_up_m=-FAR_M, index=1.0)


def _sample(
    recipe: Recipe, scene: Scene, sample: Sample, fields: LaneResponses, air: Responses
) -> tuple[Floats, Floats]:
    """Return a sample's radargram and the body's part of it, both cut to the patch."""
    radar, body, time_s = sample.radar, scene.body_of(sample), scene.track.time_s
    cut = slice(sample.first_sample, sample.first_sample + scene.patch.samples)
    counts = radargram(fields.background, radar, air=air)
    scattered = [one for one in fields.targets if one.body is body]
    alone = np.zeros_like(counts)
    if body is not None and scattered:
        (echo,) = scattered
        weight = pattern(scene, body, radar) * fade(recipe, scene, body)
        alone[echo.shots] = radargram(echo.responses, radar, weight=weight[echo.shots])
    heard, part = recorded(counts, alone, radar, time_s=time_s, seed=sample.seed)
    return heard[:, cut], part[:, cut]


def pattern(scene: Scene, body: PlacedBody, radar: Radar) -> Values:
    """Return what the antennas' pattern leaves of a body's echo at each trace, (traces,).

    The way to the body leaves the antenna aslant as if the body lay less deep by the refractive
    index; the antennas lean with the vehicle.
    """
    track = scene.track
    index = math.sqrt(scene.site.subsurface.at(radar.centre_hz)[0])
    down = track.height_m + max(body.depth_m, 0.0) / index
    half = 0.5 * scene.separation_m
    angles = [
        _aslant(track, body.along_m - track.along_m - side, body.across_m - scene.across_m, down)
        for side in (-half, half)
    ]
    return compact_weight(radar, angles[0], angles[1])


def fade(recipe: Recipe, scene: Scene, body: PlacedBody) -> Values:
    """Return 1 near a body and less towards the end of the solver's window, (traces,).

    What is cut off there would else end in a step, which no real echo does.
    """
    away = np.abs(scene.track.along_m - body.along_m)
    left = np.clip((recipe.half_width_m - away) / (FADED * recipe.half_width_m), 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * left) ** 2)


def _aslant(track: Track, along: Values, across: float, down: Values) -> Values:
    """Return the angle between a way and the antennas' axis in rad, (traces,)."""
    roll, pitch = np.deg2rad(track.roll_deg), np.deg2rad(track.pitch_deg)
    axis = np.stack([np.sin(pitch), -np.sin(roll), np.cos(pitch) * np.cos(roll)])
    way = np.stack([along, np.full_like(along, across), down])
    cosine = (axis * way).sum(axis=0)
    cosine /= np.linalg.norm(axis, axis=0) * np.linalg.norm(way, axis=0)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def cell_steps(recipe: Recipe, scene: Scene) -> float:
    """Return how many cells times steps a scene costs, without the absorbing rim."""
    from detectkit.sim.fdtd.plan import clockwork

    solver, spacing_m = solver_of(recipe, scene), spacing_of(recipe, scene.site.subsurface)
    lane = lane_of(recipe, scene)
    shots = len(lane.shots) + sum(len(lane.heard_by(one)) for one in lane.targets)
    cells = 2.0 * solver.half_width_m * (solver.above_m + solver.below_m) / spacing_m**2
    return shots * cells * clockwork(spacing_m, solver).steps
