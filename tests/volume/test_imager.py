"""Processed traces in, a volume out: bodies at their places, and the same bits however cut."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from surveys import CENTRE_HZ, FRAME, VELOCITY, line, survey

from detectkit.core import Block, UsageError
from detectkit.io.volume import Volume, open_volume
from detectkit.pipeline import Pipeline, Runner
from detectkit.volume.imager import Imaged, Imager
from detectkit.volume.peaks import find_peaks
from detectkit.volume.settings import ImageSettings, Soil, Velocity

BODIES = ((0.613, 0.204, 0.15), (1.187, 0.118, 0.25))
SETTINGS = ImageSettings(
    spacing_m=0.02, depth_spacing_m=0.01, band_m=(0.0, 0.3), radius_m=0.3, tile=32
)
PIPELINE = """
step = [
    {use = "dc"},
    {use = "dewow", window_s = 3e-9},
    {use = "resample-distance", spacing_m = 0.02},
    {use = "sliding-mean-background", window_traces = 41},
]
"""


def soil(block: Block) -> Soil:
    return Soil.under(block.spec, Velocity(VELOCITY, "given"), centre_hz=CENTRE_HZ)


def imaged(path: Path, blocks: list[Block], *, pipeline: str = "step = []") -> Imaged:
    imager = Imager(path, SETTINGS.fitted(soil(blocks[0])))
    runner = Runner(Pipeline.from_toml(pipeline).steps)
    try:
        for block in blocks:
            for ready in runner.push(block):
                imager.push(ready)
        for ready in runner.finish():
            imager.push(ready)
        return imager.finish({"recordings": [{"file": "simulated"}]})
    finally:
        imager.close()


def volume_of(path: Path, blocks: list[Block], *, pipeline: str = "step = []") -> Volume:
    done = imaged(path, blocks, pipeline=pipeline)
    assert done.path == path
    return open_volume(path)


@pytest.fixture(scope="module")
def surveyed() -> list[Block]:
    return survey(BODIES)


def test_bodies_are_where_they_lie(surveyed: list[Block], tmp_path: Path) -> None:
    volume = volume_of(tmp_path / "v.zarr", surveyed)
    peaks = sorted(find_peaks(volume)[:2], key=lambda peak: peak.easting_m)
    for peak, (easting, northing, depth) in zip(peaks, BODIES, strict=True):
        assert peak.easting_m == pytest.approx(easting, abs=0.01)
        assert peak.northing_m == pytest.approx(northing, abs=0.01)
        assert peak.depth_m == pytest.approx(depth, abs=0.01)
        assert abs(peak.depth_m - depth) < 2.0 * peak.depth_error_m
        there = FRAME.to_local(np.array([peak.longitude_deg]), np.array([peak.latitude_deg]))
        np.testing.assert_allclose([there[0][0], there[1][0]], [easting, northing], atol=0.011)


def test_the_volume_tells_how_it_was_made(surveyed: list[Block], tmp_path: Path) -> None:
    told = volume_of(tmp_path / "v.zarr", surveyed[:2]).attributes
    assert told["velocity_m_per_s"] == VELOCITY
    assert told["velocity_error"] == 0.05
    assert told["velocity_source"] == "given"
    assert told["traces"] == 160
    assert told["origin_deg"] == [47.0, 40.0]
    assert told["recordings"] == [{"file": "simulated"}]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, 160), max_size=8))
def test_how_the_stream_is_cut_changes_no_bit(tmp_path: Path, cuts: list[int]) -> None:
    """Through a real pipeline, with rows that have no position at the beginning and within."""
    blocks = [_holed(line(0.0, BODIES)), _holed(line(0.1, BODIES))]
    pieces = []
    for number, block in enumerate(blocks):
        edges = sorted({0, 80, *(cut - 80 * number for cut in cuts if 0 < cut - 80 * number < 80)})
        pieces += [block.traces(start, stop) for start, stop in pairwise(edges)]
    whole = volume_of(tmp_path / "whole.zarr", blocks, pipeline=PIPELINE)
    cut = volume_of(tmp_path / "cut.zarr", pieces, pipeline=PIPELINE)
    assert whole.digest() == cut.digest()
    assert whole.attributes == cut.attributes


def _holed(block: Block) -> Block:
    latitude = block.coord("latitude_deg").copy()
    latitude[[0, 1, 2, 30, 31]] = np.nan
    return block.with_data(block.data, coords={"latitude_deg": ("trace", latitude)})


def test_two_flights_over_a_site_share_the_columns(surveyed: list[Block], tmp_path: Path) -> None:
    first = volume_of(tmp_path / "a.zarr", surveyed[:3])
    second = volume_of(tmp_path / "b.zarr", [surveyed[5].traces(30, 80)])
    assert first.grid == second.grid
    assert np.isin(second.easting_m, np.union1d(first.easting_m, second.easting_m)).all()
    shared = np.intersect1d(first.northing_m, second.northing_m)
    assert shared.size > 0


def test_what_was_left_out_is_counted(tmp_path: Path) -> None:
    done = imaged(tmp_path / "v.zarr", [_holed(line(0.0, BODIES))])
    assert done.traces == 75
    assert done.left_out == {"no position": 5}


def test_without_a_usable_trace_there_is_no_volume(tmp_path: Path) -> None:
    block = line(0.0, BODIES)
    nowhere = {"latitude_deg": ("trace", np.full(len(block), np.nan))}
    done = imaged(tmp_path / "v.zarr", [block.with_data(block.data, coords=nowhere)])
    assert done.path is None
    assert done.left_out == {"no position": 80}
    assert list(tmp_path.iterdir()) == []


def test_lines_sampled_otherwise_are_refused(surveyed: list[Block], tmp_path: Path) -> None:
    other = surveyed[1]
    late = {"twt_s": ("delay", other.coord("twt_s") + 1e-9)}
    with pytest.raises(UsageError, match="sampled alike"):
        imaged(tmp_path / "v.zarr", [surveyed[0], other.with_data(other.data, coords=late)])
    assert list(tmp_path.iterdir()) == []


def test_settings_are_fitted_to_the_wavelength() -> None:
    ground = Soil(1.0e8, wavelength_m=0.25, deepest_m=1.0)
    fitted = ImageSettings().fitted(ground)
    assert (fitted.spacing_m, fitted.depth_spacing_m, fitted.depths) == (0.025, 0.025, 41)
    assert ImageSettings(height_m=0.5).fitted(ground).radius_m < fitted.radius_m + 0.5


@pytest.mark.parametrize(
    "wrong",
    [{"spacing_m": 0.0}, {"band_m": (0.2, 0.1)}, {"height_m": -1.0}, {"tile": 1}],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"\[image\]"):
        ImageSettings(**wrong)


def test_voxels_that_are_too_many_are_refused() -> None:
    with pytest.raises(UsageError, match="coarser depth_spacing_m"):
        ImageSettings(depth_spacing_m=1e-5).fitted(Soil(1.0e8, 0.25, 1.0))


def test_a_velocity_error_is_a_share() -> None:
    with pytest.raises(UsageError, match="share of the velocity"):
        Velocity(1.0e8, "given", 5.0)
