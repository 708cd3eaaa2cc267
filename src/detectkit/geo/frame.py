"""A local east-north-up frame: flat metres around an origin, for one site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from detectkit.core import UsageError

Values = npt.NDArray[np.float64]
Triple = tuple[Values, Values, Values]


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """Metres east, north and up of an origin; the plane touches the ellipsoid there.

    True to scale at the origin. Away from it the ground falls below the plane: by 8 cm at
    1 km, 2 m at 5 km; use a projected frame (`utm_epsg`) for larger sites.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Origin, WGS 84.
    up_m
        Height of the origin over the ellipsoid in m.

    Examples
    --------
    >>> frame = LocalFrame(46.9, 40.0)
    >>> east, north, up = frame.to_local(np.array([46.9]), np.array([40.0001]))
    >>> north.round(3)
    array([11.103])
    """

    longitude_deg: float
    latitude_deg: float
    up_m: float = 0.0

    def __post_init__(self) -> None:
        finite = np.isfinite([self.longitude_deg, self.latitude_deg, self.up_m]).all()
        if not finite or abs(self.latitude_deg) > 90.0:
            msg = (
                f"the origin {self.longitude_deg}, {self.latitude_deg}, {self.up_m} m is not on "
                "the globe; longitude and latitude in degrees, height in m are needed"
            )
            raise UsageError(msg)

    def to_local(
        self, longitude_deg: Values, latitude_deg: Values, *, up_m: Values | None = None
    ) -> Triple:
        """Return easting, northing, up in m; NaN where a position is NaN.

        Parameters
        ----------
        longitude_deg, latitude_deg
            Arrays of one shape, degrees.
        up_m
            Height over the ellipsoid in m; None: that of the origin.
        """
        height = np.full(np.shape(longitude_deg), self.up_m) if up_m is None else up_m
        return _finite(self._pipeline().transform(longitude_deg, latitude_deg, height))

    def to_geographic(
        self, easting_m: Values, northing_m: Values, *, up_m: Values | None = None
    ) -> Triple:
        """Return longitude, latitude in degrees and height in m; NaN where given NaN.

        Parameters
        ----------
        easting_m, northing_m
            Arrays of one shape, m from the origin.
        up_m
            Distance over the plane in m; None: 0.
        """
        up = np.zeros(np.shape(easting_m)) if up_m is None else up_m
        return _finite(self._pipeline().transform(easting_m, northing_m, up, direction="INVERSE"))

    def _pipeline(self) -> Transformer:
        # A NumPy scalar's repr is no number to PROJ, which would take 0 without a word.
        return _topocentric(float(self.longitude_deg), float(self.latitude_deg), float(self.up_m))


@lru_cache(maxsize=16)
def _topocentric(longitude_deg: float, latitude_deg: float, up_m: float) -> Transformer:
    return Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        "+step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 "
        f"+lon_0={longitude_deg!r} +lat_0={latitude_deg!r} +h_0={up_m!r}"
    )


def _finite(columns: tuple[Values, Values, Values]) -> Triple:
    """Return NaN where PROJ says infinity, which is its word for "cannot be"."""
    bad = ~np.isfinite(np.asarray(columns)).all(axis=0)
    first, second, third = (np.where(bad, np.nan, column) for column in columns)
    return first, second, third
