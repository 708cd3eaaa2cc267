"""What must hold over any ground: energy, reciprocity, open ends, the same bits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
from detectkit.sim.scene.section import Material, Section

from .scenes import everywhere, over, random_ground, shot

PULSE = Pulse(3e8)


def test_source_and_receiver_change_places() -> None:
    """Over ground of no order at all, metal in it, one of the two buried."""
    air, buried = (0.123, 0.054), (0.277, -0.106)
    heard = [
        simulate(
            random_ground(1),
            shot(source, receiver),
            Solver(15e-9, half_width_m=0.5, above_m=above_m, below_m=0.64 - above_m, pulse=PULSE),
        ).field
        # The same window about both, measured from either.
        for source, receiver, above_m in ((air, buried, 0.24), (buried, air, 0.40))
    ]
    assert np.abs(heard[0] - heard[1]).max() < 1e-5 * np.abs(heard[0]).max()


@pytest.mark.parametrize("relaxation_s", [1e-10, 5e-12], ids=["slow", "faster than a step"])
def test_energy_leaves_and_never_comes_back(relaxation_s: float) -> None:
    ground = random_ground(2)
    grids = ground.permittivity, ground.conductivity_s_per_m, ground.debye_strength
    section = Section(0.01, 0.0, 0.15, *grids, relaxation_s)
    solver = Solver(150e-9, half_width_m=0.2, above_m=0.06, below_m=0.4, pulse=PULSE)
    heard = np.abs(simulate(section, shot((0.15, 0.06), (0.2, 0.06)), solver).field[0, 0])
    peaks = [part.max() for part in np.array_split(heard, 6)]
    assert peaks[-1] < 1e-5 * peaks[0]
    assert all(late <= early + 1e-6 * peaks[0] for early, late in pairwise(peaks))


@pytest.mark.parametrize(
    "ground", [Material(), Material(6.0), Material(5.0, 0.01, 3.0)], ids=["air", "soil", "Debye"]
)
def test_the_rim_sends_less_than_a_thousandth_back(ground: Material) -> None:
    section, shots = over(ground, 0.01, rows=200), shot((0.0, 0.15), (0.1, 0.15))
    sizes = (0.2, 0.05, 0.35), (0.9, 0.9, 0.95)
    small, large = (
        simulate(
            section,
            shots,
            Solver(5e-9, half_width_m=half_m, above_m=above_m, below_m=below_m, pulse=PULSE),
        ).field
        for half_m, above_m, below_m in sizes
    )
    assert np.abs(small - large).max() < 1e-3 * np.abs(large).max()


def test_threads_and_company_change_no_bit() -> None:
    sources = np.array([[0.101, 0.05], [0.153, 0.061], [0.204, 0.057], [0.31, 0.05]])
    shots = Shots(sources, sources[:, np.newaxis] + np.array([[0.05, 0.0], [-0.02, 0.011]]))
    solver = Solver(5e-9, half_width_m=0.2, above_m=0.06, below_m=0.2, pulse=PULSE)
    done: list[int] = []
    one = simulate(random_ground(3), shots, solver, progress=done.append).field
    assert done == [1, 2, 3, 4]
    np.testing.assert_array_equal(simulate(random_ground(3), shots, solver, threads=3).field, one)
    alone = Shots(shots.sources[2:3], shots.receivers[2:3])
    np.testing.assert_array_equal(simulate(random_ground(3), alone, solver).field[0], one[2])


def test_a_smaller_shift_than_a_cell_is_a_shift() -> None:
    """Antennas carried along a level ground hear the same wherever they are on the grid."""
    section = over(Material(5.0, 0.01), 0.01)
    solver = Solver(6e-9, half_width_m=0.3, above_m=0.06, below_m=0.3, pulse=PULSE)
    heard = [
        simulate(section, shot((along, 0.15), (along + 0.1, 0.15)), solver).field[0, 0]
        for along in (0.0, 0.0025, 0.005, 0.0071)
    ]
    for field in heard[1:]:
        assert np.abs(field - heard[0]).max() < 1e-3 * np.abs(heard[0]).max()


@settings(max_examples=12, deadline=None)
@given(
    columns=st.integers(1, 30),
    rows=st.integers(1, 30),
    along=st.floats(-0.4, 0.4),
    up=st.floats(-0.3, 0.3),
    seed=st.integers(0, 99),
)
def test_any_section_gives_a_finite_field(
    columns: int, rows: int, along: float, up: float, seed: int
) -> None:
    """Windows may leave the section, or never meet it: its edges go on."""
    ground = random_ground(seed, columns=max(columns, 20), rows=max(rows, 20) + 15)
    cut = np.s_[:columns, -rows:]
    section = Section(
        0.01,
        0.0,
        0.0,
        ground.permittivity[cut].copy(),
        ground.conductivity_s_per_m[cut].copy(),
        ground.debye_strength[cut].copy(),
    )
    solver = Solver(3e-9, half_width_m=0.1, above_m=0.05, below_m=0.1, pulse=PULSE)
    field = simulate(section, shot((along, up), (along + 0.03, up)), solver).field
    assert np.isfinite(field).all()
    assert np.abs(field).max() < 1e4


def test_samples_come_often_enough_and_at_whole_steps() -> None:
    solver = Solver(3e-9, half_width_m=0.1, above_m=0.05, below_m=0.1, pulse=PULSE)
    heard = simulate(everywhere(Material(), 0.01), shot((0.0, 0.0), (0.05, 0.0)), solver)
    assert heard.interval_s <= 50e-12
    assert (heard.field.shape[2] - 1) * heard.interval_s <= 3e-9
    assert heard.field.shape[2] * heard.interval_s > 3e-9
    assert heard.field.dtype == np.float32
    assert heard.pulse == PULSE
