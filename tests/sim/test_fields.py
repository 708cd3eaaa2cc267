"""Detector, magnetometer and altimeter against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import spherical_in

from detectkit.sim import BuriedObject, Channel, FlightSimulator, Silence, Wind
from detectkit.sim.induction import MU_0, sphere_response
from detectkit.sim.magnetics import dipole_component

Make = Callable[..., FlightSimulator]
Over = Callable[..., np.ndarray]


def strongest(simulator: FlightSimulator, over: Over) -> np.ndarray:
    """Return the largest magnitude of each channel over the middle of the lane."""
    rows = simulator.detector(over(simulator, 2.4, 2.6, 0.002)).astype(float)
    return np.abs(rows).max(axis=0)


@pytest.mark.parametrize("frequency_hz", [1.0, 1e2, 2e3, 2e4, 6e5])
@pytest.mark.parametrize("permeability", [1.0, 80.0])
@pytest.mark.parametrize("radius_m", [0.002, 0.01])
def test_a_spheres_answer_is_that_of_bessel_functions(
    frequency_hz: float, permeability: float, radius_m: float
) -> None:
    x = radius_m * np.sqrt(2j * np.pi * frequency_hz * MU_0 * permeability * 5e6)
    value, slope = spherical_in(1, x), spherical_in(1, x, derivative=True)
    q = 2.0 * permeability * value / (value + x * slope)
    found = sphere_response(radius_m, 5e6, permeability, frequency_hz)
    assert found == pytest.approx((q - 1.0) / (q + 2.0), rel=1e-6, abs=1e-9)


def test_a_sphere_goes_from_permeable_to_impenetrable() -> None:
    assert sphere_response(0.004, 5e6, 150.0, 1e-6) == pytest.approx(149.0 / 152.0)
    assert sphere_response(0.1, 5e7, 1.0, 1e9) == pytest.approx(-0.5, abs=1e-3)
    turning = sphere_response(0.004, 1.6e7, 1.0, 2e4)
    assert turning.imag < -0.1, "eddy currents lag"


def test_detector_falls_with_the_sixth_power_of_the_distance(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    near = strongest(simulator(ball), over)
    far = strongest(simulator(replace(ball, depth_m=0.5)), over)
    np.testing.assert_allclose(near / far, (0.8 / 0.5) ** 6, rtol=1e-3)


def test_detector_voltage_is_that_of_two_dipoles(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    """V = μ₀ ω I (N A / 2π r³)² 4π a³ F, straight above."""
    flown = simulator(ball, detector={"channels": (Channel("q", 2e4),)})
    field = 10 * math.pi * 0.14**2 / (2.0 * math.pi * 0.5**3)
    factor = sphere_response(0.01, 5e6, 100.0, 2e4).imag
    volts = MU_0 * 2.0 * math.pi * 2e4 * field**2 * 4.0 * math.pi * 0.01**3 * factor
    assert strongest(flown, over)[0] == pytest.approx(1e9 * abs(volts), rel=1e-3)


def test_soil_falls_with_the_third_power_of_the_height(simulator: Make, over: Over) -> None:
    soil = {"susceptibility": 1e-3}
    low = strongest(simulator(soil=soil), over)
    high = strongest(simulator(soil=soil, detector={"lever_arm_m": (0.0, 0.0, 0.35)}), over)
    np.testing.assert_allclose(low / high, (0.6 / 0.3) ** 3, rtol=1e-5)


def test_soil_is_as_strong_as_published_for_one_coil(simulator: Make, over: Over) -> None:
    """One turn of 0.14 m, 1 A, 20 kHz, χ 1e-3 at 0.3 m: 190 nV with the loop's true shape."""
    flown = simulator(soil={"susceptibility": 1e-3}, detector={"turns": 1})
    assert strongest(flown, over)[0] == pytest.approx(190.0, rel=0.2)


def test_little_metal_at_a_drones_height_is_below_the_soil(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    """Fusion must know: a silent detector says nothing about a minimum-metal body."""
    body = replace(ball, metal="minimum", metal_radius_m=0.002, depth_m=0.05)
    metal = strongest(simulator(body), over)
    soil = strongest(simulator(soil={"susceptibility": 2e-4}), over)
    assert np.all(metal < 0.5 * soil)


def test_magnetometer_sees_a_dipole_on_its_axis(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    flown = simulator(ball, magnetometer={"inclination_deg": 90.0})
    away_m = 0.45 + 0.2
    moment = 4.0 * math.pi * 0.01**3 * (99.0 / 102.0) * 49e-6 / MU_0
    expected = 1e9 * 2e-7 * moment / away_m**3
    (value,) = flown.magnetometer(over(flown, 2.5, 2.5))[:, 0] - 49_000.0
    assert value == pytest.approx(expected, rel=1e-4)


def test_a_dipole_is_half_and_turned_over_at_its_side() -> None:
    up = np.array([0.0, 0.0, 1.0])
    places = np.array([[0.0, 0.0, 2.0], [2.0, 0.0, 0.0]])
    along, beside = dipole_component(places, up, up)
    assert along == pytest.approx(2e-7 / 8.0)
    assert beside == pytest.approx(-1e-7 / 8.0)


def test_altimeter_measures_the_way_to_the_ground(simulator: Make, over: Over) -> None:
    flown = simulator(altimeter={"lever_arm_m": (0.0, 0.0, 0.3), "noise_m": 0.0, "bias_m": 0.02})
    (distance,) = flown.altimeter(over(flown, 2.5, 2.5))
    assert distance[0] == pytest.approx(0.95 - 0.3 + 0.02)


def test_altimeter_sees_roughness_and_lean(simulator: Make) -> None:
    flown = simulator(
        wind=Wind(tilt_deg=4.0), altimeter={"noise_m": 0.0}, terrain={"roughness_m": 0.02}
    )
    time_s = np.arange(7.0, 10.0, 0.01)
    height = flown.platform(time_s)[:, 3]
    _, _, up = flown._trajectory.motion(time_s).axes()
    off = flown.altimeter(time_s)[:, 0] * up[:, 2] - height
    assert 0.01 < off.std() < 0.04
    assert abs(off.mean()) < 0.02


def test_altimeter_is_silent_when_told_by_chance_and_out_of_range(simulator: Make) -> None:
    time_s = np.arange(6.5, 10.5, 0.001)
    flown = simulator(altimeter={"silences": (Silence(8.0, 0.5),)})
    silent = np.isnan(flown.altimeter(time_s)[:, 0])
    np.testing.assert_array_equal(silent, (time_s >= 8.0) & (time_s < 8.5))
    seldom = np.isnan(simulator(altimeter={"miss_rate": 0.1}).altimeter(time_s))
    assert seldom.mean() == pytest.approx(0.1, abs=0.02)
    assert np.isnan(simulator(altimeter={"farthest_m": 0.5}).altimeter(time_s)).all()
