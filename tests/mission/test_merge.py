"""A recording and a log of another instrument become one flight, by the join of the flight."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import detectkit_sim_data
from detectkit.core import Block, Sensor, UsageError
from detectkit.core.block import Coord
from detectkit.geo import LocalFrame, PoseJoin, PoseTrack
from detectkit.io import Recording, open_recording
from detectkit.io.flight.writer import FlightWriter
from detectkit.io.positions import (
    Attitudes,
    Heights,
    PositionLog,
    TraceTimes,
    open_positions,
)
from detectkit.mission.merge import Merged, MergeError, MergeSettings, merge
from detectkit.mission.places import PLACES, Places

Integers = npt.NDArray[np.int64]
START_NS, SECOND = 1_777_629_600_000_000_000, 1_000_000_000
ORIGIN = LocalFrame(14.3, 50.1, 250.0)


def at(seconds: npt.ArrayLike) -> Integers:
    return START_NS + np.rint(np.asarray(seconds, np.float64) * SECOND).astype(np.int64)


def log_of(seconds: npt.ArrayLike, **more: Any) -> PositionLog:
    """Return a log flown 1 m/s to the north, heading north, 1.2 m over the ground."""
    seconds = np.asarray(seconds, np.float64)
    time_ns = at(seconds)
    lon, lat, up = ORIGIN.to_geographic(np.zeros(seconds.size), seconds)
    level = np.zeros(seconds.size)
    columns = {
        "clock": "utc",
        "time_ns": time_ns,
        "attitudes": Attitudes(time_ns, level, level, level),
        "heights": Heights(time_ns, np.full(seconds.size, 1.2)),
    }
    return PositionLog(
        path=Path("log.tlog"),
        format="mavlink-tlog",
        datum="mean sea level",
        longitude_deg=lon,
        latitude_deg=lat,
        up_m=up,
        fix_quality=np.full(seconds.size, 4.0),
        horizontal_error_m=np.full(seconds.size, 0.02),
        vertical_error_m=np.full(seconds.size, 0.03),
        **{**columns, **more},
    )


def recording(folder: Path, coords: dict[str, npt.NDArray[Any]], *, line: str = "L1") -> Recording:
    """Write and open a radar recording with given coordinates of its traces."""
    rows = next(iter(coords.values())).size
    table: dict[str, Coord] = {name: ("trace", one) for name, one in coords.items()}
    table["twt_s"] = ("delay", np.arange(8) * 1e-10)
    data = np.arange(rows * 8, dtype=np.int16).reshape(rows, 8)
    path = folder / "radar.h5"
    with FlightWriter(path, existing="replace") as flight:
        flight.stream("gpr").append(
            Block(data, coords=table, sensor=Sensor(id="gpr", kind="gpr"), line=line)
        )
    return open_recording(path)


def placed(merged: Merged) -> Block:
    (stream,) = open_recording(merged.path).streams
    return stream.rows(0, stream.traces)


def northing(block: Block) -> npt.NDArray[np.float64]:
    _, north, _ = ORIGIN.to_local(block.coord("longitude_deg"), block.coord("latitude_deg"))
    return north


SECONDS = np.arange(0.0, 20.0, 0.1)
TRACES = np.arange(1.0, 15.0, 0.013)


def test_every_trace_gets_the_coordinates_of_a_live_flight(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    merged = merge(radar, log_of(SECONDS), tmp_path / "flight.h5")
    block = placed(merged)
    assert merged.located == merged.traces == {"gpr": TRACES.size}
    assert set(PLACES) <= set(block.coords)
    np.testing.assert_allclose(northing(block), TRACES, atol=1e-6)
    np.testing.assert_allclose(block.coord("height_m"), 1.2)
    np.testing.assert_allclose(block.coord("ground_up_m"), block.coord("up_m") - 1.2)
    assert set(block.coord("fix_quality").tolist()) == {4.0}
    assert block.coord("horizontal_error_m").max() < 0.021
    np.testing.assert_array_equal(block.data, radar.streams[0].rows(0, TRACES.size).data)
    np.testing.assert_array_equal(block.coord("time_ns"), at(TRACES))


def test_the_join_is_the_one_of_the_flight_to_the_bit(tmp_path: Path) -> None:
    """Positions and traces in the order of their times, as a flight would bring them."""
    rng = np.random.default_rng(5)
    wander = np.cumsum(rng.normal(0.0, 1e-8, SECONDS.size))
    log = log_of(SECONDS)
    object.__setattr__(log, "longitude_deg", log.longitude_deg + wander)
    arm = (0.3, -0.2, 0.5)
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    settings = MergeSettings(lever_arm_m=arm, lag_s=0.04)
    block = placed(merge(radar, log, tmp_path / "flight.h5", settings=settings))
    track = PoseTrack()
    join = PoseJoin(track, lever_arm_m=arm, lag_ns=40_000_000)
    parts, row = [], 0
    for number, now in enumerate(log.time_ns):
        one = slice(number, number + 1)
        track.push_positions(
            log.time_ns[one], log.longitude_deg[one], log.latitude_deg[one], log.up_m[one],
            log.horizontal_error_m[one], log.vertical_error_m[one], log.fix_quality[one],
        )  # fmt: skip
        level = np.zeros(1)
        track.push_attitudes(log.time_ns[one], level, level, level)
        track.push_heights(log.time_ns[one], np.array([1.2]))
        due = int(np.searchsorted(at(TRACES), now, side="right"))
        join.push(at(TRACES)[row:due])
        row = max(row, due)
        parts.append(join.ready(int(now)).coords)
    parts.append(join.finish().coords)
    for name in PLACES:
        live = np.concatenate([one[name] for one in parts])
        np.testing.assert_array_equal(block.coord(name), live, err_msg=name)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_cutting_the_recording_changes_no_bit(size: int, tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    log, settings = log_of(SECONDS), MergeSettings(lever_arm_m=(0.3, 0.1, 0.4))
    (stream,) = radar.streams
    whole = Places.of(radar, log, settings).place(stream.rows(0, stream.traces))
    places = Places.of(radar, log, settings)
    parts = [places.place(one) for one in stream.blocks(size)]
    for name in PLACES:
        joined = np.concatenate([one.coord(name) for one in parts])
        np.testing.assert_array_equal(joined, whole.coord(name), err_msg=name)


def test_a_lag_moves_the_traces_back_along_the_way(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    settings = MergeSettings(lag_s=0.25)
    block = placed(merge(radar, log_of(SECONDS), tmp_path / "flight.h5", settings=settings))
    np.testing.assert_allclose(northing(block), TRACES - 0.25, atol=1e-6)


def test_a_lever_arm_is_turned_by_the_attitude(tmp_path: Path) -> None:
    time_ns, level = at(SECONDS), np.zeros(SECONDS.size)
    east = Attitudes(time_ns, level, level, np.full(SECONDS.size, np.pi / 2.0))
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    settings = MergeSettings(lever_arm_m=(1.0, 0.0, 0.5))
    log = log_of(SECONDS, attitudes=east)
    block = placed(merge(radar, log, tmp_path / "flight.h5", settings=settings))
    east_m, north_m, up_m = ORIGIN.to_local(
        block.coord("longitude_deg"), block.coord("latitude_deg"), up_m=block.coord("up_m")
    )
    np.testing.assert_allclose(east_m, 1.0, atol=1e-5)
    np.testing.assert_allclose(north_m, TRACES, atol=1e-5)
    np.testing.assert_allclose(up_m, -0.5, atol=1e-4)
    np.testing.assert_allclose(block.coord("height_m"), 0.7)


def test_traces_without_a_position_are_counted_by_reason(tmp_path: Path) -> None:
    seconds = SECONDS[(SECONDS < 8.0) | (SECONDS > 9.5)]
    times = at(np.arange(-1.0, 21.0, 0.05))
    times[100] = np.iinfo(np.int64).min
    radar = recording(tmp_path, {"time_ns": times})
    merged = merge(radar, log_of(seconds), tmp_path / "flight.h5")
    block = placed(merged)
    unknown = int(np.isnan(block.coord("longitude_deg")).sum())
    assert sum(merged.unlocated.values()) == unknown
    assert merged.unlocated["before the first position held"] == 20
    assert merged.unlocated["the trace has no time"] == 1
    assert merged.unlocated["gap between positions too long"] >= 29
    assert merged.unlocated["no later position came in time"] >= 20
    (said,) = [one.text for one in merged.notices if one.severity == "warning"]
    assert f"{times.size - unknown:,} of {times.size:,} traces have a position" in said
    longer = MergeSettings(longest_gap_s=2.0)
    filled = merge(radar, log_of(seconds), tmp_path / "b.h5", settings=longer)
    assert "gap between positions too long" not in filled.unlocated


def test_a_recording_with_elapsed_times_needs_its_start(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"elapsed_s": TRACES - TRACES[0]})
    log = log_of(SECONDS)
    with pytest.raises(UsageError, match=r"tells no times; say when it began \(--start UTC\)"):
        merge(radar, log, tmp_path / "flight.h5")
    settings = MergeSettings(start_ns=int(at(TRACES[0])))
    block = placed(merge(radar, log, tmp_path / "flight.h5", settings=settings))
    np.testing.assert_allclose(northing(block), TRACES, atol=1e-6)
    np.testing.assert_array_equal(block.coord("time_ns"), at(TRACES))


def test_a_log_without_a_date_needs_one(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    log = log_of(SECONDS, clock="elapsed", time_ns=at(SECONDS) - START_NS)
    with pytest.raises(UsageError, match="the log tells no date"):
        merge(radar, log, tmp_path / "flight.h5")
    settings = MergeSettings(log_start_ns=START_NS)
    block = placed(merge(radar, log, tmp_path / "flight.h5", settings=settings))
    np.testing.assert_allclose(northing(block), TRACES, atol=1e-6)


def test_traces_are_found_by_number_where_the_log_has_them(tmp_path: Path) -> None:
    numbers = np.arange(5, TRACES.size)
    traces = TraceTimes(numbers, at(TRACES[5:]))
    radar = recording(tmp_path, {"source_trace": np.arange(TRACES.size)})
    merged = merge(radar, log_of(SECONDS, traces=traces), tmp_path / "flight.h5")
    assert merged.by == "trace"
    assert merged.unlocated == {"the log does not hold the trace's number": 5}
    np.testing.assert_allclose(northing(placed(merged))[5:], TRACES[5:], atol=1e-6)
    shifted = MergeSettings(first_trace=10)
    other = merge(radar, log_of(SECONDS, traces=traces), tmp_path / "b.h5", settings=shifted)
    np.testing.assert_allclose(northing(placed(other))[:5], TRACES[10:15], atol=1e-6)


def test_numbers_that_begin_again_are_not_guessed_at(tmp_path: Path) -> None:
    traces = TraceTimes(np.array([0, 1, 2, 0, 1]), at([1.0, 1.1, 1.2, 1.3, 1.4]))
    radar = recording(tmp_path, {"source_trace": np.arange(5)})
    with pytest.raises(UsageError, match=r"begin again 1 time\(s\)"):
        merge(
            radar,
            log_of(SECONDS, traces=traces),
            tmp_path / "flight.h5",
            settings=MergeSettings(by="trace"),
        )
    with pytest.raises(UsageError, match="numbers no traces"):
        merge(radar, log_of(SECONDS), tmp_path / "f.h5", settings=MergeSettings(by="trace"))


def test_files_of_different_flights_leave_nothing_behind(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES + 5000.0)})
    with pytest.raises(
        MergeError, match=r"none of its .* traces gets a position.*the log runs 2026"
    ):
        merge(radar, log_of(SECONDS), tmp_path / "flight.h5")
    assert [one.name for one in tmp_path.iterdir()] == ["radar.h5"]


def test_where_both_come_from_is_kept(tmp_path: Path) -> None:
    radar = recording(tmp_path, {"time_ns": at(TRACES)})
    settings = MergeSettings(lag_s=0.1)
    merge(radar, log_of(SECONDS), tmp_path / "flight.h5", settings=settings)
    again = open_recording(tmp_path / "flight.h5")
    told = json.loads(again.attachments["merge.json"])
    assert (told["log"], told["up_counts_from"], told["positions"]) == (
        "log.tlog",
        "mean sea level",
        200,
    )
    assert (told["settings"]["lag_s"], told["settings"]["by"]) == (0.1, "time")
    assert any("have a position from log.tlog" in one.text for one in again.notices)


@pytest.mark.parametrize("lag", [float("nan"), float("inf")])
def test_settings_that_cannot_be_are_refused(lag: float) -> None:
    with pytest.raises(UsageError, match="the lag must be finite"):
        MergeSettings(lag_s=lag)
    with pytest.raises(UsageError, match="the gap above 0"):
        MergeSettings(longest_gap_s=0.0)


def test_a_simulated_line_with_a_log_of_held_positions(tmp_path: Path) -> None:
    """SkyHub repeats each position of 20 Hz for the traces after it; flown at 1 m/s, 100 traces/s.

    Between fresh positions the places are right to the digits of the log; the copies as they stand
    would be off by up to 5 cm.
    """
    radar = open_recording(detectkit_sim_data.path("demo_line.h5"))
    (stream,) = radar.streams
    lines = ["Time,Pitch,Roll,Yaw,Latitude,Longitude,Altitude,RTK Status,ALT:Altitude,GPR:Trace"]
    for trace in range(stream.traces):
        second, fresh = trace * 0.01, (trace // 5) * 5 * 0.01
        lon, lat, up = (
            float(one[0]) for one in ORIGIN.to_geographic(np.zeros(1), np.array([fresh]))
        )
        clock = f"10:00:{second:06.3f}"
        lines.append(f"{clock},0.00,0.00,0.00,{lat:.9f},{lon:.9f},{up:.2f},50,1.00,{trace}")
    path = tmp_path / "2026-05-01-10-00-00-position.csv"
    path.write_text("\n".join(lines) + "\n")
    log = open_positions(path)
    merged = merge(radar, log, tmp_path / "flight.h5")
    block = placed(merged)
    north = northing(block)
    error = np.abs(north - np.arange(stream.traces) * 0.01)
    assert merged.by == "trace"
    assert merged.located == {"gpr": stream.traces}
    assert error[:-5].max() < 0.001
    assert error.max() < 0.05


def test_the_recorded_surveys_lanes_are_at_their_places(shared_data: Path, tmp_path: Path) -> None:
    """Synthetic traces at the times of LOCAL_POSITION_NED, which tells the place in floats.

    0.8 cm rms: the step of the message that the log's positions come from is 1.1 cm by 0.7 cm.
    """
    path = shared_data / "mavlink" / "sitl_survey" / "survey_1m_payload_serial1.tlog"
    if not path.is_file():
        pytest.skip("the recorded survey is not on this machine")
    times, truth = local_positions(path)
    radar = recording(tmp_path, {"time_ns": times})
    merged = merge(radar, open_positions(path), tmp_path / "flight.h5")
    block = placed(merged)
    assert merged.located == {"gpr": times.size}
    east, north, _ = LocalFrame(14.3, 50.0999999, 250.1).to_local(
        block.coord("longitude_deg"), block.coord("latitude_deg")
    )
    flying = truth[:, 2] > 0.5
    apart = np.stack([east, north])[:, flying] - truth[flying, :2].T
    apart -= np.median(apart, axis=1)[:, np.newaxis]
    error = np.hypot(*apart)
    assert np.sqrt(np.mean(error**2)) < 0.0085
    assert error.max() < 0.02
    along, across = (east, north) if np.ptp(truth[:, 0]) > np.ptp(truth[:, 1]) else (north, east)
    moving = np.flatnonzero((truth[:, 2] > 0.8) & (np.abs(np.gradient(along)) > 0.025))
    runs = np.split(moving, np.flatnonzero(np.diff(moving) > 5) + 1)
    lanes = [run for run in runs if np.ptp(along[run]) > 7.0]
    assert len(lanes) == 8
    middle = np.array([np.median(across[lane]) for lane in lanes])
    np.testing.assert_allclose(np.abs(np.diff(middle)), 0.5, atol=0.03)
    height = block.coord("height_m")[np.concatenate(lanes)]
    assert np.median(height) == pytest.approx(1.0, abs=0.02)


def local_positions(path: Path) -> tuple[Integers, npt.NDArray[np.float64]]:
    """Return UTC of each LOCAL_POSITION_NED, and its east, north and level speed."""
    from pymavlink.dialects.v20 import ardupilotmega

    from detectkit.io.positions.tlog_records import records_of

    link = ardupilotmega.MAVLink(None)
    rows, pairs = [], []
    for record in records_of([path.read_bytes()], wanted=frozenset({2, 32})):
        message = link.decode(bytearray(record.frame))
        if message.get_srcComponent() != 1:
            continue
        if record.ident == 32:
            speed = np.hypot(message.vx, message.vy)
            rows.append((message.time_boot_ms, message.y, message.x, speed))
        elif message.time_unix_usec:
            pairs.append(message.time_unix_usec * 1000 - message.time_boot_ms * 1_000_000)
    table = np.array(rows)
    return (table[:, 0] * 1e6).astype(np.int64) + int(np.median(pairs)), table[:, 1:]
