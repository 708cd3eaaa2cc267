"""What a flight can resolve, in words, numbers and a picture; and how a recording was flown."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectkit.core import Block, Sensor, UsageError
from detectkit.geo import LocalFrame, SiteFrame
from detectkit.imaging.point_spread import Pulse
from detectkit.imaging.resolution import LineGeometry, Resolution, Sight, resolution
from detectkit.io import open_recording
from detectkit.io.flight.writer import FlightWriter
from detectkit.product.flown_lines import corners_of, flown_lines, line_spacing_of
from detectkit.product.resolution_report import as_numbers, draw_resolution, sentences


def report(spacing: float, trace: float = 0.03) -> tuple[Sight, list[Resolution]]:
    sight = Sight(LineGeometry(0.5, spacing, trace, radius_m=0.8), Pulse.ricker(1.2e9), 1e8)
    return sight, [resolution(sight, 0.1)]


class TestWords:
    def test_lines_far_apart_are_called_so_with_what_to_do(self) -> None:
        said = " ".join(sentences(*report(0.45)))
        assert "lines 0.45 m apart at 0.5 m height" in said
        assert "0.45 m across the lines" in said
        assert "times too far apart for three-dimensional focusing" in said
        assert "each line images alone" in said
        assert "must lie at most 0.25 m apart" in said
        assert "What cannot be told apart may still be there." in said

    def test_lines_near_enough_are_called_so(self) -> None:
        said = " ".join(sentences(*report(0.05)))
        assert "close enough to be focused together" in said
        assert "alone" not in said

    def test_traces_too_far_apart_are_told(self) -> None:
        assert "fly slower" in " ".join(sentences(*report(0.3, trace=0.1)))

    def test_the_numbers_are_json_without_infinities(self) -> None:
        found = json.loads(json.dumps(as_numbers(*report(0.3)), allow_nan=False))
        (row,) = found["depths"]
        assert row["depth_m"] == 0.1
        assert row["apart_across_m"] == 0.3
        assert row["lines_focus"] is False
        assert found["sentences"]

    def test_the_picture_shows_lines_and_widths(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("detectkit.product.resolution_report.PIXELS", 31)
        draw_resolution(*report(0.3), tmp_path / "a.png")
        image = np.asarray(cv2.imread(str(tmp_path / "a.png")), np.int32)
        assert image.shape[1] == 1430
        orange = np.abs(image - np.array([0x00, 0x5E, 0xD5])).max(axis=2) < 30
        assert orange.mean() > 1e-4


class TestFlownLines:
    def track(self, spacing: float, *, heading: float = 0.0, lines: int = 4) -> np.ndarray:
        """Return a meander with turns, in metres."""
        along = np.arange(0.0, 6.0, 0.03)
        parts = []
        for number in range(lines):
            way = along if number % 2 == 0 else along[::-1]
            parts.append(np.column_stack([way, np.full(way.size, number * spacing)]))
            if number < lines - 1:
                turn = np.arange(0.03, spacing, 0.03)
                parts.append(
                    np.column_stack([np.full(turn.size, way[-1]), parts[-1][-1, 1] + turn])
                )
        path = np.concatenate(parts)
        path += np.random.default_rng(5).normal(0.0, 0.004, path.shape)
        cosine, sine = np.cos(heading), np.sin(heading)
        return path @ np.array([[cosine, sine], [-sine, cosine]])

    @pytest.mark.parametrize("heading", [0.0, 0.7, np.pi / 2, 2.5])
    @pytest.mark.parametrize("spacing", [0.2, 0.5])
    def test_lines_in_any_direction(self, spacing: float, heading: float) -> None:
        found = line_spacing_of(self.track(spacing, heading=heading))
        assert found == pytest.approx(spacing, abs=0.02)

    def test_one_line_has_no_spacing_also_when_flown_twice(self) -> None:
        assert line_spacing_of(self.track(0.3, lines=1)) is None
        assert line_spacing_of(self.track(0.001, lines=2)) is None
        assert line_spacing_of(np.zeros((0, 2))) is None
        assert line_spacing_of(np.zeros((5, 2))) is None

    def test_a_flight_tells_its_geometry(self, tmp_path: Path) -> None:
        track = self.track(0.4)
        lon, lat, _ = LocalFrame(47.0, 40.0).to_geographic(track[:, 0], track[:, 1])
        lat = lat.copy()
        lat[10:20] = np.nan
        sensor = Sensor(antenna_hz=1.2e9, antenna_separation_m=0.1)
        coords = {
            "twt_s": ("delay", np.arange(8) * 1e-10),
            "longitude_deg": ("trace", lon),
            "latitude_deg": ("trace", lat),
            "height_m": ("trace", np.where(np.arange(len(lon)) % 7, 0.55, np.nan)),
        }
        with FlightWriter(tmp_path / "f.h5") as flight:
            data = np.zeros((len(lon), 8), np.float32)
            block = Block(data, coords=coords, sensor=sensor, line="L1")
            flight.stream("gpr").append(block)
        found = flown_lines(open_recording(tmp_path / "f.h5"))
        assert found.height_m == pytest.approx(0.55)
        assert found.line_spacing_m == pytest.approx(0.4, abs=0.02)
        assert found.trace_spacing_m == pytest.approx(0.03, abs=0.004)
        assert (found.antenna_hz, found.antenna_separation_m) == (1.2e9, 0.1)
        corners = corners_of(open_recording(tmp_path / "f.h5"), SiteFrame(47.0, 40.0))
        np.testing.assert_allclose(corners[[0, -1]], track[[0, -1]], atol=2e-3)
        assert 0.03 < np.median(np.hypot(*np.diff(corners, axis=0).T)) < 0.15

    def test_a_recording_without_a_radar_is_refused(self, tmp_path: Path) -> None:
        sensor = Sensor(id="md", kind="metal_detector")
        with FlightWriter(tmp_path / "md.h5") as flight:
            block = Block(
                np.zeros((4, 3), np.float32), dims=("trace", "channel"), sensor=sensor, line="a"
            )
            flight.stream("md").append(block)
        with pytest.raises(UsageError, match="holds no radar; its streams are md"):
            flown_lines(open_recording(tmp_path / "md.h5"))

    def test_a_line_without_positions_is_refused(self, tmp_path: Path) -> None:
        with FlightWriter(tmp_path / "f.h5") as flight:
            coords = {"twt_s": ("delay", np.arange(8) * 1e-10)}
            block = Block(np.zeros((4, 8), np.float32), coords=coords, line="a")
            flight.stream("gpr").append(block)
        with pytest.raises(UsageError, match="tells no positions"):
            corners_of(open_recording(tmp_path / "f.h5"), SiteFrame(47.0, 40.0))
