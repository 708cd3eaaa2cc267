from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from detectkit.core import ShapeError
from detectkit.geo import along_track

NAN = float("nan")


def test_a_degree_along_the_equator_is_an_arc_of_the_equatorial_radius() -> None:
    distance = along_track(np.array([10.0, 10.5, 11.0]), np.zeros(3))
    np.testing.assert_allclose(distance, 6_378_137.0 * np.radians([0.0, 0.5, 1.0]), rtol=1e-14)


def test_a_quarter_meridian_has_its_published_length() -> None:
    """10 001 965.729 m on WGS 84 (Karney 2013)."""
    distance = along_track(np.zeros(91), np.arange(91.0))
    assert distance[-1] == pytest.approx(10_001_965.729, abs=1e-3)


def test_centimetre_steps_add_up() -> None:
    """20 000 traces of 1 cm on a straight line, placed by PROJ itself: 200 m to a micrometre."""
    geod = Geod(ellps="WGS84")
    row = np.arange(20_000)
    lon, lat, _ = geod.fwd(
        np.full(row.size, 47.0), np.full(row.size, 40.0), np.full(row.size, 63.0), row * 0.01
    )
    np.testing.assert_allclose(along_track(lon, lat), row * 0.01, atol=1e-6)


def test_a_gap_is_unknown_and_bridged_straight() -> None:
    lon = np.array([NAN, 47.0, NAN, 47.0, 47.0])
    lat = np.array([40.0, 40.0, NAN, 40.002, 40.003])
    whole = along_track(lon[[1, 3, 4]], lat[[1, 3, 4]])
    found = along_track(lon, lat)
    np.testing.assert_array_equal(found, [NAN, whole[0], NAN, whole[1], whole[2]])


def test_it_crosses_the_date_line_the_short_way() -> None:
    distance = along_track(np.array([179.999, -179.999]), np.zeros(2))
    assert distance[-1] == pytest.approx(6_378_137.0 * np.radians(0.002))


@pytest.mark.parametrize("size", [0, 1])
def test_short_tracks_have_no_length(size: int) -> None:
    np.testing.assert_array_equal(
        along_track(np.full(size, 47.0), np.full(size, 40.0)), [0.0] * size
    )


def test_no_position_at_all_is_unknown_throughout() -> None:
    assert np.isnan(along_track(np.full(3, NAN), np.full(3, 40.0))).all()


def test_standing_still_adds_nothing() -> None:
    np.testing.assert_array_equal(along_track(np.full(4, 47.0), np.full(4, 40.0)), np.zeros(4))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3,\).*\(2,\)"):
        along_track(np.zeros(3), np.zeros(2))
