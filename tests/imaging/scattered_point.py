"""One point in the soil under antennas anywhere, heard by the simulator's own rays."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.core import VoxelGrid
from detectkit.imaging.backprojection import Antennas, MemoryTiles, TimeAxis
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector, image_of
from detectkit.sim.scatterers import sorted_into_cells
from detectkit.sim.wavelet import SECOND_DERIVATIVE
from detectkit_sim_data.recipes.quiet_soil import RADAR, radar_over

Values = npt.NDArray[np.float64]
LIGHT_M_PER_S = 299_792_458.0
GRID = VoxelGrid(0.02, 0.02, depths=28, tile=32)
AXIS = TimeAxis(-RADAR.time_zero_s, RADAR.sample_interval_s, RADAR.samples)


@dataclass(frozen=True)
class Survey:
    """Traces of one point, where the antennas were, and where the point is: e, n, depth."""

    traces: npt.NDArray[np.float32]
    antennas: Antennas
    point: Values
    velocity_m_per_s: float


def lanes(height_m: float, *, half_m: float = 0.8, jitter_m: float = 0.02) -> Values:
    """Return midpoints along lanes 0.1 m apart, jittered in every direction, (n, 3)."""
    along, across = np.arange(-half_m, half_m, 0.05), np.arange(-half_m, half_m, 0.1)
    east, north = (one.ravel() for one in np.meshgrid(along, across))
    middle = np.column_stack([east, north, np.full(east.size, height_m)])
    return np.asarray(middle + np.random.default_rng(1).normal(0.0, jitter_m, middle.shape))


def curves(height_m: float) -> Values:
    """Return midpoints along a spiral that rises and sinks, (n, 3)."""
    turn = np.sqrt(np.linspace(0.0, 1.0, 500)) * 16.0 * math.pi
    radius = 0.05 + 0.8 * turn / turn[-1]
    up = height_m + 0.1 * np.sin(0.7 * turn)
    return np.column_stack([radius * np.cos(turn), radius * np.sin(turn), up])


def heard(middle: Values, point: Values, *, permittivity: float, tilt_deg: float = 0.0) -> Survey:
    """Return what antennas 0.12 m apart hear over level ground; tilted to the east and north."""
    rows = len(middle)
    tilt = math.radians(tilt_deg)
    up = np.array([math.sin(tilt), 0.5 * math.sin(tilt), 0.0])
    up[2] = math.sqrt(1.0 - up @ up)
    apart = 0.06 * np.array([up[2], 0.0, -up[0]]) / math.hypot(up[2], up[0])
    time_s = np.linspace(0.0, 1.0, rows)
    attitude = np.column_stack([np.tile(up, (rows, 1)), middle[:, 2]])
    row = np.array([[point[0], point[1], 0.0, point[2], 1e-3, 0.0, SECOND_DERIVATIVE]])
    empty = radar_over(permittivity)
    full = replace(empty, scatterers=sorted_into_cells(row, 2.0))
    there, back = middle - apart, middle + apart
    loud, quiet = (one.heard(there, back, attitude, time_s) for one in (full, empty))
    antennas = Antennas(there, back, np.zeros((rows, 2)), np.tile(-up, (rows, 1)), np.zeros(rows))
    return Survey(loud - quiet, antennas, point, LIGHT_M_PER_S / math.sqrt(permittivity))


def on_a_slope(survey: Survey, slope: tuple[float, float]) -> Survey:
    """Return the same survey with the ground turned, and all that stands on it."""
    normal = np.array([-slope[0], -slope[1], 1.0]) / math.hypot(*slope, 1.0)
    axis = np.cross([0.0, 0.0, 1.0], normal)
    across = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + across + across @ across / (1.0 + normal[2])
    there, back = (one @ turn.T for one in (survey.antennas.transmitter, survey.antennas.receiver))
    foot = 0.5 * (there[:, :2] + back[:, :2]) @ np.asarray(slope)
    there[:, 2] -= foot
    back[:, 2] -= foot
    tilted = np.tile(slope, (len(foot), 1)), survey.antennas.boresight @ turn.T
    point = turn @ (survey.point * [1.0, 1.0, -1.0])
    point[2] = point[:2] @ np.asarray(slope) - point[2]
    antennas = Antennas(there, back, *tilted, survey.antennas.zero_twt_s)
    return Survey(survey.traces, antennas, point, survey.velocity_m_per_s)


def volume(
    survey: Survey, settings: BackProjection, grid: VoxelGrid = GRID
) -> tuple[VoxelGrid, npt.NDArray[np.float32]]:
    """Return amplitudes of the four tiles around the origin."""
    tiles = MemoryTiles()
    projector = BackProjector(grid, settings, AXIS, tiles)
    projector.push(survey.traces, survey.antennas)
    projector.finish()
    parts = [[image_of(tiles.get((a, b))).amplitude for b in (-1, 0)] for a in (-1, 0)]
    return grid, np.concatenate([np.concatenate(row, axis=1) for row in parts])


def peak(grid: VoxelGrid, amplitude: npt.NDArray[np.float32]) -> Values:
    """Return the strongest place, easting, northing, depth, between the voxels by parabolas."""
    top = np.array(np.unravel_index(np.nanargmax(amplitude), amplitude.shape))
    place = top.astype(float)
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        low, mid, high = (float(amplitude[tuple(top + k * step)]) for k in (-1, 0, 1))
        place[axis] += 0.5 * (low - high) / (low - 2.0 * mid + high)
    place[:2] -= grid.tile
    place *= [grid.spacing_m, grid.spacing_m, grid.depth_spacing_m]
    place[2] += grid.first_depth_m
    return place
