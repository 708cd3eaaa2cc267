"""The solver, the spreading and the antennas together against the ray model's formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from detectkit.core import ShapeError
from detectkit.sim.antenna import Radar, in_air, radargram, record_s
from detectkit.sim.fdtd import Pulse, Responses, Shots, Solver, simulate
from detectkit.sim.refraction import LIGHT_M_PER_S, fresnel
from detectkit.sim.scene import Section
from detectkit.sim.spreading import as_dipole

HEIGHT_M, HALF_M, INDEX = 0.4, 0.06, 6.0**0.5
SHOTS = Shots(np.array([[-HALF_M, HEIGHT_M]]), np.array([[[HALF_M, HEIGHT_M]]]))
RADAR = Radar(centre_hz=0.8e9, samples=180, sample_interval_s=2.5e-11)
PULSE = Pulse(0.8e9)


def test_flat_ground_has_the_counts_of_the_ray_model() -> None:
    spacing = 0.01
    permittivity = np.ones((260, 130), np.float32)
    permittivity[:, 55] = 0.5 * (1.0 + INDEX**2)  # the surface halves this cell
    permittivity[:, 56:] = INDEX**2
    none = np.zeros_like(permittivity)
    section = Section(spacing, -1.3, 0.55, permittivity, none, none)
    solver = Solver(
        record_s(RADAR, PULSE), half_width_m=0.8, above_m=0.06, below_m=0.6, pulse=PULSE
    )
    line = simulate(section, SHOTS, solver)
    heard = as_dipole(line, shots=SHOTS, ground_up_m=0.0, index=INDEX)
    (row,) = radargram(heard, RADAR, air=in_air(heard, SHOTS))
    path = 2.0 * math.hypot(HEIGHT_M, HALF_M)
    expected = RADAR.mirror_counts * fresnel(2.0 * HEIGHT_M / path, INDEX) / path
    assert row.min() == pytest.approx(expected, rel=0.05)
    late_s = row.argmin() * RADAR.sample_interval_s - RADAR.time_zero_s
    assert late_s == pytest.approx(path / LIGHT_M_PER_S, abs=4e-11)
    (bare,) = radargram(heard, RADAR)
    assert np.abs(bare[:90]).max() > 50.0 * np.abs(row[:90]).max()


def test_fields_and_shots_must_go_together() -> None:
    heard = Responses(np.zeros((2, 1, 400), np.float32), 1e-11, PULSE)
    with pytest.raises(ShapeError, match="do not go with"):
        in_air(heard, SHOTS)
