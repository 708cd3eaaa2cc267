"""A flight whose lanes are computed full-wave: what, where, when, and the same whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectkit.core import UsageError
from detectkit.sim import FlightSimulator, Scenario, Wind
from detectkit.sim.bodies import PlacedBody, load_library
from detectkit.sim.fullwave.radar import LaneWork, between
from detectkit.sim.fullwave.track import Frame, frame_of
from detectkit.sim.route import PlannedLane

TEXT = """
name = "coarse"
seed = 3
[site]
longitude_deg = 47.0
latitude_deg = 40.0
heading_deg = 30.0
start_time = 2025-05-14T07:30:00Z
[flight]
lanes = 1
lane_length_m = 0.6
lane_spacing_m = 0.3
height_m = 0.9
standing_height_m = 0.75
[subsurface]
preset = "dry sand"
surface_moisture = 0.06
moisture_std = 0.0
roughness_m = 0.0
[radar]
model = "full-wave"
centre_hz = 0.4e9
samples = 80
sample_interval_s = 1e-10
time_zero_s = 2e-9
lever_arm_m = [0.0, 0.0, 0.5]
noise_counts = 4.0
crosstalk_counts = 0.0
ringing_counts = 0.0
antenna_reflection = 0.0
gain_drift = 0.0
time_zero_drift_s = 3e-12
[full_wave]
cell_m = 0.02
shot_spacing_m = 0.05
half_width_m = 0.5
reach_m = 0.4
"""
MINE = """
[[object]]
name = "mine"
body = "TM-62M"
along_m = 0.347
across_m = 0.0
depth_m = 0.12
"""
STILL = Wind(horizontal_m=0.0, vertical_m=0.0, height_error_m=0.0, tilt_deg=0.0, yaw_deg=0.0)


def scenario(*, extra: str = "", **parts: Any) -> Scenario:
    found = replace(Scenario.from_toml(TEXT + extra), wind=STILL)
    changed = {
        name: replace(getattr(found, name), **part) if isinstance(part, dict) else part
        for name, part in parts.items()
    }
    return replace(found, **changed)


def times(flown: FlightSimulator, step_s: float = 0.05, number: int = 0) -> np.ndarray:
    lane = flown.lanes[number]
    return np.arange(lane.start_s, lane.end_s, step_s)


class Store:
    """Keeps lanes in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[int, np.ndarray] = {}

    def get(self, number: int) -> np.ndarray | None:
        return self.kept.get(number)

    def put(self, number: int, counts: np.ndarray) -> None:
        self.kept[number] = counts


TOLD: list[Sequence[int]] = []
STORE = Store()


@pytest.fixture(scope="module")
def over_mine() -> FlightSimulator:
    work = LaneWork(1, lambda *one: TOLD.append(one), STORE)
    flown = FlightSimulator(scenario(extra=MINE), work=work)
    flown.radar(times(flown))
    return flown


def test_the_ground_comes_when_and_as_strong_as_rays_say() -> None:
    flown = FlightSimulator(scenario())
    preview = FlightSimulator(scenario(radar={"model": "ray"}, soil={"inhomogeneity_m": 0.0}))
    time_s = times(flown, 0.15)
    full, rays = flown.radar(time_s), preview.radar(time_s)
    np.testing.assert_allclose(full.min(axis=1), rays.min(axis=1), rtol=0.08)
    assert np.abs(full.argmin(axis=1) - rays.argmin(axis=1)).max() <= 1
    assert np.abs(full - full[0]).max() < 0.02 * np.abs(full).max()


def test_outside_the_lanes_the_ray_model_answers(over_mine: FlightSimulator) -> None:
    preview = FlightSimulator(
        replace(over_mine.scenario, radar=scenario(radar={"model": "ray"}).radar)
    )
    lane = over_mine.lanes[0]
    outside = np.array([0.0, lane.start_s - 0.01, lane.end_s, lane.end_s + 2.0])
    np.testing.assert_array_equal(over_mine.lane_at(outside), -1)
    np.testing.assert_array_equal(over_mine.radar(outside), preview.radar(outside))
    inside = times(over_mine, 0.2)
    np.testing.assert_array_equal(over_mine.lane_at(inside), 0)
    assert np.abs(over_mine.radar(inside) - preview.radar(inside)).max() > 10.0


def test_in_any_pieces_from_any_thread_the_bits_are_the_same(over_mine: FlightSimulator) -> None:
    one = over_mine
    other = FlightSimulator(over_mine.scenario, work=LaneWork(threads=2))
    lane = one.lanes[0]
    time_s = np.arange(lane.start_s - 0.3, lane.end_s + 0.3, 0.03)
    whole = one.radar(time_s)
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(other.radar, np.array_split(time_s, 9)))
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    np.testing.assert_array_equal(other.radar(time_s[::-1])[::-1], whole)


