"""Scenes in three dimensions as gprMax reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectkit.core import UsageError
from detectkit.sim.fdtd import Pulse
from detectkit.sim.gprmax import Dipole, Solid, write_solid

COMMANDS = """\
#title: detectkit scene
#omp_threads: 1
#dx_dy_dz: 0.01 0.01 0.01
#domain: 0.800000 0.700000 0.600000
#pml_cells: 10
#time_window: 9e-09
#excitation_file: pulse.txt
#material: 6.0 0.01 1 0 m0
#add_dispersion_debye: 1 2.0 1e-10 m0
#material: 3.0 0.0 1 0 m1
#box: 0.000000 0.000000 0.000000 0.800000 0.300000 0.600000 m0
#cylinder: 0.400000 0.190000 0.500000 0.400000 0.240000 0.500000 0.06 m1
#box: 0.390000 0.190000 0.290000 0.410000 0.200000 0.310000 pec
#hertzian_dipole: z 0.320000 0.580000 0.300000 pulse
#rx: 0.480000 0.580000 0.300000
#rx: 0.600000 0.580000 0.300000
"""


def test_ground_first_then_bodies_across_is_the_third_axis(solid: Solid, tmp_path: Path) -> None:
    path = write_solid(solid, pulse=Pulse(6e8), window_s=9e-9, folder=tmp_path)
    assert path.read_text() == COMMANDS
    assert (tmp_path / "pulse.txt").read_text().startswith("time pulse\n")


def test_an_antenna_in_the_absorbing_layer_is_refused(solid: Solid) -> None:
    low = Dipole((-0.08, 0.31, 0.0), solid.dipole.receivers)
    with pytest.raises(UsageError, match=r"0\.100 m of absorbing layer; make the scene"):
        replace(solid, dipole=low)
