"""Our solver's plane, corrected, against gprMax in three dimensions: needs gprMax, see the how-to.

Three runs of 10 mm cells, half a minute. `benchmarks/calibrate_spreading.py` has more bodies.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.sim.fdtd import Pulse, Responses, Shots, Solver, simulate
from detectkit.sim.gprmax import Dipole, Disc, Ground, Program, Solid, simulate_solid
from detectkit.sim.scene import Material, Section, Shape, with_shapes
from detectkit.sim.spreading import as_compact, as_dipole
from detectkit.sim.spreading.sources import arriving, dipole_field, frequencies

Values = npt.NDArray[np.float64]

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

SPACING_M, HEIGHT_M, APART_M, WIDTH_M = 0.01, 0.3, 0.28, 0.12
SOIL, PLASTIC, PULSE, WINDOW_S = Material(6.0, 0.01), Material(3.0), Pulse(6e8), 8e-9
INDEX = float(np.sqrt(SOIL.permittivity))
SHOTS = Shots(np.array([[-0.08, HEIGHT_M]]), np.array([[[APART_M - 0.08, HEIGHT_M]]]))
SCENE = Solid(
    SPACING_M,
    (-0.4, -0.3, -0.3),
    (0.4, 0.5, 0.4),
    Dipole((-0.08, HEIGHT_M, 0.0), ((APART_M - 0.08, HEIGHT_M, 0.0),)),
    ground=Ground(SOIL),
)


def in_space(scene: Solid, program: Program, folder: Path, time_s: Values) -> Values:
    heard = simulate_solid(scene, pulse=PULSE, window_s=WINDOW_S, program=program, folder=folder)
    record, finer = heard.field[0, 0], 8
    fine = np.fft.irfft(np.fft.rfft(record, 2 * len(record)), 2 * finer * len(record)) * finer
    return np.interp(time_s, heard.interval_s / finer * np.arange(len(fine)), fine)


def in_plane(*, body: bool) -> Responses:
    up_m = 0.7 - SPACING_M * np.arange(130)
    below = np.broadcast_to(np.clip(0.5 - up_m / SPACING_M, 0.0, 1.0), (180, 130))
    soil = [one.astype(np.float32) for one in (1.0 + 5.0 * below, 0.01 * below, 0.0 * below)]
    section = Section(SPACING_M, -0.9, 0.7, *soil)
    if body:
        corners = [(-0.06, -0.11), (0.06, -0.11), (0.06, -0.06), (-0.06, -0.06)]
        section = with_shapes(section, [Shape(np.array(corners), PLASTIC)])
    solver = Solver(WINDOW_S, half_width_m=0.7, above_m=0.2, below_m=0.8, pulse=PULSE)
    return simulate(section, SHOTS, solver)


def likeness(ours: Values, truth: Values) -> tuple[float, float]:
    """Return level in dB and correlation."""
    size = np.sqrt((ours @ ours) * (truth @ truth))
    return float(10.0 * np.log10((ours @ ours) / (truth @ truth))), float(ours @ truth / size)


def test_echoes_of_ground_and_of_discs_on_and_beside_the_lane(
    program: Program, tmp_path: Path
) -> None:
    ground, there = in_plane(body=False), in_plane(body=True)
    samples = ground.field.shape[2]
    time_s = ground.interval_s * np.arange(samples)
    empty = in_space(SCENE, program, tmp_path, time_s)

    freq_hz = frequencies(samples, ground.interval_s)
    direct = arriving(dipole_field(APART_M, freq_hz), PULSE, freq_hz, samples=samples)
    seen = as_dipole(ground, shots=SHOTS, ground_up_m=0.0, index=INDEX).field[0, 0]
    level_db, match = likeness(seen - direct, empty - direct)
    print(f"\nground {level_db:+.2f} dB, {match:.4f}")
    assert abs(level_db) < 0.5
    assert match > 0.99

    echo = Responses(there.field - ground.field, ground.interval_s, PULSE)
    for across_m in (0.0, 0.1):
        disc = Disc((0.0, -0.11, across_m), 0.05, 0.5 * WIDTH_M, PLASTIC)
        truth = in_space(replace(SCENE, bodies=(disc,)), program, tmp_path, time_s) - empty
        seen = as_compact(
            echo,
            shots=SHOTS,
            centre=(0.0, -0.085),
            ground_up_m=0.0,
            across_m=across_m,
            width_m=WIDTH_M,
            index=INDEX,
        )
        level_db, match = likeness(seen.field[0, 0].astype(np.float64), truth)
        print(f"disc {across_m} m beside {level_db:+.2f} dB, {match:.4f}")
        assert abs(level_db) < 1.5
        assert match > 0.97
