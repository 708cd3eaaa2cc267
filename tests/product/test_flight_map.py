"""The map of a flight: drawn where there are positions, honest about the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from detectkit.core import Block, Indication
from detectkit.geo import LocalFrame
from detectkit.mission import Track
from detectkit.product.flight_map import Place, draw_flight_map

FRAME = LocalFrame(47.0, 40.0)
FOUND = Indication(
    line="a", trace=1, first_trace=1, last_trace=2, along_track_m=1.0, longitude_deg=47.0,
    latitude_deg=40.00002, twt_s=1e-9, depth_m=0.1, depth_error_m=0.02, velocity_m_per_s=1e8,
    velocity_source="given", score=9.0, rank=1,
)  # fmt: skip


def located(north_m: np.ndarray, *, quality: float = 4.0, lost: slice = slice(0, 0)) -> Block:
    lon, lat, _ = FRAME.to_geographic(np.zeros(north_m.size), north_m)
    lat = lat.copy()
    lat[lost] = np.nan
    return Block(
        np.zeros((north_m.size, 2), np.float32),
        coords={
            "longitude_deg": ("trace", lon),
            "latitude_deg": ("trace", lat),
            "height_m": ("trace", np.full(north_m.size, 0.4)),
            "fix_quality": ("trace", np.full(north_m.size, quality)),
        },
    )


def test_a_track_is_thinned_to_what_a_map_can_show() -> None:
    track = Track()
    for start in range(0, 1000, 100):
        track.push(located(np.arange(start, start + 100) * 0.001))
    assert track.rows == 1000
    assert 19 <= len(track.longitude_deg) <= 21
    assert set(track.height_m) == {0.4}


def test_traces_without_a_position_are_counted() -> None:
    track = Track()
    track.push(located(np.arange(100) * 0.1, lost=slice(20, 50)))
    assert track.without_position == 30
    assert len(track.latitude_deg) == 70


def test_a_vehicle_at_rest_adds_nothing() -> None:
    track = Track()
    for _ in range(50):
        track.push(located(np.zeros(20)))
    assert len(track.longitude_deg) == 1


def test_without_positions_no_map_is_drawn(tmp_path: Path) -> None:
    assert not draw_flight_map(Track(), tmp_path / "map.png", title="none")
    assert not (tmp_path / "map.png").exists()


def drawn(path: Path, track: Track, **more: object) -> np.ndarray:
    assert draw_flight_map(track, path, title="test", **more)  # type: ignore[arg-type]
    return np.asarray(cv2.imread(str(path)), np.int32)


def share_of(picture: np.ndarray, colour: str) -> float:
    """Return the share of pixels near a colour (#rrggbb)."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (5, 3, 1)])
    return float((np.abs(picture - wanted).max(axis=2) < 30).mean())


def test_indications_truth_and_loose_positions_show_in_their_colours(tmp_path: Path) -> None:
    track = Track()
    track.push(located(np.arange(60) * 0.1))
    plain = drawn(tmp_path / "plain.png", track)
    marked = drawn(
        tmp_path / "marked.png",
        track,
        indications=[FOUND, replace(FOUND, rank=2, longitude_deg=None)],
        truth=[Place(47.00002, 40.00003, "disc")],
    )
    for colour in ("#D55E00", "#0072B2"):
        assert share_of(plain, colour) == 0.0
        assert share_of(marked, colour) > 3e-5
    loose = Track()
    loose.push(located(np.arange(60) * 0.1, quality=5.0))
    assert not np.array_equal(drawn(tmp_path / "loose.png", loose), plain)
