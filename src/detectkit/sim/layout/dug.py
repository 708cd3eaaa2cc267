"""Soil that was dug when a body was laid: what of it a vertical plane meets."""

from __future__ import annotations

import math
from collections.abc import Iterable

from detectkit.sim.bodies import PlacedBody
from detectkit.sim.scene import Plug

SHALLOWEST_M = 0.02


def plugs_of(
    placed: Iterable[PlacedBody], *, across_m: float, moisture_change: float = -0.03
) -> tuple[Plug, ...]:
    """Return the disturbed soil over bodies, where the plane at `across_m` cuts it.

    The hole is round, wider than the body by its `disturbed_m`, and as deep as the body's bottom.

    Parameters
    ----------
    placed
        Bodies; those with ``disturbed_m = 0`` lie in untouched soil.
    across_m
        Of the plane.
    moisture_change
        Of the fill, see `Plug`.

    Examples
    --------
    >>> from detectkit.sim.bodies import load_library
    >>> body = PlacedBody(load_library()["TM-62M"], 3.0, 0.0, 0.1, disturbed_m=0.09)
    >>> [round(one.radius_m, 3) for one in plugs_of([body], across_m=0.15)]
    [0.2]
    >>> plugs_of([body], across_m=0.3)
    ()
    """
    plugs = []
    for one in placed:
        radius = one.body.outer_radius_m + one.disturbed_m
        away = abs(one.across_m - across_m)
        if one.disturbed_m <= 0.0 or away >= radius:
            continue
        bottom = max(one.depth_m + one.body.thickness_m, SHALLOWEST_M)
        chord = math.sqrt(radius**2 - away**2)
        plugs.append(Plug(one.along_m, chord, bottom, moisture_change))
    return tuple(plugs)
