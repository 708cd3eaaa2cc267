"""The files of a small section are exactly what gprMax is to compute."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.sim.fdtd import Shots, Solver
from detectkit.sim.gprmax import on_grid, write_plane
from detectkit.sim.gprmax.plane import METAL_S_PER_M, merged
from detectkit.sim.scene import Section

COMMANDS = """\
#title: detectkit section
#domain_mode: TM
#omp_threads: 1
#dx_dy_dz: 0.01 0.01 0.01
#domain: 0.210000 0.180000 inf
#pml_cells: 4 4 0 4 4 0
#time_window: 2e-09
#excitation_file: pulse.txt
#geometry_objects_read: 0 0 0 ground.h5 ground
#hertzian_dipole: z 0 0 0 pulse
#rx: 0 0 0
#rx: 0 0 0
#study: gpr shots.csv
"""

POSITIONS = """\
case_id,object_id,x_m,y_m,z_m
shot_1,hertzian_dipole_1,0.070000,0.130000,0.000000
shot_1,rx_1,0.090000,0.130000,0.000000
shot_1,rx_2,0.110000,0.130000,0.000000
shot_2,hertzian_dipole_1,0.100000,0.130000,0.000000
shot_2,rx_1,0.120000,0.130000,0.000000
shot_2,rx_2,0.140000,0.130000,0.000000
"""


def test_one_model_holds_the_windows_of_all_shots(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    """Middles at 0 and 0.03: along -0.05 to 0.08, up 0.04 to -0.06, and four cells around."""
    scene = write_plane(section, shots, solver, folder=tmp_path)
    assert scene.read_text() == COMMANDS
    assert (tmp_path / "shots.csv").read_text() == POSITIONS


def test_every_node_has_the_material_of_its_cell(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    """Beyond the section its edge goes on; metal is a perfect conductor; gprMax's y goes up."""
    write_plane(section, shots, solver, folder=tmp_path)
    table = json.loads((tmp_path / "ground.json").read_text())["materials"]
    with h5py.File(tmp_path / "ground.h5") as file:
        keys = [one.decode() for one in file["material_keys"][:]]
        nodes = file["ID"][2, :, :, 0]
        assert file["ID"].shape == (6, 22, 19, 2)
        assert file["data"].shape == (21, 18, 1)
        assert {keys[one] for one in np.unique(file["ID"][3:])} == {"air"}
        assert file["rigidE"][:].min() == 1
        assert tuple(file.attrs["dx_dy_dz"]) == (0.01, 0.01, 0.01)
    along = np.rint((-0.09 + 0.01 * np.arange(22) + 0.1) / 0.01).astype(int)
    up = np.rint((0.05 - (-0.10 + 0.01 * np.arange(19))) / 0.01).astype(int)
    for i, column in enumerate(np.clip(along, 0, 19)):
        for j, row in enumerate(np.clip(up, 0, 14)):
            entry = table[keys[nodes[i, j]]]
            if section.conductivity_s_per_m[column, row] > 1e6:
                assert entry == {"model": "builtin", "builtin": "pec"}
                continue
            base = entry["base"]
            assert base["relative_permittivity"] == section.permittivity[column, row]
            assert base["electric_conductivity_s_per_m"] == pytest.approx(
                section.conductivity_s_per_m[column, row]
            )
            pole = entry.get("poles", [{"relative_permittivity_difference": 0.0}])[0]
            assert pole["relative_permittivity_difference"] == section.debye_strength[column, row]
    poles = [one["poles"][0]["relaxation_time_s"] for one in table.values() if "poles" in one]
    assert poles == [2e-10]


def test_the_pulse_is_ours(section: Section, shots: Shots, solver: Solver, tmp_path: Path) -> None:
    write_plane(section, shots, solver, folder=tmp_path)
    lines = (tmp_path / "pulse.txt").read_text().splitlines()
    assert lines[0] == "time pulse"
    time_s, current = np.loadtxt(lines[1:]).T
    asked = np.linspace(0.0, 2.0 * solver.pulse.peak_s, 777)
    heard = np.interp(asked, time_s, current)
    assert np.abs(heard - solver.pulse.at(asked)).max() < 2e-5


def test_a_slower_clock_is_asked_for_as_a_share_of_the_longest_step(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    longest_s = 0.01 / (299_792_458.0 * 2.0**0.5)
    scene = write_plane(section, shots, solver, folder=tmp_path, interval_s=0.75 * longest_s)
    line = next(one for one in scene.read_text().splitlines() if "stability" in one)
    assert float(line.split()[1]) == pytest.approx(0.75)
    with pytest.raises(UsageError, match=r"unstable; .* at most 2\.359e-11"):
        write_plane(section, shots, solver, folder=tmp_path, interval_s=1.01 * longest_s)


def test_antennas_beside_the_grid_are_refused_and_can_be_moved(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    beside = Shots(shots.sources + 0.002, shots.receivers + 0.002)
    with pytest.raises(UsageError, match=r"2.00 mm beside .* on_grid"):
        write_plane(section, beside, solver, folder=tmp_path)
    moved = on_grid(section, beside)
    np.testing.assert_allclose(moved.sources, shots.sources, atol=1e-12)
    np.testing.assert_allclose(moved.receivers, shots.receivers, atol=1e-12)


def test_metal_is_one_material_however_many_kinds_there_are(section: Section) -> None:
    cells = np.stack([section.permittivity, section.conductivity_s_per_m, section.debye_strength])
    cells = np.moveaxis(cells, 0, -1).astype(np.float64)
    cells[0, 0, 1] = 3e6
    _, materials = merged(cells)
    assert (materials[:, 1] >= METAL_S_PER_M).sum() == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 60))
def test_many_materials_become_few_and_stay_near(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    cells = np.stack(
        [1.0 + 9.0 * rng.random((12, 9)), 0.05 * rng.random((12, 9)), np.zeros((12, 9))], axis=-1
    )
    cells[3, 3, 1] = 1e7
    numbers, materials = merged(cells, most=most)
    assert len(materials) <= most
    assert materials[:, 0].min() >= 1.0
    assert materials[numbers[3, 3], 1] >= METAL_S_PER_M
    soil = np.ones((12, 9), bool)
    soil[3, 3] = False
    beside = np.abs(materials[numbers] - cells)[soil].max(axis=0)
    assert beside[0] <= 9.0
    assert beside[1] <= 0.05


def test_few_materials_are_kept_to_the_bit(section: Section) -> None:
    cells = np.zeros((4, 3, 3))
    cells[..., 0] = np.linspace(1.0, 7.0, 12).reshape(4, 3)
    numbers, materials = merged(cells, most=12)
    np.testing.assert_array_equal(materials[numbers], cells)


def test_a_section_elsewhere_makes_the_same_model(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    """Heights may be absolute, and lanes begin anywhere."""
    shift = np.array([40.0, 173.0])
    there = replace(section, first_along_m=-0.1 + shift[0], first_up_m=0.05 + shift[1])
    write_plane(section, shots, solver, folder=tmp_path / "here")
    moved = Shots(shots.sources + shift, shots.receivers + shift)
    write_plane(there, moved, solver, folder=tmp_path / "there")
    for name in ("scene.in", "shots.csv", "ground.json", "pulse.txt"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
