"""The air gap below each trace, as the focusing steps need it."""

from __future__ import annotations

import numpy as np

from detectkit.core import Block, BlockSpec
from detectkit.imaging.line_curves import CurveTables, Float64s, RowCurves
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

REMOVED = "removed_twt_s"
HEIGHT = "height_m"
AIR_GAP = frozenset({REMOVED, HEIGHT})


def over_air(spec: BlockSpec) -> bool:
    """Return whether the traces tell of an air gap: what was levelled, or a height."""
    return bool(spec.coords & AIR_GAP)


def row_curves(tables: CurveTables, rows: Block) -> RowCurves:
    """Return the curves of a block's traces.

    The height is that of the air time that was taken off the trace, ``removed_twt_s``: it is the
    radar's own, free of the altimeter's error. Without it, ``height_m`` counts, and the trace as
    one that still has its air time; without both the antennas are on the ground.
    """
    if REMOVED in rows.coords:
        removed_s = np.asarray(rows.coord(REMOVED), np.float64)
        separation_m = rows.sensor.antenna_separation_m or 0.0
        return tables.at(height_of(removed_s, separation_m), removed_s)
    if HEIGHT in rows.coords:
        height_m = np.asarray(rows.coord(HEIGHT), np.float64)
        return tables.at(height_m, np.zeros(len(rows)))
    return tables.on_the_ground(len(rows))


def height_of(removed_s: Float64s, separation_m: float) -> Float64s:
    """Return the height whose flight to the ground and back takes that long, 0 or more."""
    square = (0.5 * SPEED_OF_LIGHT_M_S * removed_s) ** 2 - (0.5 * separation_m) ** 2
    return np.sqrt(np.maximum(square, 0.0))
