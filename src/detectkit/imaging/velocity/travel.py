"""Two-way time from a pair of antennas, on the ground or above it, to a point in the soil."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.refraction import air_soil_path
from detectkit.signal._jit import njit
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float64s = npt.NDArray[np.float64]


@njit
def point_times(
    transmitter: Float64s, receiver: Float64s, point: Float64s, velocity_m_per_s: float
) -> Float64s:
    """Return the two-way times (s) from antennas to one point below a flat surface.

    Straight rays where an antenna is on the ground, else refracted ones, see
    `detectkit.imaging.refraction`.

    Parameters
    ----------
    transmitter, receiver
        (traces, 3): easting, northing and height over the surface, in m.
    point
        (3,): easting, northing and depth below the surface, in m.
    velocity_m_per_s
        Of the ground.

    Examples
    --------
    >>> above = np.array([[0.0, 0.0, 0.0]])
    >>> point_times(above, above, np.array([0.3, 0.0, 0.4]), 1e8).round(10)
    array([1.e-08])
    """
    index = max(1.0, SPEED_OF_LIGHT_M_S / velocity_m_per_s)
    out = np.empty(transmitter.shape[0])
    for row in range(transmitter.shape[0]):
        total = 0.0
        for antenna in (transmitter, receiver):
            east = antenna[row, 0] - point[0]
            north = antenna[row, 1] - point[1]
            away = math.sqrt(east * east + north * north)
            path, _ = air_soil_path(away, antenna[row, 2], max(point[2], 0.0), index)
            total += path
        out[row] = total / SPEED_OF_LIGHT_M_S
    return out


def along_line(
    along_m: Float64s, height_m: Float64s | float, separation_m: float
) -> tuple[Float64s, Float64s]:
    """Return transmitters and receivers (traces, 3) of a straight line, one behind the other."""
    middle = np.zeros((along_m.size, 3))
    middle[:, 0] = along_m
    middle[:, 2] = height_m
    half = np.array([0.5 * separation_m, 0.0, 0.0])
    return middle - half, middle + half
