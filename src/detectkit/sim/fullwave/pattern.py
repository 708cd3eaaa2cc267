"""What the antennas' pattern leaves of a target's echo."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.sim.antenna import Radar, compact_weight
from detectkit.sim.bodies import centre
from detectkit.sim.fullwave.lane import BAND_HZ, Lane, Scattered
from detectkit.sim.refraction import ray_tangent

Values = npt.NDArray[np.float64]

LOWEST_M = 0.06
"""Antennas are never nearer to the mean ground: the solver needs air between them and clods."""


def pattern_of(lane: Lane, echo: Scattered, radar: Radar, *, axis: Values | None = None) -> Values:
    """Return a factor per shot that hears a target, by the refracted ways to its middle.

    Parameters
    ----------
    lane, echo
        Where the antennas are, and the body.
    radar
        Its `pattern_exponent`.
    axis
        Where the antennas look: along, across (to the right), down, one row per shot that hears
        the target. None: straight down.

    Returns
    -------
    float64 (heard,)
    """
    shots = lane.shots
    sides = (shots.sources[echo.shots], shots.receivers[echo.shots, 0])
    angles = [_aslant(lane, echo, one, axis) for one in sides]
    return compact_weight(radar, angles[0], angles[1])


def _aslant(lane: Lane, echo: Scattered, antennas: Values, axis: Values | None) -> Values:
    """Return the angle in rad between where antennas look and their ways to a body, (heard,)."""
    body = echo.body
    ground_up_m = lane.ground_up_m(body.along_m)
    middle = centre(body, ground_up_m=ground_up_m)
    along, across = middle[0] - antennas[:, 0], body.across_m - lane.across_m
    away = np.hypot(along, across)
    height = np.maximum(antennas[:, 1] - ground_up_m, LOWEST_M)
    depth_m = max(ground_up_m - middle[1], 0.0)
    index = math.sqrt(lane.subsurface.at(BAND_HZ)[0])
    tangent = np.array(
        [ray_tangent(float(x), float(h), depth_m, index) for x, h in zip(away, height, strict=True)]
    )
    if axis is None:
        return np.asarray(np.arctan(tangent))
    outwards = tangent / np.maximum(away, 1e-9)
    way = np.column_stack([along * outwards, across * outwards, np.ones_like(along)])
    cosine = (axis * way).sum(axis=1)
    cosine /= np.linalg.norm(axis, axis=1) * np.linalg.norm(way, axis=1)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))
