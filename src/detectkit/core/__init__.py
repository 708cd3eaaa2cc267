"""The words and values that every room shares. Imports numpy only."""

from __future__ import annotations

from detectkit.core.block import Applied, Block, concat
from detectkit.core.errors import (
    DetectkitError,
    FormatError,
    MissingDependencyError,
    MissingSideFileError,
    PipelineError,
    ShapeError,
    UnknownFormatError,
    UsageError,
)
from detectkit.core.indication import USUAL_VELOCITY_ERRORS, Evidence, Indication
from detectkit.core.pose import Pose
from detectkit.core.sensor import Sensor, SensorKind
from detectkit.core.spec import BlockSpec
from detectkit.core.vocabulary import VOCABULARY, Term
from detectkit.core.voxels import TileIndex, VoxelGrid

__all__ = [
    "USUAL_VELOCITY_ERRORS",
    "VOCABULARY",
    "Applied",
    "Block",
    "BlockSpec",
    "DetectkitError",
    "Evidence",
    "FormatError",
    "Indication",
    "MissingDependencyError",
    "MissingSideFileError",
    "PipelineError",
    "Pose",
    "Sensor",
    "SensorKind",
    "ShapeError",
    "Term",
    "TileIndex",
    "UnknownFormatError",
    "UsageError",
    "VoxelGrid",
    "concat",
]
