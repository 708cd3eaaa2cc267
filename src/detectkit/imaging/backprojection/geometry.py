"""One row of numbers per trace: its antennas over the plane that is its ground.

A plane is z = g . x around the foot of the antennas' midpoint, g its slope, N² = 1 + |g|². An
antenna at a, height z_a, is ``h = (z_a - g . a) / N`` off the plane, and its foot on the plane is
``a + g h / N``. A voxel d below the surface of a column is ``d / N`` off the plane, and its own
foot wanders by ``-g d / N²`` from the column. Between both feet, along the plane,

    ρ² = |c|² + s² - 2 s d + |g|² d² / N²,    c = column - antenna's foot,  s = g . c.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.backprojection.antennas import Antennas, TimeAxis
from detectkit.imaging.backprojection.settings import BackProjection
from detectkit.imaging.refraction import SMALLEST
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Values = npt.NDArray[np.float64]

(
    EAST, NORTH, RADIUS, SLOPE_EAST, SLOPE_NORTH, STEP, OFFSET,
    BORE_EAST, BORE_NORTH, BORE_UP,
    SENDER_EAST, SENDER_NORTH, SENDER_HEIGHT,
    HEARER_EAST, HEARER_NORTH, HEARER_HEIGHT,
) = range(16)  # fmt: skip
"""Columns: the midpoint; how far a trace counts; slope; step of the table's rows (m); what to take
off a position (samples); boresight; each antenna's foot from the midpoint, and height off the
plane."""
COLUMNS = 16

CLOSE_M = 3e-5
"""Most that a straight line between two rows of a table may be off: 0.1 ps."""
STEPS_M = (0.0025, 0.01)


def geometry(
    antennas: Antennas, settings: BackProjection, axis: TimeAxis, depth_m: Values
) -> Values:
    """Return a row for each trace, (n, `COLUMNS`), float64."""
    middle = 0.5 * (antennas.transmitter[:, :2] + antennas.receiver[:, :2])
    out = np.empty((len(antennas), COLUMNS))
    out[:, [EAST, NORTH]] = middle
    out[:, [SLOPE_EAST, SLOPE_NORTH]] = antennas.slope
    out[:, [BORE_EAST, BORE_NORTH, BORE_UP]] = antennas.boresight
    both = (antennas.transmitter, SENDER_EAST), (antennas.receiver, HEARER_EAST)
    for place, first in both:
        out[:, first : first + 3] = _feet(place, middle, antennas.slope)
    low = np.minimum(out[:, SENDER_HEIGHT], out[:, HEARER_HEIGHT])
    bend = low + depth_m[0] / settings.index
    out[:, STEP] = np.clip(np.sqrt(8.0 * CLOSE_M * bend), *STEPS_M)
    out[:, RADIUS] = _radius(low, settings, float(depth_m[-1]))
    interval = axis.sample_interval_s / settings.oversampling
    out[:, OFFSET] = (axis.first_twt_s + antennas.zero_twt_s) / interval
    return out


def _feet(place: Values, middle: Values, slope: Values) -> Values:
    """Return an antenna's foot on the plane, from the midpoint, and its height off the plane."""
    away = place[:, :2] - middle
    norm = np.sqrt(1.0 + slope[:, 0] ** 2 + slope[:, 1] ** 2)
    up = place[:, 2] - slope[:, 0] * away[:, 0] - slope[:, 1] * away[:, 1]
    height = np.maximum(up / norm, 0.0)
    return np.column_stack([away + slope * (height / norm)[:, np.newaxis], height])


def _radius(height_m: Values, settings: BackProjection, deepest_m: float) -> Values:
    """Return the radius, or where the outermost ray meets the deepest voxel if that is nearer."""
    sine = math.sin(math.radians(settings.half_angle_deg))
    tangent = math.tan(math.radians(settings.half_angle_deg))
    bent = deepest_m * sine / math.sqrt(settings.index**2 - sine**2)
    inside = np.where(height_m > SMALLEST, height_m * tangent + bent, deepest_m * tangent)
    return np.minimum(inside, settings.radius_m)


def samples_per_m(settings: BackProjection, axis: TimeAxis) -> float:
    """Return the fine samples that a wave needs for a metre of air."""
    return settings.oversampling / (axis.sample_interval_s * SPEED_OF_LIGHT_M_S)


def rows_needed(rows: Values, deepest_m: float) -> int:
    """Return how many rows a table needs for every column in reach of every trace."""
    if len(rows) == 0:
        return 2
    feet = rows[:, [SENDER_EAST, SENDER_NORTH, HEARER_EAST, HEARER_NORTH]]
    away = np.maximum(np.hypot(feet[:, 0], feet[:, 1]), np.hypot(feet[:, 2], feet[:, 3]))
    slope = np.hypot(rows[:, SLOPE_EAST], rows[:, SLOPE_NORTH])
    reach = (rows[:, RADIUS] + away) * np.sqrt(1.0 + slope**2) + slope * deepest_m
    return int(np.ceil(np.max(reach / rows[:, STEP]))) + 3
