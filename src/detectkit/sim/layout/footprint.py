"""How much room a body takes in the ground, and how far two of them are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

from detectkit.sim.bodies import PlacedBody

Point = tuple[float, float]

_DIAGONAL = math.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class Footprint:
    """A line with round ends seen from above, between two depths; it holds the whole body.

    Parameters
    ----------
    start, end
        Of the line: along and across.
    radius_m
        Around it.
    top_m, bottom_m
        Depths under the mean ground.
    """

    start: Point
    end: Point
    radius_m: float
    top_m: float
    bottom_m: float

    @classmethod
    def of(cls, placed: PlacedBody) -> Footprint:
        """Return that of a body; a lean makes it deeper, and no shorter."""
        length, width = (max(one.size_m[axis] for one in placed.body.parts) for axis in (0, 1))
        square = any(one.shape == "box" for one in placed.body.parts)
        radius = 0.5 * min(length, width) * (_DIAGONAL if square else 1.0)
        turn = math.radians(placed.turn_deg + (0.0 if length >= width else 90.0))
        half = 0.5 * abs(length - width)
        along, across = half * math.cos(turn), half * math.sin(turn)
        tilt = math.radians(placed.tilt_deg)
        thickness = placed.body.thickness_m
        middle = placed.depth_m + 0.5 * thickness * math.cos(tilt)
        reach = 0.5 * thickness * math.cos(tilt) + (half + radius) * math.sin(tilt)
        return cls(
            (placed.along_m - along, placed.across_m - across),
            (placed.along_m + along, placed.across_m + across),
            max(radius, 0.5 * thickness * math.sin(tilt)),
            middle - reach,
            middle + reach,
        )

    def gap_m(self, other: Footprint) -> float:
        """Return how far two are apart at least: seen from above, or one over the other."""
        upright = max(self.top_m - other.bottom_m, other.top_m - self.bottom_m)
        lines = _between((self.start, self.end), (other.start, other.end))
        return max(upright, lines - self.radius_m - other.radius_m)


def _between(one: tuple[Point, Point], other: tuple[Point, Point]) -> float:
    """Return the least distance of two lines."""
    if _cross(one, other):
        return 0.0
    return min(
        *(_to_line(point, other) for point in one), *(_to_line(point, one) for point in other)
    )


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    sides = [_side(one, point) for point in other], [_side(other, point) for point in one]
    return all(first * last < 0.0 for first, last in sides)


def _side(line: tuple[Point, Point], point: Point) -> float:
    (x0, y0), (x1, y1) = line
    return (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)


def _to_line(point: Point, line: tuple[Point, Point]) -> float:
    (x0, y0), (x1, y1) = line
    x, y = x1 - x0, y1 - y0
    length2 = x * x + y * y
    share = ((point[0] - x0) * x + (point[1] - y0) * y) / length2 if length2 > 0.0 else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(point[0] - x0 - share * x, point[1] - y0 - share * y)
