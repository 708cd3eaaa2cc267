from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.geo import PoseTrack

MS, SECOND = 1_000_000, 1_000_000_000


def test_memory_is_bounded_and_the_newest_stay() -> None:
    track = PoseTrack(history_ns=10 * SECOND)
    for start in range(0, 100_000, 100):
        times = (start + np.arange(100)) * 10 * MS
        track.push_attitudes(times, *np.zeros((3, 100)))
    times, values = track.attitudes.held
    assert times[-1] == 99_999 * 10 * MS
    assert times[0] == times[-1] - 10 * SECOND
    assert values.shape == (1001, 3)
    assert track.attitudes._times.size <= 4096


def test_a_step_keeps_the_sample_before_the_history() -> None:
    track = PoseTrack(history_ns=SECOND)
    track.push_waypoints(np.array([0, 5, 10]) * SECOND, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(track.waypoints.held[1][:, 0], [2.0, 3.0])


def test_rows_without_a_place_are_no_positions() -> None:
    track = PoseTrack()
    nan = np.nan
    lon = np.array([nan, 1.0, 1.0, 1.0, 1.0, np.inf])
    lat = np.array([1.0, nan, 91.0, 1.0, 1.0, 1.0])
    up = np.array([1.0, 1.0, 1.0, 1.0, nan, 1.0])
    quality = np.array([4.0, 4.0, 4.0, 0.0, nan, 4.0])
    track.push_positions(np.arange(6), lon, lat, up, fix_quality=quality)
    np.testing.assert_array_equal(track.positions.held[0], [4])
    assert track.positions.seen_ns == 5


def test_samples_out_of_order_are_counted() -> None:
    track = PoseTrack()
    track.push_heights(np.array([10, 30, 20, 30, 40]), np.arange(5.0))
    track.push_heights(np.array([40, 35, 50]), np.arange(3.0))
    np.testing.assert_array_equal(track.heights.held[0], [10, 30, 40, 50])
    assert track.out_of_order == {"positions": 0, "attitudes": 0, "heights": 4, "waypoints": 0}


def test_no_echo_is_no_height() -> None:
    track = PoseTrack()
    track.push_heights(np.arange(4), np.array([1.0, np.nan, -1.0, 0.0]))
    np.testing.assert_array_equal(track.heights.held[0], [0, 3])


def test_empty_pushes_change_nothing() -> None:
    track = PoseTrack()
    track.push_waypoints(np.empty(0, np.int64), np.empty(0))
    assert len(track.waypoints) == 0
    assert track.waypoints.newest_ns is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        PoseTrack().push_heights(np.arange(2), np.zeros(3))
    with pytest.raises(UsageError, match="history"):
        PoseTrack(history_ns=0)
