"""The library of mines and clutter, and how a body looks in a vertical section."""

from __future__ import annotations

from detectkit.sim.bodies.body import Body, MetalPart, Part, PlacedBody

__all__ = ["Body", "MetalPart", "Part", "PlacedBody"]
