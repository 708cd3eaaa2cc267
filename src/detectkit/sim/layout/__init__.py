"""Where the bodies of a minefield lie: patterns, and drawing them from a seed."""

from __future__ import annotations

from detectkit.sim.layout.draw import draw_layout
from detectkit.sim.layout.dug import plugs_of
from detectkit.sim.layout.footprint import Footprint
from detectkit.sim.layout.patterns import (
    PATTERNS,
    Belt,
    Layout,
    Row,
    Scatter,
    Single,
    Surface,
    Trench,
    layout_of,
    layouts_of,
)

__all__ = [
    "PATTERNS",
    "Belt",
    "Footprint",
    "Layout",
    "Row",
    "Scatter",
    "Single",
    "Surface",
    "Trench",
    "draw_layout",
    "layout_of",
    "layouts_of",
    "plugs_of",
]
