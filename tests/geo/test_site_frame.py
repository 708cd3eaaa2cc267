"""A site's frame: metres that GIS understands, the same for every flight over the site."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from detectkit.core import UsageError
from detectkit.geo import LocalFrame
from detectkit.geo.site_frame import SiteFrame, geographic_of


@given(
    longitude=st.floats(-180.0, 180.0),
    latitude=st.floats(-85.0, 85.0),
    east=st.floats(-800.0, 800.0),
    north=st.floats(-800.0, 800.0),
)
def test_there_and_back(longitude: float, latitude: float, east: float, north: float) -> None:
    frame = SiteFrame(longitude, latitude)
    there = frame.to_geographic(np.array([east]), np.array([north]))
    back = frame.to_local(*there)
    np.testing.assert_allclose([back[0][0], back[1][0]], [east, north], atol=1e-6)


def test_distances_are_those_of_the_ellipsoid() -> None:
    frame = SiteFrame(46.93, 40.0)
    longitude, latitude = np.array([46.93, 46.9354, 46.9301]), np.array([40.0, 40.0031, 40.0045])
    east, north = frame.to_local(longitude, latitude)
    for other in (1, 2):
        ends = (longitude[0], latitude[0], longitude[other], latitude[other])
        _, _, true_m = Geod(ellps="WGS84").inv(*ends)
        assert np.hypot(east[other], north[other]) == pytest.approx(true_m, abs=1e-4)


def test_it_agrees_with_the_touching_plane_over_a_field() -> None:
    longitude, latitude = np.array([46.931]), np.array([40.001])
    plane = LocalFrame(46.93, 40.0).to_local(longitude, latitude)
    flat = SiteFrame(46.93, 40.0).to_local(longitude, latitude)
    np.testing.assert_allclose([flat[0][0], flat[1][0]], [plane[0][0], plane[1][0]], atol=1e-4)


def test_flights_of_one_site_share_the_frame() -> None:
    assert SiteFrame.near(46.9349, 39.9951) == SiteFrame.near(46.9251, 40.0049)


def test_a_gis_knows_it() -> None:
    crs = CRS.from_wkt(SiteFrame(46.93, 40.0).crs_wkt)
    assert crs.is_projected
    assert [axis.unit_name for axis in crs.axis_info] == ["metre", "metre"]
    assert [axis.direction for axis in crs.axis_info] == ["east", "north"]


def test_unknown_and_far_places_are_nan() -> None:
    frame = SiteFrame(46.93, 40.0)
    east, north = frame.to_local(np.array([np.nan, 0.0, 46.93]), np.array([40.0, 0.0, 40.0]))
    assert np.isnan(east[:2]).all()
    assert np.isnan(north[:2]).all()
    assert east[2] == pytest.approx(0.0, abs=1e-6)


def test_a_frame_from_its_words_alone() -> None:
    frame = SiteFrame(-70.0, -33.0)
    east, north = np.array([12.0]), np.array([-7.0])
    np.testing.assert_array_equal(
        geographic_of(frame.crs_wkt, east, north), frame.to_geographic(east, north)
    )


def test_an_origin_must_be_on_the_globe() -> None:
    with pytest.raises(UsageError, match="latitude up to 89"):
        SiteFrame(0.0, 90.0)
