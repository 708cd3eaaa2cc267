"""The line that ships: made by its recipe, as registered, with the truth inside."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.core import Block, UsageError
from detectkit.geo import LocalFrame, along_track
from detectkit.io import Overrides, Recording, open_as
from detectkit.io.flight import Flight
from detectkit_sim_data.recipes import make_demo_line
from detectkit_sim_data.recipes.ray_model import radargram, ricker, velocity
from detectkit_sim_data.recipes.scenario import Scenario

SCENARIO = detectkit_sim_data.path("scenarios/demo_line.toml")


def opened(path: Path) -> Recording:
    return open_as(Flight(), path, Overrides())


@pytest.fixture(scope="module")
def recording() -> Recording:
    return opened(detectkit_sim_data.path("demo_line.h5"))


@pytest.fixture(scope="module")
def line(recording: Recording) -> Block:
    (stream,) = recording.streams
    return stream.rows(0, stream.traces)


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    path = detectkit_sim_data.path("demo_line.truth.csv")
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_file_is_as_registered() -> None:
    for name, digest in detectkit_sim_data.registry().items():
        assert detectkit_sim_data.sha256_of(detectkit_sim_data.path(name)) == digest, name


def test_every_data_file_is_registered() -> None:
    folder = detectkit_sim_data.path("demo_line.h5").parent
    found = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    data = {name for name in found if not name.endswith((".py", ".pyc", "registry.txt"))}
    assert data == set(detectkit_sim_data.names())


def test_a_name_that_does_not_ship_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError, match=r"demo_line\.h5"):
        detectkit_sim_data.path("nothing.h5")


def test_it_is_tiny() -> None:
    assert detectkit_sim_data.path("demo_line.h5").stat().st_size <= 600_000


def test_the_recipe_makes_the_same_line_again(
    tmp_path: Path, recording: Recording, line: Block
) -> None:
    """Another processor may round exp() otherwise: one count at most, seldom."""
    make_demo_line.make(tmp_path)
    again = opened(tmp_path / "demo_line.h5")
    block = again.streams[0].rows(0, len(line))
    off = np.abs(block.data.astype(int) - line.data)
    assert off.max() <= 1
    assert np.mean(off > 0) < 1e-3
    assert block.coords.keys() == line.coords.keys()
    for name in line.coords:
        np.testing.assert_allclose(block.coord(name), line.coord(name), rtol=1e-12, err_msg=name)
    assert again.streams[0].header.sensor == recording.streams[0].header.sensor
    assert again.attachments == recording.attachments
    mine = (tmp_path / "demo_line.truth.csv").read_text(encoding="utf-8")
    assert mine == detectkit_sim_data.path("demo_line.truth.csv").read_text(encoding="utf-8")


def test_it_says_everywhere_that_it_is_simulated(
    recording: Recording, truth: list[dict[str, str]]
) -> None:
    label = "simulated by a ray model, not full-wave"
    (stream,) = recording.streams
    assert stream.header.sensor.instrument == "simulated (ray model)"
    assert stream.header.raw["simulated"] == label
    assert any(label in one.text for one in recording.notices)
    targets = [one for one in truth if one["class"] == "target"]
    assert all(one["kind"].endswith("(simulated)") for one in targets)


def test_the_truth_lies_on_the_line(line: Block, truth: list[dict[str, str]]) -> None:
    frame = LocalFrame(line.coord("longitude_deg")[0], line.coord("latitude_deg")[0])
    track = np.array(frame.to_local(line.coord("longitude_deg"), line.coord("latitude_deg"))[:2])
    assert len(truth) == 9
    for one in truth:
        along, offset = float(one["along_track_m"]), float(one["offset_m"])
        assert 0.3 < along < line.coord("along_track_m")[-1] - 0.3
        lon, lat = np.array([float(one["longitude_deg"])]), np.array([float(one["latitude_deg"])])
        place = np.array(frame.to_local(lon, lat)[:2])
        away = np.hypot(*(track - place))
        row = round(along / 0.01)
        assert away[row] == pytest.approx(offset, abs=0.03), "fixes are off by 8 mm each"


def test_depths_are_those_of_the_surrogates(truth: list[dict[str, str]]) -> None:
    for one in truth:
        depth = float(one["depth_m"])
        if one["kind"].startswith("AP"):
            assert 0.03 <= depth <= 0.08
        if one["kind"].startswith("AT"):
            assert 0.15 <= depth <= 0.20


def test_the_track_is_five_metres_on_farmland_of_aghdam(line: Block) -> None:
    known = slice(0, 496)  # positions end with the last fix
    lon, lat = line.coord("longitude_deg")[known], line.coord("latitude_deg")[known]
    assert np.all((lon > 46.8) & (lon < 47.2))
    assert np.all((lat > 39.9) & (lat < 40.2))
    coarse = along_track(lon[::55], lat[::55])
    assert coarse[-1] == pytest.approx(4.95, abs=0.03)


def test_a_lost_fix_is_there_and_not_valid(recording: Recording) -> None:
    fixes = recording.streams[0].header.fixes
    assert (len(fixes), int(fixes.valid.sum())) == (100, 99)


def test_marks_are_a_metre_apart(recording: Recording) -> None:
    assert tuple(recording.streams[0].header.marks) == (1, 101, 201, 301, 401)


def test_a_point_answers_on_its_hyperbola() -> None:
    """The difference that one small object makes peaks at the two-way time of straight rays."""
    scenario = Scenario.read(SCENARIO)
    flat = replace(scenario.radar, height_variation_m=0.0)
    point = replace(
        scenario.objects[0], along_track_m=2.5, depth_m=0.15, radius_m=1e-4, reflectivity=1.0
    )
    empty = replace(scenario, radar=flat, objects=())
    filled = replace(empty, objects=(replace(point, thickness_m=0.5),))
    answer = radargram(filled).astype(int) - radargram(empty)
    half = 0.5 * flat.antenna_separation_m
    for row in (250, 240, 262, 230):
        away = row * 0.01 - 2.5
        path = np.hypot(away - half, 0.15) + np.hypot(away + half, 0.15)
        found = flat.first_twt_s + flat.sample_interval_s * answer[row].argmax()
        assert found == pytest.approx(path / velocity(scenario), abs=flat.sample_interval_s)
    assert answer[250].max() > 1.5 * answer[230].max() > 0


def test_some_objects_are_faint_and_none_is_lost(line: Block, truth: list[dict[str, str]]) -> None:
    """Peak over the median of the line at that delay, against the noise of the receiver."""
    scenario = Scenario.read(SCENARIO)
    data = line.data - np.median(line.data.astype(float), axis=0)
    peaks = []
    for one in truth:
        twt = 2.0 * float(one["depth_m"]) / velocity(scenario)
        rows = np.abs(line.coord("along_track_m") - float(one["along_track_m"])) < 0.05
        window = np.abs(line.coord("twt_s") - twt - 2e-10) < 5e-10
        peaks.append(float(np.abs(data[rows][:, window]).max()))
    assert min(peaks) > 8.0 * scenario.radar.noise_counts
    assert max(peaks) > 10.0 * min(peaks)


def test_the_digitiser_is_well_driven_and_never_clipped(line: Block) -> None:
    assert line.data.dtype == np.int16
    assert 8_000 < np.abs(line.data.astype(int)).max() < 32_767


def test_the_wavelet_peaks_at_one_and_has_no_mean() -> None:
    time_s = np.arange(-4000, 4001) * 1e-12
    wave = ricker(time_s, 1e9)
    assert wave[4000] == 1.0
    assert abs(wave.sum()) * 1e-12 < 1e-15
    spectrum = np.abs(np.fft.rfft(wave, 65536))
    assert np.fft.rfftfreq(65536, 1e-12)[spectrum.argmax()] == pytest.approx(1e9, rel=0.02)
