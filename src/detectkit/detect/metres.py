"""Metres between places that are near each other, from longitude and latitude."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 6.694379990141e-3


def offsets_m(
    longitude_deg: npt.NDArray[Any], latitude_deg: npt.NDArray[Any], origin: tuple[float, float]
) -> tuple[Values, Values]:
    """Return metres east and north of an origin (longitude, latitude in degrees), WGS 84.

    Differences in degrees times the radii of curvature at the origin (Torge and Müller, Geodesy,
    4th ed. 2012, section 4.1.3): for places within a few kilometres, where distances between near
    ones are right to a thousandth. `detectkit.geo.LocalFrame` is exact, and slower.

    Examples
    --------
    >>> east, north = offsets_m(np.array([46.9]), np.array([40.0001]), (46.9, 40.0))
    >>> east, north.round(2)
    (array([0.]), array([11.1]))
    """
    latitude = math.radians(origin[1])
    square = 1.0 - ECCENTRICITY_SQUARED * math.sin(latitude) ** 2
    across = SEMI_MAJOR_M / math.sqrt(square)
    along = across * (1.0 - ECCENTRICITY_SQUARED) / square
    turned = (np.asarray(longitude_deg, np.float64) - origin[0] + 180.0) % 360.0 - 180.0
    risen = np.asarray(latitude_deg, np.float64) - origin[1]
    return np.radians(turned) * across * math.cos(latitude), np.radians(risen) * along
