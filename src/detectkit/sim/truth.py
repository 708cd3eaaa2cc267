"""What a simulated survey should find: where everything is, and which lanes were flown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectkit.sim.geography import Geography
from detectkit.sim.ground import BuriedObject, Metal, ObjectClass
from detectkit.sim.route import PlannedLane, Route
from detectkit.sim.terrain import Surface


@dataclass(frozen=True, slots=True)
class TrueObject:
    """A buried body: its name, class, place, depth of its top, and its metal in words.

    `body` is its type in the library, empty where there is none; `along_m` and `across_m` are its
    place from the start of the first lane.
    """

    name: str
    object_class: ObjectClass
    kind: str
    longitude_deg: float
    latitude_deg: float
    easting_m: float
    northing_m: float
    ground_up_m: float
    depth_m: float
    radius_m: float
    metal: Metal
    body: str = ""
    along_m: float = 0.0
    across_m: float = 0.0
    thickness_m: float = 0.0
    tilt_deg: float = 0.0
    water: float = 0.0


@dataclass(frozen=True, slots=True)
class TrueLane:
    """A lane as planned: when, from where to where, and the waypoint column while on it."""

    number: int
    pass_number: int
    waypoint: int
    start_s: float
    end_s: float
    start_longitude_deg: float
    start_latitude_deg: float
    end_longitude_deg: float
    end_latitude_deg: float


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything there is to find, and the lanes in the order flown.

    Eastings and northings are metres from the site's origin.
    """

    objects: tuple[TrueObject, ...]
    lanes: tuple[TrueLane, ...]


def truth_of(
    objects: Sequence[BuriedObject], route: Route, surface: Surface, geography: Geography
) -> Truth:
    """Return the truth of a flight over objects."""
    return Truth(
        _objects(objects, surface, geography),
        tuple(_lane(one, geography) for one in route.lanes),
    )


def _objects(
    objects: Sequence[BuriedObject], surface: Surface, geography: Geography
) -> tuple[TrueObject, ...]:
    along = np.array([one.along_m for one in objects], np.float64)
    across = np.array([one.across_m for one in objects], np.float64)
    east, north = geography.local(along, across)
    up = surface.mean_up_m(east, north)
    degrees = geography.geographic(east, north, up)
    return tuple(
        TrueObject(
            one.name,
            one.object_class,
            one.kind,
            float(degrees[row, 0]),
            float(degrees[row, 1]),
            float(east[row]),
            float(north[row]),
            float(up[row]),
            one.depth_m,
            one.radius_m,
            one.metal,
            one.body,
            one.along_m,
            one.across_m,
            one.thickness_m,
            one.tilt_deg,
            one.water,
        )
        for row, one in enumerate(objects)
    )


def _lane(one: PlannedLane, geography: Geography) -> TrueLane:
    along, across = (np.array(pair) for pair in zip(one.from_m, one.to_m, strict=True))
    east, north = geography.local(along, across)
    degrees = geography.geographic(east, north, np.zeros(2))
    return TrueLane(
        one.number,
        one.pass_number,
        one.waypoint,
        one.start_s,
        one.end_s,
        float(degrees[0, 0]),
        float(degrees[0, 1]),
        float(degrees[1, 0]),
        float(degrees[1, 1]),
    )
