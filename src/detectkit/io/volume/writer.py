"""Writing a volume: Zarr version 3, each chunk once, all or nothing under its final name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detectkit import __version__
from detectkit.core import DetectkitError, ShapeError, TileIndex, UsageError, VoxelGrid
from detectkit.io.durable import sync_folder
from detectkit.io.volume.layout import (
    CONVENTIONS,
    CRS,
    DIMENSIONS,
    FORMAT,
    LAYOUT_VERSION,
    MEANINGS,
    Extent,
    Tile,
    Variable,
    VolumeWriteError,
    columns_m,
    grid_words,
)
from detectkit.io.volume.reader import is_volume
from detectkit.io.whole import WholeOrNothing

if TYPE_CHECKING:
    import zarr


class VolumeWriter(WholeOrNothing):
    """Writes one volume; use it in a ``with`` statement.

    The folder grows under a hidden temporary name beside the final one and gets that when the
    block ends well; when it ends with an error it is removed. Tiles that are never put take no
    room and read as NaN: not imaged.

    Parameters
    ----------
    path
        Final name, usually ``.zarr``. A volume that stands there is replaced, nothing else is.
    grid
        Its voxels.
    extent
        The rectangle of tiles that it covers.
    variables
        What each tile holds.
    attributes
        What is to be known about it, plain values as JSON has them: velocity, recordings.

    Raises
    ------
    UsageError
        Something else than a volume has the name.
    VolumeWriteError
        The disk is full or failed.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "volume.zarr"
    >>> grid = VoxelGrid(0.05, 0.05, depths=3, tile=2)
    >>> extent = Extent.around([(0, 0)])
    >>> with VolumeWriter(path, grid, extent, variables=("amplitude",)) as volume:
    ...     volume.put((0, 0), {"amplitude": np.ones((2, 2, 3), np.float32)})
    >>> path.exists()
    True
    """

    def __init__(
        self,
        path: str | Path,
        grid: VoxelGrid,
        extent: Extent,
        *,
        variables: Sequence[Variable] = ("amplitude", "coherence", "weight"),
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(path)
        check_replaceable(self.path)
        self._grid, self._extent = grid, extent
        self._variables = tuple(variables)
        self._attributes = dict(attributes or {})
        self._arrays: dict[str, zarr.Array[Any]] = {}

    def put(self, index: TileIndex, values: Mapping[Variable, Tile]) -> None:
        """Write a tile, once.

        Parameters
        ----------
        index
            Its number east and north.
        values
            Each variable's values, float32 (tile, tile, depths), NaN where not imaged.

        Raises
        ------
        ShapeError
            The tile does not fit the volume.
        """
        side, depths = self._grid.tile, self._grid.depths
        shapes = {name: one.shape for name, one in values.items()}
        wanted = dict.fromkeys(self._variables, (side, side, depths))
        if shapes != wanted or not self._extent.holds(index):
            msg = f"tile {index} with {shapes} does not fit a volume of {self._extent} and {wanted}"
            raise ShapeError(msg)
        east = (index[0] - self._extent.east[0]) * side
        north = (index[1] - self._extent.north[0]) * side
        with self._writing():
            for name, one in values.items():
                self._arrays[name][east : east + side, north : north + side, :] = one

    def _begin(self) -> None:
        import zarr

        words = {
            **self._attributes,
            "Conventions": CONVENTIONS,
            "format": FORMAT,
            "format_version": LAYOUT_VERSION,
            "detectkit_version": __version__,
            "not_imaged": "NaN = not imaged; it says nothing about the ground there",
            "grid": grid_words(self._grid, self._extent),
        }
        group = zarr.create_group(self._part, zarr_format=3, attributes=words)
        _put_axes(group, self._grid, self._extent)
        if self._grid.crs_wkt:
            _put_frame(group, self._grid.crs_wkt)
        for name in self._variables:
            self._arrays[name] = _put_variable(group, name, self._grid, self._extent)

    def _complete(self) -> None:
        """Give the folder its name; a volume that had it goes once the new one is in place."""
        check_replaceable(self.path)
        earlier = self._part.with_suffix(".earlier")
        if self.path.exists():
            self.path.rename(earlier)
        try:
            self._part.rename(self.path)
        except OSError:
            if earlier.exists():
                earlier.rename(self.path)
            raise
        sync_folder(self.path.parent)
        shutil.rmtree(earlier, ignore_errors=True)

    def _abandon(self) -> None:
        shutil.rmtree(self._part, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except DetectkitError:
            raise
        except OSError as error:
            msg = (
                f"{self.path}: the volume cannot be written ({error}); nothing was put in place, "
                "give it room or another folder"
            )
            raise VolumeWriteError(msg) from error


def check_replaceable(path: Path) -> None:
    """Refuse a name that something else than a volume has, or in a folder that is not there."""
    if not path.parent.is_dir():
        msg = f"{path}: the folder {path.parent} does not exist; make it first"
        raise UsageError(msg)
    if path.exists() and not is_volume(path):
        msg = f"{path}: exists and is no volume of detectkit; it is not replaced, choose another"
        raise UsageError(msg)


def _put_axes(group: zarr.Group, grid: VoxelGrid, extent: Extent) -> None:
    placed = bool(grid.crs_wkt)
    words: dict[str, dict[str, Any]] = {
        "easting": {"standard_name": "projection_x_coordinate", "axis": "X", "units": "m"},
        "northing": {"standard_name": "projection_y_coordinate", "axis": "Y", "units": "m"},
        "depth": {"standard_name": "depth", "axis": "Z", "units": "m", "positive": "down"},
    }
    values = {
        "easting": columns_m(grid, extent.east),
        "northing": columns_m(grid, extent.north),
        "depth": grid.depth_m,
    }
    for name in DIMENSIONS:
        told = words[name]
        if not placed and name != "depth":
            told = {"long_name": f"{name} in a frame that is not placed on the globe", **told}
            del told["standard_name"]
        array = group.create_array(
            name, shape=values[name].shape, dtype="float64", dimension_names=[name], attributes=told
        )
        array[:] = values[name]


def _put_frame(group: zarr.Group, crs_wkt: str) -> None:
    """Write the variable of the frame, with the words that CF has for it."""
    import pyproj

    words = {**pyproj.CRS.from_wkt(crs_wkt).to_cf(), "crs_wkt": crs_wkt}
    group.create_array(CRS, shape=(), dtype="int32", attributes=words)[...] = 0


def _put_variable(
    group: zarr.Group, name: Variable, grid: VoxelGrid, extent: Extent
) -> zarr.Array[Any]:
    from zarr.codecs import ZstdCodec

    east, north = (count * grid.tile for count in extent.tiles)
    words: dict[str, Any] = {"long_name": MEANINGS[name], "units": "1"}
    if grid.crs_wkt:
        words |= {"grid_mapping": CRS, "_CRS": {"wkt": grid.crs_wkt}}
    return group.create_array(
        name,
        shape=(east, north, grid.depths),
        chunks=(grid.tile, grid.tile, grid.depths),
        dtype="float32",
        fill_value=np.nan,
        compressors=[ZstdCodec(level=1, checksum=True)],
        dimension_names=list(DIMENSIONS),
        attributes=words,
    )
