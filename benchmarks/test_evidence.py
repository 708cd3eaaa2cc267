"""Cost of the radar's evidence: keeping 10,000 rows, cutting 100 places, clustering 1,000 finds.

    python -m pytest benchmarks/test_evidence.py --benchmark-enable

Rows of 512 samples every 2 cm, as processed and as focused (160 delays).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detectkit.core import Block, Indication
from detectkit.detect.clusters import clusters
from detectkit.detect.found import Found
from detectkit.detect.radar_track import RadarTrack
from detectkit.detect.settings import DetectSettings

ROWS, CHUNK = 10_000, 128
METRES_PER_DEGREE = 111_035.0


def blocks(samples: int) -> list[Block]:
    """Return a line north of a place, in pieces."""
    along = np.arange(ROWS) * 0.02
    data = np.random.default_rng(1).standard_normal((ROWS, samples), np.float32)
    line = Block(
        data,
        coords={
            "twt_s": ("delay", np.arange(samples) * 1e-10),
            "source_trace": ("trace", np.arange(ROWS)),
            "along_track_m": ("trace", along),
            "longitude_deg": ("trace", np.full(ROWS, 46.9)),
            "latitude_deg": ("trace", 40.0 + along / METRES_PER_DEGREE),
            "time_ns": ("trace", np.arange(ROWS) * 20_000_000),
            "removed_twt_s": ("trace", np.full(ROWS, 3.3e-9)),
        },
        line="L1",
        trace_spacing_m=0.02,
    )
    return [line.traces(start, start + CHUNK) for start in range(0, ROWS, CHUNK)]


PROCESSED, FOCUSED = blocks(512), blocks(160)


def pushed() -> RadarTrack:
    track = RadarTrack(DetectSettings())
    for processed, focused in zip(PROCESSED, FOCUSED, strict=True):
        track.push_processed(processed)
        track.push_focused(focused)
    return track


def found(rng: np.random.Generator, row: int) -> Found:
    along_m, east_m, north_m = rng.uniform(0.0, 100.0, 3)
    one = Indication(
        line=f"L{row % 20}", trace=row, first_trace=row, last_trace=row, along_track_m=along_m,
        longitude_deg=46.9 + east_m / METRES_PER_DEGREE,
        latitude_deg=40.0 + north_m / METRES_PER_DEGREE,
        twt_s=1e-9, depth_m=0.1, depth_error_m=0.02, velocity_m_per_s=1e8, velocity_source="given",
        score=float(rng.uniform(4.0, 20.0)), rank=0,
    )  # fmt: skip
    return Found("gpr", "gpr", one, one.line, row)


def test_push_10_000_rows(benchmark: Any) -> None:
    benchmark.pedantic(pushed, rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("by", ["row", "place"])
def test_cut_100_places(benchmark: Any, by: str) -> None:
    track = pushed()

    def by_row() -> None:
        for row in range(100, ROWS, ROWS // 100):
            track.cut("L1", row)

    def by_place() -> None:
        for row in range(100, ROWS, ROWS // 100):
            track.cut_at(longitude_deg=46.9, latitude_deg=40.0 + 0.02 * row / METRES_PER_DEGREE)

    benchmark.pedantic(by_row if by == "row" else by_place, rounds=5, warmup_rounds=1)


def test_cluster_1_000_finds(benchmark: Any) -> None:
    rng = np.random.default_rng(2)
    founds = [found(rng, row) for row in range(1000)]
    benchmark.pedantic(clusters, args=(founds, 0.25), rounds=5, warmup_rounds=1)
