from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detect.metal.lanes import SENSOR, STEEL_BALL, buried, lane

from detectkit.core import Block, PipelineError, Sensor
from detectkit.detect.evidence import GRID, STRIPS
from detectkit.detect.found import Found
from detectkit.detect.metal import DetectorTrack, MetalBranch, MetalSettings, metal_pipeline
from detectkit.geo import LocalFrame
from detectkit.pipeline import Pipeline
from detectkit.testing.steps import cut

BALL = buried(STEEL_BALL, 4.0, 0.0, 0.05)
FRAME = LocalFrame(46.9, 39.9)


def found_in(*blocks: Block, branch: MetalBranch | None = None) -> list[Found]:
    used = branch or MetalBranch()
    return [one for block in blocks for one in used.push(block)] + list(used.finish())


def with_positions(block: Block) -> Block:
    """Return the rows with longitude and latitude in the place of distances in metres."""
    longitude, latitude, _ = FRAME.to_geographic(
        np.asarray(block.coord("easting_m")), np.asarray(block.coord("northing_m"))
    )
    dropped = {"along_track_m", "easting_m", "northing_m"}
    kept = {name: one for name, one in block.coords.items() if name not in dropped}
    places = {"longitude_deg": ("trace", longitude), "latitude_deg": ("trace", latitude)}
    return replace(block, coords={**kept, **places})


@pytest.fixture(scope="module")
def over_a_ball() -> Block:
    return lane([BALL])


def test_a_piece_of_steel_in_restless_soil_is_one_alarm_where_it_lies(over_a_ball: Block) -> None:
    (only,) = found_in(over_a_ball)
    one = only.indication
    assert one.along_track_m == pytest.approx(4.0, abs=0.1)
    assert (only.sensor, only.stream, one.sensors) == ("metal_detector", "coil", "metal_detector")
    assert one.score == one.detector_snr
    assert one.score > 10.0
    assert math.isnan(one.depth_m)
    assert math.isnan(one.twt_s)
    assert one.first_trace < one.trace < one.last_trace
    told = {each.name: each.value for each in one.evidence}
    assert 0.1 < told["detector_width_m"] < 0.6
    assert told["height_m"] == pytest.approx(0.25, abs=0.03)


def test_ground_without_metal_gives_no_alarm() -> None:
    for seed in range(1, 6):
        assert found_in(lane(seed=seed)) == []


def test_soil_that_moves_the_channels_more_than_the_metal_is_seen_through() -> None:
    soil, both = lane(), lane([BALL])
    moved_by_soil = np.ptp(soil.data, axis=0).max()
    moved_by_metal = np.abs(both.data - soil.data).max()
    assert moved_by_soil > 2.0 * moved_by_metal
    assert len(found_in(both)) == 1


def test_minimum_metal_is_not_heard_at_drone_height() -> None:
    assert found_in(lane([BALL], height_m=1.0)) == []


@settings(max_examples=5)
@given(st.lists(st.integers(1, 399), max_size=9))
def test_cutting_the_input_changes_no_bit_of_alarms_and_track(at: list[int]) -> None:
    block = lane([BALL])
    whole, parts = MetalBranch(), MetalBranch()
    told = found_in(block, branch=whole)
    assert _same(told, found_in(*cut(block, at), branch=parts))
    along = 4.0 + GRID.along_m
    nowhere = np.full(GRID.columns, np.nan)
    strips = [
        one.track.strip(nowhere, nowhere, line="lane", along_m=along) for one in (whole, parts)
    ]
    assert np.array_equal(strips[0].strips, strips[1].strips)
    assert strips[0].scalars == strips[1].scalars


def _same(left: list[Found], right: list[Found]) -> bool:
    """Tell whether finds are alike, NaN as NaN."""
    return repr(left) == repr(right)


def test_positions_do_as_well_as_distances(over_a_ball: Block) -> None:
    (only,) = found_in(with_positions(over_a_ball))
    east, north, _ = FRAME.to_local(
        np.array([only.indication.longitude_deg]), np.array([only.indication.latitude_deg])
    )
    assert math.hypot(east[0] - 4.0, north[0]) < 0.1


def test_rows_without_any_place_are_counted(over_a_ball: Block) -> None:
    kept = {name: over_a_ball.coords[name] for name in ("height_m", "source_trace")}
    thinned = replace(over_a_ball, coords=kept)
    (only,) = found_in(thinned)
    assert only.indication.along_track_m is None
    assert only.indication.trace == pytest.approx(200, abs=6)


def test_the_strip_tells_the_detector_under_a_patch(over_a_ball: Block) -> None:
    branch = MetalBranch()
    (only,) = found_in(over_a_ball, branch=branch)
    nowhere = np.full(GRID.columns, np.nan)
    strip = branch.track.strip(nowhere, nowhere, line="lane", along_m=4.0 + GRID.along_m)
    assert strip.strips.shape == (len(STRIPS), GRID.columns)
    assert strip.known.all()
    assert strip.scalars["detector_snr"] == pytest.approx(only.indication.score)
    assert strip.scalars["detector_height_m"] == pytest.approx(0.25, abs=0.03)
    assert 0.1 < strip.scalars["detector_width_m"] < 0.6
    assert np.abs(strip.strips[2]).max() <= 1.0
    by_row = branch.track.cut(only.line, only.row)
    assert by_row.scalars["detector_snr"] == strip.scalars["detector_snr"]


