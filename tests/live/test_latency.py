"""Latencies are of the whole flight, in a memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.live.latency import Latency, Times

MS = 1_000_000


def test_quantiles_are_never_too_short_and_hardly_too_long() -> None:
    spread = np.random.default_rng(1).lognormal(-4.0, 1.0, 5000)
    times = Times()
    for one in spread:
        times.push(float(one), rows=1)
    for share in (0.5, 0.99):
        told = times.quantile(share)
        assert told is not None
        exact = float(np.quantile(spread, share, method="inverted_cdf"))
        assert exact <= told * (1 + 1e-9) <= exact * 1.025
    assert times.longest_s == spread.max()


def test_without_rows_there_is_no_quantile() -> None:
    assert Times().quantile(0.99) is None


def test_times_count_from_the_arrival_of_the_bytes_to_position_and_to_result() -> None:
    latency = Latency(["gpr"])
    latency.rows_decoded("gpr", 8, 0)
    latency.rows_decoded("gpr", 16, 10 * MS)
    latency.rows_located("gpr", 12, 30 * MS)  # the second record's rows are not all located
    latency.rows_processed("gpr", 4, 40 * MS)
    assert latency.located.rows == latency.processed.rows == 8
    assert latency.located.longest_s == pytest.approx(0.03)
    assert latency.processed.longest_s == pytest.approx(0.04)
    latency.rows_located("gpr", 4, 50 * MS)
    latency.rows_processed("gpr", 1, 60 * MS)
    assert latency.located.rows == 16
    assert latency.processed.rows == 8
    latency.rows_processed("gpr", 0, 70 * MS)
    assert latency.processed.rows == 16
    assert latency.processed.longest_s == pytest.approx(0.06)


def test_other_streams_are_not_followed() -> None:
    latency = Latency(["gpr"])
    latency.rows_decoded("coil", 8, 0)
    latency.rows_located("coil", 8, MS)
    latency.rows_processed("coil", 0, MS)
    assert latency.located.rows == 0
