"""The solver against what is known in closed form: the field itself, in V/m, nothing fitted."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.sim.fdtd import Pulse, Responses, Solver, simulate
from detectkit.sim.fdtd.line_source import line_source
from detectkit.sim.scene.section import AIR, METAL, Material

from .scenes import echo_of_half_space, everywhere, misfit, over, shot

DEBYE_SOIL = Material(4.0, 0.005, 3.0)


def times(heard: Responses) -> np.ndarray:
    return np.arange(heard.field.shape[2]) * heard.interval_s


@pytest.mark.parametrize(
    ("material", "spacing_m"), [(AIR, 0.01), (DEBYE_SOIL, 0.005)], ids=["air", "soil"]
)
def test_a_line_source_is_heard_as_theory_has_it(material: Material, spacing_m: float) -> None:
    away_m = (0.1, 0.3, 0.8)
    shots = shot((0.0023, 0.0041), *((0.0023 + one, 0.0041) for one in away_m))
    pulse = Pulse(6e8)
    solver = Solver(9e-9, half_width_m=0.45, above_m=0.1, below_m=0.1, pulse=pulse)
    heard = simulate(everywhere(material, spacing_m), shots, solver)
    for field, distance_m in zip(heard.field[0], away_m, strict=True):
        truth = line_source(distance_m, pulse, times(heard), material=material)
        assert misfit(field, truth) < 0.005


@pytest.mark.parametrize("ground", [Material(5.0, 0.01), DEBYE_SOIL], ids=["plain", "Debye"])
def test_level_ground_echoes_as_theory_has_it(ground: Material) -> None:
    pulse = Pulse(6e8)
    solver = Solver(6e-9, half_width_m=0.25, above_m=0.06, below_m=0.4, pulse=pulse)
    heard = simulate(over(ground, 0.005), shot((0.0, 0.2), (0.103, 0.2)), solver)
    direct = line_source(0.103, pulse, times(heard), material=AIR)
    echo = echo_of_half_space(ground, pulse, times(heard), rise_m=0.4, apart_m=0.103)
    assert misfit(heard.field[0, 0] - direct, echo) < 0.01


def test_metal_mirrors() -> None:
    pulse = Pulse(6e8)
    solver = Solver(8e-9, half_width_m=0.25, above_m=0.06, below_m=0.4, pulse=pulse)
    heard = simulate(over(METAL, 0.005), shot((0.0, 0.2), (0.1, 0.2)), solver)
    direct = line_source(0.1, pulse, times(heard), material=AIR)
    # The field is nothing at the first metal cell's centre, half a cell below the surface.
    mirrored = line_source(np.hypot(0.1, 0.405), pulse, times(heard), material=AIR)
    assert misfit(heard.field[0, 0] - direct, -mirrored) < 0.01


def test_halving_the_cells_quarters_the_error_at_a_surface() -> None:
    ground, pulse, errors = Material(5.0, 0.01), Pulse(4e8), []
    for spacing_m in (0.02, 0.01):
        solver = Solver(8e-9, half_width_m=0.4, above_m=0.12, below_m=0.5, pulse=pulse)
        heard = simulate(over(ground, spacing_m), shot((0.0, 0.24), (0.1, 0.24)), solver)
        direct = line_source(0.1, pulse, times(heard), material=AIR)
        echo = echo_of_half_space(ground, pulse, times(heard), rise_m=0.48, apart_m=0.1)
        errors.append(misfit(heard.field[0, 0] - direct, echo))
    assert errors[1] < errors[0] / 3.0
