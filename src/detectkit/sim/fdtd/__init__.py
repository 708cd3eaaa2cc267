"""Our full-wave solver: Maxwell's equations in a vertical plane, in the time domain (2-D FDTD)."""

from __future__ import annotations

from detectkit.sim.fdtd.shots import Pulse, Responses, Shots, Solver
from detectkit.sim.fdtd.solve import simulate

__all__ = ["Pulse", "Responses", "Shots", "Solver", "simulate"]
