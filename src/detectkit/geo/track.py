"""Distance along a track of positions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from detectkit.core import ShapeError

Values = npt.NDArray[np.float64]

_WGS84 = Geod(ellps="WGS84")


def along_track(longitude_deg: Values, latitude_deg: Values) -> Values:
    """Return the distance in m that a track has covered at each position since its first.

    The sum of the geodesics between neighbours on the WGS 84 ellipsoid (Karney 2013,
    "Algorithms for geodesics", by PROJ). Position noise lengthens it: thin or smooth the
    fixes first, not the traces between them.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Shape (positions,), float64. NaN where there is no position: the answer is NaN there,
        and the distance over the gap is the straight one.

    Returns
    -------
    Distance in m, float64 (positions,), 0 at the first valid position.

    Examples
    --------
    >>> along_track(np.array([46.9, 46.9]), np.array([40.0, 40.001])).round(2)
    array([  0.  , 111.03])
    """
    if longitude_deg.shape != latitude_deg.shape or longitude_deg.ndim != 1:
        msg = (
            f"longitude {longitude_deg.shape} and latitude {latitude_deg.shape} must be "
            "1-D and of one length"
        )
        raise ShapeError(msg)
    distance = np.full(longitude_deg.shape, np.nan)
    known = np.flatnonzero(np.isfinite(longitude_deg) & np.isfinite(latitude_deg))
    if known.size:
        lon, lat = longitude_deg[known], latitude_deg[known]
        _, _, steps = _WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        distance[known] = np.concatenate([[0.0], np.cumsum(steps)])
    return distance
