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
from detectkit.sim.gprmax import Dipole, Program, Solid, simulate_solid
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

SPACING_M = 0.005
FIELD = npt.NDArray[np.float32]

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

SOLVER = Solver(12e-9, half_width_m=0.94, above_m=0.1, below_m=0.98, pulse=Pulse(1e9))
"""400 × 240 cells, the absorbing layer included."""


def disc(material: Material) -> Shape:
    """As in the reference scene: radius 5.6 cm, its top 8 cm deep."""
    turn = np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False)
    return Shape(0.056 * np.stack([np.cos(turn), np.sin(turn)], axis=1) - [0.0, 0.136], material)


def level_ground() -> Section:
    up_m = 0.55 - SPACING_M * np.arange(260)
    below = np.broadcast_to(np.clip(0.5 - up_m / SPACING_M, 0.0, 1.0), (440, 260))
    soil = 1.0 + 5.0 * below, 0.01 * below, 0.0 * below
    return Section(SPACING_M, -1.1, 0.55, *[one.astype(np.float32) for one in soil])


def rough_ground() -> Section:
    """Moisture at random, a Debye pole, a rough surface and grass."""
    soil = Subsurface(moisture=0.12, roughness_m=0.012, grass_m=0.1)
    return ground_section(
        soil,
        along_m=(-1.1, 1.1),
        bottom_m=-0.75,
        top_m=0.55,
        spacing_m=SPACING_M,
        seed=5,
    )


def over(section: Section) -> Shots:
    """Antennas 0.4 m up and 0.1 m apart, at two places, on the section's nodes."""
    first, up = section.first_along_m, section.first_up_m
    column = np.rint((np.array([-0.25, 0.0]) - 0.05 - first) / SPACING_M)
    row = np.rint((up - 0.4) / SPACING_M)
    sources = np.stack([first + SPACING_M * column, np.full(2, up - SPACING_M * row)], axis=1)
    return Shots(sources, sources[:, np.newaxis] + [0.1, 0.0])


def both(section: Section, program: Program, folder: Path) -> tuple[FIELD, FIELD]:
    """Return our field and gprMax's at the same times."""
    clock = clockwork(SPACING_M, SOLVER)
    shots = over(section)
    ours = simulate(section, shots, SOLVER)
    theirs = by_gprmax(
        section, shots, SOLVER, program=program, folder=folder, interval_s=clock.step_s
    )
    kept = theirs.field[..., :: clock.every][..., : clock.samples]
    return ours.field[..., : kept.shape[-1]], kept


def apart(one: FIELD, other: FIELD) -> float:
    """Return the difference over the size, both root mean square."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.mark.parametrize(
    ("ground", "body", "scattered_most", "total_most"),
    [
        (level_ground, Material(2.9), 0.001, 0.001),
        (level_ground, METAL, 0.01, 0.005),
        (rough_ground, Material(2.9), 0.01, 0.005),
    ],
    ids=["reference", "metal", "rough ground and Debye"],
)
def test_the_same_fields_on_the_same_cells(
    ground: Callable[[], Section],
    body: Material,
    scattered_most: float,
    total_most: float,
    program: Program,
    tmp_path: Path,
) -> None:
    section = ground()
    without = both(section, program, tmp_path)
    there = both(with_shapes(section, [disc(body)]), program, tmp_path)
    scattered = apart(there[0] - without[0], there[1] - without[1])
    total = apart(there[0], there[1])
    print(f"scattered {scattered:.2e}, total {total:.2e}")
    assert scattered < scattered_most
    assert total < total_most


def test_its_time_base_is_ours(program: Program, tmp_path: Path) -> None:
    """Sample k is at k steps, in the plane as in three dimensions: the fields in closed form."""
    air = np.ones((2, 2), np.float32)
    section = Section(SPACING_M, 0.0, 0.0, air, 0.0 * air, 0.0 * air)
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
    assert apart(dipole.field[0, 0], exact) < 0.02
