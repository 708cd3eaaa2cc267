"""The autoencoder along a line: what it never saw stands out where it lies, on any antenna's scale.

On the real wall and the real hyperbolas: tests/batch/test_strange_lines.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.core import Block, Sensor
from detectkit.detect.evidence import GRID
from detectkit.detect.radar_track import RadarTrack, times_at
from detectkit.detect.settings import DetectSettings
from detectkit.learn.autoencoder import Anomaly, fit_autoencoder
from detectkit.learn.autoencoder_settings import AutoencoderSettings
from detectkit.learn.line_anomaly import LineAnomaly, line_anomalies, stretched_grid

BODY_M, GAP_M = 4.0, (6.0, 6.6)
LENGTH_M = 8.0


@pytest.fixture(scope="module")
def anomaly() -> Anomaly:
    random = np.random.default_rng(0)
    plain = random.normal(0.0, 1.0, (40, 2, GRID.rows, GRID.columns)).astype(np.float32)
    known = np.ones((40, GRID.columns), np.bool_)
    quick = AutoencoderSettings(width=2, code=4, epochs=1, batch=20)
    return fit_autoencoder(plain, known, quick)


def track_over(by: float, *, cut: int = 0, gap: bool = False) -> RadarTrack:
    """Return a track of noise with a body's echo, all lengths and times `by` times as large."""
    settings = DetectSettings()
    grid = stretched_grid(by * GRID.depth_m[-1])
    track = RadarTrack(settings, grid)
    along = np.arange(0.0, LENGTH_M, 0.0213)
    depth = np.arange(-0.1, 0.8, 0.01)
    random = np.random.default_rng(1)
    data = random.normal(0.0, 1.0, (along.size, depth.size))
    spot = ((along - BODY_M) / 0.06)[:, None] ** 2 + ((depth - 0.3) / 0.05) ** 2
    data += 12.0 * np.exp(-spot) * np.cos(2 * np.pi * depth / 0.08)
    keep = np.ones(along.size, np.bool_)
    if gap:
        keep = (along < GAP_M[0]) | (along > GAP_M[1])
    block = Block(
        data[keep].astype(np.float32),
        coords={
            "twt_s": ("delay", times_at(by * depth, settings.velocity_m_per_s, 0.0)),
            "along_track_m": ("trace", by * along[keep]),
            "source_trace": ("trace", np.flatnonzero(keep)),
        },
        sensor=Sensor("gpr", "gpr", "made up"),
        line="made up",
    )
    starts = range(0, len(block), cut or len(block))
    for start in starts:
        part = block.traces(start, min(start + (cut or len(block)), len(block)))
        track.push_processed(part)
        track.push_focused(part)
    return track


def scored(anomaly: Anomaly, track: RadarTrack) -> LineAnomaly:
    (found,) = line_anomalies(track, anomaly)
    return found


def test_a_body_stands_out_where_it_lies_and_little_else(anomaly: Anomaly) -> None:
    found = scored(anomaly, track_over(1.0))
    strongest = found.peaks(threshold=2.0, apart_m=0.3)
    assert found.along_m[strongest[0]] == pytest.approx(BODY_M, abs=0.12)
    assert np.isfinite(found.score).all()
    beside = np.abs(found.along_m - BODY_M) > 0.5
    assert found.score[beside].max() < 0.6 * found.score.max()
    assert abs(float(np.median(found.score[beside]))) < 0.3
    assert found.length_m == pytest.approx(LENGTH_M, abs=0.1)


def test_the_same_ground_at_a_fifth_of_the_size_gives_the_same_score(anomaly: Anomaly) -> None:
    large, small = scored(anomaly, track_over(1.0)), scored(anomaly, track_over(0.2))
    both = min(len(large.score), len(small.score))
    assert small.along_m[:both] == pytest.approx(0.2 * large.along_m[:both], abs=1e-6)
    assert small.score[:both] == pytest.approx(large.score[:both], abs=0.02)


def test_cutting_the_line_changes_no_bit(anomaly: Anomaly) -> None:
    whole, pieces = scored(anomaly, track_over(1.0)), scored(anomaly, track_over(1.0, cut=7))
    assert whole.score.tobytes() == pieces.score.tobytes()
    assert whole.misdrawn.tobytes() == pieces.misdrawn.tobytes()


def test_where_no_radar_passed_there_is_no_score(anomaly: Anomaly) -> None:
    found = scored(anomaly, track_over(1.0, gap=True))
    inside = (found.along_m > GAP_M[0] + 0.12) & (found.along_m < GAP_M[1] - 0.12)
    assert inside.any()
    assert np.isnan(found.score[inside]).all()
    peaks = found.peaks(threshold=-9.0, apart_m=0.0)
    assert not np.isin(np.flatnonzero(inside), peaks).any()
    strongest = found.along_m[found.peaks(threshold=2.0, apart_m=0.3)[0]]
    assert strongest == pytest.approx(BODY_M, abs=0.12)


def test_twice_the_gain_changes_next_to_nothing(anomaly: Anomaly) -> None:
    plain, louder = track_over(1.0), track_over(1.0)
    for name in ("processed", "focused"):
        louder._rows.fill(0, name, 2.0 * plain._rows.column(name, 0, plain._rows.stop))
    assert scored(anomaly, louder).score == pytest.approx(scored(anomaly, plain).score, abs=1e-3)


def test_a_line_without_places_has_no_score(anomaly: Anomaly) -> None:
    track = RadarTrack(DetectSettings(), replace(GRID))
    assert line_anomalies(track, anomaly) == []
