"""Maxima of a volume: their place between the voxels, the strongest of each neighbourhood."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from detectkit.geo import geographic_of
from detectkit.io.volume import Volume

SHALLOWEST_WAVELENGTHS = 0.35
"""Above this depth the direct wave's tail covers everything."""
PICK_WAVELENGTHS = 0.05
"""Error of the depth of a maximum of the envelope, one standard deviation."""


class Placed(Protocol):
    """Something with a place in metres."""

    @property
    def easting_m(self) -> float:
        """East in the volume's frame."""
        ...

    @property
    def northing_m(self) -> float:
        """North in the volume's frame."""
        ...

    @property
    def depth_m(self) -> float:
        """Below the surface."""
        ...


@dataclass(frozen=True, slots=True)
class Maximum:
    """One place of a volume that stands out; nothing is said about what it is.

    Parameters
    ----------
    easting_m, northing_m, longitude_deg, latitude_deg
        Where; degrees are None where the volume's frame is not placed on the globe.
    depth_m, depth_error_m
        Depth below the surface and one standard deviation: of the velocity, of the pick and of
        the voxel.
    amplitude, coherence, weight
        The volume's values there.
    """

    easting_m: float
    northing_m: float
    longitude_deg: float | None
    latitude_deg: float | None
    depth_m: float
    depth_error_m: float
    amplitude: float
    coherence: float
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


P = TypeVar("P", bound=Placed)


def vertex(values: npt.NDArray[np.floating[Any]], at: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the parabolas' maximum along each axis, in voxels from the highest, up to half.

    Examples
    --------
    >>> values = np.zeros((3, 3, 3))
    >>> values[1, 1, 1], values[2, 1, 1] = 2.0, 1.0
    >>> vertex(values, (1, 1, 1)).round(3) + 0.0
    array([0.167, 0.   , 0.   ])
    """
    offset = np.zeros(3)
    for axis in range(3):
        sides = [list(at), list(at)]
        sides[0][axis] -= 1
        sides[1][axis] += 1
        if at[axis] == 0 or at[axis] == values.shape[axis] - 1:
            continue
        before, after = (float(values[tuple(one)]) for one in sides)
        bend = before - 2.0 * float(values[at]) + after
        if math.isfinite(bend) and bend < 0.0:
            offset[axis] = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    return offset


def separated(rows: Sequence[P], separation_m: float) -> list[P]:
    """Return the first of each neighbourhood; give the strongest first."""
    cells: dict[tuple[int, ...], list[P]] = {}
    kept: list[P] = []
    for row in rows:
        place = (row.easting_m, row.northing_m, row.depth_m)
        cell = tuple(math.floor(one / separation_m) for one in place)
        if any(apart_m(row, other) < separation_m for other in _near(cells, cell)):
            continue
        cells.setdefault(cell, []).append(row)
        kept.append(row)
    return kept


def wavelength_of(volume: Volume) -> float:
    """Return the wavelength in the ground, in m, that the volume tells; else four voxels."""
    return float(volume.attributes.get("wavelength_m", 4.0 * volume.grid.spacing_m))


def degrees_of(
    volume: Volume, easting_m: float, northing_m: float
) -> tuple[float | None, float | None]:
    """Return longitude and latitude; None where the volume's frame is not on the globe."""
    if not volume.grid.crs_wkt:
        return None, None
    place = np.array([easting_m]), np.array([northing_m])
    longitude, latitude = geographic_of(volume.grid.crs_wkt, *place)
    return round(float(longitude[0]), 9), round(float(latitude[0]), 9)


def depth_error_m(volume: Volume, depth_m: float, wavelength_m: float) -> float:
    """Return one standard deviation of a depth: of the velocity, the pick and the voxel."""
    return math.hypot(
        float(volume.attributes.get("velocity_error", 0.0)) * depth_m,
        PICK_WAVELENGTHS * wavelength_m,
        0.5 * volume.grid.depth_spacing_m,
    )


def _near(cells: dict[tuple[int, ...], list[P]], cell: tuple[int, ...]) -> Iterator[P]:
    for step in np.ndindex(3, 3, 3):
        yield from cells.get(tuple(a + b - 1 for a, b in zip(cell, step, strict=True)), ())


def apart_m(one: Placed, other: Placed) -> float:
    """Return the distance of two places, in m."""
    return math.dist(
        (one.easting_m, one.northing_m, one.depth_m),
        (other.easting_m, other.northing_m, other.depth_m),
    )
