from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from detectkit.core import UsageError
from detectkit.geo import LocalFrame

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563

near = st.floats(-5000.0, 5000.0)


def one(value: float) -> np.ndarray:
    return np.array([value])


def earth_centred(longitude_deg: float, latitude_deg: float, up_m: float) -> np.ndarray:
    """The textbook formula, written down again."""
    lon, lat = np.radians([longitude_deg, latitude_deg])
    squared = FLATTENING * (2.0 - FLATTENING)
    normal = SEMI_MAJOR_M / np.sqrt(1.0 - squared * np.sin(lat) ** 2)
    return np.array(
        [
            (normal + up_m) * np.cos(lat) * np.cos(lon),
            (normal + up_m) * np.cos(lat) * np.sin(lon),
            (normal * (1.0 - squared) + up_m) * np.sin(lat),
        ]
    )


def test_the_origin_is_zero() -> None:
    frame = LocalFrame(46.93, 39.99, 361.5)
    found = frame.to_local(one(46.93), one(39.99), up_m=one(361.5))
    np.testing.assert_allclose(found, 0.0, atol=1e-8)


def test_it_agrees_with_earth_centred_axes_turned_by_hand() -> None:
    frame = LocalFrame(46.93, 39.99, 361.5)
    lon, lat = np.radians([46.93, 39.99])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    arrow = earth_centred(46.95, 40.02, 300.0) - earth_centred(46.93, 39.99, 361.5)
    up = np.cross(east, north)
    found = np.ravel(frame.to_local(one(46.95), one(40.02), up_m=one(300.0)))
    np.testing.assert_allclose(found, [east @ arrow, north @ arrow, up @ arrow], atol=1e-6)


def test_near_the_origin_it_agrees_with_geodesics() -> None:
    geod = Geod(ellps="WGS84")
    lon, lat, _ = geod.fwd(47.0, 40.0, 63.0, 100.0)
    easting, northing, up = LocalFrame(47.0, 40.0).to_local(one(lon), one(lat))
    assert easting[0] == pytest.approx(100.0 * np.sin(np.radians(63.0)), abs=1e-4)
    assert northing[0] == pytest.approx(100.0 * np.cos(np.radians(63.0)), abs=1e-4)
    assert up[0] == pytest.approx(-(100.0**2) / (2 * SEMI_MAJOR_M), rel=0.01)


@given(near, near, st.floats(-500.0, 500.0), st.floats(-179.0, 179.0), st.floats(-85.0, 85.0))
def test_there_and_back_is_the_same_place(
    easting: float, northing: float, up: float, longitude: float, latitude: float
) -> None:
    frame = LocalFrame(longitude, latitude, 100.0)
    lon, lat, height = frame.to_geographic(one(easting), one(northing), up_m=one(up))
    back = np.ravel(frame.to_local(lon, lat, up_m=height))
    np.testing.assert_allclose(back, [easting, northing, up], atol=1e-5)


def test_the_height_of_the_origin_is_the_default() -> None:
    _, _, height = LocalFrame(46.9, 40.0, 350.0).to_geographic(one(0.0), one(0.0))
    assert height[0] == pytest.approx(350.0)
    _, _, up = LocalFrame(46.9, 40.0, 350.0).to_local(one(46.9), one(40.0))
    assert up[0] == pytest.approx(0.0, abs=1e-8)


def test_an_unknown_position_stays_unknown() -> None:
    found = LocalFrame(46.9, 40.0).to_local(np.array([np.nan, 46.9]), np.array([40.0, 40.0]))
    assert np.isnan(np.array(found)[:, 0]).all()
    assert np.isfinite(np.array(found)[:, 1]).all()
    assert np.isnan(LocalFrame(46.9, 40.0).to_geographic(one(np.nan), one(0.0))).all()


@pytest.mark.parametrize("origin", [(np.nan, 40.0), (46.9, 91.0), (np.inf, 0.0)])
def test_an_origin_off_the_globe_is_refused(origin: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="not on the globe"):
        LocalFrame(*origin)


def test_an_origin_of_numpy_scalars_is_the_same_origin() -> None:
    longitude, latitude = np.array([47.0, 47.001]), np.array([40.0, 40.001])
    plain = LocalFrame(47.0, 40.0).to_local(longitude, latitude)
    scalars = LocalFrame(longitude[0], latitude[0]).to_local(longitude, latitude)
    np.testing.assert_array_equal(scalars, plain)
