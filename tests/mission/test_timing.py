"""Numbers of rows: gaps show, rows told twice stay, a new beginning starts afresh."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import Sensor
from detectkit.drivers import Frame, Layout
from detectkit.geo import PeerClock
from detectkit.mission.timing import RowCounter, StreamClock


def counted(counter: RowCounter, values: list[int], modulus: int | None = None) -> list[int]:
    return counter.push(np.array(values, np.int64), len(values), modulus).tolist()


def test_the_example_of_a_trigger_during_acquisition_shows_its_gaps() -> None:
    counter = RowCounter()
    assert counted(counter, [1, 2, 4, 4, 5, 7, 8]) == [0, 1, 3, 4, 5, 7, 8]
    assert counter.missing == 2


def test_a_counter_that_wraps_is_no_gap() -> None:
    counter = RowCounter()
    assert counted(counter, [254, 255, 0, 1, 3], modulus=256) == [0, 1, 2, 3, 5]
    assert counter.missing == 1


def test_a_reboot_begins_again_with_a_gap_of_one() -> None:
    counter = RowCounter()
    assert counted(counter, [70, 71, 0, 1]) == [0, 1, 3, 4]
    assert (counter.restarts, counter.missing) == (1, 1)


def test_without_a_counter_a_link_opened_anew_is_a_gap() -> None:
    counter = RowCounter()
    assert counter.push(None, 2, None).tolist() == [0, 1]
    counter.reopened()
    assert counter.push(None, 2, None).tolist() == [3, 4]


def test_the_first_opening_is_none() -> None:
    counter = RowCounter()
    counter.reopened()
    assert counter.push(None, 2, None).tolist() == [0, 1]


@given(
    st.lists(st.integers(0, 255), min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=5)
)
def test_cutting_changes_no_number(values: list[int], cuts: list[int]) -> None:
    whole = counted(RowCounter(), values, modulus=256)
    pieces, counter = [], RowCounter()
    bounds = sorted({0, len(values), *(one for one in cuts if one < len(values))})
    for start, stop in pairwise(bounds):
        pieces += counted(counter, values[start:stop], modulus=256)
    assert pieces == whole
    assert all(np.diff(whole) >= 1)


def frame(layout: Layout, rows: int, device_ns: list[int] | None = None) -> Frame:
    stamps = None if device_ns is None else np.array(device_ns, np.int64)
    return Frame(layout, np.zeros((rows, 1)), device_ns=stamps)


def test_events_have_the_time_of_their_arrival() -> None:
    layout = Layout("mark", Sensor(), columns=("mark",), irregular=True)
    clock = StreamClock(layout)
    host_ns, error_ns = clock.push(frame(layout, 2), np.arange(2), 77)
    assert host_ns.tolist() == [77, 77]
    assert np.isnan(error_ns).all()


def test_a_known_lag_is_taken_off() -> None:
    layout = Layout("mark", Sensor(), columns=("mark",), irregular=True)
    clock = StreamClock(layout, lag_ns=7)
    assert clock.push(frame(layout, 1), np.arange(1), 77)[0].tolist() == [70]


def test_bursts_do_not_move_the_rows_of_an_even_instrument() -> None:
    layout = Layout("rows", Sensor(), columns=("x",), device_clock="boot")
    clock, period = StreamClock(layout), 10_000_000
    true, told = [], []
    for burst in range(60):
        stamps = [(burst * 10 + row) * period for row in range(10)]
        arrival = 5_000_000_000 + stamps[-1] + 1_000_000
        host_ns, _ = clock.push(frame(layout, 10, stamps), np.arange(10), arrival)
        told += host_ns.tolist()
        true += [5_000_000_000 + one for one in stamps]
    error_s = (np.array(told) - np.array(true))[300:] / 1e9
    assert np.abs(error_s).max() == pytest.approx(0.0, abs=5e-3)


def test_a_reboot_puts_no_row_into_the_past() -> None:
    layout = Layout("rows", Sensor(), columns=("x",), device_clock="boot")
    peer = PeerClock()
    clock = StreamClock(layout, peer)
    second = 1_000_000_000
    for step in range(5):
        peer.push(100 * second + step * second, step * second, step * second + 1_000_000)
    before, _ = clock.push(frame(layout, 1, [105 * second]), np.arange(1), 5 * second)
    assert before[0] == pytest.approx(5 * second, abs=5_000_000)
    rebooted, _ = clock.push(frame(layout, 1, [2 * second]), np.arange(1), 9 * second)
    assert rebooted[0] == pytest.approx(9 * second, abs=100_000_000)
    for step in range(5):
        at = 10 * second + step * second
        peer.push(3 * second + step * second, at, at + 1_000_000)
    after, _ = clock.push(frame(layout, 1, [8 * second]), np.arange(1), 15 * second)
    assert after[0] == pytest.approx(15 * second, abs=5_000_000)


def test_a_receiver_s_rows_are_timed_by_the_utc_they_tell_not_by_their_number() -> None:
    """A fix that is lost on the wire must not move those behind it."""
    layout = Layout("position", Sensor(), columns=("x",), rate_hz=10.0)
    clock = StreamClock(layout)
    utc_ns, step = 1_790_000_000_000_000_000, 100_000_000
    kept = [row for row in range(600) if row % 20 != 7]
    told = []
    for number, row in enumerate(kept):
        stamped = Frame(
            layout, np.zeros((1, 1)), coords={"time_ns": np.array([utc_ns + row * step], np.int64)}
        )
        arrival = 5_000_000_000 + row * step + 2_000_000
        told.append(int(clock.push(stamped, np.array([number]), arrival)[0][0]))
    error_s = (np.array(told) - 5_000_000_000 - np.array(kept) * step) / 1e9
    assert np.abs(error_s[200:]).max() < 5e-3