def test_a_place_that_the_detector_did_not_pass_is_unknown_not_silent(over_a_ball: Block) -> None:
    branch = MetalBranch()
    found_in(with_positions(over_a_ball), branch=branch)
    longitude, latitude, _ = FRAME.to_geographic(4.0 + GRID.along_m, np.full(GRID.columns, 0.5))
    beside = branch.track.strip(longitude, latitude)
    assert not beside.known.any()
    assert math.isnan(beside.scalars["detector_snr"])
    on_it = branch.track.strip(*FRAME.to_geographic(4.0 + GRID.along_m, 0.0 * GRID.along_m)[:2])
    assert on_it.known.all()
    elsewhere = branch.track.strip(
        np.full(GRID.columns, np.nan), np.full(GRID.columns, np.nan), line="another",
        along_m=GRID.along_m,
    )  # fmt: skip
    assert not elsewhere.known.any()


def test_a_track_lets_go_of_its_oldest_rows_and_says_so(over_a_ball: Block) -> None:
    branch = MetalBranch(track=DetectorTrack(most_rows=60))
    (only,) = found_in(over_a_ball, branch=branch)
    assert branch.track.taken - branch.track.forgotten == len(branch.track) == 60
    assert not branch.track.cut(only.line, only.row).known.any()
    last = branch.track.taken - 1
    assert branch.track.cut(only.line, last).known.any()
    assert not branch.track.cut(only.line, -1).known.any()


def test_a_lane_too_short_to_know_its_ground_says_nothing() -> None:
    branch = MetalBranch()
    assert found_in(lane([BALL]).traces(195, 215), branch=branch) == []
    assert not branch.track.cut("lane", 3).known.any()


def test_a_gap_and_another_line_start_afresh(over_a_ball: Block) -> None:
    first, second = over_a_ball.traces(0, 300), over_a_ball.traces(300, 400)
    moved = replace(second, first_trace=second.first_trace + 50)
    together = found_in(first, moved)
    assert _same(together, found_in(first) + found_in(moved))


def test_a_magnetometer_is_taken_too() -> None:
    along = np.arange(0.0, 12.0, 0.05)
    field = 49_000.0 + 2.0 * along + np.random.default_rng(2).normal(0.0, 0.1, along.size)
    away = along - 7.0
    field += 40.0 * (0.5 - away) / (1.0 + (away / 0.5) ** 2) ** 2.5
    sensor = Sensor(id="mag", kind="magnetometer", unit="nT")
    coords = {"along_track_m": ("trace", along)}
    block = Block(field[:, None], ("trace", "channel"), coords, sensor, line="m")
    found = found_in(block)
    assert found
    assert all(abs(one.indication.along_track_m - 7.0) < 1.0 for one in found)  # type: ignore[operator]


@settings(max_examples=4)
@given(st.floats(1e-3, 1e6))
def test_the_unit_of_the_channels_does_not_matter(factor: float) -> None:
    block = lane([BALL])
    (plain,) = found_in(block)
    scaled = found_in(replace(block, data=(block.data * np.float32(factor)).astype(np.float32)))
    assert [one.indication.trace for one in scaled] == [plain.indication.trace]
    assert scaled[0].indication.score == pytest.approx(plain.indication.score, rel=0.02)


def test_settings_come_from_toml_and_go_back() -> None:
    text = "[metal]\nthreshold = 5.5\ndirection = [1.0, 0.0, -0.1]\n"
    chosen = MetalSettings.of(Pipeline.from_toml(text))
    assert chosen is not None
    assert (chosen.threshold, chosen.direction) == (5.5, (1.0, 0.0, -0.1))
    written = metal_pipeline(lane().spec, chosen).to_toml()
    assert MetalSettings.of(Pipeline.from_toml(written)) == chosen
    assert MetalSettings.of(Pipeline.from_toml("")) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[metal]\nthreshold = 0.0", "threshold"),
        ("[metal]\ndip = 0.5", "dip"),
        ("[metal]\nloud = 1", "loud"),
        ("metal = 3", "section"),
    ],
)
def test_wrong_settings_are_refused(text: str, said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        MetalSettings.of(Pipeline.from_toml(text))


def test_a_radar_and_a_direction_that_does_not_fit_are_refused() -> None:
    with pytest.raises(PipelineError, match="metal_detector"):
        metal_pipeline(replace(lane(), sensor=Sensor()).spec)
    with pytest.raises(PipelineError, match="3 channels"):
        metal_pipeline(lane().spec, MetalSettings(direction=(1.0,))).describe(lane().spec)
    assert SENSOR.kind == "metal_detector"
