"""What times and places cost: a second of flight, record by record, as the live flow asks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectkit.geo import ArrivalClock, PeerClock, PoseJoin, PoseTrack

SECOND_NS = 1_000_000_000
ROWS_PER_S, RECORDS_PER_S = 2000, 200
RATES = {"positions": 20, "attitudes": 50, "heights": 20}


class Flight:
    """Feeds one second after the other: 2000 sensor rows, 90 samples of the platform."""

    def __init__(self) -> None:
        self.track = PoseTrack()
        self.join = PoseJoin(self.track, lever_arm_m=(0.3, 0.0, 0.5), altimeter_arm_m=(0, 0, 0.4))
        self.clock = ArrivalClock(period_ns=SECOND_NS / ROWS_PER_S)
        self.peer = PeerClock()
        self.second = 0
        self.rows = 0
        self.events = sorted(
            [(n * SECOND_NS // RECORDS_PER_S, "rows") for n in range(RECORDS_PER_S)]
            + [(n * SECOND_NS // rate, kind) for kind, rate in RATES.items() for n in range(rate)]
        )

    def fly_a_second(self) -> None:
        start = self.second * SECOND_NS
        self.peer.push(start + 7, start, start + 1_000_000)
        for at, kind in self.events:
            self.take(kind, start + at)
            self.rows += self.join.ready(start + at).rows
        self.second += 1

    def take(self, kind: str, now: int) -> None:
        if kind == "rows":
            rows = ROWS_PER_S // RECORDS_PER_S
            first = now * ROWS_PER_S // SECOND_NS
            arrival = np.full(rows, now + SECOND_NS // RECORDS_PER_S)
            self.join.push(*self.clock.push(np.arange(first, first + rows), arrival))
            return
        time, one = self.peer.to_host(np.array([now + 7]))[0], np.ones(1)
        if kind == "positions":
            self.track.push_positions(time, one + 1e-8 * now / SECOND_NS, one, one)
        elif kind == "attitudes":
            self.track.push_attitudes(time, 0.1 * one, 0.1 * one, one)
        else:
            self.track.push_heights(time, one)


@pytest.mark.benchmark(group="geo: CPU time per second of flight")
def test_times_and_poses_of_2000_rows_a_second(benchmark: Any) -> None:
    flight = Flight()
    flight.fly_a_second()
    benchmark.pedantic(flight.fly_a_second, rounds=20, warmup_rounds=1)
    assert flight.rows > ROWS_PER_S * (flight.second - 2)
    if benchmark.stats is not None:
        share = benchmark.stats.stats.median
        print(f"\n2000 rows/s, 90 samples/s: {100.0 * share:.2f} % of a core")
        assert share < 0.05


@pytest.mark.benchmark(group="geo: CPU time per 10 000 rows at once")
def test_times_and_poses_of_a_block(benchmark: Any) -> None:
    flight = Flight()
    for _ in range(5):
        flight.fly_a_second()
    time = np.linspace(SECOND_NS, 4 * SECOND_NS, 10_000).astype(np.int64)

    def block() -> None:
        flight.join.push(time)
        flight.join.finish()

    benchmark.pedantic(block, rounds=20, warmup_rounds=1)
    if benchmark.stats is not None:
        print(f"\n{benchmark.stats.stats.median / time.size * 1e9:.0f} ns per pose")
