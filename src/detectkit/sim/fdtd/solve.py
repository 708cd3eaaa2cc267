"""Shots through the solver: checks, windows, threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from detectkit.core import UsageError
from detectkit.sim.fdtd.plan import check_spacing
from detectkit.sim.fdtd.run import Run
from detectkit.sim.fdtd.shots import Responses, Shots, Solver
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
