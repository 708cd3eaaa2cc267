from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError, UsageError
from detectkit.geo import ArrivalClock

Values = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
MS, SECOND = 1_000_000, 1_000_000_000
EPOCH = 10**15


def delays(kind: str, true_ns: Values, *, seed: int = 1) -> Values:
    """Return arrivals: exponential delays of 2 ms, bursts up to 50 ms, three stalls of 2 s."""
    rng = np.random.default_rng(seed)
    delay = rng.exponential(2.0 * MS, true_ns.size)
    if kind != "exponential":
        delay += np.where(rng.random(true_ns.size) < 0.02, 50.0 * MS * rng.random(true_ns.size), 0)
    if kind == "stalls":
        for start in (7.0, 23.0, 40.0):
            held = (true_ns >= start * SECOND) & (true_ns < (start + 2.0) * SECOND)
            delay[held] += (start + 2.0) * SECOND - true_ns[held]
    return np.maximum.accumulate(true_ns + delay)


def flight(kind: str, *, hz: int, ppm: float, seconds: int = 60) -> tuple[Values, Integers, Values]:
    """Return true times, device times and arrivals."""
    true = np.arange(seconds * hz) * (SECOND / hz)
    device = np.round(true * (1.0 + ppm * 1e-6)).astype(np.int64) + 12345
    return true, device, delays(kind, true)


def as_arrival(times: Values) -> Integers:
    return times.astype(np.int64) + EPOCH


@pytest.mark.parametrize("kind", ["exponential", "bursts", "stalls"])
@pytest.mark.parametrize("ppm", [-364.0, 0.0, 364.0])
@pytest.mark.parametrize(("hz", "rms_ms"), [(5, 0.2), (20, 0.05), (100, 0.02), (800, 0.02)])
def test_delays_bursts_and_stalls_do_not_move_the_time(
    kind: str, ppm: float, hz: int, rms_ms: float
) -> None:
    true, device, arrival = flight(kind, hz=hz, ppm=ppm)
    host, stated = ArrivalClock().push(device, as_arrival(arrival))
    error = host - EPOCH - true
    late = true > 15 * SECOND
    assert np.sqrt(np.mean(error[late] ** 2)) < rms_ms * MS
    assert np.abs(error[late]).max() < 5.0 * rms_ms * MS
    assert np.sqrt(np.mean(error[~late] ** 2)) < 1.0 * MS
    assert (np.abs(error) < 3.0 * stated).mean() > 0.99
    assert (np.diff(host) > 0).all()


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 600), max_size=8))
def test_cutting_changes_no_bit(cuts: list[int]) -> None:
    _, device, arrival = flight("stalls", hz=20, ppm=364.0, seconds=30)
    whole = ArrivalClock().push(device, as_arrival(arrival))
    clock = ArrivalClock()
    edges = [0, *sorted(cuts), device.size]
    parts = [clock.push(device[a:b], as_arrival(arrival)[a:b]) for a, b in pairwise(edges)]
    for column in (0, 1):
        np.testing.assert_array_equal(np.concatenate([p[column] for p in parts]), whole[column])


def test_a_counter_with_lost_rows_keeps_the_time() -> None:
    true, _, arrival = flight("bursts", hz=100, ppm=0.0)
    kept = np.random.default_rng(3).random(true.size) > 0.2
    counter = np.arange(true.size)[kept]
    host, _ = ArrivalClock(period_ns=10.0 * MS).push(counter, as_arrival(arrival[kept]))
    error = (host - EPOCH - true[kept])[true[kept] > 15 * SECOND]
    assert np.sqrt(np.mean(error**2)) < 0.02 * MS


def test_a_period_from_the_data_sheet_is_found_out() -> None:
    """The counter runs 3 % faster than it should."""
    true = np.arange(6000) * (SECOND / 103.0)
    clock = ArrivalClock(period_ns=10.0 * MS)
    host, _ = clock.push(np.arange(6000), as_arrival(delays("bursts", true)))
    error = (host - EPOCH - true)[true > 20 * SECOND]
    assert np.sqrt(np.mean(error**2)) < 0.2 * MS
    assert clock.resets == 0


def test_the_device_starting_again_is_a_reset() -> None:
    _, device, arrival = flight("exponential", hz=50, ppm=100.0, seconds=20)
    clock = ArrivalClock()
    clock.push(device, as_arrival(arrival))
    host, error = clock.push(device, as_arrival(arrival) + 35 * SECOND)
    assert clock.resets == 1
    assert error[0] > 10 * MS
    assert np.abs(host[250:] - 35 * SECOND - as_arrival(arrival)[250:]).max() < 40 * MS


@pytest.mark.parametrize("jump_s", [-30.0, 30.0])
def test_a_jump_of_the_device_clock_is_a_reset_once(jump_s: float) -> None:
    true, device, arrival = flight("exponential", hz=50, ppm=0.0, seconds=40)
    device[1000:] += int(jump_s * SECOND)
    clock = ArrivalClock()
    host, _ = clock.push(device, as_arrival(arrival))
    assert clock.resets == 1
    assert np.abs(host - EPOCH - true)[1000:].max() < 10 * MS
    assert (np.diff(host) > 0).all()


