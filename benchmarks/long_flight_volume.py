"""Focus a long flight: python benchmarks/long_flight_volume.py [1000000].

Lanes of 25 m, 0.5 m apart, a trace every 2 cm, 0.2 m over the soil, into voxels of 2.5 cm within
0.3 m. Tiles that are done lie on the disk. Prints, as the flight goes on, memory, traces a second
of CPU, and voxel updates a second of CPU: all must stay level.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from detectkit.core import VoxelGrid
from detectkit.imaging.backprojection import Antennas, TimeAxis
from detectkit.imaging.backprojection.projector import BackProjection, BackProjector
from detectkit.io.volume.scratch import ScratchTiles

PIECE = 1000
LANE_M, LANE_SPACING_M, TRACE_M, HEIGHT_M = 25.0, 0.5, 0.02, 0.2
GRID = VoxelGrid(0.025, 0.025, depths=16, tile=64)
AXIS = TimeAxis(0.0, 1e-10, 128)
REPORTS = 10


def antennas(first: int, count: int) -> Antennas:
    """Return where the antennas were: lanes there and back, like a lawn-mower's."""
    along_m = (first + np.arange(count)) * TRACE_M
    lane, on_lane = np.divmod(along_m, LANE_M)
    east = np.where(lane % 2 == 0, on_lane, LANE_M - on_lane)
    height = HEIGHT_M + 0.02 * np.sin(along_m)
    middle = np.column_stack([east, lane * LANE_SPACING_M, height])
    half = np.array([0.05, 0.0, 0.0])
    return Antennas.level(middle - half, middle + half)


def memory_mb() -> float:
    """Return what the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def main(traces: int) -> None:
    noise = np.random.default_rng(1).standard_normal((PIECE, AXIS.samples)).astype(np.float32)
    settings = BackProjection(1e8, radius_m=0.3)
    with tempfile.TemporaryDirectory() as folder:
        tiles = ScratchTiles(Path(folder) / "volume", GRID)
        projector = BackProjector(GRID, settings, AXIS, tiles)
        projector.push(noise[:1], antennas(0, 1))
        print(f"{traces:,} traces, {traces * TRACE_M / 1000:.0f} km", flush=True)
        print(
            "| traces | memory MB | traces/s of CPU | million updates/s of CPU |\n|---|---|---|---|"
        )
        since, updates, clock = 0, projector.updates, time.process_time()
        for first in range(0, traces, PIECE):
            count = min(PIECE, traces - first)
            projector.push(noise[:count], antennas(first, count))
            done = first + count
            if done * REPORTS // traces > since * REPORTS // traces:
                spent = time.process_time() - clock
                added = (projector.updates - updates) / spent / 1e6
                each = (done - since) / spent
                print(f"| {done:,} | {memory_mb():.0f} | {each:,.0f} | {added:.0f} |", flush=True)
                since, updates, clock = done, projector.updates, time.process_time()
        projector.finish()
        print(f"{sum(1 for _ in tiles.indices()):,} tiles on the disk")
        tiles.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
