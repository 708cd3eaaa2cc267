"""Projected frames by EPSG code; UTM chosen from a position."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]


def utm_epsg(longitude_deg: float, latitude_deg: float) -> int:
    """Return the EPSG code of the UTM zone (WGS 84) of a position.

    Zones of 6 degrees, with the exceptions of south-west Norway and Svalbard. Choose it once
    from the site, store it with the product, and keep it: zones do not mix.

    Raises
    ------
    UsageError
        Not a position, or outside the latitudes -80 to 84 that UTM covers.

    Examples
    --------
    >>> utm_epsg(46.93, 39.99), utm_epsg(49.9, 40.0)
    (32638, 32639)
    """
    if not (abs(longitude_deg) <= 180.0 and -80.0 <= latitude_deg <= 84.0):
        msg = (
            f"longitude {longitude_deg}, latitude {latitude_deg}: UTM needs degrees, longitude "
            "-180 to 180 and latitude -80 to 84"
        )
        raise UsageError(msg)
    zone = _zone(longitude_deg, latitude_deg)
    return (32600 if latitude_deg >= 0.0 else 32700) + zone


def to_projected(
    longitude_deg: Values, latitude_deg: Values, *, epsg: int
) -> tuple[Values, Values]:
    """Return easting and northing in m in a projected frame; NaN where a position is NaN.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Arrays of one shape, WGS 84 degrees.
    epsg
        Code of the frame, e.g. from `utm_epsg`.

    Raises
    ------
    UsageError
        No frame in metres has that code.

    Examples
    --------
    >>> easting, northing = to_projected(np.array([45.0]), np.array([0.0]), epsg=32638)
    >>> easting.round(3), northing.round(3)
    (array([500000.]), array([0.]))
    """
    return _finite(_transformer(epsg).transform(longitude_deg, latitude_deg))


def from_projected(easting_m: Values, northing_m: Values, *, epsg: int) -> tuple[Values, Values]:
    """Return WGS 84 longitude and latitude in degrees; the way back of `to_projected`."""
    return _finite(_transformer(epsg).transform(easting_m, northing_m, direction="INVERSE"))


def _zone(longitude_deg: float, latitude_deg: float) -> int:
    if 56.0 <= latitude_deg < 64.0 and 3.0 <= longitude_deg < 12.0:
        return 32
    if latitude_deg >= 72.0 and 0.0 <= longitude_deg < 42.0:
        return 31 + 2 * int(np.searchsorted([9.0, 21.0, 33.0], longitude_deg, side="right"))
    return min(60, int((longitude_deg + 180.0) // 6.0) + 1)


@lru_cache(maxsize=16)
def _transformer(epsg: int) -> Transformer:
    try:
        frame = CRS.from_epsg(epsg)
    except CRSError as error:
        msg = f"EPSG:{epsg} is not known to PROJ; e.g. 32638 is UTM zone 38 north"
        raise UsageError(msg) from error
    if not frame.is_projected or frame.axis_info[0].unit_name != "metre":
        msg = f"EPSG:{epsg} ({frame.name}) is not a projected frame in metres; e.g. use 32638"
        raise UsageError(msg)
    return Transformer.from_crs("EPSG:4326", frame, always_xy=True)


def _finite(columns: tuple[Values, Values]) -> tuple[Values, Values]:
    """Return NaN where PROJ says infinity, which is its word for "cannot be"."""
    bad = ~np.isfinite(np.asarray(columns)).all(axis=0)
    first, second = (np.where(bad, np.nan, column) for column in columns)
    return first, second
