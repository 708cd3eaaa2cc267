"""Our full-wave solver against gprMax on the same cells: needs gprMax, see the how-to.

DETECTKIT_GPRMAX=/path/to/gprmax/bin/python python -m pytest tests/sim/gprmax -m peers
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
from detectkit.sim.fdtd.line_source import line_source
from detectkit.sim.fdtd.plan import clockwork
from detectkit.sim.gprmax import Dipole, Program, Solid, on_grid, simulate_solid
from detectkit.sim.gprmax import simulate as by_gprmax
from detectkit.sim.scene import (
    AIR,
    METAL,
    Material,
    Section,
    Shape,
    Subsurface,
    ground_section,
    with_shapes,
)
from detectkit.sim.spreading.sources import arriving, dipole_field, frequencies

FIELD = npt.NDArray[np.float32]

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

SOLVER = Solver(9e-9, half_width_m=0.5, above_m=0.1, below_m=0.85, pulse=Pulse(1e9))
HALF_M, TOP_M, BOTTOM_M = 0.6, 0.55, -0.55
FINE_M, COARSE_M = 0.0025, 0.005


def disc(material: Material) -> Shape:
    """Radius 5.6 cm, its top 8 cm deep."""
    turn = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    return Shape(0.056 * np.stack([np.cos(turn), np.sin(turn)], axis=1) - [0.0, 0.136], material)


def level_ground(spacing_m: float) -> Section:
    """Permittivity 6, 0.01 S/m."""
    along_m = np.arange(-HALF_M, HALF_M, spacing_m)
    up_m = np.arange(TOP_M, BOTTOM_M, -spacing_m)
    below = np.clip(0.5 - up_m / spacing_m, 0.0, 1.0)
    below = np.broadcast_to(below, (len(along_m), len(up_m)))
    soil = 1.0 + 5.0 * below, 0.01 * below, 0.0 * below
    return Section(spacing_m, -HALF_M, TOP_M, *[one.astype(np.float32) for one in soil])


def rough_ground(spacing_m: float) -> Section:
    """Moisture at random, a Debye pole, a rough surface and grass."""
    return ground_section(
        Subsurface(moisture=0.12, roughness_m=0.012, grass_m=0.1),
        along_m=(-HALF_M, HALF_M),
        bottom_m=BOTTOM_M,
        top_m=TOP_M,
        spacing_m=spacing_m,
        seed=5,
    )


def both(section: Section, program: Program, folder: Path) -> tuple[FIELD, FIELD]:
    """Return our field and gprMax's at the same times: antennas 0.4 m up, 0.1 m apart."""
    clock = clockwork(section.spacing_m, SOLVER)
    shots = on_grid(section, Shots(np.array([[-0.05, 0.4]]), np.array([[[0.05, 0.4]]])))
    ours = simulate(section, shots, SOLVER)
    theirs = by_gprmax(
        section, shots, SOLVER, program=program, folder=folder, interval_s=clock.step_s
    )
    kept = theirs.field[..., :: clock.every][..., : clock.samples]
    return ours.field[..., : kept.shape[-1]], kept


def apart(one: FIELD, other: FIELD) -> float:
    """Return the difference over the size, both root mean square."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def differences(
    section: Section, body: Material, program: Program, folder: Path
) -> tuple[float, float]:
    """Return the difference of the disc's echo, and of the whole field."""
    without = both(section, program, folder)
    there = both(with_shapes(section, [disc(body)]), program, folder)
    scattered = apart(there[0] - without[0], there[1] - without[1])
    total = apart(there[0], there[1])
    print(f"\n{section.spacing_m} m: scattered {scattered:.2e}, total {total:.2e}")
    return scattered, total


@pytest.mark.parametrize("ground", [level_ground, rough_ground])
@pytest.mark.parametrize("body", [Material(2.9), METAL], ids=["plastic", "metal"])
def test_the_same_fields_on_the_same_cells(
    ground: Callable[[float], Section], body: Material, program: Program, tmp_path: Path
) -> None:
    scattered, total = differences(ground(FINE_M), body, program, tmp_path)
    assert scattered < 0.05
    assert total < 0.01


def test_what_differs_is_gprmax_s_own_dispersion(program: Program, tmp_path: Path) -> None:
    """It falls with the square of the cell: gprMax is of second order, ours of fourth."""
    coarse, _ = differences(level_ground(COARSE_M), Material(2.9), program, tmp_path)
    fine, _ = differences(level_ground(FINE_M), Material(2.9), program, tmp_path)
    assert 3.0 < coarse / fine < 5.0


def test_its_time_base_is_ours(program: Program, tmp_path: Path) -> None:
    """Sample k is at k steps, in the plane as in three dimensions: the fields in closed form."""
    air = np.ones((2, 2), np.float32)
    section = Section(COARSE_M, 0.0, 0.0, air, 0.0 * air, 0.0 * air)
    shots = Shots(np.array([[0.0, 0.0]]), np.array([[[0.2, 0.0]]]))
    solver = Solver(3e-9, half_width_m=0.3, above_m=0.2, below_m=0.2, pulse=Pulse(8e8))
    line = by_gprmax(section, shots, solver, program=program, folder=tmp_path)
    time_s = line.interval_s * np.arange(line.field.shape[-1])
    exact = line_source(0.2, solver.pulse, time_s, material=AIR)
    assert apart(line.field[0, 0], exact) < 0.01

    solid = Solid(
        0.01,
        (-0.2, -0.2, -0.2),
        (0.4, 0.2, 0.2),
        Dipole((0.0, 0.0, 0.0), ((0.2, 0.0, 0.0),)),
    )
    dipole = simulate_solid(
        solid, pulse=Pulse(5e8), window_s=5e-9, program=program, folder=tmp_path / "solid"
    )
    samples = dipole.field.shape[-1]
    freq_hz = frequencies(samples, dipole.interval_s)
    exact = arriving(dipole_field(0.2, freq_hz), Pulse(5e8), freq_hz, samples=samples)
    assert apart(dipole.field[0, 0], exact) < 0.03
