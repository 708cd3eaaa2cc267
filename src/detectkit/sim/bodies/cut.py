"""How a body in the ground looks in a vertical plane: outlines of its parts.

Each part is a convex solid whose surface is a net of points and edges. Turned and leant, its
edges are cut by the plane, and the hull of the cuts is the outline: one way for every shape, tilt
and distance from the plane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim.bodies.body import Part, PartShape, PlacedBody
from detectkit.sim.scene.section import AIR, Material, Shape

Values = npt.NDArray[np.float64]
Edges = npt.NDArray[np.int64]

RING = 72
"""Points of a circle: the area of a disc is right within 0.13 %."""

RINGS = 19
"""Circles of half a ball, from its pole to its equator."""

HOLLOW = "air"
"""Material of parts that water may fill."""

WATER = "water"

_SMALLEST_M2 = 1e-9
_TOUCH_M = 1e-12


class HasMaterials(Protocol):
    """What `cut` needs of a library."""

    @property
    def materials(self) -> Mapping[str, Material]:
        """Materials by name."""
        ...


def cut(
    placed: PlacedBody, library: HasMaterials, *, across_m: float, ground_up_m: float
) -> tuple[Shape, ...]:
    """Return the outlines of a body's parts in a vertical plane, in the order of painting.

    Parameters
    ----------
    placed
        The body and how it lies.
    library
        Has the materials its parts are made of.
    across_m
        Of the plane, where the body is measured; ``placed.across_m`` cuts through its centre.
    ground_up_m
        Mean ground at the body's place.

    Returns
    -------
    tuple of Shape
        Outlines in along and up, counter-clockwise; empty where the plane misses the body. Water
        stands level in a hollow, up to that share of its height.

    Raises
    ------
    UsageError
        A part of a material that the library does not have.

    Examples
    --------
    >>> from detectkit.sim.bodies import load_library
    >>> library = load_library()
    >>> body = PlacedBody(library["PMN"], along_m=2.0, across_m=0.3, depth_m=0.05)
    >>> case = cut(body, library, across_m=0.3, ground_up_m=100.0)[0]
    >>> [round(float(one), 3) for one in case.outline.min(axis=0)]
    [1.944, 99.894]
    >>> cut(body, library, across_m=0.5, ground_up_m=100.0)
    ()
    """
    shapes: list[Shape] = []
    for part in placed.body.parts:
        points, edges = _net_of(part)
        place = _placed(points, placed, ground_up_m)
        outline = _outline(place, edges, across_m)
        if outline is None:
            continue
        shapes.append(Shape(outline, _material(part.material, library)))
        if part.material == HOLLOW and placed.water > 0.0:
            shapes.extend(_water(outline, place[:, 2], placed.water, library))
    return tuple(shapes)


def extent_across_m(placed: PlacedBody) -> float:
    """Return the width of a body across the track, as it lies, in m.

    Examples
    --------
    >>> from detectkit.sim.bodies import load_library
    >>> library = load_library()
    >>> round(extent_across_m(PlacedBody(library["TM-62M"], 0.0, 0.0, 0.1)), 3)
    0.32
    """
    across = np.concatenate([_across(one, placed) for one in placed.body.parts])
    return float(np.ptp(across))


def centre(placed: PlacedBody, *, ground_up_m: float) -> tuple[float, float]:
    """Return along and up of a body's middle: half its thickness below its top, along its axis."""
    half = 0.5 * placed.body.thickness_m * math.cos(math.radians(placed.tilt_deg))
    return placed.along_m, ground_up_m - placed.depth_m - half


def bounding_radius_m(placed: PlacedBody) -> float:
    """Return the radius of the ball around a body's middle that holds all of it."""
    middle = np.array([0.0, 0.0, -0.5 * placed.body.thickness_m])
    far = [
        float(np.linalg.norm(_net_of(one)[0] - middle, axis=1).max()) for one in placed.body.parts
    ]
    return max(far)


def _placed(points: Values, placed: PlacedBody, ground_up_m: float) -> Values:
    """Return points of the body's own frame (top's centre at 0) as along, across, up."""
    along, up = centre(placed, ground_up_m=ground_up_m)
    middle = np.array([0.0, 0.0, -0.5 * placed.body.thickness_m])
    turned = (points - middle) @ _rotation(placed).T
    return np.asarray(turned + np.array([along, placed.across_m, up]))


def _across(part: Part, placed: PlacedBody) -> Values:
    return _placed(_net_of(part)[0], placed, 0.0)[:, 1]


def _rotation(placed: PlacedBody) -> Values:
    """Return turn about the own axis, then lean; along, across (right), up."""
    direction = math.radians(placed.tilt_direction_deg)
    turn = math.radians(placed.turn_deg)
    tilt = math.radians(placed.tilt_deg)
    lean = np.array(
        [
            [math.cos(tilt), 0.0, math.sin(tilt)],
            [0.0, 1.0, 0.0],
            [-math.sin(tilt), 0.0, math.cos(tilt)],
        ]
    )
    return np.asarray(_about_up(direction) @ lean @ _about_up(turn - direction))


