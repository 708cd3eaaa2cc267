"""BackProjector: takes traces as they come and sums them into the tiles they reach."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import starmap
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import TileIndex, VoxelGrid
from detectkit.core.errors import ShapeError, UsageError
from detectkit.imaging.backprojection import geometry as geo
from detectkit.imaging.backprojection import kernel
from detectkit.imaging.backprojection.antennas import Antennas, TimeAxis
from detectkit.imaging.backprojection.image import TileImage, image_of
from detectkit.imaging.backprojection.prepared import (
    Prepared,
    chosen,
    padded_depths,
    prepare,
    usable,
)
from detectkit.imaging.backprojection.settings import WEIGHTS, BackProjection
from detectkit.imaging.backprojection.tiles import Sums, TileStore, empty

__all__ = ["BackProjection", "BackProjector", "TileImage", "image_of"]

Traces = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

BLOCK = 128
MOST_TILES = 64
CLOSE_M = 1e-6


class BackProjector:
    """Sums traces into the tiles of a grid, in the order they come.

    Neither how the traces are cut into pushes, nor `threads`, nor `most_tiles` changes a bit.

    Parameters
    ----------
    grid
        Voxels; depth counts below the ground's surface in each column.
    settings
        See `BackProjection`.
    axis
        Of the traces.
    tiles
        Where tiles lie that are not being added to.
    threads
        Processor threads.
    most_tiles
        Tiles held in memory; those touched longest ago go to `tiles` and come back when needed.

    Examples
    --------
    A wave that took 8 ns there and back, straight down through soil alone.

    >>> from detectkit.imaging.backprojection import MemoryTiles
    >>> grid, tiles = VoxelGrid(0.05, 0.05, depths=12, tile=16), MemoryTiles()
    >>> axis, settings = TimeAxis(0.0, 1e-10, 128), BackProjection(1e8, radius_m=0.3)
    >>> trace = np.sinc((np.arange(128, dtype=np.float32) - 80) / 4)[np.newaxis]
    >>> projector = BackProjector(grid, settings, axis, tiles)
    >>> projector.push(trace, Antennas.level(np.zeros((1, 3)), np.zeros((1, 3))))
    >>> projector.finish()
    >>> image = image_of(tiles.get((0, 0)))
    >>> int(np.argmax(image.amplitude[0, 0])), grid.depth_m[8]
    (8, np.float64(0.4))
    """

    def __init__(
        self,
        grid: VoxelGrid,
        settings: BackProjection,
        axis: TimeAxis,
        tiles: TileStore,
        *,
        threads: int = 1,
        most_tiles: int = MOST_TILES,
    ) -> None:
        if threads < 1 or most_tiles < 1:
            msg = f"threads = {threads} and most_tiles = {most_tiles} must be 1 or more"
            raise UsageError(msg)
        self.grid, self.settings, self.axis, self.tiles = grid, settings, axis, tiles
        self.updates = 0
        """Voxels times traces that were added so far."""
        depth_m = padded_depths(grid)
        self._depth = np.stack([depth_m, depth_m**2]).astype(np.float32)
        self._held: OrderedDict[TileIndex, Sums] = OrderedDict()
        self._threads, self._most_tiles = threads, most_tiles
        self._pool: ThreadPoolExecutor | None = None

    def push(self, traces: Traces, antennas: Antennas) -> None:
        """Add traces.

        Parameters
        ----------
        traces
            (n, samples), float32. A trace with a sample or a place that is not finite is left out.
        antennas
            Of the n traces.

        Raises
        ------
        ShapeError
            Not so many samples, or traces, as there should be.
        """
        if traces.shape != (len(antennas), self.axis.samples):
            msg = f"traces have shape {traces.shape}; their antennas and the time axis need "
            msg += f"{(len(antennas), self.axis.samples)}"
            raise ShapeError(msg)
        for start in range(0, len(traces), BLOCK):
            stop = min(start + BLOCK, len(traces))
            self._push_block(traces[start:stop], antennas.rows(start, stop))

    def finish(self) -> None:
        """Put every tile into the store; more traces may follow."""
        while self._held:
            self.tiles.put(*self._held.popitem(last=False))
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _push_block(self, traces: Traces, antennas: Antennas) -> None:
        good = usable(traces, antennas)
        if not good.any():
            return
        prepared = prepare(
            traces[good], chosen(antennas, good), grid=self.grid, settings=self.settings,
            axis=self.axis, pieces=self._threads, each=self._each,
        )  # fmt: skip
        reached = self._reached(prepared.rows)
        for start in range(0, len(reached), self._most_tiles):
            group = reached[start : start + self._most_tiles]
            sums = self._hold(group)
            work = [(index, one, prepared) for index, one in zip(group, sums, strict=True)]
            self.updates += self.grid.depths * sum(self._each(self._add, work))

    def _add(self, index: TileIndex, sums: Sums, prepared: Prepared) -> int:
        columns = self.grid.easting_m(index[0]), self.grid.northing_m(index[1])
        taper = self.settings.taper
        choice = WEIGHTS.index(self.settings.weights), 1.0 - taper, 1.0 / max(taper, 1e-9)
        lookup = prepared.paths, prepared.beams
        return kernel.add_traces(
            sums.reshape(4, -1), columns, self._depth, prepared.rows, lookup, prepared.signals,
            choice,
        )  # fmt: skip

    def _each(self, work: Callable[..., Any], items: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
        if self._threads == 1:
            return starmap(work, items)
        self._pool = self._pool or ThreadPoolExecutor(self._threads, "back-projection")
        return self._pool.map(lambda item: work(*item), items)

    def _reached(self, rows: Values) -> list[TileIndex]:
        """Return the tiles with a column in reach of a trace, in order."""
        found: set[TileIndex] = set()
        for east, north, radius in rows[:, [geo.EAST, geo.NORTH, geo.RADIUS]]:
            first = self.grid.tile_of(east - radius, north - radius)
            last = self.grid.tile_of(east + radius, north + radius)
            found.update(
                (i, j)
                for i in range(first[0], last[0] + 1)
                for j in range(first[1], last[1] + 1)
                if math.hypot(self._gap(east, i), self._gap(north, j)) <= radius
            )
        return sorted(found)

    def _gap(self, place: float, tile: int) -> float:
        """Return how far a place is from the nearest column of a tile, eastwards or northwards."""
        first = tile * self.grid.tile * self.grid.spacing_m
        last = first + (self.grid.tile - 1) * self.grid.spacing_m
        return max(first - place - CLOSE_M, place - last - CLOSE_M, 0.0)

    def _hold(self, group: list[TileIndex]) -> list[Sums]:
        """Return the sums of some tiles, and make room for them."""
        for index in group:
            if index in self._held:
                self._held.move_to_end(index)
        strangers = [index for index in group if index not in self._held]
        while self._held and len(self._held) + len(strangers) > self._most_tiles:
            self.tiles.put(*self._held.popitem(last=False))
        for index in strangers:
            found = self.tiles.get(index)
            self._held[index] = empty(self.grid) if found is None else found
        return [self._held[index] for index in group]
