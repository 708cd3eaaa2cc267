from __future__ import annotations

import math

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.geo import PoseJoin, PoseTrack, TerrainGrid

MS, SECOND = 1_000_000, 1_000_000_000
TIMES = np.arange(101) * 50 * MS


def hover(
    distance_m: np.ndarray, *, roll_rad: float = 0.0, up_m: float = 101.0, at: np.ndarray = TIMES
) -> PoseTrack:
    """Return a platform that stands over one place and measures these distances."""
    track = PoseTrack()
    one = np.ones(TIMES.size)
    track.push_positions(TIMES, 36.8 * one, 48.5 * one, up_m * one)
    track.push_attitudes(TIMES, roll_rad * one, 0.0 * one, 0.0 * one)
    track.push_heights(at, distance_m)
    return track


def heights(track: PoseTrack, times: np.ndarray, **arms: tuple[float, float, float]):  # type: ignore[no-untyped-def]
    join = PoseJoin(track, **arms)
    join.push(times)
    return join.finish().coords


def test_the_ground_lies_under_the_antenna_by_the_height() -> None:
    found = heights(hover(np.full(101, 1.0)), TIMES[10:90] + 7 * MS)
    np.testing.assert_allclose(found["height_m"], 1.0, atol=1e-12)
    np.testing.assert_allclose(found["ground_up_m"], 100.0, atol=1e-12)


def test_a_tilted_altimeter_measures_too_long() -> None:
    roll = math.radians(20.0)
    found = heights(hover(np.full(101, 1.0 / math.cos(roll)), roll_rad=roll), TIMES[10:90])
    np.testing.assert_allclose(found["height_m"], 1.0, atol=1e-12)
    assert (found["height_error_m"] > 0.03).all()


def test_sensor_and_altimeter_hang_where_they_hang() -> None:
    """The altimeter 0.2 m, the sensor 0.7 m below the antenna: 0.5 m nearer to the ground."""
    arms = {"lever_arm_m": (0.3, 0.0, 0.7), "altimeter_arm_m": (-0.1, 0.0, 0.2)}
    found = heights(hover(np.full(101, 1.0)), TIMES[10:90], **arms)
    np.testing.assert_allclose(found["height_m"], 0.5, atol=1e-12)
    np.testing.assert_allclose(found["up_m"], 100.3, atol=1e-9)
    np.testing.assert_allclose(found["ground_up_m"], 99.8, atol=1e-9)


def test_single_wrong_echoes_are_taken_out() -> None:
    rng = np.random.default_rng(1)
    distance = 1.0 + 0.01 * rng.standard_normal(101)
    wrong = np.arange(10, 95, 7)
    distance[wrong] = rng.choice([0.3, 2.0, 12.0], wrong.size)
    times = np.arange(10 * 50, 90 * 50, 3) * MS
    found = heights(hover(distance), times)
    assert np.abs(found["height_m"] - 1.0).max() < 0.04
    naive = np.interp(times, TIMES, distance)
    assert np.abs(naive - 1.0).max() > 5.0


def test_a_step_of_the_ground_comes_through_within_three_samples() -> None:
    distance = np.where(TIMES < 2500 * MS, 1.0, 1.6)
    found = heights(hover(distance), np.array([2440, 2510, 2660]) * MS)
    np.testing.assert_allclose(found["height_m"][[0, 2]], [1.0, 1.6], atol=1e-12)
    assert found["height_error_m"][1] > 0.2


def test_a_slope_is_no_spike() -> None:
    distance = 1.0 + 0.5 * TIMES / SECOND
    found = heights(hover(distance), TIMES[20:80] + 25 * MS)
    np.testing.assert_allclose(found["height_m"], 1.0 + 0.5 * (TIMES[20:80] / SECOND + 0.025))


def test_one_missing_echo_is_bridged_and_many_are_not() -> None:
    distance = np.full(101, 1.0)
    distance[20] = np.nan
    distance[50:70] = np.nan
    found = heights(hover(distance), np.array([1010, 3000]) * MS)
    np.testing.assert_array_equal(np.isfinite(found["height_m"]), [True, False])
    assert np.isfinite(found["longitude_deg"]).all()


def test_terrain_is_read_between_its_nodes_and_not_outside() -> None:
    axis = np.array([0.0, 1.0, 3.0])
    grid = TerrainGrid(axis, axis[:2], np.array([[0.0, 1.0, 3.0], [10.0, 11.0, 13.0]]))
    at = grid.at(np.array([0.0, 2.5, 3.0, 3.01, np.nan]), np.array([0.0, 0.25, 1.0, 0.5, 0.5]))
    np.testing.assert_allclose(at, [0.0, 5.0, 13.0, np.nan, np.nan])


def test_where_the_altimeter_is_silent_the_terrain_stands_in() -> None:
    axis_lon, axis_lat = np.array([36.0, 37.0]), np.array([48.0, 49.0])
    terrain = TerrainGrid(axis_lon, axis_lat, np.full((2, 2), 99.5), error_m=2.0)
    track = hover(np.full(50, 1.0), at=TIMES[:50])
    join = PoseJoin(track, terrain=terrain)
    join.push(np.array([SECOND, 4 * SECOND]))
    found = join.finish().coords
    np.testing.assert_allclose(found["height_m"], [1.0, 1.5])
    np.testing.assert_allclose(found["ground_up_m"], [100.0, 99.5])
    assert found["height_error_m"][0] < 0.1
    assert found["height_error_m"][1] > 2.0


def test_terrain_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="latitudes, longitudes"):
        TerrainGrid(np.arange(3.0), np.arange(2.0), np.zeros((3, 2)))
    with pytest.raises(UsageError, match="must rise"):
        TerrainGrid(np.array([1.0, 0.0]), np.arange(2.0), np.zeros((2, 2)))
