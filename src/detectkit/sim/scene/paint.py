"""Bodies in a section: polygons painted over its cells by the share of the area they cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detectkit.core import ShapeError
from detectkit.sim.scene.section import METAL, Grid, Section, Shape

Values = npt.NDArray[np.float64]

METAL_S_PER_M = 1e4
"""From this conductivity on a material shields: it fills whole cells."""

_FULL = 1.0 - 1e-9
_UPRIGHT = 1e-9
"""Cells: an edge that is narrower covers nothing beside itself."""


def with_shapes(section: Section, shapes: Sequence[Shape]) -> Section:
    """Return the section with shapes painted into it, later ones over earlier ones.

    Each cell gets the mean of what was there and the shape's material, by area; the area is exact.
    The field across the plane runs along every outline, so this mean is what it meets.

    Metal is not mixed: a cell that holds a thousandth of it would shield like a whole one, and a
    body would grow by a cell on all sides. A cell is metal where half of it is, or, where the
    metal is thinner than a cell, where it holds half of what lies across it. So metal keeps its
    size and a sheet of any thickness has no gaps; it is one cell thick then. What is painted over
    metal replaces it only in cells that it fills, and at the metal's edge only where it goes on
    beyond: so the wall of a can stays closed.

    Parameters
    ----------
    section
        Left as it is.
    shapes
        Outlines in the plane; what lies outside of the section is left out.

    Raises
    ------
    ShapeError
        An outline with fewer than three corners.

    Examples
    --------
    >>> import numpy as np
    >>> from detectkit.sim.scene import Material, Section, Shape, with_shapes
    >>> air = np.ones((4, 3), dtype=np.float32)
    >>> section = Section(0.01, 0.0, 0.0, air, 0.0 * air, 0.0 * air)
    >>> square = np.array([(0.01, 0.0), (0.02, 0.0), (0.02, -0.02), (0.01, -0.02)])
    >>> with_shapes(section, [Shape(square, Material(5.0))]).permittivity.tolist()
    [[1.0, 1.0, 1.0], [2.0, 3.0, 2.0], [2.0, 3.0, 2.0], [1.0, 1.0, 1.0]]
    """
    if not shapes:
        return section
    grids = (
        section.permittivity.copy(),
        section.conductivity_s_per_m.copy(),
        section.debye_strength.copy(),
    )
    for shape in shapes:
        _paint(section, grids, shape)
    return Section(
        section.spacing_m,
        section.first_along_m,
        section.first_up_m,
        grids[0],
        grids[1],
        grids[2],
        section.relaxation_s,
    )


def coverage(outline: Values, columns: int, rows: int) -> Values:
    """Return the share of each cell inside a polygon, (columns, rows).

    The signed area between each edge and the far end of the rows, cell by cell in closed form, as
    rasterisers of fonts do it. Exact for simple polygons.

    Parameters
    ----------
    outline
        Corners (corners, 2) in cells: column, row; cell (0, 0) reaches from 0 to 1.
    columns, rows
        Size of the grid.
    """
    start, end = outline, np.roll(outline, -1, axis=0)
    low = np.floor(np.minimum(start[:, 0], end[:, 0])).astype(np.int64)
    high = np.ceil(np.maximum(start[:, 0], end[:, 0])).astype(np.int64)
    low, high = np.clip(low, 0, columns), np.clip(high, 0, columns)
    spans = np.maximum(high - low, 0)
    edge = np.repeat(np.arange(len(outline)), spans)
    column = np.arange(len(edge)) - np.repeat(np.cumsum(spans) - spans, spans) + low[edge]
    x0, y0, x1, y1 = *start[edge].T, *end[edge].T
    enter, leave = np.clip(x0, column, column + 1), np.clip(x1, column, column + 1)
    wide = x1 - x0
    steep = (y1 - y0) / np.where(np.abs(wide) < _UPRIGHT, 1.0, wide)
    first, last = y0 + (enter - x0) * steep, y0 + (leave - x0) * steep
    below = _mean_below(first[:, np.newaxis], last[:, np.newaxis], np.arange(rows))
    signed = np.zeros((columns, rows))
    np.add.at(signed, column, (leave - enter)[:, np.newaxis] * below)
    return np.asarray(np.clip(np.abs(signed), 0.0, 1.0))


def _mean_below(first: Values, last: Values, row: npt.NDArray[np.int64]) -> Values:
    """Return the mean of clip(y - row, 0, 1) while y goes from first to last."""
    step = last - first
    level = np.abs(step) < 1e-6
    rise = _integral(last - row) - _integral(first - row)
    slanted = rise / np.where(level, 1.0, step)
    return np.where(level, np.clip(0.5 * (first + last) - row, 0.0, 1.0), slanted)


def _integral(over: Values) -> Values:
    """Return the integral of clip(y, 0, 1) up to y."""
    inside = np.clip(over, 0.0, 1.0)
    return 0.5 * inside**2 + np.clip(over - 1.0, 0.0, None)


def _paint(section: Section, grids: tuple[Grid, Grid, Grid], shape: Shape) -> None:
    outline = np.asarray(shape.outline, dtype=np.float64)
    if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3:
        msg = f"shape: outline {outline.shape}; give three corners or more, (corners, 2)"
        raise ShapeError(msg)
    place = np.column_stack([
        (outline[:, 0] - section.first_along_m) / section.spacing_m + 0.5,
        (section.first_up_m - outline[:, 1]) / section.spacing_m + 0.5,
    ])  # fmt: skip
    # A cell more on each side, for the rule of thin metal to see its neighbours.
    low = np.maximum(np.floor(place.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(place.max(axis=0)).astype(int) + 1, section.permittivity.shape)
    if np.any(high <= low):
        return
    share = coverage(place - low, *(high - low))
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    if shape.material.conductivity_s_per_m >= METAL_S_PER_M:
        _fill(grids, window, _metal(share))
    else:
        _mix(grids, window, share, shape)


def _mix(
    grids: tuple[Grid, Grid, Grid], window: tuple[slice, slice], share: Values, shape: Shape
) -> None:
    material = shape.material
    values = (material.permittivity, material.conductivity_s_per_m, material.debye_strength)
    metal = grids[1][window] >= METAL_S_PER_M
    replaced = (share >= _FULL) & ~_wall(metal, share)
    part = np.where(metal, replaced, np.where(share >= _FULL, 1.0, share))
    for grid, value in zip(grids, values, strict=True):
        grid[window] = (1.0 - part) * grid[window] + part * value


def _fill(
    grids: tuple[Grid, Grid, Grid], window: tuple[slice, slice], cells: npt.NDArray[np.bool_]
) -> None:
    values = (METAL.permittivity, METAL.conductivity_s_per_m, METAL.debye_strength)
    for grid, value in zip(grids, values, strict=True):
        grid[window][cells] = value


def _wall(metal: npt.NDArray[np.bool_], share: Values) -> npt.NDArray[np.bool_]:
    """Tell which cells lie beside one that is neither metal nor to be covered by half."""
    outside = np.pad(~metal & (share < 0.5), 1)
    return np.asarray(
        outside[:-2, 1:-1] | outside[2:, 1:-1] | outside[1:-1, :-2] | outside[1:-1, 2:]
    )


def _metal(share: Values) -> npt.NDArray[np.bool_]:
    """Tell which cells a metal shape fills."""
    padded = np.pad(share, 1)
    level = padded[:-2, 1:-1] + share + padded[2:, 1:-1]
    upright = padded[1:-1, :-2] + share + padded[1:-1, 2:]
    thickness = np.minimum(np.minimum(level, upright), 1.0)
    cells = (share > 1e-9) & (share >= 0.5 * thickness)
    if not cells.any() and share.any():
        cells.flat[int(np.argmax(share))] = True
    return np.asarray(cells)
