"""A formula's radargram, to try a recipe in seconds: nothing to train on, and labelled so.

The ground echoes as a mirror, a body as a point at the delay of a straight ray, clutter as weaker
points. No field is computed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import PlacedBody
from detectkit.sim.instruments import Radar
from detectkit.sim.refraction import LIGHT_M_PER_S
from detectkit.synthesis.dataset.detector import strip
from detectkit.synthesis.dataset.heard import Heard, heard_of, recorded
from detectkit.synthesis.dataset.recipe import Recipe
from detectkit.synthesis.dataset.scene import Sample, Scene

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

REFLECTED = 0.2
"""Of what a body meets, at one metre."""


def sketched(recipe: Recipe, scene: Scene) -> Heard:
    """Return the sketch of a scene; see the module's text.

    Parameters
    ----------
    recipe
        Unused: a sketch needs no grid.
    scene
        What is there.
    """
    del recipe
    pairs = [_sample(scene, one) for one in scene.samples]
    return heard_of(pairs, [strip(scene, one) for one in scene.samples])


def _sample(scene: Scene, sample: Sample) -> tuple[Floats, Floats]:
    radar, track = sample.radar, scene.track
    body = scene.body_of(sample)
    ground = _mirror(scene, radar) + sum(_point(scene, radar, one) for one in scene.clutter)
    alone = np.zeros_like(ground) if body is None else _point(scene, radar, body)
    heard, part = recorded(ground, alone, radar, time_s=track.time_s, seed=sample.seed)
    cut = slice(sample.first_sample, sample.first_sample + scene.patch.samples)
    return heard[:, cut], part[:, cut]


def _mirror(scene: Scene, radar: Radar) -> Values:
    permittivity = scene.site.subsurface.at(radar.centre_hz)[0]
    reflection = (1.0 - math.sqrt(permittivity)) / (1.0 + math.sqrt(permittivity))
    path = np.hypot(2.0 * scene.track.height_m, scene.separation_m)
    return _echoes(radar, path / LIGHT_M_PER_S, radar.mirror_counts * reflection / path)


def _point(scene: Scene, radar: Radar, body: PlacedBody) -> Values:
    permittivity, conductivity = scene.site.subsurface.at(radar.centre_hz)
    index = math.sqrt(permittivity)
    height, depth = scene.track.height_m, max(body.depth_m, 0.0)
    beside = np.hypot(scene.track.along_m - body.along_m, body.across_m - scene.across_m)
    way = np.hypot(beside, height + depth)
    share = depth / (height + depth)
    time_s = 2.0 * way * (1.0 + share * (index - 1.0)) / LIGHT_M_PER_S
    loss = np.exp(-377.0 * conductivity / index * share * way)
    size = radar.mirror_counts * REFLECTED * body.body.outer_radius_m / 0.1
    return _echoes(radar, time_s, size * loss / (2.0 * way) ** 2)


def _echoes(radar: Radar, time_s: Values, size: Values) -> Values:
    """Return Ricker wavelets at the radar's centre frequency, (traces, samples)."""
    delay = np.arange(radar.samples) * radar.sample_interval_s - radar.time_zero_s
    phase = (np.pi * radar.centre_hz * (delay - time_s[:, np.newaxis])) ** 2
    return np.asarray(size[:, np.newaxis] * (1.0 - 2.0 * phase) * np.exp(-phase))
