"""Vertical sections through air, ground and bodies: what the full-wave solver computes in."""

from __future__ import annotations

from detectkit.sim.scene.ground import Plug, ground_section
from detectkit.sim.scene.paint import with_shapes
from detectkit.sim.scene.presets import PRESETS, preset, subsurface_of
from detectkit.sim.scene.section import AIR, METAL, Material, Section, Shape
from detectkit.sim.scene.subsurface import Layer, Subsurface

__all__ = [
    "AIR",
    "METAL",
    "PRESETS",
    "Layer",
    "Material",
    "Plug",
    "Section",
    "Shape",
    "Subsurface",
    "ground_section",
    "preset",
    "subsurface_of",
    "with_shapes",
]
