"""Finds of all sensors and lanes that lie together are one place; none is lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import Indication
from detectkit.detect.clusters import clusters
from detectkit.detect.found import Found

from .tracks import LATITUDE_DEG, LONGITUDE_DEG, METRES_PER_DEGREE

WITHIN_M = 0.25


def found(
    score: float,
    along_m: float | None,
    *,
    north_m: float | None = None,
    sensor: str = "gpr",
    line: str = "L1",
    depth_m: float = 0.1,
    row: int = 0,
) -> Found:
    """Return a find at a distance along its line and, where told, north of a place."""
    placed = north_m is not None
    one = Indication(
        line=line,
        trace=1,
        first_trace=1,
        last_trace=1,
        along_track_m=along_m,
        longitude_deg=LONGITUDE_DEG if placed else None,
        latitude_deg=LATITUDE_DEG + (north_m or 0.0) / METRES_PER_DEGREE if placed else None,
        twt_s=1e-9,
        depth_m=depth_m,
        depth_error_m=0.02,
        velocity_m_per_s=1e8,
        velocity_source="given",
        score=score,
        rank=0,
    )
    return Found(sensor, sensor, one, line, row)


def test_two_sensors_and_two_lanes_over_one_body_are_one_place() -> None:
    body = [
        found(9.0, 1.0, north_m=0.0),
        found(7.0, 3.0, north_m=0.1, line="L2"),
        found(20.0, 1.1, north_m=0.12, sensor="metal_detector"),
    ]
    far = found(5.0, 2.0, north_m=1.0)
    made = clusters([*body, far], WITHIN_M)
    assert [len(one) for one in made] == [3, 1]
    assert made[0][0].sensor == "metal_detector", "the strongest comes first"


def test_what_one_pass_told_apart_stays_apart() -> None:
    two = [found(9.0, 1.0, north_m=0.0), found(8.0, 1.15, north_m=0.15)]
    assert len(clusters(two, WITHIN_M)) == 2


def test_a_line_that_comes_back_over_a_place_meets_itself() -> None:
    """A whole flight may be one line: out and back again are two passes."""
    two = [found(9.0, 1.0, north_m=0.0), found(8.0, 12.0, north_m=0.1)]
    assert len(clusters(two, WITHIN_M)) == 1


def test_bodies_above_one_another_join_those_of_the_other_lane_at_their_depth() -> None:
    upper, lower = (found(9.0, 1.0, north_m=0.0), found(8.0, 1.0, north_m=0.0, depth_m=0.4))
    other = found(5.0, 4.0, north_m=0.1, line="L2", depth_m=0.37)
    assert clusters([upper, lower, other], WITHIN_M) == [(upper,), (lower, other)]


def test_finds_without_a_position_join_along_their_line_only() -> None:
    radar = found(9.0, 1.0)
    metal = found(6.0, 1.2, sensor="metal_detector")
    elsewhere = found(5.0, 1.0, line="L2", sensor="metal_detector")
    nowhere = found(4.0, None, sensor="metal_detector")
    made = clusters([nowhere, elsewhere, metal, radar], WITHIN_M)
    assert made == [(radar, metal), (elsewhere,), (nowhere,)]


def test_a_find_with_a_position_takes_one_without_on_its_line() -> None:
    radar, metal = found(9.0, 1.0, north_m=0.0), found(6.0, 1.2, sensor="metal_detector")
    assert clusters([radar, metal], WITHIN_M) == [(radar, metal)]


def test_over_the_antimeridian() -> None:
    def at(longitude_deg: float, one: Found) -> Found:
        return replace(one, indication=replace(one.indication, longitude_deg=longitude_deg))

    east = at(179.9999999, found(9.0, 1.0, north_m=0.0))
    west = at(-179.9999999, found(8.0, 1.0, north_m=0.0, line="L2"))
    assert len(clusters([east, west], WITHIN_M)) == 1


def test_nothing_found() -> None:
    assert clusters([], WITHIN_M) == []


FINDS = st.lists(
    st.builds(
        found,
        score=st.sampled_from([4.0, 5.0, 6.5]) | st.floats(4.0, 30.0),
        along_m=st.none() | st.floats(0.0, 3.0),
        north_m=st.none() | st.floats(0.0, 3.0),
        sensor=st.sampled_from(["gpr", "metal_detector"]),
        line=st.sampled_from(["L1", "L2"]),
        depth_m=st.floats(0.0, 0.5),
        row=st.integers(0, 5000),
    ),
    max_size=25,
    unique_by=lambda one: (one.sensor, one.line, one.row),
)


@settings(deadline=None)
@given(finds=FINDS, data=st.data())
def test_the_order_does_not_matter_and_none_is_lost(
    finds: list[Found], data: st.DataObject
) -> None:
    made = clusters(finds, WITHIN_M)
    assert clusters(data.draw(st.permutations(finds)), WITHIN_M) == made
    everything = [one for group in made for one in group]
    assert len(everything) == len(finds)
    assert {id(one) for one in everything} == {id(one) for one in finds}


@settings(deadline=None)
@given(finds=FINDS)
def test_each_lies_within_reach_of_the_strongest(finds: list[Found]) -> None:
    for group in clusters(finds, WITHIN_M):
        first = group[0].indication
        for one in (each.indication for each in group[1:]):
            assert one.score <= first.score
            if first.latitude_deg is not None and one.latitude_deg is not None:
                away_m = abs(first.latitude_deg - one.latitude_deg) * METRES_PER_DEGREE
                assert away_m <= WITHIN_M * 1.001
            else:
                assert first.along_track_m is not None
                assert one.along_track_m is not None
                assert abs(first.along_track_m - one.along_track_m) <= WITHIN_M