def _about_up(angle: float) -> Values:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _net_of(part: Part) -> tuple[Values, Edges]:
    """Return a part's surface in the body's frame: points (n, 3) and edges (m, 2)."""
    points, edges = _unit_net(part.shape)
    along, _, up = part.size_m
    half = 0.5 * np.array(part.size_m)
    if part.shape == "capsule":
        placed = 0.5 * up * points
        placed[: len(points) // 2, 0] += 0.5 * (along - up)
        placed[len(points) // 2 :, 0] -= 0.5 * (along - up)
    else:
        placed = points * half
    return placed - np.array([0.0, 0.0, part.below_top_m + half[2]]), edges


@cache
def _unit_net(shape: PartShape) -> tuple[Values, Edges]:
    """Return the net of a shape that fills the box from -1 to 1."""
    angle = 2.0 * np.pi * np.arange(RING) / RING
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.ones(RING)])
    if shape == "cylinder":
        return _rings(np.stack([circle, circle * [1.0, 1.0, -1.0]]))
    if shape == "cone":
        return _rings(np.stack([circle * [0.0, 0.0, 1.0], circle * [1.0, 1.0, -1.0]]))
    if shape == "box":
        corners = np.array([[1, 1, 1], [-1, 1, 1], [-1, -1, 1], [1, -1, 1]], np.float64)
        return _rings(np.stack([corners, corners * [1.0, 1.0, -1.0]]))
    # Two half balls about the first axis, each with the equator: a capsule parts them.
    half = np.linspace(0.0, 0.5 * np.pi, RINGS)
    polar = np.concatenate([half, np.pi - half[::-1]])
    ball = np.empty((len(polar), RING, 3))
    ball[..., 0] = np.cos(polar)[:, np.newaxis]
    ball[..., 1] = np.sin(polar)[:, np.newaxis] * np.cos(angle)
    ball[..., 2] = np.sin(polar)[:, np.newaxis] * np.sin(angle)
    return _rings(ball)


def _rings(rings: Values) -> tuple[Values, Edges]:
    """Join rings (rings, points, 3): each point to the next and to that of the next ring."""
    count, size = rings.shape[:2]
    number = np.arange(count * size).reshape(count, size)
    around = np.stack([number, np.roll(number, -1, axis=1)], axis=-1).reshape(-1, 2)
    down = np.stack([number[:-1], number[1:]], axis=-1).reshape(-1, 2)
    return rings.reshape(-1, 3), np.concatenate([around, down]).astype(np.int64)


def _outline(points: Values, edges: Edges, across_m: float) -> Values | None:
    """Return the convex outline where a plane cuts a net, or None where it misses."""
    away = points[:, 1] - across_m
    if away.min() > 0.0 or away.max() < 0.0:
        return None
    first, last = away[edges[:, 0]], away[edges[:, 1]]
    crossing = edges[first * last < 0.0]
    start, end = away[crossing[:, 0]], away[crossing[:, 1]]
    share = (start / (start - end))[:, np.newaxis]
    cuts = points[crossing[:, 0]] * (1.0 - share) + points[crossing[:, 1]] * share
    touching = points[np.abs(away) <= _TOUCH_M]
    outline = _hull(np.concatenate([cuts, touching])[:, [0, 2]])
    return outline if area_m2(outline) > _SMALLEST_M2 else None


def area_m2(outline: Values) -> float:
    """Return the area of a polygon, (corners, 2); positive where it goes counter-clockwise."""
    if len(outline) < 3:
        return 0.0
    away = outline - outline[0]  # far from the origin the products would cancel
    following = np.roll(away, -1, axis=0)
    return 0.5 * float(np.sum(away[:, 0] * following[:, 1] - following[:, 0] * away[:, 1]))


def _hull(points: Values) -> Values:
    """Return the convex hull, counter-clockwise (Andrew 1979, Inf. Process. Lett. 9, 216)."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    rows: list[tuple[float, float]] = [(float(one), float(other)) for one, other in ordered]
    lower, upper = _chain(rows), _chain(rows[::-1])
    return np.array(lower[:-1] + upper[:-1], np.float64)


def _chain(rows: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in rows:
        while len(chain) > 1:
            (x0, y0), (x1, y1) = chain[-2:]
            if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0.0:
                break
            chain.pop()
        chain.append((x, y))
    return chain


def _water(outline: Values, up_m: Values, share: float, library: HasMaterials) -> tuple[Shape, ...]:
    """Return the water in a hollow: what of its outline is below a level."""
    level = float(up_m.min()) + share * float(np.ptp(up_m))
    below = _below(outline, level)
    if area_m2(below) <= _SMALLEST_M2:
        return ()
    return (Shape(below, _material(WATER, library)),)


def _below(outline: Values, level: float) -> Values:
    """Return what of a convex polygon is below a level (Sutherland and Hodgman 1974)."""
    kept: list[Values] = []
    for one, other in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if one[1] <= level:
            kept.append(one)
        if (one[1] - level) * (other[1] - level) < 0.0:
            share = (level - one[1]) / (other[1] - one[1])
            kept.append(one + share * (other - one))
    return np.array(kept, np.float64).reshape(-1, 2)


def _material(name: str, library: HasMaterials) -> Material:
    found = library.materials.get(name)
    if found is not None:
        return found
    if name == HOLLOW:
        return AIR
    msg = f"library: no material {name!r}; there are: {', '.join(library.materials)}"
    raise UsageError(msg)
