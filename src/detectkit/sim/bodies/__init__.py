"""The library of mines and clutter, and how a body looks in a vertical section."""

from __future__ import annotations

from detectkit.sim.bodies.body import Body, Category, MetalContent, MetalPart, Part, PlacedBody
from detectkit.sim.bodies.cut import area_m2, bounding_radius_m, centre, cut, extent_across_m
from detectkit.sim.bodies.library import Fact, Library, Source, library_of, load_library

__all__ = [
    "Body",
    "Category",
    "Fact",
    "Library",
    "MetalContent",
    "MetalPart",
    "Part",
    "PlacedBody",
    "Source",
    "area_m2",
    "bounding_radius_m",
    "centre",
    "cut",
    "extent_across_m",
    "library_of",
    "load_library",
]
