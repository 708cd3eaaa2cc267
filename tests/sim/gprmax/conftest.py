"""A small section with a surface, a pole and a piece of metal, shots over it, and gprMax itself."""

from __future__ import annotations

import os

import numpy as np
import pytest

from detectkit.core import MissingDependencyError
from detectkit.sim.fdtd import Pulse, Shots, Solver
from detectkit.sim.gprmax import Box, Dipole, Disc, Ground, Program, Solid
from detectkit.sim.scene import METAL, Material, Section

SPACING_M = 0.01


@pytest.fixture
def section() -> Section:
    """20 columns from along -0.1 on, 15 rows from up 0.05 down; the ground starts at up 0."""
    permittivity = np.ones((20, 15), np.float32)
    permittivity[:, 5:] = 6.0
    conductivity = np.zeros((20, 15), np.float32)
    conductivity[:, 5:] = 0.01
    conductivity[10, 8] = 1e7
    strength = np.zeros((20, 15), np.float32)
    strength[:, 10:] = 2.0
    return Section(SPACING_M, -0.1, 0.05, permittivity, conductivity, strength, 2e-10)


@pytest.fixture
def shots() -> Shots:
    """Two shots, 3 cm over the ground; two receivers each."""
    sources = np.array([[-0.02, 0.03], [0.01, 0.03]])
    away = np.array([[0.02, 0.0], [0.04, 0.0]])
    return Shots(sources, sources[:, np.newaxis] + away)


@pytest.fixture
def solver() -> Solver:
    """5 cm to both sides of the middle, 1 cm over the source, 9 cm under it, 4 cells of rim."""
    return Solver(
        2e-9,
        half_width_m=0.05,
        above_m=0.01,
        below_m=0.09,
        absorbing_cells=4,
        pulse=Pulse(1e9),
    )


@pytest.fixture
def solid() -> Solid:
    """Debye soil, a dielectric disc beside the plane, a metal pin in it; antennas 0.28 m up."""
    mine = Disc((0.0, -0.11, 0.2), 0.05, 0.06, Material(3.0))
    pin = Box((-0.01, -0.11, -0.01), (0.01, -0.1, 0.01), METAL)
    return Solid(
        0.01,
        (-0.4, -0.3, -0.3),
        (0.4, 0.4, 0.3),
        Dipole((-0.08, 0.28, 0.0), ((0.08, 0.28, 0.0), (0.2, 0.28, 0.0))),
        ground=Ground(Material(6.0, 0.01, 2.0)),
        bodies=(mine, pin),
    )


@pytest.fixture
def program() -> Program:
    """The real gprMax, or skip."""
    if "DETECTKIT_GPRMAX" not in os.environ:
        pytest.skip("set DETECTKIT_GPRMAX to the Python of an environment with gprMax (GPL)")
    try:
        return Program.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))
