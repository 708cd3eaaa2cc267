"""What the monitor tells of streams and instruments, over the last moments and in all."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from detectkit.live.fly import Fly
from detectkit.live.window import LATELY_S, Counts, Window
from detectkit.mission import FlightFolder, Mission


def filled(rows: list[int], *, every_s: float = 1.0) -> Window:
    window = Window()
    for number, count in enumerate(rows):
        window.push(Counts(number * every_s, rows=count))
    return window


def test_a_window_tells_the_growth_of_the_last_seconds() -> None:
    window = filled([0, 10, 20, 30, 130])
    assert window.over(2.0)[:2] == (2.0, 110)
    assert window.over(100.0)[:2] == (4.0, 130)


def test_a_window_of_one_look_tells_nothing_yet() -> None:
    assert filled([500]).over(4.0)[:2] == (0.0, 0)


def test_a_window_holds_a_minute_however_long_the_flight() -> None:
    window = filled(list(range(0, 36_000, 10)))
    assert window.over(1e9)[:2] == (LATELY_S, 600)
    assert len(window._seen) <= LATELY_S + 2


def test_the_rate_begins_anew_with_the_first_rows_behind_an_opened_link() -> None:
    window = filled([0, 100, 200])
    for second, (rows, opened) in enumerate([(200, 1), (200, 0), (250, 0), (350, 0), (450, 0)], 3):
        if opened:
            window.reopened()
        window.push(Counts(float(second), rows=rows))
    assert window.steady(60.0)[:2] == (2.0, 200)
    assert window.over(4.0)[:2] == (4.0, 250)


def test_the_rate_begins_anew_behind_a_pause() -> None:
    window = filled([0, 20, 40, 40, 40, 60, 80])
    assert window.steady(60.0)[:2] == (1.0, 20)
    assert window.over(60.0)[:2] == (6.0, 80)


def test_what_was_lost_while_the_link_was_away_is_still_counted() -> None:
    window = filled([0, 100])
    window.reopened()
    window.push(Counts(2.0, rows=100, dropped=100))
    assert window.over(60.0).dropped == 100
    assert window.steady(60.0).dropped == 0


@pytest.mark.parametrize("moving", [True, False])
def test_the_monitor_tells_place_speed_and_age(moving: bool, tmp_path: Path) -> None:
    text = 'name = "m"\n[[instrument]]\nid = "gnss"\ndriver = "nmea"\n'
    folder = FlightFolder.create(tmp_path, Mission.from_toml(text), host_ns=0, utc_ns=0)
    one = Fly(folder, {})
    now_ns = time.monotonic_ns()
    times = now_ns - np.arange(20, -1, -1, dtype=np.int64) * 100_000_000
    north = 40.0 + (np.arange(21.0) * 0.1 / 111_035.0 if moving else np.zeros(21))
    east, fix = np.full(21, 47.0), np.full(21, 4.0)
    one.worker.flow.track.push_positions(times, east, north, east, fix_quality=fix)
    health = one.monitor.look()
    assert health.platform["speed_m_per_s"] == pytest.approx(1.0 if moving else 0.0, abs=0.01)
    assert health.platform["fix_quality"] == 4.0
    assert health.instruments["gnss"].idle_s is None
    assert not health.recording
    one.worker.flow.track.positions._times -= 10_000_000_000
    assert "longitude_deg" not in one.monitor.look().platform
    one.close_files()
