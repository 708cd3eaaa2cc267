"""The scenarios that ship: as long, as fast and as honest as promised; what is buried shows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import detectkit_sim_data
from detectkit.sim import FlightSimulator, Scenario

NAMES = ("demo_mission", "load_mission")
AT_LEAST_S = {"demo_mission": 30.0, "load_mission": 1800.0}
AT_MOST_S = {"demo_mission": 60.0, "load_mission": 2400.0}


@cache
def flown(name: str) -> FlightSimulator:
    return FlightSimulator(Scenario.read(detectkit_sim_data.path(f"scenarios/{name}.toml")))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_as_its_file_and_long_as_it_should_be(name: str) -> None:
    simulator = flown(name)
    assert simulator.scenario.name == name
    assert AT_LEAST_S[name] <= simulator.duration_s <= AT_MOST_S[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_object_lies_under_a_lane_and_says_that_it_is_simulated(name: str) -> None:
    scenario, truth = flown(name).scenario, flown(name).truth
    width = (scenario.flight.lanes - 1) * scenario.flight.lane_spacing_m
    assert len(truth.objects) == len(scenario.objects) >= 7
    for one, told in zip(scenario.objects, truth.objects, strict=True):
        assert 0.5 < one.along_m < scenario.flight.lane_length_m - 0.5
        assert -0.1 <= one.across_m <= width + 0.1
        assert (told.name, told.depth_m, told.metal) == (one.name, one.depth_m, one.metal)
        assert np.hypot(told.easting_m, told.northing_m) == pytest.approx(
            np.hypot(one.along_m, one.across_m)
        )
        assert (told.object_class == "target") == told.kind.endswith("(simulated)")


def test_the_load_is_that_of_the_recorder() -> None:
    scenario = flown("load_mission").scenario
    rates = {one.measures: one.rate_hz for one in scenario.instruments}
    assert rates == {"radar": 800, "magnetometer": 1000, "detector": 100, "platform": 100}
    assert scenario.radar.samples == 512


@pytest.mark.parametrize("name", NAMES)
def test_every_instrument_has_rows_from_the_first_moment_to_the_last(name: str) -> None:
    simulator = flown(name)
    for one in simulator.scenario.instruments:
        time_s = np.linspace(0.0, simulator.duration_s, 7)
        rows = simulator.rows(one.id, time_s)
        assert rows.shape[0] == 7
        if one.measures == "radar":
            assert 1_000.0 < np.abs(rows).max() < 32_767.0, "a 16-bit digitiser, not clipped"
            assert rows.shape[1] == one.settings.get("samples", one.settings.get("points"))
        if one.measures != "altimeter":
            assert np.isfinite(rows).all()


def by_depth(simulator: FlightSimulator, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a lane's traces less the mean of their 0.8 m, ground on one sample; and along (m)."""
    lane = simulator.truth.lanes[number]
    time_s = np.arange(lane.start_s, lane.end_s, 1.0 / 100.0)
    radar = simulator.scenario.radar
    traces = simulator.radar(time_s).astype(float)
    height = simulator.platform(time_s)[:, 3] - radar.lever_arm_m[2]
    late = 2.0 * (height - height.mean()) / 299_792_458.0
    hz = np.fft.rfftfreq(512, radar.sample_interval_s)
    turned = np.fft.rfft(traces, 512) * np.exp(2j * np.pi * hz * late[:, np.newaxis])
    level = np.fft.irfft(turned, 512)[:, : radar.samples]
    kernel = np.ones(81) / 81.0
    mean = np.apply_along_axis(lambda one: np.convolve(one, kernel, "same"), 0, level)
    first = round(
        (radar.time_zero_s + 2.0 * height.mean() / 3e8 + 0.9e-9) / radar.sample_interval_s
    )
    along = (time_s - lane.start_s) * simulator.scenario.flight.speed_m_per_s
    if lane.number % 2:
        along = simulator.scenario.flight.lane_length_m - along
    return (level - mean)[40:-40, first : first + 60], along[40:-40]


@pytest.mark.parametrize(
    ("lane", "name"), [(0, "ap-1"), (0, "ap-3"), (1, "at-1"), (2, "ap-2"), (2, "at-2")]
)
def test_the_background_taken_away_leaves_the_objects_at_their_places(lane: int, name: str) -> None:
    """The strongest place of the lane within half a metre is the object's, well over the rest."""
    simulator = flown("demo_mission")
    rows, along = by_depth(simulator, lane)
    energy = np.convolve((rows**2).sum(axis=1), np.ones(9) / 9.0, "same")
    (body,) = [one for one in simulator.scenario.objects if one.name == name]
    near = np.abs(along - body.along_m) < 0.5
    top = along[near][energy[near].argmax()]
    assert top == pytest.approx(body.along_m, abs=0.15)
    assert energy[near].max() > 3.0 * np.median(energy)


def test_the_detector_peaks_over_metal_at_the_end_of_its_boom() -> None:
    simulator = flown("demo_mission")
    lane = simulator.truth.lanes[2]
    time_s = np.arange(lane.start_s, lane.end_s, 0.01)
    quadrature = simulator.detector(time_s)[:, 1].astype(float)
    along = time_s - lane.start_s + simulator.scenario.detector.lever_arm_m[0]
    assert along[np.abs(quadrature).argmax()] == pytest.approx(6.1, abs=0.1)
