"""Shots through the solver: checks, windows, threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim.fdtd.kernel import Medium, Work
from detectkit.sim.fdtd.march import Clock, Memory, march
from detectkit.sim.fdtd.plan import COURANT, Clockwork, check_spacing, clockwork
from detectkit.sim.fdtd.rim import SPARE, remember, rim, rows
from detectkit.sim.fdtd.shots import Responses, Shots, Solver
from detectkit.sim.fdtd.window import Cells, Frame, place
from detectkit.sim.scene.section import Section

Progress = Callable[[int], None]


def simulate(
    section: Section,
    shots: Shots,
    solver: Solver,
    *,
    threads: int = 1,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Responses:
    """Compute what the receivers hear of every shot, full-wave in the section's plane.

    Maxwell's equations for an electric field across the plane (TM), by Yee's scheme with an
    absorbing rim (CPML) and one Debye pole; of a line source whose current is ``solver.pulse``.

    Parameters
    ----------
    section
        Air and ground.
    shots
        Antennas; where they lie between the cells' centres, six nodes each way stand for them.
    solver
        Length of the record, size of the windows, pulse.
    threads
        Shots computed at a time; they change no bit of the result.
    device
        "cpu", or a PyTorch device such as "cuda" (see `detectkit.sim.cuda.fdtd`).
    progress
        Called with the number of shots done.

    Returns
    -------
    Responses
        Field in V/m, as the 2-D solution of Maxwell's equations has it; the shots' times of record
        are the same in all.

    Raises
    ------
    UsageError
        Cells too coarse for the pulse, a window that leaves out a receiver, an unknown device.

    References
    ----------
    Taflove and Hagness, *Computational Electrodynamics*, 3rd ed. (2005); Roden and Gedney,
    *Microwave and Optical Technology Letters* 27 (2000) 334.

    Examples
    --------
    A wave reaches a receiver 0.3 m away after a nanosecond, the delay of the pulse apart.

    >>> import numpy as np
    >>> from detectkit.sim.fdtd import Pulse, Shots, Solver, simulate
    >>> from detectkit.sim.scene.section import Section
    >>> air, none = np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)
    >>> shots = Shots(np.array([[0.0, 0.0]]), np.array([[[0.3, 0.0]]]))
    >>> solver = Solver(4e-9, half_width_m=0.2, above_m=0.05, below_m=0.05, pulse=Pulse(6e8))
    >>> heard = simulate(Section(0.01, 0.0, 0.0, air, none, none), shots, solver)
    >>> first = np.argmax(np.abs(heard.field[0, 0]) > 10.0) * heard.interval_s
    >>> bool(1e-9 < first < 1e-9 + heard.pulse.peak_s)
    True
    """
    if threads < 1:
        msg = f"threads = {threads}; give 1 or more"
        raise UsageError(msg)
    check_spacing(section, solver.pulse)
    if device != "cpu":
        from detectkit.sim.cuda.fdtd import simulate_torch

        return simulate_torch(section, shots, solver, device=device, progress=progress)
    run = Run(section, shots, solver)
    with ThreadPoolExecutor(threads) as pool:
        for done, _ in enumerate(pool.map(run.shoot, range(len(shots))), start=1):
            if progress is not None:
                progress(done)
    return run.responses


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


MARGIN, SPREAD = 6.0, 3.0


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
