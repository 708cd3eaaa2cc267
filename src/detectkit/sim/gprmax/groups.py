"""Long lanes with gprMax: neighbouring shots share a model, and records are those of our solver."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.sim.fdtd import Responses, Shots, Solver
from detectkit.sim.fdtd.plan import Clockwork, clockwork
from detectkit.sim.gprmax.plane import simulate
from detectkit.sim.gprmax.program import Program
from detectkit.sim.scene import Section

TOGETHER = 12
"""Shots in one model: more make it wider, fewer begin it more often."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class InGroups:
    """Answers as `detectkit.sim.fdtd.simulate` does, by gprMax: for `fullwave.respond_by`.

    Parameters
    ----------
    solver
        How our solver would run; the records get its length and interval.
    program
        See `Program.find`.
    together
        Shots in one model.
    progress
        Called with the number of shots just done.

    Raises
    ------
    UsageError
        Antennas beside the grid; see `detectkit.sim.gprmax.on_grid`.
    GprMaxError
        The program failed.
    """

    solver: Solver
    program: Program
    together: int = TOGETHER
    progress: Told | None = None

    def __call__(self, section: Section, shots: Shots) -> Responses:
        """Compute shots that lie along the section in order."""
        clock = clockwork(section.spacing_m, self.solver)
        groups = np.array_split(np.arange(len(shots)), -(-len(shots) // self.together))
        fields = []
        for numbers in groups:
            some = Shots(shots.sources[numbers], shots.receivers[numbers])
            fields.append(self._group(section, some, clock))
            if self.progress is not None:
                self.progress(len(numbers))
        interval_s = clock.every * clock.step_s
        return Responses(np.concatenate(fields), interval_s, self.solver.pulse)

    def _group(self, section: Section, shots: Shots, clock: Clockwork) -> npt.NDArray[np.float32]:
        with tempfile.TemporaryDirectory(prefix="gprmax-") as folder:
            heard = simulate(
                section,
                shots,
                self.solver,
                program=self.program,
                folder=Path(folder),
                interval_s=clock.step_s,
            )
        kept = heard.field[..., :: clock.every][..., : clock.samples]
        short = clock.samples - kept.shape[-1]
        return np.pad(kept, [(0, 0), (0, 0), (0, short)])
