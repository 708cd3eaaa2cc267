"""What is compared: alarms, targets, and the ground that was surveyed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from detectkit.core import UsageError
from detectkit.core.indication import CATEGORIES, TARGETS

Values = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELL_M = 0.01
"""Of a rectangle, to measure what halos take of it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A place that a system points at.

    Parameters
    ----------
    x_m, y_m
        In the frame of its field.
    confidence
        Any number; higher is surer. It ranks, and only that.
    probability
        That a target lies there, where the system says one.
    depth_m
        Of the body, where the system says one.
    name
        To find it again in lists.
    """

    x_m: float
    y_m: float
    confidence: float
    probability: float | None = None
    depth_m: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.x_m + self.y_m) or math.isnan(self.confidence):
            msg = (
                f"alarm {self.name!r} at {self.x_m}, {self.y_m} m with confidence "
                f"{self.confidence}: place and confidence must be numbers"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Target:
    """Something in the ground that is known: a target, or clutter.

    Parameters
    ----------
    x_m, y_m, radius_m
        Where, and its size seen from above.
    category
        One of `CATEGORIES` without "none"; those of `TARGETS` are to be found, the others are known
        clutter: an alarm there is a false one.
    depth_m
        Of its top; None: not known.
    name
        To find it again in lists.
    words
        To sort it by: ``{"metal": "minimum", "body": "PMN-2"}``.
    """

    x_m: float
    y_m: float
    radius_m: float
    category: str
    depth_m: float | None = None
    name: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES[:-1]:
            allowed = ", ".join(CATEGORIES[:-1])
            msg = f"{self.name!r}: category {self.category!r} is none of {allowed}"
            raise UsageError(msg)
        if not math.isfinite(self.x_m + self.y_m) or not 0.0 <= self.radius_m < math.inf:
            msg = f"{self.name!r} at {self.x_m}, {self.y_m} m, radius {self.radius_m} m is no place"
            raise UsageError(msg)

    @property
    def is_target(self) -> bool:
        """Whether it is to be found."""
        return self.category in TARGETS


class Surveyed(Protocol):
    """Ground that was surveyed, in one lane or several."""

    @property
    def lanes(self) -> Sequence[str]:
        """Names of the lanes; one lane alone may have the name ""."""

    def lane_of(self, x_m: Values, y_m: Values) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return the nearest lane's number for each place, and whether it was surveyed."""

    def areas_m2(self, x_m: Values, y_m: Values, reach_m: Values) -> Values:
        """Return the area of each lane without the circles given."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """One lane: so long, so wide.

    Examples
    --------
    >>> lane = Rectangle(0.0, -0.25, 4.0, 0.25)
    >>> here = np.array([1.0])
    >>> lane.areas_m2(here, here * 0.0, here * 0.1).round(2)  # 2 m² less a circle
    array([1.97])
    """

    west_m: float
    south_m: float
    east_m: float
    north_m: float

    def __post_init__(self) -> None:
        if not (self.west_m < self.east_m and self.south_m < self.north_m):
            msg = f"{self}: a rectangle runs from west to east and from south to north"
            raise UsageError(msg)

    @property
    def lanes(self) -> Sequence[str]:
        """The one lane, without a name of its own."""
        return ("",)

    def lane_of(self, x_m: Values, y_m: Values) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return 0 for each place, and whether it lies inside."""
        inside = (x_m >= self.west_m) & (x_m <= self.east_m)
        inside &= (y_m >= self.south_m) & (y_m <= self.north_m)
        return np.zeros(len(x_m), np.int64), inside

    def areas_m2(self, x_m: Values, y_m: Values, reach_m: Values) -> Values:
        """Return the area without the circles, on a raster of about `CELL_M`."""
        sides = self.east_m - self.west_m, self.north_m - self.south_m
        columns, rows = (max(1, math.ceil(side / CELL_M)) for side in sides)
        step = sides[0] / columns, sides[1] / rows
        free = np.ones((rows, columns), np.bool_)
        first = self.west_m + 0.5 * step[0], self.south_m + 0.5 * step[1]
        _take_circles(free, first, step, (x_m, y_m, reach_m))
        return np.array([sides[0] * sides[1] * np.count_nonzero(free) / free.size])


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Ground in cells, each of the lane that passed nearest, or not surveyed.

    Parameters
    ----------
    west_m, south_m
        Corner of the first cell.
    cell_m
        Width of a cell.
    lane
        (rows to the north, columns to the east), int: number of the lane, -1 not surveyed.
    lanes
        Their names.
    """

    west_m: float
    south_m: float
    cell_m: float
    lane: npt.NDArray[np.int64]
    lanes: Sequence[str]

    def __post_init__(self) -> None:
        if not (self.lane >= 0).any():
            msg = "nothing was surveyed: no cell of the raster belongs to a lane"
            raise UsageError(msg)

    def lane_of(self, x_m: Values, y_m: Values) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Return the nearest lane of each place, and whether its cell was surveyed."""
        column = np.floor((x_m - self.west_m) / self.cell_m).astype(np.int64)
        row = np.floor((y_m - self.south_m) / self.cell_m).astype(np.int64)
        rows, columns = self.lane.shape
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        at = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
        nearest = distance_transform_edt(self.lane < 0, return_distances=False, return_indices=True)
        lane = self.lane[nearest[0][at], nearest[1][at]]
        return lane, inside & (self.lane[at] >= 0)

    def areas_m2(self, x_m: Values, y_m: Values, reach_m: Values) -> Values:
        """Return the area of each lane without the circles."""
        free = self.lane >= 0
        half = 0.5 * self.cell_m
        first = self.west_m + half, self.south_m + half
        _take_circles(free, first, (self.cell_m, self.cell_m), (x_m, y_m, reach_m))
        counted = np.bincount(self.lane[free], minlength=len(self.lanes))
        return np.asarray(counted * self.cell_m**2, np.float64)


def _take_circles(
    free: npt.NDArray[np.bool_],
    first: tuple[float, float],
    step: tuple[float, float],
    circles: tuple[Values, Values, Values],
) -> None:
    """Set the cells whose middle lies in a circle to False."""
    rows, columns = free.shape
    for x, y, reach in zip(*circles, strict=True):
        spans = []
        for middle, start, width, count in zip((x, y), first, step, (columns, rows), strict=True):
            low = max(0, math.ceil((middle - reach - start) / width))
            high = min(count, math.floor((middle + reach - start) / width) + 1)
            spans.append((low, max(low, high)))
        (west, east), (south, north) = spans
        across = first[0] + step[0] * np.arange(west, east) - x
        up = first[1] + step[1] * np.arange(south, north) - y
        free[south:north, west:east] &= up[:, None] ** 2 + across**2 > reach * reach


@dataclass(frozen=True, slots=True)
class Field:
    """Ground with everything known about it, and what a system says of it.

    Parameters
    ----------
    name
        Of the field.
    alarms, targets
        In one flat frame of metres. `targets` holds known clutter as well.
    surveyed
        A `Rectangle` or a `Raster`.
    group
        What is drawn together in a bootstrap: the lane, or the site; "": the field, or each of the
        lanes of its raster.
    words
        To sort fields by: ``{"soil": "loam", "height": "0.5 m"}``.
    """

    name: str
    alarms: Sequence[Alarm]
    targets: Sequence[Target]
    surveyed: Surveyed
    group: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
