from __future__ import annotations

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.geo import UtcClock

MS, SECOND = 1_000_000, 1_000_000_000
UTC = 1_790_000_000 * SECOND


def utc_of(clock: UtcClock, host_ns: int) -> int:
    return int(clock.to_utc(np.array([host_ns], np.int64))[0])


def test_the_computers_pair_is_the_beginning() -> None:
    clock = UtcClock(5, UTC)
    assert utc_of(clock, 5 + SECOND) == UTC + SECOND
    assert (clock.source, clock.error_ns >= SECOND, clock.steps) == ("computer", True, 0)


def test_a_better_source_replaces_it() -> None:
    clock = UtcClock(0, UTC + 400 * MS)
    for k in range(1, 30):
        clock.push(k * SECOND, UTC + k * SECOND, error_ns=1 * MS, source="gnss")
    assert abs(utc_of(clock, 30 * SECOND) - UTC - 30 * SECOND) < 0.1 * MS
    assert (clock.source, clock.steps) == ("gnss", 1)
    assert clock.error_ns < 1 * MS


def test_a_worse_source_does_not_spoil_a_better_one() -> None:
    clock = UtcClock(0, UTC)
    for k in range(1, 20):
        clock.push(k * SECOND, UTC + k * SECOND, error_ns=1000.0, source="pps")
        clock.push(k * SECOND, UTC + k * SECOND - 150 * MS, error_ns=100 * MS, source="nmea")
    assert abs(utc_of(clock, 20 * SECOND) - UTC - 20 * SECOND) < 0.01 * MS
    assert clock.source == "pps"


def test_one_wrong_mark_is_rejected() -> None:
    clock = UtcClock(0, UTC)
    for k in range(1, 20):
        wrong = 86_400 * SECOND if k == 10 else 0
        clock.push(k * SECOND, UTC + k * SECOND + wrong, error_ns=1 * MS)
    assert abs(utc_of(clock, 20 * SECOND) - UTC - 20 * SECOND) < MS
    assert (clock.rejected, clock.steps) == (1, 0)


def test_a_computer_in_another_year_is_put_right_by_three_marks() -> None:
    clock = UtcClock(0, 0)
    for k in range(1, 4):
        clock.push(k * SECOND, UTC + k * SECOND, error_ns=1 * MS, source="gnss")
    assert utc_of(clock, 3 * SECOND) == UTC + 3 * SECOND
    assert (clock.steps, clock.source) == (1, "gnss")


def test_marks_that_disagree_with_each_other_put_nothing_right() -> None:
    clock = UtcClock(0, UTC)
    for k in range(1, 12):
        clock.push(k * SECOND, UTC + k * 1000 * SECOND, error_ns=1 * MS)
    assert clock.rejected == 11
    assert utc_of(clock, SECOND) == UTC + SECOND


def test_the_rate_of_the_computers_quartz_is_learnt() -> None:
    """50 ppm: after a minute of marks, a minute without is good to a millisecond."""
    clock = UtcClock(0, UTC)
    for k in range(1, 61):
        clock.push(k * SECOND, UTC + k * (SECOND + 50_000), error_ns=1 * MS)
    assert abs(utc_of(clock, 120 * SECOND) - UTC - 120 * (SECOND + 50_000)) < 1 * MS


def test_a_mark_without_an_error_is_refused() -> None:
    with pytest.raises(UsageError, match="how sure"):
        UtcClock(0, UTC).push(0, UTC, error_ns=0.0)
