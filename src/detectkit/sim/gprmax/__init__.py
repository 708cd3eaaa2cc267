"""The same scenes by gprMax, a solver that is not ours: files out, its program, files in.

gprMax is free software under the GPL. detectkit never imports it: it is a program of its own, in
an environment of its own, and only files pass between the two (see the how-to "Check the full-wave
simulator against gprMax"). Its results are simulated, like ours.
"""

from __future__ import annotations

from detectkit.sim.gprmax.groups import InGroups
from detectkit.sim.gprmax.plane import on_grid, simulate, write_plane
from detectkit.sim.gprmax.program import GprMaxError, Program
from detectkit.sim.gprmax.solid import Box, Dipole, Disc, Ground, Solid, simulate_solid, write_solid

__all__ = [
    "Box",
    "Dipole",
    "Disc",
    "GprMaxError",
    "Ground",
    "InGroups",
    "Program",
    "Solid",
    "on_grid",
    "simulate",
    "simulate_solid",
    "write_plane",
    "write_solid",
]
