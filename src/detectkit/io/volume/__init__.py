"""Volumes on disk: a Zarr version 3 group that xarray and GIS open, in chunks of one tile."""

from __future__ import annotations

from detectkit.io.volume.layout import (
    VARIABLES,
    Extent,
    Tile,
    Variable,
    VolumeWriteError,
)
from detectkit.io.volume.reader import Volume, is_volume, open_volume
from detectkit.io.volume.scratch import ScratchTiles
from detectkit.io.volume.writer import VolumeWriter, check_replaceable

__all__ = [
    "VARIABLES",
    "Extent",
    "ScratchTiles",
    "Tile",
    "Variable",
    "Volume",
    "VolumeWriteError",
    "VolumeWriter",
    "check_replaceable",
    "is_volume",
    "open_volume",
]
