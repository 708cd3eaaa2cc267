"""Between the scenario's metres and degrees: lanes, local east-north-up, WGS 84."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from detectkit.sim.plan import Site

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Geography:
    """Places of one site: along and across the lanes, east and north of its origin, degrees."""

    site: Site

    def local(self, along_m: Values, across_m: Values) -> tuple[Values, Values]:
        """Return easting and northing of places given along the first lane and to its right."""
        heading = math.radians(self.site.heading_deg)
        east = along_m * math.sin(heading) + across_m * math.cos(heading)
        north = along_m * math.cos(heading) - across_m * math.sin(heading)
        return east, north

    def lanes(self, easting_m: Values, northing_m: Values) -> tuple[Values, Values]:
        """Return along the first lane and to its right, of easting and northing."""
        heading = math.radians(self.site.heading_deg)
        along = easting_m * math.sin(heading) + northing_m * math.cos(heading)
        across = easting_m * math.cos(heading) - northing_m * math.sin(heading)
        return along, across

    def geographic(self, easting_m: Values, northing_m: Values, up_m: Values) -> Values:
        """Return longitude, latitude in degrees and height over the ellipsoid in m, (rows, 3).

        The frame is topocentric: its plane touches the ellipsoid at the origin.
        """
        site = self.site
        pipeline = _topocentric(site.longitude_deg, site.latitude_deg, site.up_m)
        columns = pipeline.transform(easting_m, northing_m, up_m, direction="INVERSE")
        return np.column_stack(columns)


@lru_cache(maxsize=16)
def _topocentric(longitude_deg: float, latitude_deg: float, up_m: float) -> Transformer:
    return Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        "+step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 "
        f"+lon_0={longitude_deg!r} +lat_0={latitude_deg!r} +h_0={up_m!r}"
    )
