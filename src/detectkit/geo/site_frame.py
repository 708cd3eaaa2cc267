"""A site's frame that GIS knows: flat metres by a transverse Mercator at the site's origin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]
ORIGIN_STEP_DEG = 0.01
"""Origins lie on multiples of this, about 1 km: flights of one site share frame and grid."""
FARTHEST_DEG = 1.0


@dataclass(frozen=True, slots=True)
class SiteFrame:
    """Easting and northing in m from an origin, true to scale along its meridian.

    Transverse Mercator (EPSG method 9807) with scale 1 at the origin's meridian: lengths are
    exact there and 1.2e-8 too long 1 km to the side; metres on the ellipsoid. Unlike
    `detectkit.geo.LocalFrame` it is a coordinate system that any GIS reads from its WKT.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Origin, WGS 84.

    Examples
    --------
    >>> frame = SiteFrame.near(46.9312, 40.0049)
    >>> frame
    SiteFrame(longitude_deg=46.93, latitude_deg=40.0)
    >>> east, north = frame.to_local(np.array([46.93]), np.array([40.0001]))
    >>> east.round(3), north.round(3)
    (array([0.]), array([11.103]))
    """

    longitude_deg: float
    latitude_deg: float

    def __post_init__(self) -> None:
        if not (abs(self.longitude_deg) <= 180.0 and abs(self.latitude_deg) <= 89.0):
            msg = (
                f"the origin {self.longitude_deg}, {self.latitude_deg} cannot be; longitude and "
                "latitude in degrees are needed, latitude up to 89"
            )
            raise UsageError(msg)

    @classmethod
    def near(cls, longitude_deg: float, latitude_deg: float) -> SiteFrame:
        """Return the frame of a place: that with the nearest origin on the 0.01 degree raster."""
        steps = round(longitude_deg / ORIGIN_STEP_DEG), round(latitude_deg / ORIGIN_STEP_DEG)
        longitude, latitude = (round(one * ORIGIN_STEP_DEG, 9) for one in steps)
        return cls(longitude, latitude)

    @property
    def crs_wkt(self) -> str:
        """The frame as WKT 2."""
        return _crs(self.longitude_deg, self.latitude_deg).to_wkt()

    def to_local(self, longitude_deg: Values, latitude_deg: Values) -> tuple[Values, Values]:
        """Return easting and northing in m; NaN where a position is NaN or over a degree off."""
        easting, northing = self._transformer().transform(longitude_deg, latitude_deg)
        off = np.abs(np.subtract(longitude_deg, self.longitude_deg) + 180.0) % 360.0 - 180.0
        near = np.abs(off) <= FARTHEST_DEG / np.cos(np.radians(self.latitude_deg))
        near &= np.abs(np.subtract(latitude_deg, self.latitude_deg)) <= FARTHEST_DEG
        return np.where(near, easting, np.nan), np.where(near, northing, np.nan)

    def to_geographic(self, easting_m: Values, northing_m: Values) -> tuple[Values, Values]:
        """Return WGS 84 longitude and latitude in degrees; the way back of `to_local`."""
        return geographic_of(self.crs_wkt, easting_m, northing_m)

    def _transformer(self) -> Transformer:
        return _from_degrees(self.crs_wkt)


def geographic_of(crs_wkt: str, easting_m: Values, northing_m: Values) -> tuple[Values, Values]:
    """Return WGS 84 longitude and latitude in degrees of places in a frame given as WKT."""
    places = _from_degrees(crs_wkt).transform(easting_m, northing_m, direction="INVERSE")
    bad = ~np.isfinite(np.asarray(places)).all(axis=0)
    longitude, latitude = (np.where(bad, np.nan, one) for one in places)
    return longitude, latitude


@lru_cache(maxsize=16)
def _crs(longitude_deg: float, latitude_deg: float) -> CRS:
    return CRS.from_json_dict(
        {
            "type": "ProjectedCRS",
            "name": f"detectkit site {latitude_deg:.6g} N {longitude_deg:.6g} E",
            "base_crs": CRS.from_epsg(4326).to_json_dict(),
            "conversion": {
                "name": "site",
                "method": {
                    "name": "Transverse Mercator",
                    "id": {"authority": "EPSG", "code": 9807},
                },
                "parameters": [
                    _parameter("Latitude of natural origin", latitude_deg, "degree", 8801),
                    _parameter("Longitude of natural origin", longitude_deg, "degree", 8802),
                    _parameter("Scale factor at natural origin", 1.0, "unity", 8805),
                    _parameter("False easting", 0.0, "metre", 8806),
                    _parameter("False northing", 0.0, "metre", 8807),
                ],
            },
            "coordinate_system": {
                "subtype": "Cartesian",
                "axis": [
                    {"name": "Easting", "abbreviation": "E", "direction": "east", "unit": "metre"},
                    {
                        "name": "Northing",
                        "abbreviation": "N",
                        "direction": "north",
                        "unit": "metre",
                    },
                ],
            },
        }
    )


def _parameter(name: str, value: float, unit: str, code: int) -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit, "id": {"authority": "EPSG", "code": code}}


@lru_cache(maxsize=16)
def _from_degrees(crs_wkt: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", CRS.from_wkt(crs_wkt), always_xy=True)