def test_traces_between_the_places_are_right() -> None:
    """Every second place is held out and told by its neighbours, 5 cm apart at 400 MHz."""
    radar = FlightSimulator(scenario(extra=MINE, full_wave={"shot_spacing_m": 0.025})).full_wave
    assert radar is not None
    counts, time_s = radar.counts(0), radar.track(0).time_s
    echoes = counts - counts.mean(axis=0)
    told = between(counts[::2], time_s[::2], time_s[3:-3:2])
    error = np.sqrt(np.mean((told - counts[3:-3:2]) ** 2)) / np.sqrt(np.mean(echoes**2))
    assert error < 0.04, "at the places' own distance a sixteenth of it"


def test_a_cubic_between_places_is_exact() -> None:
    place = np.linspace(0.0, 1.0, 8)
    cubic = np.polynomial.Polynomial([1.0, -2.0, 3.0, 4.0])
    counts = cubic(place)[:, np.newaxis].astype(np.float32)
    wanted = np.linspace(place[1], place[-2], 41)
    np.testing.assert_allclose(between(counts, place, wanted)[:, 0], cubic(wanted), atol=1e-5)


def test_flown_back_the_same_ground_is_heard_backwards() -> None:
    """Transmitter and receiver change places, so this is reciprocity as well."""
    flown = FlightSimulator(scenario(extra=MINE, flight={"passes": 2}))
    assert flown.full_wave is not None
    there, back = (flown.full_wave.counts(number) for number in (0, 1))
    echo = np.abs(there - there[0]).max()
    assert np.abs(there - back[::-1]).max() < 0.06 * echo, "cells of 2 cm"


def test_the_mine_is_heard_over_itself(over_mine: FlightSimulator) -> None:
    bare = FlightSimulator(scenario())
    time_s = times(over_mine, 0.02)
    echo = np.abs(over_mine.radar(time_s) - bare.radar(time_s)).max(axis=1)
    along = (time_s - time_s[0]) * over_mine.scenario.flight.speed_m_per_s
    assert along[echo.argmax()] == pytest.approx(0.35, abs=0.1)


def test_kept_lanes_are_not_computed_again(over_mine: FlightSimulator) -> None:
    assert over_mine.full_wave is not None
    assert TOLD[-1] == (0, *2 * (over_mine.full_wave.shots(0),))
    told: list[Sequence[int]] = []
    work = LaneWork(1, lambda *one: told.append(one), STORE)
    again = FlightSimulator(over_mine.scenario, work=work)
    np.testing.assert_array_equal(again.radar(times(again)), over_mine.radar(times(again)))
    assert not told


def test_a_target_counts_where_it_is_near_and_clutter_where_it_stands_out() -> None:
    extra = """
[[object]]
name = "far mine"
body = "TM-62M"
along_m = 0.4
across_m = 0.6
depth_m = 0.1
[[object]]
name = "pebble"
body = "pebble"
along_m = 0.2
across_m = 0.0
depth_m = 0.1
[[object]]
name = "can"
body = "can"
along_m = 0.6
across_m = 0.1
depth_m = 0.1
"""
    radar = FlightSimulator(scenario(extra=MINE + extra)).full_wave
    assert radar is not None
    lane = radar.lane(0)
    assert [one.name for one in lane.targets] == ["mine", "can"]
    assert [one.name for one in lane.clutter] == ["pebble"]


def test_a_leg_across_has_a_plane_of_its_own() -> None:
    leg = PlannedLane(0, 0, (1.0, 0.0), (1.0, 3.0), 0.0, 1.0, 3)
    back = replace(leg, from_m=leg.to_m, to_m=leg.from_m)
    frame = frame_of(leg)
    assert frame.turn_rad == pytest.approx(np.pi / 2)
    assert frame_of(back).turn_rad == pytest.approx(np.pi / 2)
    body = PlacedBody(load_library()["TM-62M"], 1.2, 2.0, 0.1, 5.0, 90.0)
    turned = frame.turned(body)
    assert (turned.along_m, turned.across_m) == pytest.approx((2.0, -1.2))
    assert turned.tilt_direction_deg == pytest.approx(0.0)
    place = frame.site(*frame.own(np.array([0.3]), np.array([0.7])))
    np.testing.assert_allclose(np.concatenate(place), [0.3, 0.7])
    assert Frame(0.0).turned(body) is body


def test_on_a_slope_the_antennas_keep_their_height_in_every_shot() -> None:
    """Slope and height of flight are those of the ground below, not of the lane's middle."""
    steep = scenario(terrain={"slope_deg": 20.0, "slope_direction_deg": 30.0})
    flown = FlightSimulator(steep)
    traces = flown.radar(times(flown, 0.2))
    strength = traces.min(axis=1)
    np.testing.assert_allclose(strength, strength.mean(), rtol=0.05)


def test_full_wave_needs_a_ground_of_its_own() -> None:
    before, _, rest = TEXT.partition("[subsurface]")
    bare = before + rest[rest.index("[radar]") :]
    with pytest.raises(UsageError, match=r"needs a ground of its own; give a \[subsurface\]"):
        Scenario.from_toml(bare)
