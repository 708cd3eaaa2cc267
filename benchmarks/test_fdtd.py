"""Speed of the full-wave solver, one thread, in CPU time.

The reference scene: 400 x 240 cells of 5 mm, the rim within, 12 ns, a disc in soil of
permittivity 6; and the cost of a patch of 64 traces. Cell-steps count the whole window at
every step; where no wave can be none is computed, which `truly_updated` tells apart.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from detectkit.sim.fdtd import Pulse, Shots, Solver
from detectkit.sim.fdtd.run import Run
from detectkit.sim.scene.section import Section

SPACING_M = 0.005
COLUMNS, ROWS = 400, 240
PULSE = Pulse(1e9)


def scene(*, debye_strength: float) -> Section:
    """Return soil with a disc of 11 cm, its top 8 cm deep; antennas will be 0.4 m over it."""
    permittivity = np.ones((COLUMNS, ROWS), np.float32)
    conductivity, strength = np.zeros_like(permittivity), np.zeros_like(permittivity)
    permittivity[:, 80:] = 6.0 - debye_strength
    conductivity[:, 80:] = 0.01
    strength[:, 80:] = debye_strength
    along = np.arange(COLUMNS)[:, np.newaxis] * SPACING_M
    up = 0.4 - np.arange(ROWS) * SPACING_M
    disc = (along - 1.0) ** 2 + (up + 0.136) ** 2 < 0.056**2
    permittivity[disc], conductivity[disc], strength[disc] = 2.9, 0.0, 0.0
    return Section(SPACING_M, 0.0, 0.4, permittivity, conductivity, strength)


def shots(count: int) -> Shots:
    """Return antennas 0.1 m apart, carried from 0.5 m to 1.5 m along."""
    sources = np.stack([np.linspace(0.45, 1.45, count), np.full(count, 0.4)], axis=1)
    return Shots(sources, (sources + np.array([0.1, 0.0]))[:, np.newaxis])


def window(half_width_m: float, below_m: float, window_s: float) -> Solver:
    return Solver(window_s, half_width_m=half_width_m, above_m=0.05, below_m=below_m, pulse=PULSE)


def measure(benchmark: Any, section: Section, solver: Solver, count: int) -> None:
    runs: list[Run] = []

    def prepare() -> tuple[tuple[Run], dict[str, Any]]:
        runs.append(Run(section, shots(count), solver))
        return (runs[-1],), {}

    def shoot(run: Run) -> None:
        for number in range(count):
            run.shoot(number)

    benchmark.pedantic(shoot, setup=prepare, rounds=3, warmup_rounds=1)
    if benchmark.stats is None:
        return
    seconds, run = benchmark.stats.stats.median, runs[-1]
    rate = run.cell_steps * count / seconds
    benchmark.extra_info["window_cells"] = run.frame.shape
    benchmark.extra_info["million_cell_steps_per_s"] = rate / 1e6
    benchmark.extra_info["truly_updated"] = run.updated / (run.cell_steps * count)
    share = run.updated / (run.cell_steps * count)
    print(
        f"\n{run.frame.shape} cells, {run.steps.steps} steps: {rate / 1e6:.0f} million cell-steps "
        f"per CPU-s ({share * 100:.0f} % truly updated), {seconds / count * 1e3:.0f} ms a trace"
    )


@pytest.mark.benchmark(group="full-wave", timer=time.process_time)
@pytest.mark.parametrize("debye_strength", [0.0, 2.0], ids=["plain", "debye"])
def test_reference_scene(benchmark: Any, debye_strength: float) -> None:
    # 400 x 240 cells, the rim of 12 on each side within.
    solver = window(187 * SPACING_M, 204 * SPACING_M, 12e-9)
    measure(benchmark, scene(debye_strength=debye_strength), solver, 1)


@pytest.mark.benchmark(group="full-wave", timer=time.process_time)
@pytest.mark.parametrize("debye_strength", [0.0, 2.0], ids=["plain", "debye"])
def test_patch_of_64_traces(benchmark: Any, debye_strength: float) -> None:
    measure(benchmark, scene(debye_strength=debye_strength), window(0.7, 0.8, 12e-9), 64)
