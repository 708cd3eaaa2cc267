"""Runs and truths made up: two lanes to the north, half a metre apart, and what lies there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detectkit.core import Indication
from detectkit.detect.scoring.run import Run, Track
from detectkit.detect.scoring.truth import Known, Truth
from detectkit.geo import LocalFrame

FRAME = LocalFrame(46.9, 40.0)
LANES_M = (0.0, 0.5)
NAN = float("nan")


def degrees(x_m: float, y_m: float) -> tuple[float, float]:
    longitude, latitude, _ = FRAME.to_geographic(np.array([x_m]), np.array([y_m]))
    return float(longitude[0]), float(latitude[0])


def track(line: str, x_m: float, *, length_m: float = 6.0, height_m: float = 0.5) -> Track:
    """A lane to the north, a row every 5 cm."""
    along = np.arange(0.0, length_m + 0.01, 0.05)
    longitude, latitude, _ = FRAME.to_geographic(np.full_like(along, x_m), along)
    same = np.ones_like(along)
    return Track(line, longitude, latitude, along, height_m * same, 0.01 * same)


def indication(x_m: float, y_m: float, *, score: float, **fields: object) -> Indication:
    longitude, latitude = degrees(x_m, y_m)
    one = Indication(
        line="lane 0" if x_m < 0.25 else "lane 1", trace=1, first_trace=1, last_trace=2,
        along_track_m=y_m, longitude_deg=longitude, latitude_deg=latitude, twt_s=1e-9,
        depth_m=0.1, depth_error_m=0.02, velocity_m_per_s=1e8, velocity_source="given",
        score=score, rank=1, gpr_score=score,
    )  # fmt: skip
    return replace(one, **fields)  # type: ignore[arg-type]


def known(x_m: float, y_m: float, category: str, name: str, **fields: object) -> Known:
    longitude, latitude = degrees(x_m, y_m)
    one = Known(category, 0.05, 0.08, name, longitude, latitude, words={"metal": "minimum"})
    return replace(one, **fields)  # type: ignore[arg-type]


TRUTH = Truth(
    "made.truth.csv",
    "simulated",
    (
        known(0.05, 1.0, "ap_mine", "near"),
        known(0.45, 3.0, "av_mine", "large", radius_m=0.15, depth_m=0.2),
        known(0.0, 5.0, "ap_mine", "deaf"),
        known(3.0, 3.0, "ap_mine", "far away"),
        known(0.5, 4.5, "metal_clutter", "can"),
    ),
)


def run(**fields: object) -> Run:
    """A fused run: two hits, a can, nothing, and one more on the large one."""
    found = (
        indication(0.05, 1.1, score=9.0, probability=0.9, sensors="gpr+metal_detector",
                   detector_snr=6.0),
        indication(0.5, 4.5, score=40.0, probability=0.2, sensors="metal_detector", gpr_score=None,
                   detector_snr=40.0, depth_m=NAN),
        indication(0.45, 3.1, score=7.0, probability=0.8),
        indication(0.3, 3.0, score=6.0, probability=0.3),
        indication(0.5, 2.0, score=5.0, probability=0.1),
    )  # fmt: skip
    tracks = tuple(track(f"lane {at}", x) for at, x in enumerate(LANES_M))
    return replace(Run("made", found, tracks), **fields)  # type: ignore[arg-type]
