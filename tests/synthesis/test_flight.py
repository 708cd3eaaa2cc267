"""A simulated flight on the disk: what was told is what stands there, and whole or not at all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, UsageError, concat
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.drivers import Frame, Measured, build_instrument
from detectkit.geo import LocalFrame
from detectkit.io import Recording, open_recording
from detectkit.sim import FlightSimulator, Scenario
from detectkit.sim.route import PlannedLane
from detectkit.synthesis.flight import FlightWork, SimulatedFlight, simulate_flight
from detectkit.synthesis.flight_rows import recorded
from detectkit.synthesis.flight_truth import nearest_line
from detectkit.synthesis.kept_lanes import kept_lanes

TEXT = """
name = "short"
seed = 4
[site]
longitude_deg = 47.0
latitude_deg = 40.0
start_time = 2025-05-14T07:30:00Z
[flight]
lanes = 2
lane_length_m = 2.0
lane_spacing_m = 0.4
height_m = 0.95
standing_height_m = 0.75
[radar]
centre_hz = 0.4e9
samples = 120
sample_interval_s = 1e-10
time_zero_s = 2e-9
lever_arm_m = [0.0, 0.0, 0.5]
dropped_share = 0.03
[detector]
lever_arm_m = [0.6, 0.0, 0.67]
[altimeter]
lever_arm_m = [-0.1, 0.0, 0.3]
[soil]
susceptibility = 1e-3
[[object]]
name = "small mine"
body = "PMA-2"
along_m = 1.2
across_m = 0.1
depth_m = 0.05
[[object]]
name = "large mine"
body = "TM-62M"
along_m = 0.5
across_m = 0.5
depth_m = 0.1
[[instrument]]
id = "radar-x"
driver = "zgpr"
measures = "radar"
rate_hz = 80
serve = "tcp-listen://127.0.0.1:0"
"""
FULL = """
[subsurface]
preset = "dry sand"
[full_wave]
cell_m = 0.02
shot_spacing_m = 0.1
half_width_m = 0.3
reach_m = 0.3
"""
START_NS = 1_747_207_800_000_000_000
SCENARIO = Scenario.from_toml(TEXT)


def fly(folder: Path, scenario: Scenario = SCENARIO, **more: object) -> SimulatedFlight:
    return simulate_flight(scenario, folder / "flight.h5", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> SimulatedFlight:
    return fly(tmp_path_factory.mktemp("flight"))


@pytest.fixture(scope="module")
def recording(flown: SimulatedFlight) -> Recording:
    return open_recording(flown.path)


def lines(recording: Recording, sensor: str) -> dict[str, list[Block]]:
    streams = [one for one in recording.streams if one.header.sensor.id == sensor]
    return {one.header.line: list(one.blocks()) for one in streams}


def only(recording: Recording, sensor: str) -> Block:
    (blocks,) = lines(recording, sensor).values()
    return concat(blocks)


def seconds(block: Block) -> np.ndarray:
    return (block.coord("time_ns") - START_NS) / 1e9


def test_live_and_batch_are_the_same(recording: Recording) -> None:
    """Every trace is what the twin of an instrument is told, and speaks, at the same time."""
    simulator = FlightSimulator(SCENARIO)
    zgpr = build_instrument("zgpr", {"samples": 120}, where="radar-x")
    for stream in (one for one in recording.streams if one.header.sensor.kind == "gpr"):
        for block in stream.blocks():
            time_s = block.coord("trace_counter") / 80.0
            np.testing.assert_allclose(seconds(block), time_s, atol=1e-9)
            told = simulator.rows("radar-x", time_s)
            np.testing.assert_array_equal(block.data, recorded(told, 32_767.0))
            device_ns = np.round(time_s * 1e9).astype(np.int64)
            spoken = b"".join(zgpr.twin().speak(Measured(device_ns, told, device_ns)))
            frames = [one for one in zgpr.decoder().feed(spoken) if isinstance(one, Frame)]
            heard = np.concatenate([one.values for one in frames])
            np.testing.assert_array_equal(heard, block.data)


def test_other_instruments_stand_there_as_told(recording: Recording) -> None:
    simulator = FlightSimulator(SCENARIO)
    for sensor in ("detector", "magnetometer"):
        found = [one for blocks in lines(recording, sensor).values() for one in blocks]
        time_s = np.concatenate([seconds(one) for one in found]).round(9)
        assert time_s.size == pytest.approx(50.0 * simulator.duration_s, abs=1)
        rows = np.concatenate([one.data for one in found])
        np.testing.assert_array_equal(rows, getattr(simulator, sensor)(time_s))
    reported = only(recording, "autopilot")
    np.testing.assert_array_equal(reported.data, simulator.reported(seconds(reported).round(9)))
    truly = only(recording, "truth")
    np.testing.assert_array_equal(truly.data, simulator.platform(seconds(truly).round(9)))


def test_the_lanes_are_its_lines_and_lost_traces_are_gaps(
    recording: Recording, flown: SimulatedFlight
) -> None:
    found = [one for one in recording.streams if one.header.sensor.kind == "gpr"]
    assert [one.header.line for one in found] == ["short-003", "short-005"]
    assert sum(one.traces for one in found) == flown.traces < 2 * 160
    for stream, lane in zip(found, flown.lanes, strict=True):
        numbers = np.concatenate([one.coord("trace_counter") for one in stream.blocks()])
        time_s = numbers / 80.0
        assert lane.start_s <= time_s[0]
        assert time_s[-1] < lane.end_s
        assert np.any(np.diff(numbers) > 1)
        firsts = [one.first_trace for one in stream.blocks()]
        assert set(numbers[np.flatnonzero(np.diff(numbers) > 1) + 1]) <= set(firsts)


def test_traces_have_the_places_that_the_reports_tell(recording: Recording) -> None:
    simulator = FlightSimulator(SCENARIO)
    frame = LocalFrame(47.0, 40.0)
    for sensor, arm in (("radar-x", SCENARIO.radar.lever_arm_m), ("detector", (0.6, 0.0, 0.67))):
        found = lines(recording, sensor)
        for block in found["short-003"] + found["short-005"]:
            motion = simulator._trajectory.motion(seconds(block))
            true = motion.at(arm)
            east, north, _ = frame.to_local(
                block.coord("longitude_deg"), block.coord("latitude_deg")
            )
            assert np.abs(east - true[:, 0]).max() < 0.08
            assert np.abs(north - true[:, 1]).max() < 0.08
            height = true[:, 2] - motion.ground_up
            assert np.abs(block.coord("height_m") - height).mean() < 0.04
            assert np.all(block.coord("fix_quality") == 4.0)


def test_it_says_everywhere_that_it_is_simulated(recording: Recording) -> None:
    assert any("simulated by a ray/Born model, a preview" in str(one) for one in recording.notices)
    for stream in recording.streams:
        assert "simul" in stream.header.sensor.instrument
        assert "simulated" in str(stream.header.raw)
    kept = recording.attachments
    told = json.loads(kept["simulation.json"])
    assert (told["simulated"], told["model"], told["seed"]) == (True, "ray", 4)
    assert kept["source/scenario"] == TEXT


def test_the_truth_tells_places_and_how_little_the_detector_hears(flown: SimulatedFlight) -> None:
    rows = list(csv.DictReader(flown.truth_path.read_text(encoding="utf-8").splitlines()))
    small = next(one for one in rows if one["name"] == "small mine")
    large = next(one for one in rows if one["name"] == "large mine")
    assert (small["class"], small["metal"], small["body"]) == ("target", "minimum", "PMA-2")
    assert (small["line"], small["along_track_m"], small["offset_m"]) == ("0", "1.200", "0.100")
    assert (large["line"], large["along_track_m"], large["offset_m"]) == ("1", "1.500", "-0.100")
    assert float(small["metal_over_soil"]) < 0.1
    assert float(large["metal_over_soil"]) > 10.0
    frame = LocalFrame(47.0, 40.0)
    place = np.array([float(small["longitude_deg"])]), np.array([float(small["latitude_deg"])])
    east, north, _ = frame.to_local(*place)
    assert (float(east[0]), float(north[0])) == pytest.approx((0.1, 1.2), abs=1e-3)
    assert open_recording(flown.path).attachments["truth.csv"] == "\n".join(
        [*flown.truth_path.read_text(encoding="utf-8").splitlines(), ""]
    )


def test_the_same_seed_makes_the_same_file_and_another_does_not(
    flown: SimulatedFlight, tmp_path: Path
) -> None:
    again = fly(tmp_path)
    assert again.path.read_bytes() == flown.path.read_bytes()
    other = fly(tmp_path, seed=9, existing="replace")
    assert other.path.read_bytes() != flown.path.read_bytes()
    assert other.seed == 9


def test_without_any_fix_there_are_traces_without_places(tmp_path: Path) -> None:
    never = "[[receiver.episode]]\nstart_s = 0\nduration_s = 1000\nquality = 0\n"
    recording = open_recording(fly(tmp_path, Scenario.from_toml(TEXT + never)).path)
    reported = only(recording, "autopilot")
    assert np.all(reported.data[:, PLATFORM_COLUMNS.index("fix_quality")] == 0.0)
    found = lines(recording, "radar-x")
    assert len(found) == 2
    for block in (one for blocks in found.values() for one in blocks):
        assert np.isnan(block.coord("longitude_deg")).all()


def test_an_error_leaves_nothing_and_a_file_is_not_replaced(tmp_path: Path) -> None:
    bad = replace(SCENARIO, radar=replace(SCENARIO.radar, model="ray", wavelet="file",
                                          wavelet_file=str(tmp_path / "none.txt")))  # fmt: skip
    with pytest.raises((UsageError, OSError)):
        fly(tmp_path, bad)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "flight.h5").write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        fly(tmp_path)
    assert (tmp_path / "flight.h5").read_bytes() == b"mine"


def test_a_full_wave_flight_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    text = (TEXT + FULL).replace("[radar]\n", '[radar]\nmodel = "full-wave"\n')
    scenario = Scenario.from_toml(text.replace("lane_length_m = 2.0", "lane_length_m = 0.4"))
    store = kept_lanes(tmp_path / "lanes", scenario, seed=4)
    told: list[tuple[int, int]] = []

    def killed(done: int, total: int) -> None:
        told.append((done, total))
        if done > 0.7 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fly(tmp_path, scenario, work=FlightWork(1, store, killed))
    assert [one.name for one in tmp_path.iterdir()] == ["lanes"]
    assert store.get(0) is not None
    assert store.get(1) is None
    computed = told[-1][0]
    told.clear()
    again = fly(tmp_path, scenario, work=FlightWork(1, store, lambda *one: told.append(one)))
    assert told[-1][0] == told[-1][1] > computed
    assert told[0][0] > 0.3 * told[0][1], "the first lane was not computed again"
    flown = FlightSimulator(scenario)
    for block in (one for blocks in lines(open_recording(again.path), "radar-x").values()
                  for one in blocks):  # fmt: skip
        told_then = flown.radar(block.coord("trace_counter") / 80.0)
        np.testing.assert_array_equal(block.data, recorded(told_then, 32_767.0))
    store.forget()
    assert not (tmp_path / "lanes").exists()
    recording = open_recording(again.path)
    assert json.loads(recording.attachments["simulation.json"])["full_wave"]["cell_m"] == 0.02


def test_damaged_and_foreign_lanes_are_not_taken(tmp_path: Path) -> None:
    store = kept_lanes(tmp_path, SCENARIO, seed=4)
    store.put(0, np.ones((3, 2), np.float32))
    assert kept_lanes(tmp_path, SCENARIO, seed=5).get(0) is None
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert store.get(0) is None


def test_a_wide_scale_is_kept_in_wide_numbers() -> None:
    counts = np.array([[1e5, -1e5, 0.4]], np.float32)
    assert recorded(counts, 32_767.0).tolist() == [[32_767, -32_768, 0]]
    assert recorded(counts, 1e6).tolist() == [[100_000, -100_000, 0]]


def test_the_nearest_line_knows_the_direction_of_flight() -> None:
    there = PlannedLane(0, 0, (0.0, 0.0), (4.0, 0.0), 0.0, 4.0, 3)
    back = PlannedLane(1, 0, (4.0, 1.0), (0.0, 1.0), 9.0, 13.0, 5)
    assert nearest_line([there, back], 1.0, 0.8) == pytest.approx((1, 3.0, 0.2))
    assert nearest_line([there, back], 1.0, 0.2) == pytest.approx((0, 1.0, 0.2))
