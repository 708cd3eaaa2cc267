"""The ground in a vertical plane: random moisture, layers, rough surface, grass and water."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim.noise import Stream, generator
from detectkit.sim.scene.fields import ground_field
from detectkit.sim.scene.relief import Relief, Surface, relief_of
from detectkit.sim.scene.section import Section
from detectkit.sim.scene.subsurface import Subsurface
from detectkit.sim.soil import grass_table, relaxation_of, soil_table, water_fit

Values = npt.NDArray[np.float64]

PLUG_EDGE_M = 0.04
"""Over which a plug's edge goes from disturbed to grown soil. Assumed."""

SOAKED_M = 0.1
"""How deep the soil under a puddle is soaked. Assumed."""


@dataclass(frozen=True, slots=True)
class Plug:
    """Soil that was dug out and filled in again, above a buried object.

    The upper soil fills it; the layers that it cuts are gone. Its moisture (and with it, by way of
    the permittivity, its density) differs from that of the soil around it.

    Parameters
    ----------
    along_m
        Of its middle.
    radius_m, depth_m
        Of the hole, from its middle and from the surface.
    moisture_change
        Added to the moisture, -0.3 to 0.3: below 0 where loose fill has dried.
    """

    along_m: float
    radius_m: float
    depth_m: float
    moisture_change: float = -0.03

    def __post_init__(self) -> None:
        if min(self.radius_m, self.depth_m) <= 0.0 or abs(self.moisture_change) > 0.3:
            msg = (
                f"plug: radius_m = {self.radius_m}, depth_m = {self.depth_m}, moisture_change = "
                f"{self.moisture_change}; give more than 0 for both, and -0.3 to 0.3"
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Centres of cells: whole multiples of the spacing, so that sections fall onto each other."""

    along_m: Values
    up_m: Values
    spacing_m: float

    def share_below(self, line_up_m: Values) -> Values:
        """Return which share of each cell lies under a line, (columns, rows)."""
        over = line_up_m[:, np.newaxis] - self.up_m
        return np.asarray(np.clip(over / self.spacing_m + 0.5, 0.0, 1.0))


def ground_section(  # noqa: PLR0913 - where, how fine, what and which: the contract of the solver
    subsurface: Subsurface,
    *,
    along_m: tuple[float, float],
    across_m: float = 0.0,
    bottom_m: float,
    top_m: float,
    spacing_m: float,
    surface: Surface | None = None,
    seed: int,
    plugs: Sequence[Plug] = (),
) -> Section:
    """Return the ground in the vertical plane of a lane.

    All random fields are functions of along, across, depth under the mean ground, and the seed:
    sections that overlap have the same bits there (given the same spacing and the same heights of
    `surface`), and neighbouring lanes cross the same clods. Cells are cut by the surface and by the
    tops of layers in proportion to their area; the field lies along these lines (it is across the
    plane), so the mean of the media is what it meets.

    Parameters
    ----------
    subsurface
        The ground.
    along_m
        First and last, in m.
    across_m
        Of the plane, to the right of the lane.
    bottom_m, top_m
        Lowest and highest, as up.
    spacing_m
        Side of a cell. The section is widened to whole multiples of it.
    surface
        Mean ground: along in m (n,) → up in m (n,). None: level, at 0.
    seed
        Which of all such grounds.
    plugs
        Disturbed soil in this plane.

    Raises
    ------
    UsageError
        Limits in the wrong order, no spacing.
    ShapeError
        A surface that does not give one height per place.

    Examples
    --------
    >>> from detectkit.sim.scene import Subsurface, ground_section
    >>> section = ground_section(
    ...     Subsurface(moisture=0.2), along_m=(0.0, 1.0), bottom_m=-0.5, top_m=0.2,
    ...     spacing_m=0.01, seed=1,
    ... )
    >>> section.permittivity.shape, float(section.permittivity[0, 0])
    ((101, 71), 1.0)
    """
    grid = _grid(along_m, bottom_m, top_m, spacing_m)
    relief = relief_of(subsurface, grid.along_m, across_m, surface, seed=seed)
    relaxation_s = relaxation_of(subsurface.textures())
    media = _over(subsurface, grid, relief, relaxation_s)
    dry = _dry_rows(grid, relief)
    if dry < len(grid.up_m):
        below = _Grid(grid.along_m, grid.up_m[dry:], spacing_m)
        soil = _soil(subsurface, below, relief, relaxation_s, (across_m, seed, plugs))
        share = below.share_below(relief.ground_up_m)
        media[:, :, dry:] += share * (soil - media[:, :, dry:])
    permittivity, strength, conductivity = media.astype(np.float32)
    return Section(
        spacing_m,
        float(grid.along_m[0]),
        float(grid.up_m[0]),
        permittivity,
        conductivity,
        strength,
        relaxation_s,
    )


def _grid(along_m: tuple[float, float], bottom_m: float, top_m: float, spacing_m: float) -> _Grid:
    if not (spacing_m > 0.0 and along_m[0] < along_m[1] and bottom_m < top_m):
        msg = (
            f"ground section: along_m = {along_m}, bottom_m = {bottom_m}, top_m = {top_m}, "
            f"spacing_m = {spacing_m}; give rising pairs and more than 0"
        )
        raise UsageError(msg)
    slack = 1e-6
    first, last = along_m[0] / spacing_m + slack, along_m[1] / spacing_m - slack
    low, high = bottom_m / spacing_m + slack, top_m / spacing_m - slack
    columns = np.arange(math.floor(first), math.ceil(last) + 1, dtype=np.float64)
    rows = np.arange(math.ceil(high), math.floor(low) - 1, -1, dtype=np.float64)
    return _Grid(columns * spacing_m, rows * spacing_m, spacing_m)


def _dry_rows(grid: _Grid, relief: Relief) -> int:
    """Return how many rows lie wholly over the ground."""
    top = float(relief.ground_up_m.max()) + 0.5 * grid.spacing_m
    return int(np.count_nonzero(grid.up_m > top))


def _over(ground: Subsurface, grid: _Grid, relief: Relief, relaxation_s: float) -> Values:
    """Return air with grass and standing water, (3, columns, rows)."""
    media = np.zeros((3, len(grid.along_m), len(grid.up_m)))
    media[0] = 1.0
    height = grid.up_m - relief.ground_up_m[:, np.newaxis]
    if ground.grass_m > 0.0:
        part = np.clip(height, 0.0, None) / relief.grass_m[:, np.newaxis]
        lush = 2.0 * relief.grass_water[:, np.newaxis] * np.clip(1.0 - part, 0.0, None)
        media[:] = grass_table(ground.temperature_c, relaxation_s).at(lush)
    if ground.puddle_share > 0.0:
        fit = water_fit(ground.temperature_c, ground.puddle_conductivity_s_per_m, relaxation_s)
        water = np.array([fit.permittivity, fit.debye_strength, fit.conductivity_s_per_m])
        wet = grid.share_below(relief.water_up_m) - grid.share_below(relief.ground_up_m)
        # Of a cell that holds soil, only the rest is for air and water to share.
        room = np.maximum(1.0 - grid.share_below(relief.ground_up_m), 1e-12)
        share = np.clip(wet, 0.0, None) / room
        media += share * (water[:, np.newaxis, np.newaxis] - media)
    return media


def _soil(
    ground: Subsurface,
    grid: _Grid,
    relief: Relief,
    relaxation_s: float,
    place: tuple[float, int, Sequence[Plug]],
) -> Values:
    """Return soil in all cells, as if it had no surface, (3, columns, rows)."""
    across_m, seed, plugs = place
    lengths = (ground.level_m, ground.down_m)
    drawn = ground_field(
        generator(seed, Stream.GROUND_MOISTURE), lengths_m=lengths, hurst=ground.hurst
    )
    field = drawn.section(grid.along_m, across_m, relief.mean_up_m, grid.up_m)
    depth = np.clip(relief.ground_up_m[:, np.newaxis] - grid.up_m, 0.0, None)
    change, filled = _plugged(plugs, grid.along_m, depth)
    soaked = relief.hollow[:, np.newaxis] * np.exp(-depth / SOAKED_M)
    media = np.zeros((3, *field.shape))
    soils = zip(ground.textures(), ground.soils(), strict=True)
    for number, (texture, soil) in enumerate(soils):
        first, share = 0, np.ones(())
        if number:
            top = relief.layers_up_m[number - 1]
            share = grid.share_below(top) * (1.0 - filled)
            first = int(np.argmax(share.any(axis=0))) if share.any() else field.shape[1]
            share = share[:, first:]
        rows = slice(first, None)
        wet = ground.mean_moisture(number, depth[:, rows]) + change[:, rows]
        wet += soaked[:, rows] * (0.95 * texture.porosity - wet)
        wet += soil.moisture_std * field[:, rows]
        table = soil_table(texture, relaxation_s)
        new = np.array(table.at(np.clip(wet, 0.0, texture.porosity)))
        media[:, :, rows] += share * (new - media[:, :, rows])
    return media


def _plugged(plugs: Sequence[Plug], along_m: Values, depth: Values) -> tuple[Values, Values]:
    """Return the change of moisture, and the share that is fill, both (columns, rows)."""
    change, filled = np.zeros_like(depth), np.zeros_like(depth)
    for one in plugs:
        aside = np.clip((one.radius_m - np.abs(along_m - one.along_m)) / PLUG_EDGE_M + 0.5, 0, 1)
        above = np.clip((one.depth_m - depth) / PLUG_EDGE_M + 0.5, 0, 1)
        here = aside[:, np.newaxis] * above
        change += one.moisture_change * here
        np.maximum(filled, here, out=filled)
    return change, filled
