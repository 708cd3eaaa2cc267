"""Cost of the metal branch: 10,000 rows of three channels, and 100 strips.

    python -m pytest benchmarks/test_metal.py --benchmark-enable

Rows every 2 cm, in pieces of 50, as a second of flight gives them; 5 cm apart once they are scored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from detectkit.core import Block, Sensor
from detectkit.detect.evidence import GRID
from detectkit.detect.metal import MetalBranch

ROWS, CHUNK, PLACES = 10_000, 50, 100


def blocks() -> list[Block]:
    """Return a lane over soil with a piece of metal every 10 m."""
    rng = np.random.default_rng(1)
    along = np.arange(ROWS) * 0.02
    soil = 500.0 * np.cumsum(rng.normal(size=ROWS))[:, None] * 0.05 * np.array([1.0, -0.05, -0.1])
    away = (along % 10.0) - 5.0
    metal = 800.0 / (1.0 + (away / 0.25) ** 2)[:, None] ** 3 * np.array([0.1, -0.6, -1.0])
    line = Block(
        (soil + metal + rng.normal(0.0, 5.0, (ROWS, 3))).astype(np.float32),
        ("trace", "channel"),
        {"along_track_m": ("trace", along), "height_m": ("trace", np.full(ROWS, 0.3))},
        Sensor(id="coil", kind="metal_detector", unit="nV"),
        line="L1",
    )
    return [line.traces(start, start + CHUNK) for start in range(0, ROWS, CHUNK)]


LINE = blocks()


def heard() -> MetalBranch:
    branch = MetalBranch()
    for block in LINE:
        list(branch.push(block))
    list(branch.finish())
    return branch


def test_rows(benchmark: Any) -> None:
    branch = benchmark(heard)
    assert len(branch.track) > 3_000


def test_strips(benchmark: Any) -> None:
    branch = heard()
    nowhere = np.full(GRID.columns, np.nan)

    def cut() -> int:
        known = 0
        for number in range(PLACES):
            along = 1.0 + 1.9 * number + GRID.along_m
            known += branch.track.strip(nowhere, nowhere, line="L1", along_m=along).known.sum()
        return int(known)

    assert benchmark(cut) == PLACES * GRID.columns
