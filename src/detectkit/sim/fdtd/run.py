"""What the shots of one call share, and one of them computed."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from detectkit.sim.fdtd.kernel import Medium, Work
from detectkit.sim.fdtd.march import Clock, Memory, march
from detectkit.sim.fdtd.plan import COURANT, Clockwork, clockwork
from detectkit.sim.fdtd.rim import SPARE, remember, rim, rows
from detectkit.sim.fdtd.shots import Responses, Shots, Solver
from detectkit.sim.fdtd.window import Cells, Frame, place
from detectkit.sim.scene.section import Section

MARGIN, SPREAD = 4.0, 1.5
"""Cells that the numerical wave is ahead of light: so many, and so many times the cube root of the
steps (its front widens like Airy's function). What is farther ahead is below all rounding."""


class Run:
    """All that the shots of one call share.

    Parameters
    ----------
    section, shots, solver
        As `simulate` takes them.

    Attributes
    ----------
    responses
        What is heard; complete once each shot was run.
    updated
        Cells computed, over all steps, so far: where no wave can be, none is.
    """

    def __init__(self, section: Section, shots: Shots, solver: Solver) -> None:
        self.steps = clockwork(section.spacing_m, solver)
        self.frame = Frame.of(solver, section.spacing_m)
        self.windows = [place(section, shots, one, self.frame) for one in range(len(shots))]
        self.cells = Cells.of(section, self.steps.step_s)
        self.rim = rim(self.frame.rim, step_s=self.steps.step_s, sigma=self.cells.sigma)
        lines = self.frame.shape[0]
        self.clock = Clock(
            self.steps.drive(solver.pulse), self.steps.every, reach(self.steps, lines)
        )
        field = np.zeros((*shots.receivers.shape[:2], self.steps.samples), np.float32)
        self.responses = Responses(field, self.steps.every * self.steps.step_s, solver.pulse)
        self.updated = 0
        self._lock = threading.Lock()

    @property
    def cell_steps(self) -> int:
        """Cells of the window times steps, of one shot."""
        return self.frame.shape[0] * self.frame.shape[1] * self.steps.steps

    def shoot(self, number: int) -> None:
        """Compute a shot."""
        window = self.windows[number]
        medium = self.cells.cut(window.row, window.column, self.frame.shape)
        memory = _memory(medium, self.frame.rim)
        heard = self.responses.field[number]
        updated = march(medium, self.rim, window.antennas, self.clock, memory, heard)
        with self._lock:
            self.updated += updated


def reach(steps: Clockwork, lines: int) -> npt.NDArray[np.int16]:
    """Return how many columns away a wave can be after so many steps, so many lines away."""
    count = np.arange(steps.steps + 1.0)[:, np.newaxis]
    radius = COURANT * count + MARGIN + SPREAD * np.cbrt(count)
    square = radius**2 - np.arange(lines, dtype=np.float64) ** 2
    return np.where(square < 0.0, -1.0, np.sqrt(np.maximum(square, 0.0))).astype(np.int16)


def _memory(medium: Medium, cells: int) -> Memory:
    lines, width = medium.gain.shape

    def nothing(*shape: int) -> npt.NDArray[np.float32]:
        return np.zeros(shape, np.float32)

    field = lines + 2, width + SPARE + 2
    row = rows(lines, cells)
    work = int(row.max()) + 1, field[1]
    return Memory(
        nothing(*field),
        nothing(*field),
        nothing(lines, width + SPARE) if medium.pole.size > 1 else nothing(1, 1),
        np.zeros((lines, 2), np.int32),
        Work(nothing(*work), nothing(*work), row, np.zeros((lines, 2), np.int32)),
        remember(medium, cells),
    )
