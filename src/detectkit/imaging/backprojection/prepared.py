"""What a run of traces brings to every tile: geometry, tables of paths, analytic signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from itertools import pairwise, starmap
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import VoxelGrid
from detectkit.imaging.backprojection import geometry as geo
from detectkit.imaging.backprojection import tables
from detectkit.imaging.backprojection.analytic import fine_analytic
from detectkit.imaging.backprojection.antennas import Antennas, TimeAxis
from detectkit.imaging.backprojection.settings import BackProjection

LANES = 8
"""Tables have a multiple of so many depths: the width of a processor's registers."""

Each = Callable[[Callable[..., Any], Iterable[tuple[Any, ...]]], Iterable[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Traces ready to be summed.

    Parameters
    ----------
    rows
        From `geometry`, (n, columns), float64.
    paths
        Pairs of float32, (n, 2, rows times padded depths): see `tables.fill`.
    beams
        (n, 2, rows, 3), float32: see `tables.fill`.
    signals
        complex64 as pairs of float32, (n, samples): see `fine_analytic`.
    """

    rows: npt.NDArray[np.float64]
    paths: npt.NDArray[np.uint64]
    beams: npt.NDArray[np.float32]
    signals: npt.NDArray[np.uint64]


def padded_depths(grid: VoxelGrid) -> npt.NDArray[np.float64]:
    """Return a column's depths, the last one repeated up to a multiple of `LANES`."""
    return np.pad(grid.depth_m, (0, -grid.depths % LANES), mode="edge")


def usable(traces: npt.NDArray[np.float32], antennas: Antennas) -> npt.NDArray[np.bool_]:
    """Return which traces have finite samples and a finite place, (n,)."""
    found = np.isfinite(traces).all(axis=1)
    for one in fields(antennas):
        values = getattr(antennas, one.name).reshape(len(antennas), -1)
        found &= np.isfinite(values).all(axis=1)
    return np.asarray(found)


def chosen(antennas: Antennas, which: npt.NDArray[np.bool_]) -> Antennas:
    """Return the antennas of some traces."""
    return Antennas(*(getattr(antennas, one.name)[which] for one in fields(antennas)))


def prepare(
    traces: npt.NDArray[np.float32],
    antennas: Antennas,
    *,
    grid: VoxelGrid,
    settings: BackProjection,
    axis: TimeAxis,
    pieces: int = 1,
    each: Each = starmap,
) -> Prepared:
    """Return usable traces ready to be summed.

    Parameters
    ----------
    traces, antennas, grid, settings, axis
        See `BackProjector`.
    pieces, each
        Into how many runs of traces the tables are cut, and who fills them; changes no bit.
    """
    depth_m = padded_depths(grid)
    rows = geo.geometry(antennas, settings, axis, grid.depth_m)
    steps = geo.rows_needed(rows, float(grid.depth_m[-1]))
    paths = np.empty((len(rows), 2, steps, len(depth_m), 2), np.float32)
    beams = np.empty((len(rows), 2, steps, 3), np.float32)
    per_m = geo.samples_per_m(settings, axis)

    def fill(start: int, stop: int) -> None:
        part = slice(start, stop)
        tables.fill(
            rows[part], depth_m, settings.index, per_m, grid.depths // 2, paths[part], beams[part]
        )

    edges = np.linspace(0, len(rows), pieces + 1).astype(int)
    list(each(fill, pairwise(edges.tolist())))
    signals = fine_analytic(
        np.ascontiguousarray(traces, np.float32), oversampling=settings.oversampling
    )
    pairs = paths.view(np.uint64).reshape(len(rows), 2, steps * len(depth_m))
    return Prepared(rows, pairs, beams, signals.view(np.uint64))
