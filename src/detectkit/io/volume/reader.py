"""Reading a volume: what it is, and any part of it, without loading the rest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, TileIndex, UsageError, VoxelGrid
from detectkit.io.volume.layout import (
    CRS,
    FORMAT,
    LAYOUT_VERSION,
    VARIABLES,
    Extent,
    Tile,
    Variable,
    columns_m,
    grid_of,
)

HEADER = "zarr.json"
ALL = slice(None)
Values = npt.NDArray[np.float64]
_UNREADABLE = (OSError, LookupError, RuntimeError, ValueError, TypeError, AttributeError,
               MemoryError)  # fmt: skip
"""What zarr, its codecs, json and numpy raise on a folder that is damaged or tampered with."""


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """A volume on disk, opened for reading; nothing of its values is loaded yet.

    Parameters
    ----------
    path
        The folder.
    grid
        Its voxels.
    extent
        The rectangle of tiles that it covers.
    variables
        Names of what it holds.
    attributes
        What its maker told about it: velocity, recordings, fingerprint.
    """

    path: Path
    grid: VoxelGrid
    extent: Extent
    variables: tuple[Variable, ...]
    attributes: dict[str, Any]

    @property
    def easting_m(self) -> Values:
        """Eastings of the columns, ascending."""
        return columns_m(self.grid, self.extent.east)

    @property
    def northing_m(self) -> Values:
        """Northings of the columns, ascending."""
        return columns_m(self.grid, self.extent.north)

    @property
    def depth_m(self) -> Values:
        """Depths of the voxels of a column, ascending."""
        return self.grid.depth_m

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels east, north and down."""
        east, north = (count * self.grid.tile for count in self.extent.tiles)
        return east, north, self.grid.depths

    def read(
        self, name: Variable, *, east: slice = ALL, north: slice = ALL, depth: slice = ALL
    ) -> Tile:
        """Return a part of a variable.

        Parameters
        ----------
        name
            One of `variables`.
        east, north, depth
            Which columns and voxels, counted from 0 in this volume.

        Returns
        -------
        Tile
            float32 (easting, northing, depth); NaN: not imaged.

        Raises
        ------
        UsageError
            The volume has no such variable.
        FormatError
            A chunk is damaged.
        """
        import zarr

        if name not in self.variables:
            msg = f"{self.path}: has no {name!r}; it has {', '.join(self.variables)}"
            raise UsageError(msg)
        with _reading(self.path):
            array = zarr.open_array(self.path / name, mode="r")
            if array.shape != self.shape:
                msg = f"{name} has shape {array.shape} instead of {self.shape}"
                raise ValueError(msg)
            return np.asarray(array[east, north, depth], np.float32)

    def digest(self) -> str:
        """Return the sha256 of the grid, the frame and all values: equal digests mean equal bits.

        What is told besides, and how the values are packed, does not count.
        """
        digest = hashlib.sha256(repr((self.grid, self.extent)).encode())
        side = self.grid.tile
        for index in self.tiles():
            east = (index[0] - self.extent.east[0]) * side
            north = (index[1] - self.extent.north[0]) * side
            digest.update(repr(index).encode())
            for name in self.variables:
                part = self.read(
                    name, east=slice(east, east + side), north=slice(north, north + side)
                )
                digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def tiles(self) -> Iterator[TileIndex]:
        """Yield the tiles that were imaged, in ascending order."""
        folder, first = self.path / self.variables[0] / "c", self.extent
        numbers = sorted(
            (int(one.parent.parent.name), int(one.parent.name))
            for one in folder.glob("*/*/0")
            if re.fullmatch(r"\d+/\d+/0", one.relative_to(folder).as_posix())
        )
        for east, north in numbers:
            yield first.east[0] + east, first.north[0] + north


def open_volume(path: str | Path) -> Volume:
    """Open a volume.

    Raises
    ------
    FormatError
        It is none, or it is damaged; the message says what to do.

    Examples
    --------
    >>> open_volume("nothing.zarr")
    Traceback (most recent call last):
    ...
    detectkit.core.errors.FormatError: nothing.zarr: there is no such folder
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file, a volume is a folder" if folder.exists() else "there is no such folder"
        msg = f"{folder}: {what}"
        raise FormatError(msg)
    if not is_volume(folder):
        msg = f"{folder}: is no volume of detectkit; they are made by: detectkit image"
        raise FormatError(msg)
    with _reading(folder):
        return _opened(folder)


def is_volume(path: Path) -> bool:
    """Tell whether a folder calls itself a volume of detectkit; damaged ones may not any more."""
    try:
        return bool(_attributes(path).get("format") == FORMAT)
    except _UNREADABLE:
        return False


def _opened(folder: Path) -> Volume:
    words = _attributes(folder)
    version = words.pop("format_version")
    if version != LAYOUT_VERSION:
        msg = f"its layout has version {version!r}, this detectkit reads {LAYOUT_VERSION}"
        raise ValueError(msg)
    frame = folder / CRS / HEADER
    crs_wkt = str(_attributes(folder / CRS)["crs_wkt"]) if frame.exists() else ""
    grid, extent = grid_of(words.pop("grid"), crs_wkt)
    variables = tuple(name for name in VARIABLES if (folder / name / HEADER).exists())
    if not variables:
        msg = f"it holds none of {', '.join(VARIABLES)}"
        raise ValueError(msg)
    return Volume(folder, grid, extent, variables, words)


def _attributes(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / HEADER).read_text(encoding="utf-8"))["attributes"])


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong into a FormatError."""
    try:
        yield
    except FormatError:
        raise
    except _UNREADABLE as error:
        reason = str(error).strip("'\"") or type(error).__name__
        msg = f"{path}: damaged or cut off, not readable as a volume ({reason}); make it anew"
        raise FormatError(msg) from error
