"""Sums of tiles on disk while a volume is made, so that memory does not grow with the flight."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from detectkit.core import FormatError, TileIndex, VoxelGrid
from detectkit.io.volume.layout import VolumeWriteError

Sums = npt.NDArray[np.float32]
PARTS = 4


class ScratchTiles:
    """Keeps tiles in a folder of its own, which goes when it is closed.

    Each tile is a file of raw float32: what is got back is what was put, to the bit.

    Parameters
    ----------
    beside
        The folder is made in the same folder as this name, hidden: the volume's disk must have
        room for it, 4 x the size of an uncompressed variable.
    grid
        Shape of the tiles.

    Examples
    --------
    >>> grid = VoxelGrid(0.1, 0.1, depths=2, tile=3)
    >>> with ScratchTiles(Path(tempfile.mkdtemp()) / "volume.zarr", grid) as tiles:
    ...     tiles.put((0, -1), np.ones((4, 3, 3, 2), np.float32))
    ...     list(tiles.indices()), tiles.get((5, 5))
    ([(0, -1)], None)
    """

    def __init__(self, beside: Path, grid: VoxelGrid) -> None:
        self._shape = (PARTS, grid.tile, grid.tile, grid.depths)
        self._kept: set[TileIndex] = set()
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix=f".{beside.name}.", suffix=".tiles", dir=beside.parent
            )
        except OSError as error:
            msg = f"{beside.parent}: cannot be written to ({error}); choose another folder"
            raise VolumeWriteError(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder with all tiles."""
        self._folder.cleanup()

    def get(self, index: TileIndex) -> Sums | None:
        """Return a tile's sums, None where there are none yet."""
        if index not in self._kept:
            return None
        values = np.fromfile(self._file(index), np.float32)
        if values.size != np.prod(self._shape):
            msg = f"{self._file(index)}: the tile was cut short by somebody; begin again"
            raise FormatError(msg)
        return values.reshape(self._shape)

    def put(self, index: TileIndex, sums: Sums) -> None:
        """Keep a tile's sums.

        Raises
        ------
        VolumeWriteError
            The disk is full or failed.
        """
        try:
            np.ascontiguousarray(sums, np.float32).tofile(self._file(index))
        except OSError as error:
            room = np.prod(self._shape) * 4 / 1e6
            msg = (
                f"{self._folder.name}: no more tiles can be kept ({error}); each takes "
                f"{room:.0f} MB, {len(self._kept)} lie there: give it room or coarser voxels"
            )
            raise VolumeWriteError(msg) from error
        self._kept.add(index)

    def indices(self) -> Iterator[TileIndex]:
        """Yield the tiles in ascending order."""
        yield from sorted(self._kept)

    def _file(self, index: TileIndex) -> Path:
        return Path(self._folder.name) / f"{index[0]}_{index[1]}.f32"
