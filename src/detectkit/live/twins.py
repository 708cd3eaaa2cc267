"""Simulated instruments in a process of their own: ``python -m detectkit.live.twins SCENARIO``.

It prints one line of JSON with the address of each instrument, another when the flight is over,
and, when its standard input is closed, what each twin spoke; then it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from detectkit.core.settings import build
from detectkit.drivers import Measured, Source, build_instrument, instrument_class
from detectkit.drivers.bench import Bench, Faults
from detectkit.sim import FlightSimulator, Scenario

UTC_START_NS = 1_790_000_000_000_000_000
"""UTC of a simulated flight's first moment, so that a seed gives the same flight each time."""


def source_of(simulator: FlightSimulator, instrument: str, rate_hz: float) -> Source:
    """Return the rows that an instrument measures, by their number: the same in any pieces."""

    def rows(start_ns: int, stop_ns: int) -> Measured | None:
        first, last = (int(np.ceil(one * 1e-9 * rate_hz)) for one in (start_ns, stop_ns))
        if last <= first or first / rate_hz >= simulator.duration_s:
            return None
        time_s = np.arange(first, last, dtype=np.float64) / rate_hz
        device_ns = np.round(time_s * 1e9).astype(np.int64)
        values = simulator.rows(instrument, time_s)
        return Measured(device_ns, values, device_ns + UTC_START_NS)

    return rows


def benches(simulator: FlightSimulator, *, seed: int) -> dict[str, Bench]:
    """Return a bench for each instrument of a scenario, not started."""
    made = {}
    for number, one in enumerate(simulator.scenario.instruments):
        where = f"instrument {one.id!r} of the scenario"
        settings = dict(one.settings)
        if any(known.name == "rate_hz" for known in fields(instrument_class(one.driver))):
            settings.setdefault("rate_hz", one.rate_hz)
        twin = build_instrument(one.driver, settings, where=where).twin()
        twin.rate_hz = one.rate_hz
        faults = build(Faults, dict(one.faults), where=f"faults of {where}")
        source = source_of(simulator, one.id, one.rate_hz)
        made[one.id] = Bench(twin, source, serve=one.serve, faults=faults, seed=seed + number)
    return made


def serve(simulator: FlightSimulator, *, seed: int) -> None:
    """Serve until standard input is closed."""
    threading.excepthook = _failed
    for one in simulator.scenario.instruments:  # what is compiled is compiled before take-off
        simulator.rows(one.id, np.zeros(2))
    made = benches(simulator, seed=seed)
    _warm_up(simulator)
    zero_ns = time.monotonic_ns()
    addresses = {name: bench.start(zero_ns=zero_ns) for name, bench in made.items()}
    _say({"addresses": addresses, "duration_s": simulator.duration_s, "zero_ns": zero_ns})
    threading.Thread(target=_say_the_end, args=(simulator.duration_s,), daemon=True).start()
    sys.stdin.read()
    for bench in made.values():
        bench.close()
    _say({"spoken": {name: _counts(bench) for name, bench in made.items()}})


def _warm_up(simulator: FlightSimulator) -> None:
    """Let all be compiled that is compiled at its first use: no row may be late for that."""
    for one in simulator.scenario.instruments:
        simulator.rows(one.id, np.arange(8) / one.rate_hz)


def _counts(bench: Bench) -> Mapping[str, Any]:
    return asdict(bench.counts)


def _say_the_end(duration_s: float) -> None:
    time.sleep(duration_s)
    _say({"over": True})


def _failed(happened: threading.ExceptHookArgs) -> None:
    """End the process when a twin fails: half a simulation would be mistaken for a fault."""
    threading.__excepthook__(happened)
    sys.stderr.flush()
    os._exit(1)


def _say(fields: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Serve the instruments of a scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args(arguments)
    simulator = FlightSimulator(Scenario.read(given.scenario), seed=given.seed)
    serve(simulator, seed=0 if given.seed is None else given.seed)


if __name__ == "__main__":
    main()
