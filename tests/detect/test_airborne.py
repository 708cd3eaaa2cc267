"""The default detection from the air, on a simulated flight: bodies lie as deep as they do.

``pytest tests/detect/test_airborne.py -s`` prints the figures. All is simulated: rays, no full-wave
solution.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectkit.core import Block, Indication, Sensor
from detectkit.detect.detector import Detector
from detectkit.detect.evidence import GRID
from detectkit.detect.found import Found
from detectkit.detect.preset import Ground, nominal_pipeline
from detectkit.detect.radar_track import RadarTrack
from detectkit.detect.settings import Detection
from detectkit.pipeline import Runner
from detectkit.sim import FlightSimulator, Scenario, TrueLane, TrueObject

VELOCITY_M_PER_S = 1.22e8
RATE_HZ = 150.0
ALTIMETER_OVER_ANTENNA_M = 0.2


@pytest.fixture(scope="module")
def flown(project_root: Path) -> FlightSimulator:
    folder = project_root / "sim_data" / "detectkit_sim_data" / "scenarios"
    return FlightSimulator(Scenario.read(folder / "demo_mission.toml"))


@pytest.fixture(scope="module")
def lines(flown: FlightSimulator) -> list[Block]:
    return [radargram(flown, lane) for lane in flown.truth.lanes]


def radargram(flown: FlightSimulator, lane: TrueLane) -> Block:
    """Return a lane as recorded: true places, the altimeter's heights."""
    radar = flown.scenario.radar
    time_s = np.arange(lane.start_s, lane.end_s, 1.0 / RATE_HZ)
    place = flown._trajectory.motion(time_s).at(radar.lever_arm_m)
    along = np.hypot(np.diff(place[:, 0]), np.diff(place[:, 1]))
    return Block(
        flown.radar(time_s),
        coords={
            "twt_s": ("delay", np.arange(radar.samples) * radar.sample_interval_s),
            "source_trace": ("trace", np.arange(time_s.size)),
            "along_track_m": ("trace", np.concatenate([[0.0], np.cumsum(along)])),
            "easting_m": ("trace", place[:, 0]),
            "northing_m": ("trace", place[:, 1]),
            "height_m": ("trace", flown.altimeter(time_s)[:, 0] - ALTIMETER_OVER_ANTENNA_M),
        },
        sensor=Sensor(antenna_hz=radar.centre_hz, antenna_separation_m=radar.antenna_separation_m),
        line=f"lane-{lane.number}",
    )


def indications(line: Block, chunk: int) -> list[Indication]:
    return [one.indication for one in finds(line, chunk)[0]]


def finds(line: Block, chunk: int) -> tuple[list[Found], RadarTrack]:
    """Return what the default detection finds on a line, and the track to cut evidence from."""
    ground = Ground(VELOCITY_M_PER_S, "given", (0.02, 0.35))
    pipeline = nominal_pipeline(line.spec, ground)
    detection = Detection.of(pipeline)
    assert detection is not None
    runner, detector = Runner(pipeline.steps), Detector(detection)
    found: list[Found] = []
    for start in range(0, len(line), chunk):
        for block in runner.push(line.traces(start, min(start + chunk, len(line)))):
            found += detector.push(block)
    for block in runner.finish():
        found += detector.push(block)
    return [*found, *detector.finish()], detector.track


def strongest_at(flown: FlightSimulator, lines: list[Block], name: str) -> tuple[float, float]:
    """Return the errors along the track and in depth of the best indication at a body."""
    body = next(one for one in flown.truth.objects if one.name == name)
    line, row = nearest(lines, body)
    place = line.coord("along_track_m")[row]
    near = [
        one for one in indications(line, 4000) if abs((one.along_track_m or 0.0) - place) < 0.15
    ]
    best = max(near, key=lambda one: one.score)
    errors = (best.along_track_m or 0.0) - place, best.depth_m - body.depth_m
    print(f"\n{name}: along {errors[0]:+.3f} m, depth {errors[1]:+.3f} m, score {best.score:.1f}")
    return errors


def nearest(lines: list[Block], body: TrueObject) -> tuple[Block, int]:
    """Return the lane that comes nearest to a body, and the row there."""
    away = [
        np.hypot(
            line.coord("easting_m") - body.easting_m, line.coord("northing_m") - body.northing_m
        )
        for line in lines
    ]
    number = int(np.argmin([one.min() for one in away]))
    return lines[number], int(away[number].argmin())


@pytest.mark.parametrize("name", ["at-1", "at-2"])
def test_a_large_body_is_as_deep_as_its_top(
    flown: FlightSimulator, lines: list[Block], name: str
) -> None:
    """0.12 and 0.15 m, 32 cm wide; without refraction the errors were 4 and 9 cm (rms)."""
    along, depth = strongest_at(flown, lines, name)
    assert abs(depth) < 0.015
    assert abs(along) < 0.16


@pytest.mark.parametrize("name", ["ap-1", "ap-2", "ap-3", "stone-1"])
def test_a_small_body_is_found_at_its_place(
    flown: FlightSimulator, lines: list[Block], name: str
) -> None:
    """Its strongest echo may be that of its underside: what lies higher is the ground's own."""
    along, depth = strongest_at(flown, lines, name)
    assert abs(along) < 0.03
    assert -0.015 < depth < 0.11


def test_cutting_the_stream_changes_no_find_and_no_evidence(lines: list[Block]) -> None:
    (found, track), (again, parts) = (finds(lines[1], chunk) for chunk in (4000, 37))
    assert found == again
    for one in found:
        there, cut = track.cut(one.line, one.row), parts.cut(one.line, one.row)
        assert there is not None
        assert cut is not None
        np.testing.assert_array_equal(there.radar, cut.radar)
        np.testing.assert_array_equal(there.known, cut.known)
        assert there.scalars == pytest.approx(cut.scalars, abs=0.0, nan_ok=True)


def test_what_was_found_is_bright_in_the_middle_of_its_evidence(lines: list[Block]) -> None:
    found, track = finds(lines[1], 4000)
    for one in found:
        there = track.cut(one.line, one.row)
        assert there is not None
        middle = np.abs(GRID.along_m) < 0.08
        near = np.abs(GRID.depth_m - one.indication.depth_m) < 0.1
        bright = there.radar[1][np.ix_(near, middle)].max()
        assert bright > 4.0 * np.median(there.radar[1][:, there.known & ~middle])
