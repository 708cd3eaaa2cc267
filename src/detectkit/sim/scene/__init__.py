"""Vertical sections through air, ground and bodies: what the full-wave solver computes in."""

from __future__ import annotations

from detectkit.sim.scene.section import AIR, METAL, Material, Section, Shape

__all__ = ["AIR", "METAL", "Material", "Section", "Shape"]
