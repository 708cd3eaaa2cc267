"""The metal detector's branch: rows to alarms and evidence, and what it cannot hear."""

from __future__ import annotations

from detectkit.detect.metal.branch import MetalBranch
from detectkit.detect.metal.dipole import Dipole, PassRows, invert_dipole
from detectkit.detect.metal.reach import Coil, Reach, lane_reach, reach_of
from detectkit.detect.metal.settings import MetalSettings, metal_pipeline
from detectkit.detect.metal.track import DetectorStrip, DetectorTrack

__all__ = [
    "Coil",
    "DetectorStrip",
    "DetectorTrack",
    "Dipole",
    "MetalBranch",
    "MetalSettings",
    "PassRows",
    "Reach",
    "invert_dipole",
    "lane_reach",
    "metal_pipeline",
    "reach_of",
]
