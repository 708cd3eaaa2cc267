"""What a simulated metal detector costs: CPU time per row, by coil, metal and domain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectkit.sim import Channel, Detector, Soil
from detectkit.sim.bodies import PlacedBody, load_library
from detectkit.sim.induction import detector_rows, metal_of_bodies, model_of

ROWS = 1000
GATES = tuple(Channel(f"g{t}", start_s=1e-6 * t, stop_s=1.4e-6 * t) for t in (10, 30, 100))
DETECTORS = {
    "preview": Detector(),
    "loop": Detector(coil="coincident"),
    "double-d": Detector(coil="double-d", receiver_radius_m=0.07, receiver_offset_m=(0.0, 0.07, 0)),
    "pulses": Detector(coil="coincident", mode="time", channels=GATES),
    "filtered": Detector(coil="coincident", time_constant_s=0.05),
}


def bodies(count: int) -> tuple[PlacedBody, ...]:
    """Return mines and clutter along a lane of 10 m."""
    library = load_library()
    names = ("PMN", "PMN-2", "TM-62M", "nail", "cartridge case", "can")
    return tuple(
        PlacedBody(library[names[n % len(names)]], 10.0 * n / count, 0.3 * (n % 3) - 0.3, 0.08)
        for n in range(count)
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [0, 6, 30])
@pytest.mark.parametrize("name", DETECTORS)
def test_rows(name: str, count: int, benchmark: Any) -> None:
    """A thousand rows along a lane; extra_info gives µs per row and the pieces of metal."""
    along = np.linspace(0.0, 10.0, ROWS)
    place = np.column_stack([along, 0.0 * along, 0.3 + 0.0 * along])
    there = bodies(count)

    def walk() -> int:
        rows = detector_rows(
            place, np.array([0.0, 0.0, 1.0]), bodies=there, soil=Soil(), detector=DETECTORS[name],
            time_s=along, seed=1,
        )  # fmt: skip
        return len(rows)

    assert benchmark.pedantic(walk, rounds=5, warmup_rounds=1) == ROWS
    if benchmark.stats is not None:
        benchmark.extra_info["us_per_row"] = 1e6 * benchmark.stats.stats.median / ROWS
        benchmark.extra_info["pieces"] = len(metal_of_bodies(there).parts)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["loop", "pulses"])
def test_building(name: str, benchmark: Any) -> None:
    """Spectra or poles of the metal of thirty bodies."""
    metal = metal_of_bodies(bodies(30))
    built = benchmark.pedantic(
        model_of, (DETECTORS[name], Soil(), metal), {"seed": 1}, rounds=5, warmup_rounds=1
    )
    assert len(built.metal.parts) == len(metal.parts)
