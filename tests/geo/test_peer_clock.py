from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.geo import PeerClock

MS, SECOND = 1_000_000, 1_000_000_000


def pairs(
    seconds: int, *, ppm: float, seed: int = 0, rate_hz: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return true host time of the answers, device clock, sent and received."""
    rng = np.random.default_rng(seed)
    true = (np.arange(seconds * rate_hz) * (SECOND // rate_hz) + 5 * SECOND).astype(np.float64)
    there, back = rng.exponential(3 * MS, (2, true.size))
    device = true * (1.0 + ppm * 1e-6) + 777 * SECOND
    return true, *(
        one.astype(np.int64) for one in (device, true - 0.2 * MS - there, true + 0.2 * MS + back)
    )


@pytest.mark.parametrize("ppm", [-364.0, 0.0, 364.0])
def test_uneven_round_trips_and_drift_are_seen_through(ppm: float) -> None:
    true, device, sent, received = pairs(120, ppm=ppm)
    clock = PeerClock()
    error, stated = [], []
    for k in range(true.size):
        if clock.ready:
            host, sigma = clock.to_host(device[k : k + 1])
            error.append(host[0] - true[k])
            stated.append(sigma[0])
        clock.push(int(device[k]), int(sent[k]), int(received[k]))
    wrong = np.abs(np.array(error[15:]))
    assert np.sqrt(np.mean(wrong**2)) < 0.8 * MS
    assert (wrong < 2.0 * np.array(stated[15:])).mean() > 0.9


def test_a_reboot_is_answered_at_the_first_pair_and_counted() -> None:
    clock = PeerClock()
    for k in range(10):
        clock.push(k * SECOND, k * SECOND, k * SECOND + MS)
    clock.push(SECOND // 2, 11 * SECOND, 11 * SECOND + MS)
    assert clock.resets == 1
    assert not clock.ready
    host, _ = clock.to_host(np.array([SECOND], np.int64))
    assert host[0] == pytest.approx(11.5 * SECOND, abs=2 * MS)


def test_a_pair_delayed_by_seconds_is_no_reboot() -> None:
    clock = PeerClock()
    for k in range(30):
        late = 3 * SECOND if k == 20 else MS
        clock.push(k * SECOND, k * SECOND, k * SECOND + late)
    host, _ = clock.to_host(np.array([30 * SECOND], np.int64))
    assert clock.resets == 0
    assert abs(int(host[0]) - 30 * SECOND) < MS


def test_times_never_turn_back_where_the_line_is_corrected() -> None:
    _, device, sent, received = pairs(60, ppm=300.0, seed=4)
    clock, last = PeerClock(), -1
    for k in range(device.size):
        if clock.ready:
            between = np.arange(device[k - 1], device[k], 20 * MS)
            host, _ = clock.to_host(between)
            assert host[0] > last
            assert (np.diff(host) > 0).all()
            last = int(host[-1])
        clock.push(int(device[k]), int(sent[k]), int(received[k]))


def test_one_row_or_many_make_no_difference() -> None:
    clock = PeerClock()
    for k in range(5):
        clock.push(k * SECOND + 3, k * SECOND, k * SECOND + MS)
    device = np.arange(0, 6 * SECOND, 7 * MS, dtype=np.int64)
    whole = clock.to_host(device)
    single = [clock.to_host(device[k : k + 1]) for k in range(device.size)]
    for column in (0, 1):
        np.testing.assert_array_equal(np.concatenate([s[column] for s in single]), whole[column])


def test_before_the_first_pair_it_says_so() -> None:
    clock = PeerClock()
    clock.push(0, 10, 5)  # received before it was sent: no pair
    assert not clock.ready
    with pytest.raises(UsageError, match="no TIMESYNC pair"):
        clock.to_host(np.zeros(1, np.int64))


def test_the_error_grows_while_no_pair_comes() -> None:
    clock = PeerClock()
    for k in range(20):
        clock.push(k * SECOND, k * SECOND, k * SECOND + MS)
    _, error = clock.to_host(np.array([19, 60, 600], np.int64) * SECOND)
    assert error[0] < error[1] < error[2]
