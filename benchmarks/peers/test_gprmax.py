"""Our full-wave solver beside gprMax: one thread each, the same scene, one run.

gprMax (GPL) is a program of its own; nothing of it is imported. With it installed (see
docs/how-to/check-against-gprmax.md):

    DETECTKIT_GPRMAX=/path/to/gprmax/bin/python \\
        python -m pytest benchmarks/peers/test_gprmax.py --benchmark-enable -s

Counted are the cells of one shot's window, the absorbing layer included, times the steps; the same
number for both, though ours leaves out cells that no wave has reached yet or can be heard from any
more. gprMax's start (imports, geometry) is taken out: 5 shots less 1 shot. CPU time of the process.
Equal work, not equal errors: at the same cells ours is of fourth order, gprMax of second.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import MissingDependencyError
from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
from detectkit.sim.fdtd.solve import Run
from detectkit.sim.gprmax import Program, on_grid
from detectkit.sim.gprmax import simulate as by_gprmax
from detectkit.sim.scene import Material, Section, Shape, with_shapes

SPACING_M, COLUMNS, ROWS = 0.005, 400, 240
FEW, MANY, ROUNDS = 1, 5, 3
SOLVER = Solver(12e-9, half_width_m=0.94, above_m=0.1, below_m=0.98, pulse=Pulse(1e9))

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def program() -> Program:
    if "DETECTKIT_GPRMAX" not in os.environ:
        pytest.skip("set DETECTKIT_GPRMAX to the Python of an environment with gprMax (GPL)")
    try:
        return Program.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def section(strength: float) -> Section:
    """Level ground (ε 6, 0.01 S/m) with a disc of radius 5.6 cm, ε 2.9, its top 8 cm deep."""
    up_m = 0.55 - SPACING_M * np.arange(ROWS + 40)
    below = np.clip(0.5 - up_m / SPACING_M, 0.0, 1.0)
    below = np.broadcast_to(below, (COLUMNS + 40, len(up_m)))
    grids = 1.0 + (5.0 - strength) * below, 0.01 * below, strength * below
    soil = Section(SPACING_M, -1.1, 0.55, *[one.astype(np.float32) for one in grids])
    turn = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    outline = 0.056 * np.stack([np.cos(turn), np.sin(turn)], axis=1) - [0.0, 0.136]
    return with_shapes(soil, [Shape(outline, Material(2.9))])


def shots(count: int) -> Shots:
    """Antennas 0.4 m up and 0.1 m apart, 1 cm from shot to shot."""
    sources = np.stack([0.01 * np.arange(count) - 0.05, np.full(count, 0.4)], axis=1)
    return Shots(sources, sources[:, np.newaxis] + [0.1, 0.0])


def ours_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def childrens_s(work: Callable[[], object]) -> float:
    def used() -> float:
        one = resource.getrusage(resource.RUSAGE_CHILDREN)
        return one.ru_utime + one.ru_stime

    before = used()
    work()
    return used() - before


@pytest.mark.parametrize("strength", [0.0, 2.0], ids=["without Debye", "Debye"])
def test_cell_steps_per_cpu_second(strength: float, program: Program, tmp_path: Path) -> None:
    ground = section(strength)
    few, many = (on_grid(ground, shots(count)) for count in (FEW, MANY))
    simulate(ground, few, SOLVER)  # compiles
    here, there, alone = [], [], []
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        here.append(ours_s(lambda: simulate(ground, many, SOLVER)) / MANY)
        alone.append(
            childrens_s(
                lambda f=folder: by_gprmax(ground, few, SOLVER, program=program, folder=f / "few")
            )
        )
        both = childrens_s(
            lambda f=folder: by_gprmax(ground, many, SOLVER, program=program, folder=f / "many")
        )
        there.append((both - alone[-1]) / (MANY - FEW))
    run = Run(ground, few, SOLVER)
    run.shoot(0)
    mine, its = np.median(here), np.median(there)
    print(
        f"\n{run.cell_steps / 1e6:.1f} M cell-steps a trace, {strength = }"
        f"\n  detectkit {1e3 * mine:.0f} ms: {run.cell_steps / mine / 1e6:.0f} M/s"
        f" (computed {100 * run.updated / run.cell_steps:.0f} % of the cells)"
        f"\n  gprMax    {1e3 * its:.0f} ms: {run.cell_steps / its / 1e6:.0f} M/s,"
        f" and {np.median(alone) - its:.1f} s to start"
        f"\n  {its / mine:.1f} times; per round "
        + ", ".join(f"{two / one:.1f}" for one, two in zip(here, there, strict=True))
    )
