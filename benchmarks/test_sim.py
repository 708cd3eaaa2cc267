"""What a simulated flight costs: share of one core at the rates that the recorder must bear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.sim import FlightSimulator, Scenario

START_S, SECONDS, PIECES_PER_S = 30.0, 2.0, 10
CASES = [
    ("load_mission", "gpr"),
    ("load_mission", "magnetometer"),
    ("load_mission", "coil"),
    ("load_mission", "autopilot"),
    ("demo_mission", "gpr"),
    ("demo_mission", "altimeter"),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "instrument"), CASES)
def test_simulated_instrument(name: str, instrument: str, benchmark: Any) -> None:
    """Two seconds of rows in pieces of a tenth; extra_info gives CPU time over simulated time."""
    simulator = FlightSimulator(Scenario.read(detectkit_sim_data.path(f"scenarios/{name}.toml")))
    rate_hz = simulator.scenario.instrument(instrument).rate_hz
    time_s = START_S + np.arange(round(SECONDS * rate_hz)) / rate_hz
    pieces = np.array_split(time_s, round(SECONDS * PIECES_PER_S))
    simulator.rows(instrument, time_s[:1])  # compiles

    def fly() -> int:
        return sum(len(simulator.rows(instrument, one)) for one in pieces)

    assert benchmark.pedantic(fly, rounds=5, warmup_rounds=1) == len(time_s)
    if benchmark.stats is not None:
        benchmark.extra_info["share_of_one_core"] = benchmark.stats.stats.median / SECONDS
