"""What lay at a place: the label of an example, and whether a candidate found a body."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from detectkit.core.indication import CATEGORIES
from detectkit.learn.corpus.passage import Body
from detectkit.learn.corpus.settings import Labels

NOTHING = CATEGORIES.index("none")
NOT_KNOWN = -1


@dataclass(frozen=True, slots=True)
class Label:
    """What lay at a place: a number in `CATEGORIES` or `NOT_KNOWN`, and the depth of its top."""

    category: int
    depth_m: float = math.nan


def label_of(
    x_m: float, y_m: float, bodies: Iterable[Body], labels: Labels, *, known: str = "everywhere"
) -> Label:
    """Return what lay at a place.

    Within a body's radius and halo it is that body's; of several a target goes before clutter, as
    in the order of `CATEGORIES`, then the nearer one. Near a body, but beyond its halo, nobody
    knows; where only what was dug is `known`, nobody knows of the rest either.

    Examples
    --------
    >>> mine = Body(1.0, 0.0, 0.05, "ap_mine", 0.1, "PMN-2")
    >>> [label_of(x, 0.0, [mine], Labels()).category for x in (1.2, 1.35, 2.0)]
    [0, -1, 4]
    """
    near = [(one.code, _beyond(x_m, y_m, one), one) for one in bodies]
    inside = [one for one in near if one[1] <= labels.halo_m]
    if inside:
        body = min(inside, key=lambda one: one[:2])[2]
        return Label(body.code, body.depth_m)
    unsure = any(beyond <= labels.halo_m + labels.unsure_m for _, beyond, _ in near)
    return Label(NOT_KNOWN if unsure or known != "everywhere" else NOTHING)


def found_by(body: Body, places: Iterable[tuple[float, float]], labels: Labels) -> bool:
    """Tell whether one of the places lies within a body's radius and halo."""
    return any(_beyond(x, y, body) <= labels.halo_m for x, y in places)


def _beyond(x_m: float, y_m: float, body: Body) -> float:
    return math.hypot(x_m - body.x_m, y_m - body.y_m) - body.radius_m
