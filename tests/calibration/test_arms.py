"""A virtual detector flown over a ball: arm and lag are known, those it is joined with wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from detectkit.calibration.arms import Mark, MarkPass, mark_pass, mount_fit
from detectkit.core import Block, Sensor, UsageError
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.geo import LocalFrame
from detectkit.geo.attitude import arm_to_ned
from detectkit.sim import BuriedObject, Detector, FlightSimulator, Scenario, Soil, Wind

TEXT = """
name = "mark"
seed = 4
[site]
longitude_deg = 47.0
latitude_deg = 40.0
heading_deg = 30.0
start_time = 2025-05-14T07:30:00Z
[flight]
lanes = 1
passes = 2
lane_length_m = 6
lane_spacing_m = 0.5
height_m = 0.95
standing_height_m = 0.75
"""
TRUE_ARM_M = (0.12, -0.06, 0.65)
NOMINAL_M = (0.05, -0.02, 0.6)
LAG_S = 0.15
BALL = BuriedObject(
    name="ball", object_class="target", kind="steel ball", along_m=3.0, across_m=0.0, depth_m=0.05,
    radius_m=0.03, shape="sphere", permittivity=0.0, metal="rich", metal_radius_m=0.03,
    metal_permeability=100.0,
)  # fmt: skip


def flown(speed_m_per_s: float, seed: int) -> tuple[list[Block], Mark]:
    """Return the lines of a flight to and fro, joined with the nominal arm and without a lag."""
    scenario = Scenario.from_toml(TEXT)
    scenario = replace(
        scenario,
        flight=replace(scenario.flight, speed_m_per_s=speed_m_per_s),
        wind=Wind(tilt_deg=0.3),
        soil=Soil(susceptibility=1e-5),
        detector=Detector(lever_arm_m=TRUE_ARM_M, drift_nv=1.0),
        objects=(BALL,),
    )
    simulator = FlightSimulator(scenario, seed=seed)
    ball = simulator.truth.objects[0]
    mark = Mark(ball.longitude_deg, ball.latitude_deg, up_m=ball.ground_up_m)
    frame = LocalFrame(mark.longitude_deg, mark.latitude_deg)
    lines = []
    for number, lane in enumerate(simulator.truth.lanes):
        measured_s = np.arange(lane.start_s, lane.end_s, 0.02)
        stamps_s = measured_s + LAG_S
        told = dict(zip(PLATFORM_COLUMNS, simulator.reported(stamps_s).T, strict=True))
        east, north, up = frame.to_local(
            told["longitude_deg"], told["latitude_deg"], up_m=told["up_m"]
        )
        arm = np.array([
            arm_to_ned(NOMINAL_M, roll_rad=r, pitch_rad=p, yaw_rad=y)
            for r, p, y in zip(told["roll_rad"], told["pitch_rad"], told["yaw_rad"], strict=True)
        ])  # fmt: skip
        longitude, latitude, _ = frame.to_geographic(east + arm[:, 1], north + arm[:, 0], up_m=up)
        coords = {
            "time_ns": np.rint(1e9 * stamps_s).astype(np.int64),
            "longitude_deg": longitude,
            "latitude_deg": latitude,
            "yaw_rad": told["yaw_rad"],
            "up_m": told["up_m"] - arm[:, 2],
            "horizontal_error_m": told["horizontal_error_m"],
        }
        block = Block(
            simulator.detector(measured_s), dims=("trace", "channel"),
            coords={name: ("trace", one) for name, one in coords.items()},
            sensor=Sensor(id="md", kind="metal_detector"), line=f"pass-{number}",
            quantity="response",
        )  # fmt: skip
        lines.append(block)
    return lines, mark


@pytest.fixture(scope="module")
def passes() -> tuple[list[MarkPass], Mark]:
    seen, mark = [], Mark(0.0, 0.0)
    for number, speed in enumerate((0.4, 0.4, 1.5, 1.5)):
        lines, mark = flown(speed, number)
        seen += [mark_pass([line], mark) for line in lines]
    return seen, mark


def test_arm_and_lag_of_a_simulated_flight(passes: tuple[list[MarkPass], Mark]) -> None:
    """To and fro at two speeds: forward and lag come out; right and down were not asked for."""
    seen, mark = passes
    fit = mount_fit(seen, nominal_arm_m=NOMINAL_M, mark=mark)
    told = fit.calibration
    assert abs(told.lag_s - LAG_S) < 0.04
    assert abs(told.lag_s - LAG_S) < 2.5 * (told.lag_error_s or 0.0)
    assert abs(told.lever_arm_m[0] - TRUE_ARM_M[0]) < 0.04
    assert abs(told.lever_arm_m[0] - TRUE_ARM_M[0]) < 2.5 * told.lever_arm_error_m[0]
    assert fit.not_told == ("right", "down")
    assert told.passes == 8
    assert np.abs(fit.residual_m).max() < 0.05


def test_the_arm_downwards_comes_from_heights(passes: tuple[list[MarkPass], Mark]) -> None:
    seen, mark = passes
    measured = [one.up_m - (mark.up_m or 0.0) - 0.05 for one in seen]
    fit = mount_fit(seen, nominal_arm_m=NOMINAL_M, mark=mark, heights_m=measured)
    assert abs(fit.calibration.lever_arm_m[2] - TRUE_ARM_M[2]) < 0.005
    assert "down" not in fit.not_told


def synthetic(ways: list[tuple[float, float, float]], noise_m: float, seed: int) -> list[MarkPass]:
    """Return passes of (course, yaw, speed) with the arm off by (0.07, -0.04) and the lag."""
    rng = np.random.default_rng(seed)
    east, north = rng.normal(0.0, MARK.error_m, 2)
    seen = []
    for course, yaw, speed in ways:
        beside = course - yaw
        off = speed * LAG_S - 0.07 * math.cos(beside) + 0.04 * math.sin(beside)
        off += noise_m * rng.normal() + east * math.sin(course) + north * math.cos(course)
        seen.append(MarkPass(off, noise_m, course, speed, yaw, math.nan, 20.0))
    return seen


SIDEWAYS = [
    (course, course - beside, speed)
    for course in (0.0, math.pi)
    for beside in (0.0, 0.5 * math.pi)
    for speed in (0.5, 1.5)
]
MARK = Mark(47.0, 40.0)


def test_errors_cover_the_truth() -> None:
    """Of 200 sets of passes, the stated error holds as often as it should."""
    scaled = []
    for seed in range(200):
        told = mount_fit(
            synthetic(SIDEWAYS, 0.02, seed), nominal_arm_m=(0.0, 0.0, 0.0), mark=MARK
        ).calibration
        arm, error = told.lever_arm_m, told.lever_arm_error_m
        off = [(arm[0] - 0.07) / error[0], (arm[1] + 0.04) / error[1]]
        scaled.append([*off, (told.lag_s - LAG_S) / (told.lag_error_s or 1.0)])
    inside = np.mean(np.abs(scaled) < 1.0, axis=0)
    assert ((inside > 0.6) & (inside < 0.85)).all(), inside


def test_one_speed_does_not_part_lag_and_arm_and_says_so() -> None:
    ways = [(course, course, 1.0) for course in (0.0, math.pi, 0.0, math.pi)]
    fit = mount_fit(synthetic(ways, 0.01, 1), nominal_arm_m=(0.0, 0.0, 0.0), mark=MARK)
    assert "lag" in fit.not_told or "forward" in fit.not_told
    assert "forward and lag: fly at another speed too" in fit.not_parted
    parted = mount_fit(synthetic(SIDEWAYS, 0.01, 1), nominal_arm_m=(0.0, 0.0, 0.0), mark=MARK)
    assert parted.not_told == ("down",)
    assert not any("forward and right" in one for one in parted.not_parted)


def test_an_unsurveyed_mark_is_found_with_the_rest() -> None:
    """All passes are off by the mark's own error; opposite ways part it."""
    seen = synthetic(SIDEWAYS, 0.005, 3)
    moved = [replace(one, offset_m=one.offset_m + 0.4 * math.cos(one.course_rad)) for one in seen]
    fit = mount_fit(moved, nominal_arm_m=(0.0, 0.0, 0.0), mark=Mark(47.0, 40.0, error_m=1.0))
    np.testing.assert_allclose(fit.calibration.lever_arm_m[:2], [0.07, -0.04], atol=0.01)
    np.testing.assert_allclose(fit.calibration.lag_s, LAG_S, atol=0.01)


def test_what_cannot_tell_is_refused(passes: tuple[list[MarkPass], Mark]) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        mount_fit(passes[0][:1], nominal_arm_m=NOMINAL_M, mark=MARK)
    with pytest.raises(UsageError, match="one each"):
        mount_fit(passes[0], nominal_arm_m=NOMINAL_M, mark=MARK, heights_m=[0.3])
    lines, mark = flown(1.0, 9)
    with pytest.raises(UsageError, match=r"0 rows within 1\.5 m"):
        mark_pass(lines[:1], replace(mark, latitude_deg=mark.latitude_deg + 1e-3))
    quiet = lines[0].with_data(np.random.default_rng(0).normal(size=lines[0].data.shape))
    with pytest.raises(UsageError, match="nothing stands out"):
        mark_pass([quiet], mark)
    with pytest.raises(UsageError, match="needs latitude_deg, longitude_deg, time_ns"):
        mark_pass([replace(lines[0], coords={})], mark)
