"""Traces against what has a formula: times of echoes, mirrors, loss, reciprocity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectkit.sim import BuriedObject, FlightSimulator
from detectkit.sim.refraction import LIGHT_M_PER_S, attenuation_per_m
from detectkit.sim.wavelet import FIRST_DERIVATIVE, PHASES, add_wavelet, ricker, table

Make = Callable[..., FlightSimulator]
Over = Callable[..., np.ndarray]

INDEX = math.sqrt(6.0)
HEIGHT_M, HALF_M = 0.45, 0.06


def echo(full: FlightSimulator, empty: FlightSimulator, time_s: np.ndarray) -> np.ndarray:
    return full.radar(time_s).astype(float) - empty.radar(time_s)


def peak_s(row: np.ndarray, simulator: FlightSimulator) -> float:
    """Return the time of a peak after the pulse has left, by a parabola through three samples."""
    radar = simulator.scenario.radar
    top = int(row.argmax())
    left, middle, right = row[top - 1 : top + 2]
    offset = 0.5 * (left - right) / (left - 2.0 * middle + right)
    return (top + offset) * radar.sample_interval_s - radar.time_zero_s


def two_way_s(along_m: float, depth_m: float) -> float:
    """Return the time to a ball at 0 and back, by brute force over the places of refraction."""
    total = 0.0
    for antenna in (along_m - HALF_M, along_m + HALF_M):
        enter = np.linspace(0.0, abs(antenna), 20_001)
        path = np.hypot(HEIGHT_M, enter) + INDEX * np.hypot(depth_m, abs(antenna) - enter)
        total += float(path.min())
    return total / LIGHT_M_PER_S


def test_the_ground_answers_at_its_height(simulator: Make, over: Over) -> None:
    flown = simulator()
    (row,) = -flown.radar(over(flown, 2.0, 2.0))
    row[:170] = 0.0  # the direct wave
    path = 2.0 * math.hypot(HEIGHT_M, HALF_M)
    assert peak_s(row, flown) == pytest.approx(path / LIGHT_M_PER_S, abs=3e-13)


def test_the_ground_is_a_mirror_of_fresnels_strength(simulator: Make, over: Over) -> None:
    flown = simulator(radar={"antenna_separation_m": 1e-3, "antenna_reflection": 0.0})
    row = flown.radar(over(flown, 2.0, 2.0))[0]
    reflection = (INDEX - 1.0) / (INDEX + 1.0)
    assert -row[170:].min() == pytest.approx(20_000.0 * reflection / (2.0 * HEIGHT_M), rel=2e-3)


def test_the_direct_wave_comes_by_the_shortest_way(simulator: Make, over: Over) -> None:
    flown = simulator()
    row = flown.radar(over(flown, 2.0, 2.0))[0][:170]
    assert peak_s(row, flown) == pytest.approx(2.0 * HALF_M / LIGHT_M_PER_S, abs=3e-13)
    assert row.max() == pytest.approx(12_000.0, rel=2e-3)


@pytest.mark.parametrize("along_m", [0.0, 0.1, 0.25, 0.5, -0.4])
def test_a_ball_answers_on_its_hyperbola_through_refraction(
    simulator: Make, ball: BuriedObject, over: Over, along_m: float
) -> None:
    full, empty = simulator(ball), simulator()
    (row,) = echo(full, empty, over(full, 2.5 + along_m, 2.5 + along_m))
    assert peak_s(row, full) == pytest.approx(two_way_s(along_m, 0.2), abs=5e-13)


def test_straight_down_the_time_is_that_of_height_and_depth(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    full, empty = (simulator(*one, radar={"antenna_separation_m": 1e-4}) for one in ((ball,), ()))
    (row,) = echo(full, empty, over(full, 2.5, 2.5))
    expected = 2.0 * (HEIGHT_M + 0.2 * INDEX) / LIGHT_M_PER_S
    assert peak_s(row, full) == pytest.approx(expected, abs=3e-13)


def test_amplitude_is_largest_above_and_falls_to_both_sides(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    full, empty = simulator(ball), simulator()
    peaks = echo(full, empty, over(full, 2.0, 3.0, 0.1)).max(axis=1)
    assert peaks.argmax() == 5
    assert np.all(np.diff(peaks[:6]) > 0.0)
    np.testing.assert_allclose(peaks, peaks[::-1], rtol=1e-5)


def test_conductivity_takes_what_the_path_in_soil_costs(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    near = {"antenna_separation_m": 1e-4}
    lossless = simulator(ball, radar=near)
    dry = echo(lossless, simulator(radar=near), over(lossless, 2.5, 2.5)).max()
    soil = {"conductivity_s_per_m": 0.02}
    lossy = simulator(ball, soil=soil, radar=near)
    wet = echo(lossy, simulator(soil=soil, radar=near), over(lossy, 2.5, 2.5)).max()
    loss = math.exp(-2.0 * 0.2 * attenuation_per_m(6.0, 0.02, 1.2e9))
    assert wet / dry == pytest.approx(loss, rel=1e-4)


def plate_over_mirror(simulator: Make, over: Over, centre_hz: float) -> tuple[float, float]:
    """Return the plate's echo over that of a perfect mirror, and how much later it comes (s)."""
    radar = {
        "antenna_separation_m": 1e-3,
        "reach_m": 3.0,
        "antenna_reflection": 0.0,
        "centre_hz": centre_hz,
        "sample_interval_s": 0.03 / centre_hz,
        "samples": round(1.2e-8 * centre_hz / 0.03),
        "element_m": 2.4e7 / centre_hz,
    }
    plate = BuriedObject(
        "plate", "clutter", "plate", 2.5, 0.0, 0.1, 0.8, permittivity=0.0,
        metal="rich", metal_radius_m=0.1,
    )  # fmt: skip
    full, empty = simulator(plate, radar=radar), simulator(radar=radar)
    (row,) = echo(full, empty, over(full, 2.5, 2.5))
    through = 1.0 - ((1.0 - INDEX) / (1.0 + INDEX)) ** 2
    mirror = 20_000.0 * through / (2.0 * (HEIGHT_M + 0.1 / INDEX))
    arrival = 2.0 * (HEIGHT_M + 0.1 * INDEX) / LIGHT_M_PER_S
    return -row.min() / mirror, peak_s(-row, full) - arrival


