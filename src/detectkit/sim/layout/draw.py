"""Draw the bodies of a minefield from its patterns: the same seed, the same field."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detectkit.core import UsageError
from detectkit.sim.bodies import Body, Library, PlacedBody
from detectkit.sim.layout.footprint import Footprint
from detectkit.sim.layout.patterns import (
    Belt,
    Layout,
    Pair,
    Row,
    Scatter,
    Single,
    Surface,
    Trench,
)

TRIES = 200
"""Places that are tried for one body before the pattern is said not to fit."""

Propose = Callable[[np.random.Generator], Pair]

_KEY = 0x1A10


def draw_layout(
    layouts: Sequence[Layout],
    library: Library,
    *,
    seed: int,
    along_m: Pair,
    across_m: Pair,
    placed: Sequence[PlacedBody] = (),
) -> tuple[PlacedBody, ...]:
    """Return the bodies of all patterns, in their order, each with a name of its own.

    Each pattern has random numbers of its own: one more at the end moves nothing before it.

    Parameters
    ----------
    layouts
        Patterns; a later one keeps away from what the earlier ones placed.
    library
        Bodies by name.
    seed
        Decides everything that is random.
    along_m, across_m
        The area, from and to.
    placed
        What is there already; it is kept away from and not returned.

    Raises
    ------
    UsageError
        A body that the library does not have, or a pattern that does not fit: says how many did.

    Examples
    --------
    >>> from detectkit.sim.bodies import load_library
    >>> row = Row(bodies=("PMN-2",), from_m=(1.0, 0.5), spacing_m=1.5, jitter_m=0.0)
    >>> area = {"along_m": (0.0, 6.0), "across_m": (0.0, 1.0)}
    >>> [(one.name, one.along_m) for one in draw_layout([row], load_library(), seed=1, **area)]
    [('row-1', 1.0), ('row-2', 2.5), ('row-3', 4.0), ('row-4', 5.5)]
    """
    area = _Area(along_m, across_m)
    drawn: list[PlacedBody] = []
    taken = [Footprint.of(one) for one in placed]
    names: Counter[str] = Counter()
    for number, layout in enumerate(layouts):
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _KEY, number])))
        proposals = _proposals(layout, area)
        for fitted, propose in enumerate(proposals):
            body = _laid(layout, _body(layout, library, rng), rng)
            body_there = _where_free(body, propose, layout.apart_m, (area, taken), rng)
            if body_there is None:
                raise UsageError(_does_not_fit(layout, area, fitted, len(proposals)))
            name = layout.name or layout.pattern
            names[name] += 1
            drawn.append(replace(body_there, name=f"{name}-{names[name]}"))
            taken.append(Footprint.of(body_there))
    return tuple(drawn)


@dataclass(frozen=True, slots=True)
class _Area:
    along_m: Pair
    across_m: Pair

    def holds(self, place: Pair) -> bool:
        inside = self.along_m[0] <= place[0] <= self.along_m[1]
        return inside and self.across_m[0] <= place[1] <= self.across_m[1]


def _proposals(layout: Layout, area: _Area) -> list[Propose]:
    """Return a function for each body that proposes a place for it."""
    match layout:
        case Single():
            return [_jittered(layout.at_m, 0.0)]
        case Row() | Belt():
            return [_jittered(one, layout.jitter_m) for one in _laid_out(layout, area)]
        case Scatter() | Surface():
            along = layout.along_m or area.along_m
            across = layout.across_m or area.across_m
            size = (along[1] - along[0], across[1] - across[0])
            anywhere = _in_strip((along[0], across[0]), 0.0, size)
            return [anywhere] * round(layout.per_m2 * size[0] * size[1])
        case Trench():
            size = (layout.length_m, layout.width_m)
            start = _moved(layout.from_m, layout.heading_deg, 0.0, -0.5 * layout.width_m)
            anywhere = _in_strip(start, layout.heading_deg, size)
            return [anywhere] * round(layout.per_m2 * size[0] * size[1])


def _laid_out(layout: Row | Belt, area: _Area) -> list[Pair]:
    """Return the places of rows, without jitter."""
    if not area.holds(layout.from_m):
        msg = f"layout: from_m = {list(layout.from_m)} is outside the area: {_limits(area)}"
        raise UsageError(msg)
    rows = layout.rows if isinstance(layout, Belt) else 1
    places: list[Pair] = []
    for row in range(rows):
        shift, aside = 0.0, 0.0
        if isinstance(layout, Belt):
            shift = layout.spacing_m * math.fmod(row * layout.stagger, 1.0)
            aside = row * layout.row_spacing_m
        number = 0
        while True:
            ahead = shift + number * layout.spacing_m
            place = _moved(layout.from_m, layout.heading_deg, ahead, aside)
            if number >= layout.count if layout.count else not area.holds(place):
                break
            places.append(place)
            number += 1
    return places


def _moved(start: Pair, heading_deg: float, ahead_m: float, aside_m: float) -> Pair:
    """Return a place ahead of another and to the right of a heading."""
    cosine, sine = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
    along = start[0] + ahead_m * cosine - aside_m * sine
    return along, start[1] + ahead_m * sine + aside_m * cosine


def _jittered(place: Pair, jitter_m: float) -> Propose:
    def propose(rng: np.random.Generator) -> Pair:
        along, across = rng.uniform(-jitter_m, jitter_m, 2)
        return place[0] + float(along), place[1] + float(across)

    return propose


def _in_strip(start: Pair, heading_deg: float, size: Pair) -> Propose:
    def propose(rng: np.random.Generator) -> Pair:
        ahead, aside = rng.uniform(0.0, size)
        return _moved(start, heading_deg, float(ahead), float(aside))

    return propose


def _body(layout: Layout, library: Library, rng: np.random.Generator) -> Body:
    weights = np.array(layout.weights or (1.0,) * len(layout.bodies))
    name = layout.bodies[int(rng.choice(len(weights), p=weights / weights.sum()))]
    return library[name] if layout.sizes == "nominal" else library.draw(name, rng)


def _laid(layout: Layout, body: Body, rng: np.random.Generator) -> PlacedBody:
    """Return a body as it lies, at no place yet; every number is drawn, even if unused."""
    depth, tilt, water = (
        float(rng.uniform(*pair)) for pair in (layout.depth_m, layout.tilt_deg, layout.water)
    )
    direction = float(rng.uniform(0.0, 360.0))
    if isinstance(layout, Surface):
        depth = -body.thickness_m * (1.0 - float(rng.uniform(*layout.sunk)))
    return PlacedBody(
        body=body,
        along_m=0.0,
        across_m=0.0,
        depth_m=depth,
        tilt_deg=tilt,
        tilt_direction_deg=direction,
        water=water,
        disturbed_m=layout.disturbed_m,
    )


def _where_free(
    body: PlacedBody,
    propose: Propose,
    apart_m: float,
    field: tuple[_Area, Sequence[Footprint]],
    rng: np.random.Generator,
) -> PlacedBody | None:
    """Return the body at a place and with a turn where nothing else is, or None."""
    area, taken = field
    for _ in range(TRIES):
        along, across = propose(rng)
        turn = float(rng.uniform(0.0, 360.0))
        there = replace(body, along_m=along, across_m=across, turn_deg=turn)
        room = Footprint.of(there)
        if area.holds((along, across)) and all(room.gap_m(one) >= apart_m for one in taken):
            return there
    return None


def _does_not_fit(layout: Layout, area: _Area, fitted: int, wanted: int) -> str:
    name = layout.name or layout.pattern
    return (
        f"layout {name!r}: {fitted} of {wanted} fitted into {_limits(area)} with "
        f"apart_m = {layout.apart_m}; give more room or fewer"
    )


def _limits(area: _Area) -> str:
    return f"along_m = {list(area.along_m)}, across_m = {list(area.across_m)}"
