"""Where the ground's lines run in a section: surface, tops of layers, water, grass."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from detectkit.core import ShapeError
from detectkit.sim.noise import Sinusoids, Stream, generator
from detectkit.sim.scene.fields import surface_field
from detectkit.sim.scene.subsurface import Subsurface

Values = npt.NDArray[np.float64]
Surface = Callable[[Values], Values]

SMOOTH = 0.8
"""Exponent of what rain and wheels have shaped: clods, layers, hollows."""

TUFT_M = 0.06
SHORE = 0.5
"""How far from the shore a puddle is at its full depth, in standard deviations of the hollows."""

LEVEL = 2.0
"""How far the water lies under the mean ground, in standard deviations of the roughness: so far
that hollows between clods hold it in places only."""


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Lines over the columns of a section, each (columns,), in m.

    Parameters
    ----------
    mean_up_m, ground_up_m
        The mean ground, and the ground with its roughness and hollows.
    layers_up_m
        Tops of the layers, one line for each.
    hollow
        0 outside of puddles to 1 where they are at their full depth.
    water_up_m
        Water stands up to it, in all hollows; without puddles far below.
    grass_m, grass_water
        Height of the grass, and the mean share of water in it.
    """

    mean_up_m: Values
    ground_up_m: Values
    layers_up_m: tuple[Values, ...]
    hollow: Values
    water_up_m: Values
    grass_m: Values
    grass_water: Values


def relief_of(
    subsurface: Subsurface, along_m: Values, across_m: float, surface: Surface | None, *, seed: int
) -> Relief:
    """Return the lines of a ground along a lane."""
    ground = subsurface
    mean = _mean_up(surface, along_m)
    across = np.full_like(along_m, across_m)

    def drawn(stream: Stream, *lengths_m: float) -> list[Values]:
        rng = generator(seed, stream)
        fields: list[Sinusoids] = [
            surface_field(rng, length_m=one, hurst=SMOOTH) for one in lengths_m
        ]
        return [one.at(along_m, across) for one in fields]

    (clods,) = drawn(Stream.GROUND_ROUGHNESS, ground.roughness_length_m)
    rough = ground.roughness_m * clods
    hollow, water = np.zeros_like(mean), np.full_like(mean, -math.inf)
    if ground.puddle_share > 0.0:
        wide = surface_field(
            generator(seed, Stream.GROUND_PUDDLES),
            length_m=ground.puddle_length_m,
            hurst=1.0,
            shortest_m=0.5 * ground.puddle_length_m,
        )
        low = ndtri(ground.puddle_share) + 0.25 * SHORE - wide.at(along_m, across)
        hollow = _smooth(low / SHORE)
        level = LEVEL * ground.roughness_m
        water = mean - level
        rough = rough - hollow * (level + ground.puddle_depth_m)
    tops = drawn(Stream.GROUND_LAYERS, *(one.relief_length_m for one in ground.layers))
    height, lush = drawn(Stream.GROUND_GRASS, 0.5, TUFT_M)
    return Relief(
        mean,
        mean + rough,
        tuple(
            mean - one.depth_m + one.relief_m * top
            for one, top in zip(ground.layers, tops, strict=True)
        ),
        hollow,
        water,
        ground.grass_m * np.clip(1.0 + 0.35 * height, 0.2, 2.0),
        ground.grass_water * np.clip(1.0 + 0.5 * lush, 0.0, 2.5),
    )


def _mean_up(surface: Surface | None, along_m: Values) -> Values:
    if surface is None:
        return np.zeros_like(along_m)
    mean = np.asarray(surface(along_m), dtype=np.float64)
    if mean.shape != along_m.shape:
        msg = f"surface: gave {mean.shape} heights for {along_m.shape} places; one each is needed"
        raise ShapeError(msg)
    return mean


def _smooth(part: Values) -> Values:
    """Return a step from 0 to 1 without corners."""
    inside = np.clip(part, 0.0, 1.0)
    return np.asarray(inside**2 * (3.0 - 2.0 * inside))
