"""Make the tiny full-wave flights, their truth, and their entries in the registry.

Run ``python -m detectkit_sim_data.recipes.make_flights [FOLDER]``; without a folder it replaces
the files of the package itself. The same machine and versions make the same bytes; another
machine makes the same traces to within a count or two.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from detectkit.sim import Scenario
from detectkit.synthesis.flight import FlightWork, simulate_flight
from detectkit_sim_data.recipes.registry import write_registry

PACKAGE = Path(__file__).resolve().parent.parent
FLIGHTS = ("ap_row", "at_hill", "empty_clutter")


def make(name: str, folder: Path, *, threads: int = 1) -> Path:
    """Write one flight and its truth into `folder`; return the flight's path."""
    scenario = Scenario.read(PACKAGE / "flights" / f"{name}.toml")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.h5"
    simulate_flight(scenario, path, work=FlightWork(threads), existing="replace")
    return path


def main(arguments: Sequence[str]) -> None:
    """Make the flights in the folder given, or in the package."""
    folder = Path(arguments[0]) if arguments else PACKAGE / "flights"
    for name in FLIGHTS:
        make(name, folder, threads=os.cpu_count() or 1)
    if not arguments:
        write_registry(PACKAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
