"""Clusters: finds of all sensors and lanes that lie together are one place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from detectkit.detect.found import Found
from detectkit.detect.metres import offsets_m

Key = tuple[str, int, int]
OTHER_PASS = 4.0
"""Finds of one line this many times further apart along it than across are of two passes."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A find with its place in metres; NaN where nobody knows."""

    found: Found
    east_m: float
    north_m: float
    along_m: float

    @property
    def depth_m(self) -> float:
        """NaN for a sensor that tells no depth."""
        return self.found.indication.depth_m if self.found.sensor == "gpr" else math.nan

    def away_m(self, other: _Placed) -> float:
        """Return the distance over ground; along the line where one has no place."""
        apart = math.hypot(self.east_m - other.east_m, self.north_m - other.north_m)
        if math.isfinite(apart):
            return apart
        along = abs(self.along_m - other.along_m)
        same_line = self.found.line == other.found.line
        return along if same_line and math.isfinite(along) else math.inf

    def same_pass(self, other: _Placed, within_m: float) -> bool:
        """Tell whether one stream saw both in one go, and so told them apart."""
        one, two = self.found, other.found
        if (one.stream, one.line) != (two.stream, two.line):
            return False
        along = abs(self.along_m - other.along_m)
        return not along > OTHER_PASS * within_m

    def keys(self, cell_m: float) -> Iterator[Key]:
        """Yield the cells that it lies in: of the ground, and of its line."""
        if math.isfinite(self.east_m):
            yield "", math.floor(self.east_m / cell_m), math.floor(self.north_m / cell_m)
        if math.isfinite(self.along_m):
            yield f"line {self.found.line}", math.floor(self.along_m / cell_m), 0


@dataclass(slots=True)
class _Cluster:
    """Finds around the strongest of them, which comes first."""

    number: int
    members: list[_Placed] = field(default_factory=list)

    def takes(self, one: _Placed, within_m: float) -> bool:
        near = one.away_m(self.members[0]) <= within_m
        return near and not any(one.same_pass(other, within_m) for other in self.members)

    def distance(self, one: _Placed) -> tuple[float, int]:
        """Return the distance to the strongest, in depth too where both tell it."""
        deeper = abs(one.depth_m - self.members[0].depth_m)
        away = one.away_m(self.members[0])
        return math.hypot(away, deeper if math.isfinite(deeper) else 0.0), self.number


def clusters(founds: Sequence[Found], within_m: float) -> list[tuple[Found, ...]]:
    """Return finds that lie together, the strongest first, and so the clusters.

    Greedy: in order of falling score each find joins the cluster whose strongest find is nearest,
    in depth too where both tell it, if that is within `within_m` over ground; else it begins its
    own. Finds of one stream in one pass never join: its branch has told them apart. Two passes of
    one line over a place are told by the way between them. Finds without a position join only
    along their line. Each find is in exactly one cluster; the order given does not matter.

    Parameters
    ----------
    within_m
        Farthest from the strongest find of the cluster, in m.
    """
    ordered = sorted(founds, key=_order)
    made: list[_Cluster] = []
    cells: defaultdict[Key, list[_Cluster]] = defaultdict(list)
    for one in _placed(ordered):
        near = {other.number: other for key in one.keys(within_m) for other in _beside(cells, key)}
        fitting = [other for other in near.values() if other.takes(one, within_m)]
        if fitting:
            min(fitting, key=lambda other: other.distance(one)).members.append(one)
            continue
        new = _Cluster(len(made), [one])
        made.append(new)
        for key in one.keys(within_m):
            cells[key].append(new)
    return [tuple(member.found for member in one.members) for one in made]


def _beside(cells: defaultdict[Key, list[_Cluster]], key: Key) -> Iterator[_Cluster]:
    kind, first, second = key
    for one in (first - 1, first, first + 1):
        for two in (second - 1, second, second + 1):
            yield from cells.get((kind, one, two), ())


def _order(found: Found) -> tuple[float | str | int, ...]:
    """Return what sorts finds: by strength, ties by everything that tells them apart."""
    one = found.indication
    return (-one.score, found.sensor, found.stream, found.line, found.row, one.trace, one.twt_s)


def _placed(founds: Sequence[Found]) -> list[_Placed]:
    """Return the finds with their places in metres from the first placed one."""
    places = [(one.indication.longitude_deg, one.indication.latitude_deg) for one in founds]
    known = [(a, b) for a, b in places if a is not None and b is not None]
    origin = known[0] if known else (0.0, 0.0)
    longitude = np.array([math.nan if a is None else a for a, _ in places])
    latitude = np.array([math.nan if b is None else b for _, b in places])
    east, north = offsets_m(longitude, latitude, origin)
    along = [one.indication.along_track_m for one in founds]
    return [
        _Placed(found, float(e), float(n), math.nan if a is None else a)
        for found, e, n, a in zip(founds, east, north, along, strict=True)
    ]