def test_a_wide_metal_plate_is_a_mirror_under_the_soil(simulator: Make, over: Over) -> None:
    """Its elements add up to R / (L_t + L_r), the better the shorter the wave is."""
    long_wave, _ = plate_over_mirror(simulator, over, 1.2e9)
    short_wave, late_s = plate_over_mirror(simulator, over, 2.4e9)
    assert long_wave == pytest.approx(1.0, abs=0.04)
    assert short_wave == pytest.approx(1.0, abs=0.02)
    assert abs(late_s) < 5e-12


def test_transmitter_and_receiver_may_change_places(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    stone = replace(
        ball, name="stone", shape="disc", permittivity=3.0, radius_m=0.08, across_m=0.1,
        along_m=2.3, thickness_m=0.05, metal="none", metal_radius_m=0.0,
    )  # fmt: skip
    soil: dict[str, Any] = {"inhomogeneities_per_m2": 40.0, "conductivity_s_per_m": 0.01}
    flown = simulator(ball, stone, soil=soil, terrain={"slope_deg": 3.0, "roughness_m": 0.004})
    model, time_s = flown._radar, over(flown, 2.0, 3.0, 0.05)
    transmitter, receiver, attitude = model._antennas(model.trajectory.motion(time_s))
    forth = model.heard(transmitter, receiver, attitude, time_s)
    back = model.heard(receiver, transmitter, attitude, time_s)
    np.testing.assert_allclose(back, forth, atol=2e-3)
    moved = model.heard(receiver, receiver, attitude, time_s)
    assert np.abs(moved - forth).max() > 10.0, "places do matter"


def test_plastic_turns_over_between_its_top_and_its_bottom(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    body = replace(
        ball, shape="disc", radius_m=0.15, thickness_m=0.3, permittivity=3.0,
        metal="none", metal_radius_m=0.0,
    )  # fmt: skip
    full, empty = simulator(body), simulator()
    (row,) = echo(full, empty, over(full, 2.5, 2.5))
    inside_s = 2.0 * 0.3 * math.sqrt(3.0) / LIGHT_M_PER_S
    shift = round(inside_s / full.scenario.radar.sample_interval_s)
    reflection = (INDEX - math.sqrt(3.0)) / (INDEX + math.sqrt(3.0))
    top = int(np.abs(row[:400]).argmax())
    assert row[top + shift] / row[top] == pytest.approx(-(1.0 - reflection**2), rel=0.05)


def test_roughness_and_noise_are_as_strong_as_told(simulator: Make, over: Over) -> None:
    smooth, rough, rougher = (
        simulator(terrain={"roughness_m": height}) for height in (0.0, 0.001, 0.002)
    )
    time_s = over(smooth, 0.5, 4.5, 0.02)
    late = slice(240, None)  # behind the ground's own echo
    once, twice = (echo(one, smooth, time_s)[:, late].std() for one in (rough, rougher))
    assert twice / once == pytest.approx(2.0, rel=0.02)
    noisy = simulator(radar={"noise_counts": 7.0})
    assert echo(noisy, smooth, time_s).std() == pytest.approx(7.0, rel=0.01)


def test_a_point_at_the_end_of_the_reach_fades_and_does_not_jump(
    simulator: Make, ball: BuriedObject, over: Over
) -> None:
    reach = {"reach_m": 0.5}
    full, empty = simulator(ball, radar=reach), simulator(radar=reach)
    peaks = np.abs(echo(full, empty, over(full, 1.9, 2.5, 0.01))).max(axis=1)
    assert peaks[0] == 0.0
    assert peaks[-1] > 50.0
    assert np.diff(peaks).max() < 0.06 * peaks.max()


def test_the_wavelet_peaks_between_samples_where_it_is_put() -> None:
    wavelets = table(1.2e9, 5e-11)
    for centre in (60.0, 60.25, 60.731, 61.999):
        row = np.zeros(128)
        add_wavelet(row, wavelets, 0, centre, 3.0)
        expected = 3.0 * ricker((np.arange(128) - centre) * 5e-11, 1.2e9)[0]
        np.testing.assert_allclose(row, expected, atol=3e-4)


def test_a_wavelet_over_the_edge_is_cut_and_nothing_else_is_touched() -> None:
    wavelets = table(1.2e9, 5e-11)
    for centre in (-500.0, -3.2, 0.0, 126.9, 900.0):
        row = np.zeros(128)
        add_wavelet(row, wavelets, FIRST_DERIVATIVE, centre, 1.0)
        expected = ricker((np.arange(128) - centre) * 5e-11, 1.2e9)[FIRST_DERIVATIVE]
        np.testing.assert_allclose(row, expected, atol=3e-4)
    assert wavelets.shape[1] - 1 == PHASES


def test_the_derivatives_are_derivatives() -> None:
    time_s, centre_hz = np.arange(-4000, 4001) * 2e-13, 1.2e9
    pulse, first, second = ricker(time_s, centre_hz)
    angular = 2.0 * np.pi * centre_hz
    inner = slice(1, -1)
    by_steps = np.gradient(np.stack([pulse, first]), time_s, axis=1)[:, inner] / angular
    np.testing.assert_allclose(by_steps[0], first[inner], atol=2e-5)
    np.testing.assert_allclose(by_steps[1], second[inner], atol=2e-5)
