"""The metal detector's branch: rows to alarms and evidence, and what it cannot hear."""

from __future__ import annotations

from detectkit.detect.metal.branch import MetalBranch
from detectkit.detect.metal.settings import MetalSettings, metal_pipeline
from detectkit.detect.metal.track import DetectorStrip, DetectorTrack

__all__ = ["DetectorStrip", "DetectorTrack", "MetalBranch", "MetalSettings", "metal_pipeline"]
