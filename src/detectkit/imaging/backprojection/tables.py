"""Tables of one-way paths for each trace: from each antenna to every depth at growing distances.

Fermat's path by Newton's steps (`imaging.refraction` has the formula; a test holds both together),
begun at the ray of the row before, which lies below the root: two steps give it to 1e-12 m, and all
depths of a row are done at once.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detectkit.imaging.backprojection.geometry import (
    HEARER_HEIGHT,
    OFFSET,
    SENDER_HEIGHT,
    SLOPE_EAST,
    SLOPE_NORTH,
    STEP,
)
from detectkit.imaging.refraction import SMALLEST
from detectkit.signal._jit import njit

Values = npt.NDArray[np.float64]
Paths = npt.NDArray[np.float32]
Beams = npt.NDArray[np.float32]

LOUDNESS, LEAN, COSINE = range(3)
"""Of a leg at the middle depth: 1 / spreading times what passes the surface; of the angle to the
normal where the antenna is, its sine over the distance, and its cosine."""

STEPS = 2


@njit
def fill(
    rows: Values,
    depth_m: Values,
    index: float,
    samples_per_m: float,
    middle: int,
    paths: Paths,
    beams: Beams,
) -> None:
    """Fill the tables of some traces.

    Parameters
    ----------
    rows
        From `geometry`, (n, columns).
    depth_m
        (depths,), float64.
    index, samples_per_m
        Of the soil; fine samples for a metre of air.
    middle
        Number of the depth that `beams` are for.
    paths
        (n, 2, rows, depths, 2), float32: both antennas; path in samples at this row's distance and
        at the next one's. The first antenna's are less by the trace's offset.
    beams
        (n, 2, rows, 3), float32: see `LOUDNESS`.
    """
    tangent = np.empty(depth_m.shape[0])
    here = np.empty(depth_m.shape[0])
    down = np.empty(depth_m.shape[0])
    for trace in range(rows.shape[0]):
        one = rows[trace]
        norm = math.sqrt(1.0 + one[SLOPE_EAST] ** 2 + one[SLOPE_NORTH] ** 2)
        for k in range(depth_m.shape[0]):
            down[k] = depth_m[k] / norm
        for leg in range(2):
            height = one[HEARER_HEIGHT] if leg else one[SENDER_HEIGHT]
            offset = 0.0 if leg else one[OFFSET]
            tangent[:] = 0.0
            for row in range(paths.shape[2]):
                distance = row * one[STEP]
                if height <= SMALLEST:
                    _straight(distance, down, index, here)
                else:
                    _refracted(distance, height, down, index, tangent, here)
                _store(here, samples_per_m, offset, row, paths[trace, leg])
                _beam(
                    distance, height, down[middle], tangent[middle], index, beams[trace, leg, row]
                )


@njit
def _straight(distance: float, down: Values, index: float, here: Values) -> None:
    """Give the paths from an antenna on the ground."""
    for k in range(down.shape[0]):
        here[k] = index * math.sqrt(distance * distance + down[k] * down[k])


@njit
def _refracted(
    distance: float, height: float, down: Values, index: float, tangent: Values, here: Values
) -> None:
    """Give the paths at a distance; `tangent` goes on from the distance before."""
    square = index * index
    more = square - 1.0
    for k in range(down.shape[0]):
        t = tangent[k]
        for _ in range(STEPS):
            under = square + more * t * t
            soil = np.divide(down[k], math.sqrt(under))
            missing = distance - t * (height + soil)
            t += np.divide(missing, height + np.divide(soil * square, under))
        tangent[k] = t
        cosine = np.divide(1.0, math.sqrt(1.0 + t * t))
        sine = t * cosine
        path = sine * distance + height * cosine
        here[k] = path + down[k] * math.sqrt(square - sine * sine)


@njit
def _store(here: Values, samples_per_m: float, offset: float, row: int, paths: Paths) -> None:
    """Put a row into the table, and beside the row before as what comes next."""
    for k in range(here.shape[0]):
        position = np.float32(here[k] * samples_per_m - offset)
        paths[row, k, 0] = position
        paths[row, k, 1] = position
        if row > 0:
            paths[row - 1, k, 1] = position


@njit
def _beam(
    distance: float, height: float, depth: float, tangent: float, index: float, out: Beams
) -> None:
    """Give loudness and angle of a leg: a tube of rays and Fresnel's transmission.

    The spreading is ``L² = n (h / cos θ₁ + d / (n cos θ₂)) (h cos θ₂ / cos² θ₁ + d cos θ₁ /
    (n cos² θ₂))`` (Cerveny, Seismic Ray Theory, 2001, section 3.10), the same both ways; the
    passage sqrt(1 - r²), r for the field across the plane of incidence.
    """
    if height <= SMALLEST:
        path = max(math.sqrt(distance * distance + depth * depth), 1e-3)
        out[LOUDNESS] = 1.0 / path
        out[LEAN] = 1.0 / path
        out[COSINE] = depth / path
        return
    air = 1.0 / math.sqrt(1.0 + tangent * tangent)
    sine = tangent * air
    soil = math.sqrt(1.0 - sine * sine / (index * index))
    sideways = height / air + depth / (index * soil)
    lengthways = height * soil / (air * air) + depth * air / (index * soil * soil)
    inside = index * soil
    reflection = (air - inside) / (air + inside)
    passed = 1.0 - reflection * reflection
    out[LOUDNESS] = math.sqrt(passed / (index * sideways * lengthways))
    out[LEAN] = 1.0 / sideways
    out[COSINE] = air
