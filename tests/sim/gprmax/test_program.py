"""Running a program that behaves like gprMax, and how each failure is told."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from detectkit.core import FormatError, MissingDependencyError
from detectkit.sim.fdtd import Pulse, Shots, Solver
from detectkit.sim.gprmax import GprMaxError, Program, Solid, simulate, simulate_solid
from detectkit.sim.gprmax.program import read_traces
from detectkit.sim.scene import Section

STAND_IN = """
import os, sys, h5py
from pathlib import Path
assert os.environ["OMP_NUM_THREADS"] == "1" and "--hide-progress-bars" in sys.argv
assert Path(sys.argv[1]).read_text().startswith("#title: detectkit")
rows = Path("shots.csv").read_text().splitlines()[1:] if Path("shots.csv").exists() else []
names = [f"scene{n + 1}.h5" for n in range(len(rows) // 3)] or ["scene.h5"]
for number, name in enumerate(names):
    with h5py.File(name, "w") as file:
        file.attrs["dt"] = 2e-11
        for receiver in (1, 2):
            file[f"rxs/rx{receiver}/Ez"] = [10.0 * number + receiver, 0.5, -0.25]
"""


def stand_in(folder: Path, text: str) -> Program:
    script = folder / "stand_in.py"
    script.write_text(text)
    return Program((sys.executable, str(script)))


def test_shots_come_back_in_order_on_our_time_base(
    section: Section, shots: Shots, solver: Solver, tmp_path: Path
) -> None:
    """gprMax keeps the field at whole steps from 0 on, as `Responses` does: nothing to shift."""
    told: list[int] = []
    responses = simulate(
        section,
        shots,
        solver,
        program=stand_in(tmp_path, STAND_IN),
        folder=tmp_path / "run",
        progress=told.append,
    )
    assert responses.field.dtype == np.float32
    assert responses.field[..., 0].tolist() == [[1.0, 2.0], [11.0, 12.0]]
    assert responses.interval_s == 2e-11
    assert responses.pulse == solver.pulse
    assert told[-1] == 2
    assert told == sorted(set(told))


def test_a_dipole_of_one_cell_is_scaled_to_one_ampere_metre(solid: Solid, tmp_path: Path) -> None:
    responses = simulate_solid(
        solid,
        pulse=Pulse(6e8),
        window_s=9e-9,
        program=stand_in(tmp_path, STAND_IN),
        folder=tmp_path / "run",
    )
    np.testing.assert_allclose(responses.field[0, :, 0], [100.0, 200.0])


def test_a_failure_is_told_in_its_own_last_lines(tmp_path: Path) -> None:
    program = stand_in(
        tmp_path, "for n in range(50): print('line', n)\nraise SystemExit('no such material')"
    )
    (tmp_path / "scene.in").write_text("#title: detectkit\n")
    with pytest.raises(GprMaxError, match="no such material") as caught:
        program.run(tmp_path / "scene.in", cases=1)
    assert "gprMax ended with code 1" in str(caught.value)
    assert "line 49" in str(caught.value)
    assert "line 10\n" not in str(caught.value)


def test_a_missing_result_is_a_failure_even_if_an_old_one_lies_there(tmp_path: Path) -> None:
    (tmp_path / "scene.in").write_text("#title: detectkit\n")
    (tmp_path / "scene1.h5").write_bytes(b"of last week")
    with pytest.raises(GprMaxError, match=r"left out scene1\.h5, scene2\.h5"):
        stand_in(tmp_path, "pass").run(tmp_path / "scene.in", cases=2)


def test_a_progress_that_stops_the_run_leaves_no_program_behind(tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def enough(_: int) -> None:
        raise EnoughError

    (tmp_path / "scene.in").write_text("#title: detectkit\n")
    text = (
        "import time\nopen('scene1.h5', 'w').close()\nopen('scene2.h5', 'w').close()\n"
        "time.sleep(60)"
    )
    with pytest.raises(EnoughError):
        stand_in(tmp_path, text).run(tmp_path / "scene.in", cases=3, progress=enough)


def test_where_gprmax_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python of an environment, the environment itself, or a command."""
    monkeypatch.delenv("DETECTKIT_GPRMAX", raising=False)
    bin_folder = tmp_path / "gprmax" / "bin"
    bin_folder.mkdir(parents=True)
    for name in ("python", "gprMax"):
        (bin_folder / name).write_text("#!/bin/sh\n")
        (bin_folder / name).chmod(0o755)
    python = str(bin_folder / "python")
    assert Program.find(python).command == (python, "-m", "gprMax")
    assert Program.find(tmp_path / "gprmax").command == (python, "-m", "gprMax")
    assert Program.find(bin_folder / "gprMax").command == (str(bin_folder / "gprMax"),)
    monkeypatch.setenv("DETECTKIT_GPRMAX", python)
    assert Program.find().command == (python, "-m", "gprMax")


def test_a_missing_gprmax_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETECTKIT_GPRMAX", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependencyError, match=r"pip install 'gprMax>=4.0.1'`.*GPRMAX"):
        Program.find()
    with pytest.raises(MissingDependencyError, match="no program at /nowhere/python"):
        Program.find("/nowhere/python")


def test_a_file_without_our_receivers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scene1.h5"
    with h5py.File(path, "w") as file:
        file["rxs/rx1/Ez"] = np.zeros(3)
    with pytest.raises(FormatError, match=r"scene1\.h5.*no rxs/rx2/Ez"):
        read_traces(path, receivers=2)
    with pytest.raises(FormatError, match="found no attribute dt"):
        read_traces(path, receivers=1)
