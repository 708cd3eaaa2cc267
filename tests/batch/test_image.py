"""`image` on files: simulated lines with known bodies, real ones with known bars."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from detectkit.batch.image import ImageRequest, image, recordings_of
from detectkit.batch.job import KnownVelocity, plan
from detectkit.cli.app import app
from detectkit.core import UsageError
from detectkit.detect.volume_places import VolumePlace
from detectkit.io.volume import open_volume
from detectkit.volume.settings import ImageSettings

from .flights import DIFFRACTORS, VELOCITY_M_PER_S, line, write

SETTINGS = ImageSettings(spacing_m=0.02, depth_spacing_m=0.01, band_m=(0.0, 0.4), radius_m=0.4)


@pytest.fixture
def flown(tmp_path: Path) -> Path:
    return write(tmp_path / "flight.h5", line("L1"))


def strongest(peaks: list[VolumePlace], place: tuple[float, float]) -> VolumePlace:
    """Return the first peak beside a place on a line, which cannot tell left from right."""
    east, north = place
    near = [
        one
        for one in peaks
        if abs(one.northing_m - north) < 0.06 and abs(one.easting_m - east) < 0.3
    ]
    return max(near, key=lambda one: one.amplitude * one.weight)


def test_bodies_under_a_line_with_positions(flown: Path, tmp_path: Path) -> None:
    job = plan([flown], velocity_m_per_s=VELOCITY_M_PER_S)
    result = image(job, tmp_path / "v.zarr", ImageRequest(SETTINGS, VELOCITY_M_PER_S))
    assert result.left_out == {}
    for along, depth in DIFFRACTORS:
        north = along * 111_132 / 111_000
        near = strongest(result.peaks, (0.0, north))
        assert np.hypot(near.easting_m, near.depth_m) == pytest.approx(depth, abs=0.03)
        assert near.northing_m == pytest.approx(north, abs=0.04)
        assert near.latitude_deg == pytest.approx(45.0 + along / 111_000, abs=5e-7)
    told = open_volume(result.volume).attributes
    assert told["pipeline_fingerprint"] == job.lines[0].pipeline.fingerprint
    assert [one["file"] for one in told["recordings"]] == ["flight.h5"]
    assert len(told["recordings"][0]["sha256"]) == 64
    assert told["origin_deg"] == [15.0, 45.0]


def test_the_error_of_the_velocity_is_that_of_every_depth(flown: Path, tmp_path: Path) -> None:
    job = plan([flown], velocity_m_per_s=VELOCITY_M_PER_S)
    request = ImageRequest(SETTINGS, VELOCITY_M_PER_S, KnownVelocity(2e7))
    result = image(job, tmp_path / "v.zarr", request)
    assert result.soil.velocity_error == pytest.approx(0.2)
    for one in result.peaks:
        assert 0.2 * one.depth_m <= one.depth_error_m <= 0.2 * one.depth_m + 0.01


def test_an_origin_of_the_users_own(flown: Path, tmp_path: Path) -> None:
    job = plan([flown], velocity_m_per_s=VELOCITY_M_PER_S)
    request = ImageRequest(SETTINGS, VELOCITY_M_PER_S, origin_deg=(15.001, 45.0))
    volume = open_volume(image(job, tmp_path / "v.zarr", request).volume)
    assert volume.attributes["origin_deg"] == [15.001, 45.0]
    assert volume.easting_m.mean() == pytest.approx(-78.8, abs=2.0)


def test_lines_without_positions_need_tracks(tmp_path: Path) -> None:
    lines = [write(tmp_path / f"{name}.h5", line(name, positions=False)) for name in "ab"]
    job = plan(lines, velocity_m_per_s=VELOCITY_M_PER_S)
    with pytest.raises(UsageError, match="must be given by --tracks"):
        image(job, tmp_path / "v.zarr", ImageRequest(SETTINGS))
    with pytest.raises(UsageError, match="1 tracks for 2 lines"):
        image(job, tmp_path / "v.zarr", ImageRequest(SETTINGS, tracks=(tmp_path / "a.txt",)))
    assert not (tmp_path / "v.zarr").exists()


def test_tracks_place_lines_and_one_alone_runs_east(tmp_path: Path) -> None:
    alone = write(tmp_path / "a.h5", line("a", positions=False))
    job = plan([alone], velocity_m_per_s=VELOCITY_M_PER_S)
    result = image(job, tmp_path / "alone.zarr", ImageRequest(SETTINGS, VELOCITY_M_PER_S))
    assert {round(one.northing_m) for one in result.peaks} == {0}
    (tmp_path / "a.txt").write_text("5 1\n5 8.98\n")
    request = ImageRequest(SETTINGS, VELOCITY_M_PER_S, tracks=(tmp_path / "a.txt",))
    tracked = image(job, tmp_path / "tracked.zarr", request)
    for along, depth in DIFFRACTORS:
        assert any(abs(one.easting_m - along) < 0.04 for one in result.peaks)
        near = strongest(tracked.peaks, (5.0, 1.0 + along))
        off = near.easting_m - 5.0
        assert np.hypot(off, near.depth_m) == pytest.approx(depth, abs=0.03)
    assert open_volume(tracked.volume).grid.crs_wkt == ""


def test_a_folder_that_is_no_flight_is_taken_as_it_is(tmp_path: Path) -> None:
    assert recordings_of([tmp_path / "x.dzt"]) == [tmp_path / "x.dzt"]


def test_the_command_answers_scripts(flown: Path, tmp_path: Path) -> None:
    words = ["image", str(flown), "--velocity", "1.0e8", "--spacing", "0.02", "--depth", "0", "0.4"]
    words += ["--radius", "0.4", "-o", str(tmp_path / "v.zarr"), "--json"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["volume"] == str(tmp_path / "v.zarr")
    assert told["velocity_m_per_s"] == 1.0e8
    first = told["peaks"][0]
    wanted = {"easting_m", "northing_m", "longitude_deg", "latitude_deg", "depth_m"}
    assert wanted | {"depth_error_m", "amplitude", "coherence", "contrast", "score"} <= set(first)
    assert first["score"] == max(one["score"] or 0.0 for one in told["peaks"])
    assert (tmp_path / "v.places.png").read_bytes().startswith(b"\x89PNG")
    assert told["picture"] == str(tmp_path / "v.places.png")


BARS_M = (0.26, 0.43, 0.60, 0.78, 1.06, 1.27, 1.46)
"""Of the middle of the wall; see test_wall.py."""


def test_the_bars_of_a_wall_are_compact_and_where_they_are(
    shared_data: Path, tmp_path: Path
) -> None:
    """Three lines 0.1 m apart over upright bars: each a ridge, 4 to 6 cm deep by the survey."""
    files = [shared_data / "ids" / f"LID1000{number}.dt" for number in (1, 2, 3)]
    tracks = []
    for number in range(3):
        tracks.append(tmp_path / f"{number}.txt")
        tracks[-1].write_text(f"0 {0.1 * number:.1f}\n1.792 {0.1 * number:.1f}\n")
    job = plan(files, velocity_m_per_s=0.135e9)
    request = ImageRequest(
        ImageSettings(band_m=(0.0, 0.1), radius_m=0.15),
        velocity_m_per_s=0.135e9,
        tracks=tuple(tracks),
    )
    result = image(job, tmp_path / "wall.zarr", request)
    volume = open_volume(result.volume)
    band = slice(*np.searchsorted(volume.depth_m, (0.03, 0.061)))
    for number in range(3):
        row = int(np.argmin(np.abs(volume.northing_m - 0.1 * number)))
        cut = volume.read("amplitude", north=slice(row, row + 1), depth=band)[:, 0]
        along = np.nan_to_num(cut).max(axis=1)
        for bar in BARS_M:
            near = np.flatnonzero(np.abs(volume.easting_m - bar) < 0.035)
            top = near[np.argmax(along[near])]
            assert abs(volume.easting_m[top] - bar) <= 0.03
            assert along[top] > 2.0 * np.median(along[along > 0.0])


def test_a_graphics_processor_that_is_not_there_is_said(flown: Path, tmp_path: Path) -> None:
    job = plan([flown], velocity_m_per_s=VELOCITY_M_PER_S)
    with pytest.raises(UsageError, match="device 'cuda:77'"):
        image(job, tmp_path / "v.zarr", ImageRequest(SETTINGS, device="cuda:77"))
    assert not list(tmp_path.glob("v.zarr*"))
