"""Full-wave radar along lanes: ground, bodies and solver together."""

from __future__ import annotations

from detectkit.sim.fullwave.lane import (
    Lane,
    LaneResponses,
    Scattered,
    Solve,
    respond,
    respond_by,
    section_of,
)
from detectkit.sim.fullwave.pattern import pattern_of
from detectkit.sim.fullwave.plan import solver_for, spacing_for, wettest_index

__all__ = [
    "Lane",
    "LaneResponses",
    "Scattered",
    "Solve",
    "pattern_of",
    "respond",
    "respond_by",
    "section_of",
    "solver_for",
    "spacing_for",
    "wettest_index",
]
