from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from pyproj import Geod
from scipy.spatial.transform import Rotation, Slerp

from detectkit.core import VOCABULARY, ShapeError, UsageError
from detectkit.geo import LocalFrame, PoseJoin, PoseTrack
from detectkit.geo.pose_join import NAMES

Integers = npt.NDArray[np.int64]
MS, SECOND = 1_000_000, 1_000_000_000
FRAME = LocalFrame(36.8, 48.5, 150.0)


def straight(
    *, hz: int = 10, seconds: float = 10.0, speed: float = 1.0, course_rad: float = 0.0
) -> tuple[PoseTrack, Integers]:
    """Return a track of a level flight from the origin of FRAME, 2 m up, and its times."""
    track = PoseTrack()
    times = np.arange(round(seconds * hz) + 1) * (SECOND // hz)
    way = speed * times / SECOND
    lon, lat, up = FRAME.to_geographic(
        way * math.sin(course_rad), way * math.cos(course_rad), up_m=np.full(way.size, 2.0)
    )
    track.push_positions(times, lon, lat, up)
    return track, times


def level(track: PoseTrack, times: Integers, *, roll: float = 0, pitch: float = 0, yaw: float = 0):  # type: ignore[no-untyped-def]
    one = np.ones(times.size)
    track.push_attitudes(times, roll * one, pitch * one, yaw * one)


def local(posed):  # type: ignore[no-untyped-def]
    coords = posed.coords
    return FRAME.to_local(coords["longitude_deg"], coords["latitude_deg"], up_m=coords["up_m"])


def all_of(join: PoseJoin, times: Integers):  # type: ignore[no-untyped-def]
    join.push(times)
    return join.finish()


def test_rows_lie_on_the_straight_line_between_fixes() -> None:
    track, _ = straight(course_rad=0.7)
    times = np.sort(np.random.default_rng(0).integers(0, 10 * SECOND, 500))
    posed = all_of(PoseJoin(track), times)
    east, north, up = local(posed)
    np.testing.assert_allclose(east, math.sin(0.7) * times / SECOND, atol=2e-6)
    np.testing.assert_allclose(north, math.cos(0.7) * times / SECOND, atol=2e-6)
    np.testing.assert_allclose(up, 2.0, atol=2e-5)  # the plane leaves the ellipsoid
    assert set(posed.coords) == set(NAMES)
    assert set(NAMES) <= set(VOCABULARY) | {"waypoint"}


def test_at_the_time_of_a_fix_it_is_that_fix_to_the_bit() -> None:
    track, times = straight()
    posed = all_of(PoseJoin(track), times)
    held = track.positions.held[1]
    np.testing.assert_array_equal(posed.coords["longitude_deg"], held[:, 0])
    np.testing.assert_array_equal(posed.coords["latitude_deg"], held[:, 1])


def test_the_lever_arm_is_turned_by_the_attitude() -> None:
    """Nose to the east, 10 degrees up: by PROJ, from where the antenna is."""
    track, times = straight(course_rad=math.pi / 2)
    level(track, times, pitch=math.radians(10.0), yaw=math.pi / 2)
    join = PoseJoin(track, lever_arm_m=(0.5, 0.2, 0.8))
    posed = all_of(join, np.array([5 * SECOND + 1]))
    east, north, up = local(posed)
    ahead = 0.5 * math.cos(math.radians(10)) + 0.8 * math.sin(math.radians(10))
    below = 0.8 * math.cos(math.radians(10)) - 0.5 * math.sin(math.radians(10))
    assert east[0] == pytest.approx(5.0 + ahead, abs=1e-5)
    assert north[0] == pytest.approx(-0.2, abs=1e-5)
    assert up[0] == pytest.approx(2.0 - below, abs=1e-5)


def test_without_attitude_the_arm_follows_the_course_and_the_error_says_so() -> None:
    track, times = straight(course_rad=2.0)
    blind = all_of(PoseJoin(track, lever_arm_m=(1.0, 0.0, 0.0)), times[20:50])
    level(track, times, yaw=2.0)
    seen = all_of(PoseJoin(track, lever_arm_m=(1.0, 0.0, 0.0)), times[20:50])
    for one, two in zip(local(blind), local(seen), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)
    assert np.isnan(blind.coords["yaw_rad"]).all()
    assert np.isfinite(seen.coords["yaw_rad"]).all()
    more = blind.coords["horizontal_error_m"] ** 2 - seen.coords["horizontal_error_m"] ** 2
    expected = math.radians(15.0) ** 2 - math.radians(2.0) ** 2
    np.testing.assert_allclose(more, expected, rtol=1e-6)


def test_standing_still_without_attitude_the_whole_arm_is_error() -> None:
    track, times = straight(speed=0.0)
    posed = all_of(PoseJoin(track, lever_arm_m=(3.0, 0.0, 0.0)), times)
    np.testing.assert_allclose(posed.coords["horizontal_error_m"], math.hypot(2.5, 3.0))


def test_angles_go_the_short_way_round() -> None:
    track, _ = straight()
    times = np.array([0, 100 * MS])
    track.push_attitudes(times, np.zeros(2), np.zeros(2), np.radians([179.0, -179.0]))
    posed = all_of(PoseJoin(track), np.array([25, 50, 75]) * MS)
    yaw = np.degrees(posed.coords["yaw_rad"])
    np.testing.assert_allclose(yaw % 360.0, [179.5, 180.0, 180.5])


def test_angles_each_for_itself_are_near_the_shortest_turn() -> None:
    """Steps of one degree about all axes, tilts up to 30 degrees: within 0.01 degrees of slerp."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        start = np.radians(rng.uniform([-180, -30, -30], [180, 30, 30]))
        end = start + np.radians(rng.uniform(-1, 1, 3))
        track = PoseTrack()
        track.push_attitudes(np.array([0, 10]) * MS, *np.array([start, end]).T[::-1])
        coords = all_of(PoseJoin(track), np.array([5 * MS])).coords
        ours = [coords[name][0] for name in ("yaw_rad", "pitch_rad", "roll_rad")]
        both = Rotation.from_euler("ZYX", [start, end])
        turn = Slerp([0.0, 1.0], both)(0.5).inv() * Rotation.from_euler("ZYX", ours)
        assert np.degrees(turn.magnitude()) < 0.01


def test_the_date_line_is_no_gap() -> None:
    track = PoseTrack()
    times = np.arange(2) * 100 * MS
    track.push_positions(times, np.array([179.999999, -179.999999]), np.zeros(2), np.zeros(2))
    posed = all_of(PoseJoin(track), np.array([25, 75]) * MS)
    np.testing.assert_allclose(
        posed.coords["longitude_deg"], [179.9999995, -179.9999995], atol=1e-11
    )
    geod = Geod(ellps="WGS84")
    lon = posed.coords["longitude_deg"]
    assert geod.inv(lon[0], 0.0, lon[1], 0.0)[2] == pytest.approx(0.1113, abs=1e-4)


def test_nothing_is_extrapolated_and_the_reasons_are_counted() -> None:
    track, _ = straight(seconds=2.0)
    later = np.array([4 * SECOND, 4 * SECOND + 100 * MS])
    track.push_positions(later, np.full(2, 36.8), np.full(2, 48.5), np.zeros(2))
    join = PoseJoin(track)
    posed = all_of(join, np.array([-1, SECOND, 3 * SECOND, 4 * SECOND, 5 * SECOND]))
    known = np.isfinite(posed.coords["longitude_deg"])
    np.testing.assert_array_equal(known, [False, True, False, True, False])
    assert join.unposed == 3
    assert join.unposed_by_reason == {
        "before the first position held": 1,
        "gap between positions too long": 1,
        "no later position came in time": 1,
    }


def test_the_lag_moves_the_pose_back() -> None:
    track, _ = straight(course_rad=math.pi / 2)
    east, _, _ = local(all_of(PoseJoin(track, lag_ns=200 * MS), np.array([5 * SECOND])))
    assert east[0] == pytest.approx(4.8, abs=1e-5)


def test_errors_add_up() -> None:
    """Reported errors between, and the speed times the error of the time."""
    track = PoseTrack()
    times = np.arange(21) * 100 * MS
    _, lat, _ = FRAME.to_geographic(np.zeros(21), 2.0 * times / SECOND)
    reported = np.where(times < SECOND, 0.02, 0.04)
    track.push_positions(times, np.full(21, 36.8), lat, np.zeros(21), reported, 2 * reported)
    join = PoseJoin(track)
    join.push(np.array([950, 1550]) * MS, np.array([0.0, 20.0 * MS]))
    posed = join.finish()
    np.testing.assert_allclose(
        posed.coords["horizontal_error_m"], [0.03, math.hypot(0.04, 0.04)], rtol=1e-4
    )
    np.testing.assert_allclose(posed.coords["vertical_error_m"], [0.06, 0.08], rtol=1e-4)


def test_a_turn_between_fixes_is_in_the_error() -> None:
    """A circle of 2 m at 2 m/s, four fixes a second: the chord misses it by some 16 mm."""
    track = PoseTrack()
    times = np.arange(41) * 250 * MS
    angle = times / SECOND
    lon, lat, _ = FRAME.to_geographic(2.0 * np.cos(angle), 2.0 * np.sin(angle))
    small = np.full(41, 1e-6)
    track.push_positions(times, lon, lat, np.zeros(41), small, small)
    middle = times[2:-1] + 125 * MS
    posed = all_of(PoseJoin(track), middle)
    east, north, _ = local(posed)
    missed = np.hypot(east - 2 * np.cos(middle / SECOND), north - 2 * np.sin(middle / SECOND))
    np.testing.assert_allclose(posed.coords["horizontal_error_m"], missed, rtol=0.05)
    assert 0.014 < missed.mean() < 0.018


def test_the_worse_of_two_fixes_counts() -> None:
    track = PoseTrack()
    quality = np.array([4.0, 5.0, 4.0, 1.0, np.nan, 4.0])
    times = np.arange(6) * 100 * MS
    at = np.zeros(6)
    track.push_positions(times, at, at, at, fix_quality=quality)
    posed = all_of(PoseJoin(track), times[:-1] + 50 * MS)
    np.testing.assert_array_equal(posed.coords["fix_quality"], [5.0, 5.0, 1.0, 1.0, 4.0])


def test_a_row_waits_for_the_sample_after_it() -> None:
    track, _ = straight(seconds=1.0)
    join = PoseJoin(track)
    join.push(np.array([900, 1050]) * MS)
    assert join.ready(1060 * MS).rows == 1
    assert join.ready(2 * SECOND).rows == 0
    track.push_positions(np.array([1100 * MS]), np.array([36.8]), np.array([48.5]), np.zeros(1))
    posed = join.ready(2 * SECOND)
    assert (posed.rows, join.waiting) == (1, 0)
    assert np.isfinite(posed.coords["longitude_deg"]).all()


def test_a_row_waits_no_longer_than_allowed() -> None:
    track, _ = straight(seconds=1.0)
    join = PoseJoin(track, longest_wait_ns=300 * MS)
    join.push(np.array([1050 * MS]))
    assert join.ready(1350 * MS).rows == 0
    posed = join.ready(1350 * MS + 1)
    assert posed.rows == 1
    assert np.isnan(posed.coords["longitude_deg"]).all()
    assert join.unposed == 1


def test_an_attitude_that_has_gone_silent_holds_nothing_up() -> None:
    track, times = straight()
    level(track, times[:3])
    join = PoseJoin(track)
    join.push(np.array([9 * SECOND]))
    posed = join.ready(9 * SECOND + 50 * MS)
    assert posed.rows == 1
    assert np.isnan(posed.coords["roll_rad"]).all()


def test_fixes_that_stay_bad_are_not_waited_for_longer_than_the_gap() -> None:
    track, times = straight(seconds=1.0)
    join = PoseJoin(track, longest_wait_ns=10 * SECOND)
    join.push(np.array([SECOND + 1]))
    bad = times[-1] + np.arange(1, 6) * 100 * MS
    one = np.ones(5)
    track.push_positions(bad, one, one, one, fix_quality=0.0 * one)
    assert join.ready(int(bad[-1])).rows == 1
    assert join.unposed_by_reason["no later position came in time"] == 1


def test_waypoints_are_steps() -> None:
    track, _ = straight()
    track.push_waypoints(np.array([2, 4]) * SECOND, np.array([7.0, 8.0]))
    posed = all_of(PoseJoin(track), np.array([1, 2, 3, 4, 9]) * SECOND)
    np.testing.assert_array_equal(posed.coords["waypoint"], [np.nan, 7, 7, 8, 8])


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(UsageError, match="gap must be positive"):
        PoseJoin(PoseTrack(), longest_gap_ns=0)
    with pytest.raises(UsageError, match="forward, right, down"):
        PoseJoin(PoseTrack(), lever_arm_m=(math.nan, 0.0, 0.0))
    with pytest.raises(ShapeError, match="one length"):
        PoseJoin(PoseTrack()).push(np.zeros(2, np.int64), np.zeros(3))
