"""The flight: plan, wind, attitude, and what is reported of it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from pyproj import Geod

from detectkit.core import UsageError
from detectkit.sim import PLATFORM_COLUMNS, Episode, FlightSimulator, Wind
from detectkit.sim.route import SMOOTHING_S

Make = Callable[..., FlightSimulator]

WGS84 = Geod(ellps="WGS84")
COLUMN = {name: number for number, name in enumerate(PLATFORM_COLUMNS)}


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, COLUMN[name]]


def whole(simulator: FlightSimulator, step_s: float = 0.02) -> np.ndarray:
    return np.arange(0.0, simulator.duration_s, step_s)


def test_it_is_armed_takes_off_flies_its_lanes_and_lands(simulator: Make) -> None:
    flown = simulator()
    time_s = whole(flown)
    rows = flown.platform(time_s)
    armed, height = column(rows, "armed"), column(rows, "height_m")
    assert (armed[0], armed[-1], armed.max()) == (0.0, 0.0, 1.0)
    assert np.count_nonzero(np.diff(armed)) == 2
    assert height[0] == pytest.approx(0.75, abs=1e-6)
    assert height[-1] == pytest.approx(0.75, abs=1e-3)
    np.testing.assert_allclose(height[armed == 0.0], 0.75, atol=5e-3)
    for lane in flown.truth.lanes:
        inside = (time_s >= lane.start_s) & (time_s < lane.end_s)
        np.testing.assert_allclose(height[inside], 0.95, atol=1e-5)


def test_the_waypoint_rises_at_each_end_of_a_lane(simulator: Make) -> None:
    flown = simulator()
    for lane in flown.truth.lanes:
        edges = np.array([lane.start_s - 1e-6, lane.start_s, lane.end_s - 1e-6, lane.end_s])
        waypoint = column(flown.platform(edges), "waypoint")
        assert list(waypoint) == [
            lane.waypoint - 1,
            lane.waypoint,
            lane.waypoint,
            lane.waypoint + 1,
        ]
    waypoint = column(flown.platform(whole(flown)), "waypoint")
    assert set(np.diff(waypoint)) == {0.0, 1.0}
    assert (waypoint[0], waypoint[-1]) == (0.0, 6.0)


def test_lanes_lie_where_the_plan_puts_them(simulator: Make) -> None:
    flown = simulator()
    first, second = flown.truth.lanes
    for lane, heading in ((first, 30.0), (second, -150.0)):
        azimuth, _, length = WGS84.inv(
            lane.start_longitude_deg, lane.start_latitude_deg,
            lane.end_longitude_deg, lane.end_latitude_deg,
        )  # fmt: skip
        assert azimuth == pytest.approx(heading, abs=1e-3)
        assert length == pytest.approx(5.0, rel=1e-4)
    azimuth, _, spacing = WGS84.inv(
        first.end_longitude_deg, first.end_latitude_deg,
        second.start_longitude_deg, second.start_latitude_deg,
    )  # fmt: skip
    assert azimuth == pytest.approx(120.0, abs=1e-2), "to the right"
    assert spacing == pytest.approx(0.4, rel=1e-3)


def test_in_still_air_the_vehicle_is_on_the_lane_at_its_times(simulator: Make) -> None:
    flown = simulator()
    for lane in flown.truth.lanes:
        rows = flown.platform(np.array([lane.start_s, 0.5 * (lane.start_s + lane.end_s)]))
        lon, lat = column(rows, "longitude_deg"), column(rows, "latitude_deg")
        _, _, away = WGS84.inv(lane.start_longitude_deg, lane.start_latitude_deg, lon[0], lat[0])
        _, _, half = WGS84.inv(lane.start_longitude_deg, lane.start_latitude_deg, lon[1], lat[1])
        # the run-in of 0.5 s is shorter than the smoothing reaches: 4 cm
        assert away == pytest.approx(0.0, abs=0.05)
        assert half == pytest.approx(2.5, abs=1e-3)
    assert flown.scenario.flight.run_in_m > SMOOTHING_S


def test_velocity_is_the_change_of_position(simulator: Make) -> None:
    flown = simulator(wind=Wind(), terrain={"hills_m": 0.2, "slope_deg": 2.0})
    time_s = np.arange(5.0, 15.0, 0.5)
    step = 0.005
    before, now, after = (flown.platform(time_s + shift) for shift in (-step, 0.0, step))
    azimuth, _, distance = WGS84.inv(before[:, 0], before[:, 1], after[:, 0], after[:, 1])
    speed = distance / (2.0 * step)
    east, north = speed * np.sin(np.radians(azimuth)), speed * np.cos(np.radians(azimuth))
    np.testing.assert_allclose(column(now, "velocity_east_m_per_s"), east, atol=2e-3)
    np.testing.assert_allclose(column(now, "velocity_north_m_per_s"), north, atol=2e-3)
    up = (after[:, 2] - before[:, 2]) / (2.0 * step)
    np.testing.assert_allclose(column(now, "velocity_up_m_per_s"), up, atol=2e-3)


def test_wind_moves_it_as_much_as_told(simulator: Make) -> None:
    wind = Wind(horizontal_m=0.1, vertical_m=0.05, height_error_m=0.0)
    still, windy = simulator(), simulator(wind=wind)
    time_s = np.arange(6.0, 20.0, 0.02)
    moved = windy._trajectory.motion(time_s).place - still._trajectory.motion(time_s).place
    np.testing.assert_allclose(moved.std(axis=0), [0.1, 0.1, 0.05], rtol=0.5)
    ground = windy.platform(np.array([0.0, 1.0])) - still.platform(np.array([0.0, 1.0]))
    np.testing.assert_allclose(ground[:, :10], 0.0, atol=1e-9)


def test_it_leans_into_its_acceleration(simulator: Make) -> None:
    flown = simulator()
    lane = flown.truth.lanes[0]
    time_s = np.arange(lane.start_s - 1.5, lane.end_s, 0.01)
    rows = flown.platform(time_s)
    heading = math.radians(30.0)
    forward = column(rows, "velocity_east_m_per_s") * math.sin(heading)
    forward += column(rows, "velocity_north_m_per_s") * math.cos(heading)
    acceleration = np.gradient(forward, time_s)
    pitch = column(rows, "pitch_rad")
    np.testing.assert_allclose(pitch, -np.arctan(acceleration / 9.80665), atol=1e-3)
    assert np.abs(pitch).max() > math.radians(2.0)


def test_an_arm_turns_with_the_vehicle(simulator: Make) -> None:
    flown = simulator()
    for lane, heading in zip(flown.truth.lanes, (30.0, 210.0), strict=True):
        motion = flown._trajectory.motion(np.array([lane.start_s + 2.5]))
        away = motion.at((0.6, 0.1, 0.5)) - motion.place
        sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))
        expected = [[0.6 * sine + 0.1 * cosine, 0.6 * cosine - 0.1 * sine, -0.5]]
        np.testing.assert_allclose(away, expected, atol=1e-6)


def test_axes_are_a_right_handed_frame_and_follow_the_angles(simulator: Make) -> None:
    flown = simulator(wind=Wind(tilt_deg=5.0, yaw_deg=20.0))
    motion = flown._trajectory.motion(np.arange(5.0, 20.0, 0.1))
    forward, right, up = motion.axes()
    np.testing.assert_allclose(np.cross(right, forward), up, atol=1e-12)
    np.testing.assert_allclose(forward[:, 2], np.sin(motion.attitude[:, 1]), atol=1e-12)
    assert np.all(right[motion.attitude[:, 0] > 0.05, 2] < 0.0), "right wing down"


def test_passes_fly_the_same_lanes_backwards(simulator: Make) -> None:
    lanes = simulator(flight={"passes": 2}).truth.lanes
    assert [one.pass_number for one in lanes] == [0, 0, 1, 1]
    assert [one.waypoint for one in lanes] == [3, 5, 7, 9]
    for there, back in ((lanes[1], lanes[2]), (lanes[0], lanes[3])):
        assert there.end_longitude_deg == back.start_longitude_deg
        assert there.start_latitude_deg == back.end_latitude_deg


def test_what_is_reported_is_off_by_the_receivers_errors(simulator: Make) -> None:
    flown = simulator()
    time_s = np.arange(0.0, flown.duration_s, 0.01)
    off = flown.reported(time_s) - flown.platform(time_s)
    north_m = np.radians(column(off, "latitude_deg")) * 6.37e6
    assert 0.004 < np.sqrt(np.mean(north_m**2)) < 0.02
    assert 0.008 < np.sqrt(np.mean(column(off, "up_m") ** 2)) < 0.035
    assert column(off, "velocity_up_m_per_s").std() == pytest.approx(0.03, rel=0.1)
    reported = flown.reported(time_s)
    assert set(column(reported, "fix_quality")) == {4.0}
    assert set(column(reported, "horizontal_error_m")) == {0.01}
    np.testing.assert_array_equal(off[:, COLUMN["waypoint"] :], 0.0)


def test_an_episode_is_told_and_makes_positions_worse(simulator: Make) -> None:
    flown = simulator(receiver={"episodes": (Episode(8.0, 2.0, 5), Episode(12.0, 1.0, 0))})
    time_s = np.arange(6.0, 16.0, 0.01)
    rows, true = flown.reported(time_s), flown.platform(time_s)
    quality = column(rows, "fix_quality")
    float_fix, no_fix = (time_s >= 8.0) & (time_s < 10.0), (time_s >= 12.0) & (time_s < 13.0)
    np.testing.assert_array_equal(quality, np.where(float_fix, 5, np.where(no_fix, 0, 4)))
    off = np.abs(column(rows, "up_m") - column(true, "up_m"))
    good = quality == 4.0
    assert off[no_fix].mean() > 5.0 * off[float_fix].mean() > 25.0 * off[good].mean()
    assert column(rows, "horizontal_error_m")[no_fix].min() == pytest.approx(4.0)
    assert np.isfinite(rows).all(), "plausible and wrong, as receivers are"


def test_latency_reports_the_past(simulator: Make) -> None:
    exact = {
        "horizontal_error_m": 0.0, "vertical_error_m": 0.0, "velocity_error_m_per_s": 0.0,
        "tilt_error_deg": 0.0, "yaw_error_deg": 0.0, "height_error_m": 0.0,
    }  # fmt: skip
    late = simulator(receiver={**exact, "latency_s": 0.25})
    time_s = np.array([8.0, 8.5])
    expected = late.platform(time_s - 0.25)[:, :10]
    np.testing.assert_array_equal(late.reported(time_s)[:, :10], expected)


def test_before_and_after_the_flight_it_stands(simulator: Make) -> None:
    flown = simulator(wind=Wind())
    outside = flown.platform(np.array([-100.0, -50.0, 1e4, 2e4]))
    np.testing.assert_array_equal(outside[0], outside[1])
    np.testing.assert_array_equal(outside[2], outside[3])


def test_a_flight_under_its_own_landing_gear_is_refused(simulator: Make) -> None:
    with pytest.raises(UsageError, match="standing_height_m"):
        simulator(flight={"height_m": 0.5})
