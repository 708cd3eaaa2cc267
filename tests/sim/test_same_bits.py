"""Every value is a function of scenario, seed and time, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detectkit_sim_data
from detectkit.sim import FlightSimulator, Scenario, Wind

QUANTITIES = ("platform", "reported", "radar", "detector", "magnetometer", "altimeter")
SCENARIO = Scenario.read(detectkit_sim_data.path("scenarios/demo_mission.toml"))
TIMES = np.arange(30.0, 37.0, 1.0 / 40.0)

Make = Callable[..., FlightSimulator]


@pytest.fixture(scope="module")
def flown() -> FlightSimulator:
    return FlightSimulator(SCENARIO)


@pytest.mark.parametrize("quantity", QUANTITIES)
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, len(TIMES)), max_size=12))
def test_in_any_pieces_the_bits_are_the_same(
    flown: FlightSimulator, quantity: str, cuts: list[int]
) -> None:
    ask = getattr(flown, quantity)
    pieces = [ask(one) for one in np.split(TIMES, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate(pieces), ask(TIMES))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_row_by_row_backwards_and_from_a_slice_too(flown: FlightSimulator, quantity: str) -> None:
    ask = getattr(flown, quantity)
    whole = ask(TIMES)
    one_by_one = [ask(TIMES[row : row + 1]) for row in range(len(TIMES))]
    np.testing.assert_array_equal(np.concatenate(one_by_one), whole)
    np.testing.assert_array_equal(ask(TIMES[::-1])[::-1], whole)
    np.testing.assert_array_equal(ask(TIMES[::3]), whole[::3])


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_another_simulator_gives_the_same_and_another_seed_does_not(
    flown: FlightSimulator, quantity: str
) -> None:
    again, other = FlightSimulator(SCENARIO), FlightSimulator(SCENARIO, seed=5)
    rows = getattr(flown, quantity)(TIMES)
    np.testing.assert_array_equal(getattr(again, quantity)(TIMES), rows)
    differs = np.any(getattr(other, quantity)(TIMES) != rows, axis=1)
    assert differs.mean() > 0.9


def test_threads_may_ask_at_once(flown: FlightSimulator) -> None:
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(flown.radar, np.array_split(TIMES, 16)))
        places = list(pool.map(flown.reported, np.array_split(TIMES, 16)))
    np.testing.assert_array_equal(np.concatenate(pieces), flown.radar(TIMES))
    np.testing.assert_array_equal(np.concatenate(places), flown.reported(TIMES))


def test_types_and_shapes_are_as_promised(flown: FlightSimulator) -> None:
    time_s = TIMES[:3]
    shapes = {name: getattr(flown, name)(time_s) for name in QUANTITIES}
    assert {name: one.dtype.name for name, one in shapes.items()} == {
        "platform": "float64",
        "reported": "float64",
        "radar": "float32",
        "detector": "float32",
        "magnetometer": "float64",
        "altimeter": "float64",
    }
    sizes = {name: one.shape for name, one in shapes.items()}
    assert sizes["radar"] == (3, SCENARIO.radar.samples)
    assert sizes["detector"] == (3, len(SCENARIO.detector.channels))
    assert sizes["platform"] == sizes["reported"] == (3, 15)
    assert sizes["magnetometer"] == sizes["altimeter"] == (3, 1)
    assert flown.radar(np.zeros(0)).shape == (0, SCENARIO.radar.samples)


def test_one_thing_changed_leaves_the_other_random_things_alone(simulator: Make) -> None:
    """Each stream of numbers is its own: less wind is not another soil."""
    windy, breezy = (simulator(wind=replace(Wind(), horizontal_m=one)) for one in (0.1, 0.2))
    time_s = np.arange(7.0, 9.0, 0.1)
    first, second = (one.platform(time_s) for one in (windy, breezy))
    assert np.abs(first[:, :2] - second[:, :2]).max() > 0.0
    np.testing.assert_allclose(first[:, 2:4], second[:, 2:4], atol=1e-6)
