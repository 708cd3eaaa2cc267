from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from detectkit.core import UsageError
from detectkit.geo import from_projected, to_projected, utm_epsg


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "epsg"),
    [
        ("Aghdam", 46.93, 39.99, 32638),
        ("Zangilan", 46.66, 39.09, 32638),
        ("Baku", 49.9, 40.0, 32639),
        ("Sydney", 151.2, -33.9, 32756),
        ("Bergen", 5.3, 60.4, 32632),
        ("Longyearbyen", 15.6, 78.2, 32633),
        ("the date line", 180.0, 0.0, 32660),
        ("its other side", -180.0, 0.0, 32601),
        ("the edge of a zone", 48.0, 40.0, 32639),
    ],
)
def test_the_zone_of_a_place(place: str, longitude: float, latitude: float, epsg: int) -> None:
    assert utm_epsg(longitude, latitude) == epsg


@given(st.floats(-179.9, 179.9), st.floats(-79.0, 71.0))
def test_zones_are_those_of_the_epsg_database(longitude: float, latitude: float) -> None:
    """Away from zone edges, the equator and Norway, where the database's areas overlap."""
    if abs(latitude) < 0.1 or not 0.05 < longitude % 6.0 < 5.95:
        return
    if 55.0 < latitude < 65.0 and 0.0 <= longitude <= 12.0:
        return
    area = AreaOfInterest(longitude, latitude, longitude, latitude)
    codes = {one.code for one in query_utm_crs_info(datum_name="WGS 84", area_of_interest=area)}
    assert str(utm_epsg(longitude, latitude)) in codes


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(46.9, 85.0), (46.9, -81.0), (181.0, 0.0), (np.nan, 40.0)]
)
def test_what_utm_does_not_cover_is_refused(longitude: float, latitude: float) -> None:
    with pytest.raises(UsageError, match="UTM needs degrees"):
        utm_epsg(longitude, latitude)


def test_the_central_meridian_is_at_500_km() -> None:
    """Northing there is the meridian's length times 0.9996 (Snyder 1987, ch. 8)."""
    easting, northing = to_projected(np.array([45.0, 45.0]), np.array([0.0, 90.0]), epsg=32638)
    np.testing.assert_allclose(easting, 500_000.0, atol=1e-6)
    np.testing.assert_allclose(northing, [0.0, 0.9996 * 10_001_965.729], atol=1e-3)


@given(st.floats(43.0, 47.0), st.floats(35.0, 45.0))
def test_there_and_back_is_the_same_place(longitude: float, latitude: float) -> None:
    easting, northing = to_projected(np.array([longitude]), np.array([latitude]), epsg=32638)
    lon, lat = from_projected(easting, northing, epsg=32638)
    np.testing.assert_allclose([lon[0], lat[0]], [longitude, latitude], atol=1e-9)


def test_an_unknown_position_stays_unknown() -> None:
    found = to_projected(np.array([np.nan, 46.9]), np.array([40.0, 40.0]), epsg=32638)
    assert np.isnan(np.array(found)[:, 0]).all()
    assert np.isfinite(np.array(found)[:, 1]).all()


@pytest.mark.parametrize("epsg", [4326, 2225, 999999])
def test_frames_that_are_not_in_metres_are_refused(epsg: int) -> None:
    """Degrees, US feet, and no frame at all."""
    with pytest.raises(UsageError, match=f"EPSG:{epsg}"):
        to_projected(np.array([46.9]), np.array([40.0]), epsg=epsg)