def test_row_numbers_that_missed_ten_seconds_start_afresh_within_one() -> None:
    true = np.arange(2000) * 10.0 * MS
    true[1000:] += 10 * SECOND
    clock = ArrivalClock(period_ns=10.0 * MS)
    host, stated = clock.push(np.arange(2000), as_arrival(delays("exponential", true)))
    error = np.abs(host - EPOCH - true)
    assert clock.resets == 1
    assert error[1100:].max() < 20 * MS
    assert (error < 3.0 * stated)[1000:1100].all(), "what cannot be known yet is stated"


def test_a_long_stall_that_is_worked_off_slowly_is_no_reset() -> None:
    """Five seconds late, then the backlog comes at three times the rate."""
    true = np.arange(4000) * 10.0 * MS
    arrival = true.copy()
    backlog = slice(1000, 1750)
    arrival[backlog] = true[1000] + 5 * SECOND + np.arange(750) * (10.0 * MS / 3.0)
    clock = ArrivalClock()
    host, _ = clock.push(true.astype(np.int64), as_arrival(np.maximum.accumulate(arrival)))
    assert clock.resets == 0
    assert np.abs(host - EPOCH - true).max() < 0.1 * MS


def test_the_same_tick_again_has_the_same_time_and_a_late_one_lies_between() -> None:
    ticks = np.array([0, 1, 2, 2, 4, 3, 5], np.int64) * 100 * MS
    host, _ = ArrivalClock().push(ticks, EPOCH + np.arange(7) * 100 * MS)
    assert host[2] == host[3]
    assert host[3] < host[5] < host[4] < host[6]


def test_an_early_row_brings_the_line_down_and_time_still_rises() -> None:
    """The first second was 50 ms late."""
    true = np.arange(500) * 10.0 * MS
    delay = np.where(true < SECOND, 50.0 * MS, 0.0)
    arrival = np.maximum.accumulate(true + delay)
    host, _ = ArrivalClock().push(true.astype(np.int64), as_arrival(arrival))
    assert (np.diff(host) > 0).all()
    assert np.abs(host - EPOCH - true)[115:].max() < 0.01 * MS


@pytest.mark.parametrize("late_ms", [50.0, 900.0])
@pytest.mark.parametrize("seconds", [1, 5, 10])
def test_a_late_start_is_not_taken_for_a_rate(seconds: int, late_ms: float) -> None:
    """Everything comes late for some seconds, then the link recovers."""
    true = np.arange(6000) * 10.0 * MS
    arrival = delays("bursts", true) + np.where(true < seconds * SECOND, late_ms * MS, 0.0)
    host, stated = ArrivalClock().push(
        true.astype(np.int64), as_arrival(np.maximum.accumulate(arrival))
    )
    error = np.abs(host - EPOCH - true)
    assert error[true > (seconds + 2) * SECOND].max() < 6.0 * MS
    assert error[true > (seconds + 20) * SECOND].max() < 0.1 * MS
    assert (error < 3.0 * stated)[true > seconds * SECOND].mean() > 0.95


def test_captured_bursts_become_even(shared_data: Path) -> None:
    """Eight traces of a SkyHub log (captured), 19, 9, 3, 5, 3, 3, 4 ms apart."""
    path = shared_data / "magnetics/geohammer_csv/2020-07-29-14-37-42-position.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    arrival = np.array([int(row["Elapsed"]) for row in rows]) * MS
    trace = np.array([int(row["GPR:Trace"]) for row in rows])
    np.testing.assert_array_equal(np.diff(arrival) // MS, [19, 9, 3, 5, 3, 3, 4])
    period = float(arrival[-1] - arrival[0]) / 7.0
    host, _ = ArrivalClock(period_ns=period).push(trace, arrival)
    assert np.abs(np.diff(host) - period).max() < 0.001 * MS
    assert np.std(np.diff(arrival)) > 5 * MS


def test_nothing_in_nothing_out() -> None:
    host, error = ArrivalClock().push(np.empty(0, np.int64), np.empty(0, np.int64))
    assert host.size == error.size == 0


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(-(2**61), 2**61), st.integers(0, 2**61)), min_size=1, max_size=40
    )
)
def test_any_ticks_and_arrivals_are_answered(rows: list[tuple[int, int]]) -> None:
    ticks, arrival = np.array(rows, np.int64).T
    host, error = ArrivalClock().push(np.ascontiguousarray(ticks), np.ascontiguousarray(arrival))
    assert host.shape == error.shape == (len(rows),)
    assert np.isfinite(error).all()


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(UsageError, match="period must be positive"):
        ArrivalClock(period_ns=0.0)
    with pytest.raises(UsageError, match="tolerance"):
        ArrivalClock(rate_tolerance=0.0)
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        ArrivalClock().push(np.arange(2), np.arange(3))
