"""The whole detector: loops, tensors and soil against formulas; and what it cannot hear."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import j1

from detectkit.core import ShapeError, UsageError
from detectkit.sim import Channel, Detector, FlightSimulator, Scenario, Soil
from detectkit.sim.bodies.body import MetalPart
from detectkit.sim.induction import (
    MU_0,
    Metal,
    Poses,
    coils_of,
    detector_of,
    detector_rows,
    metal_of,
    model_of,
    polarisability,
    response_tensors,
    sphere_response,
)

from .conftest import (
    AIR,
    ALUMINIUM,
    GATES,
    HEIGHTS_M,
    LOOP,
    NOTHING,
    PULSE,
    STEEL,
    UP,
    amplitude,
    ball,
    buried,
    over,
)


@pytest.mark.parametrize("material", [STEEL, ALUMINIUM])
@pytest.mark.parametrize("along_m", [0.0, 0.13, 0.4])
def test_a_sphere_is_heard_as_the_closed_form_says(
    material: tuple[float, float], along_m: float
) -> None:
    """V = μ₀ ω I |H|² 4π a³ F, H summed around the wire: the chain within 1e-6, not only 1 %."""
    angle = 2.0 * np.pi * np.arange(20_000) / 20_000
    wire = 0.14 * np.column_stack([np.cos(angle), np.sin(angle), 0.0 * angle])
    onward = 0.14 * np.column_stack([-np.sin(angle), np.cos(angle), 0.0 * angle])
    away = np.array([-along_m, 0.0, -0.38]) - wire
    distance = np.linalg.norm(away, axis=1)[:, np.newaxis]
    field = (np.cross(onward, away) / distance**3).mean(axis=0) / 2.0
    moment = 4.0 * math.pi * 0.004**3 * sphere_response(0.004, *material, 2e4)
    volts = 1e9 * MU_0 * 2.0 * math.pi * 2e4 * (field @ field) * moment
    model = model_of(LOOP, AIR, ball(0.004, material=material), seed=1)
    found = model.response(over(0.3, along_m))[0]
    np.testing.assert_allclose(found, [volts.real, volts.imag], rtol=1e-6)


@pytest.mark.parametrize(
    ("metal", "published_nv"),
    [
        (ball(0.004, material=ALUMINIUM), (100.0, 13.0, 1.1, 0.11, 0.003)),
        (ball(0.004), (185.0, 24.0, 2.0, 0.20, 0.005)),
        (ball(0.15), (5.5e6, 0.70e6, 60e3, 5.9e3, 159.0)),
    ],
    ids=["aluminium 4 mm", "steel 4 mm", "steel 15 cm"],
)
def test_metal_falls_with_height_as_the_table_says(
    metal: Metal, published_nv: tuple[float, ...]
) -> None:
    """One turn of 0.14 m, 1 A, 20 kHz, 8 cm deep: the table's numbers within their rounding."""
    found = amplitude(LOOP, AIR, metal, HEIGHTS_M)
    np.testing.assert_allclose(found, published_nv, rtol=0.1)


def test_soil_falls_with_height_as_the_table_says() -> None:
    """χ = 1e-3: 6.8 µV, 1.07 µV, 190 nV, 45 nV, 5.9 nV."""
    soil = Soil(susceptibility=1e-3, conductivity_s_per_m=0.0)
    found = amplitude(LOOP, soil, NOTHING, HEIGHTS_M)
    np.testing.assert_allclose(found, [6800.0, 1070.0, 190.0, 45.0, 5.9], rtol=0.03)
    high = amplitude(LOOP, soil, NOTHING, [1.0, 2.0])
    metal = amplitude(LOOP, AIR, ball(0.004), [1.0, 2.0])
    assert high[0] / high[1] == pytest.approx(2.0**3, rel=0.06)
    assert metal[0] / metal[1] == pytest.approx((2.08 / 1.08) ** 6, rel=0.06)


@pytest.mark.parametrize("height_m", [0.1, 0.3, 0.6])
def test_conducting_soil_is_the_first_order_of_its_reflection(height_m: float) -> None:
    """r(λ) = -jωμ₀σ / 4λ² under ω π a² ∫ r J₁² exp(-2λh) dλ; 4 % at 0.1 m, 1 % from 0.15 m."""
    soil = Soil(susceptibility=0.0, conductivity_s_per_m=0.02)
    found = model_of(LOOP, soil, NOTHING, seed=1).response(over(height_m))[0]
    integral, _ = quad(
        lambda x: (j1(0.14 * x) / x) ** 2 * math.exp(-2.0 * x * height_m), 0.0, 300.0, limit=400
    )
    omega = 2.0 * math.pi * 2e4
    volts = 1e9 * MU_0 * omega * math.pi * 0.14**2 * integral * (-0.25 * omega * MU_0 * 0.02)
    assert found[0] == 0.0
    assert found[1] == pytest.approx(volts, rel=0.04)


def test_two_coils_on_the_ground_are_mcneills_conductivity_meter() -> None:
    """Quadrature over the direct coupling is ωμ₀σs² / 4 (McNeill 1980, Geonics TN-6)."""
    apart = replace(LOOP, coil="separate", coil_radius_m=0.05, receiver_offset_m=(4.0, 0.0, 0.0))
    soil = Soil(susceptibility=0.0, conductivity_s_per_m=0.02)
    omega, area = 2.0 * math.pi * 2e4, math.pi * 0.05**2
    direct = 1e9 * MU_0 * omega * area**2 / (4.0 * math.pi * 4.0**3)
    found = model_of(apart, soil, NOTHING, seed=1).response(over(0.03))[0, 1]
    assert abs(found) / direct == pytest.approx(0.25 * omega * MU_0 * 0.02 * 4.0**2, rel=1e-3)


@pytest.mark.parametrize("height_m", [0.3, 0.4, 0.5])
def test_a_minimum_metal_mine_is_below_the_soils_own_answer(height_m: float) -> None:
    """Fusion must know: at a drone's height a silent detector says nothing about such a body.

    A steel sphere of 4 mm (2 g), 8 cm deep, against soil that surveys call moderate; in phase the
    soil is 50 times stronger, in quadrature its viscosity alone is as strong or stronger.
    """
    soil = Soil(susceptibility=1e-3, viscosity_ratio=0.03, conductivity_s_per_m=0.0)
    metal = model_of(LOOP, AIR, ball(0.004), seed=1).response(over(height_m))[0]
    ground = model_of(LOOP, soil, NOTHING, seed=1).response(over(height_m))[0]
    assert abs(ground[0]) > 50.0 * abs(metal[0])
    assert abs(ground[1]) > abs(metal[1])
    centimetre = model_of(LOOP, soil, NOTHING, seed=1).response(over(height_m + 0.01))[0]
    assert abs(ground - centimetre)[0] > np.abs(metal).max(), "a centimetre of height outshines it"
    conducting = replace(soil, conductivity_s_per_m=0.02)
    wet = model_of(LOOP, conducting, NOTHING, seed=1).response(over(height_m))[0]
    assert abs(wet[1]) > 10.0 * abs(metal[1])


def test_pulses_too_do_not_hear_it_over_viscous_soil() -> None:
    soil = Soil(susceptibility=1e-3, viscosity_ratio=0.03)
    metal = model_of(PULSE, AIR, ball(0.003), seed=1).response(over(0.4))[0]
    ground = model_of(PULSE, soil, NOTHING, seed=1).response(over(0.4))[0]
    assert np.all(metal > 0.0)
    assert np.all(ground > metal)


def test_after_the_pulse_soil_falls_as_one_over_time_and_metal_as_its_poles() -> None:
    soil = Soil(susceptibility=1e-3, viscosity_ratio=0.03)
    sharp = replace(PULSE, ramp_s=0.0, pulse_s=1.0)
    ground = model_of(sharp, soil, NOTHING, seed=1).response(over(0.1))[0]
    np.testing.assert_allclose(ground[:-1] / ground[1:], 2.0, rtol=1e-3)
    metal = model_of(sharp, AIR, ball(0.005, material=ALUMINIUM), seed=1).response(over(0.1))[0]
    ratio = metal[:-1] / metal[1:]
    assert ratio[0] < 2.0 < ratio[-1], "at first slower than the soil, in the end faster"


def test_frequency_and_time_are_two_views_of_one_body() -> None:
    """The voltage summed over all time after the step is the moment that the field had made."""
    gate = (Channel("all", start_s=0.0, stop_s=2.0),)
    pulse = replace(PULSE, channels=gate, ramp_s=1e-9, pulse_s=100.0)
    metal = ball(0.01)
    volts = model_of(pulse, AIR, metal, seed=1).response(over(0.3))[0, 0] * 2.0
    field = math.sqrt(amplitude(LOOP, AIR, metal, 0.3)[0])
    moments = [abs(sphere_response(0.01, *STEEL, one)) for one in (1e-3, 2e4)]
    left = 149.0 / 152.0 + 0.5
    expected = field**2 / (2.0 * math.pi * 2e4) * left / moments[1]
    assert volts == pytest.approx(expected, rel=0.02)


def test_a_double_d_hears_the_sides_and_not_the_middle() -> None:
    coil = replace(
        LOOP, coil="double-d", receiver_radius_m=0.07, receiver_offset_m=(0.07, 0.0, 0.0)
    )
    along = np.array([-0.1, 0.0, 0.1])
    volts = model_of(coil, AIR, ball(0.004), seed=1).response(over(0.1, along))[:, 0]
    assert volts[1] == pytest.approx(0.0, abs=1e-9 * abs(volts[0]))
    assert volts[0] == pytest.approx(-volts[2], rel=1e-9)
    soil = Soil(susceptibility=1e-3)
    quiet = model_of(coil, soil, NOTHING, seed=1).response(over(0.1))
    loud = model_of(LOOP, soil, NOTHING, seed=1).response(over(0.1))
    assert np.abs(quiet).max() < 1e-9 * np.abs(loud).max()


def test_separate_coils_hear_the_same_either_way_round() -> None:
    metal = ball(0.004)
    one = replace(LOOP, coil="separate", receiver_radius_m=0.1, receiver_offset_m=(0.3, 0.1, 0.05))
    other = replace(
        one, coil_radius_m=0.1, receiver_radius_m=0.14, receiver_offset_m=(-0.3, -0.1, -0.05)
    )
    soil = Soil(susceptibility=1e-3)
    here = over(0.3)
    there = replace(
        here, place=here.place + np.array([0.3, 0.1, -0.05]), height_m=here.height_m - 0.05
    )
    np.testing.assert_allclose(
        model_of(one, soil, metal, seed=1).response(here),
        model_of(other, soil, metal, seed=1).response(there), rtol=1e-9,
    )  # fmt: skip


@settings(max_examples=20)
@given(slope=st.floats(-0.3, 0.3), height_m=st.floats(0.1, 1.0))
def test_on_a_slope_only_the_distance_and_the_angle_to_it_count(
    slope: float, height_m: float
) -> None:
    """Coil and ground leant together hear what they hear level."""
    level = over(height_m)
    cosine, sine = math.cos(slope), math.sin(slope)
    lean = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])
    leant = Poses(
        level.place @ lean.T, level.forward @ lean.T, level.right @ lean.T, level.up @ lean.T,
        level.height_m, level.normal @ lean.T,
    )  # fmt: skip
    coil = replace(LOOP, coil="separate", receiver_offset_m=(0.3, 0.0, 0.0))
    for one in (LOOP, coil, replace(LOOP, coil="dipole")):
        model = model_of(one, Soil(susceptibility=1e-3), NOTHING, seed=1)
        np.testing.assert_allclose(model.response(leant), model.response(level), rtol=1e-9)


def test_far_from_a_small_coil_all_kinds_agree() -> None:
    soil, metal = Soil(susceptibility=1e-3, conductivity_s_per_m=0.0), ball(0.01)
    small = replace(LOOP, coil_radius_m=0.01)
    loop = model_of(small, soil, metal, seed=1).response(over(0.5))
    preview = model_of(replace(small, coil="dipole"), soil, metal, seed=1).response(over(0.5))
    np.testing.assert_allclose(preview, loop, rtol=0.02)


WALK = np.linspace(-1.0, 1.0, 101)
PLACE = np.column_stack([WALK, 0.0 * WALK, 0.2 + 0.0 * WALK])
PIN = buried(MetalPart("rod", 0.003, 5e6, 80.0, below_top_m=0.01, length_m=0.05))


def walked(detector: Detector, **changed: object) -> np.ndarray:
    given = {
        "bodies": (PIN,), "soil": AIR, "detector": detector, "time_s": 1.0 + WALK, "seed": 3,
    } | changed  # fmt: skip
    return detector_rows(PLACE, UP, **given)  # type: ignore[arg-type]


def test_along_a_lane_a_body_is_heard_where_it_lies() -> None:
    rows = walked(LOOP)
    assert rows.shape == (101, 2)
    assert rows.dtype == np.float32
    assert WALK[np.abs(rows[:, 0]).argmax()] == pytest.approx(0.0)
    np.testing.assert_allclose(rows, rows[::-1], rtol=1e-4)


def test_a_long_wire_is_heard_along_all_of_it() -> None:
    """From near its ends too; far away it is the dipole of the whole."""
    wire = MetalPart("rod", 0.001, 5e6, 1.0, 0.0, length_m=0.8, axis="horizontal")
    place, tensor = response_tensors(buried(wire), 2e4)
    assert place.shape == (8, 3)
    np.testing.assert_allclose(place[[0, -1], 0], [-0.35, 0.35])
    along, across = polarisability(wire, 2e4)
    np.testing.assert_allclose(tensor.sum(axis=0)[0], np.diag([along[0], across[0], across[0]]))
    rows = np.abs(walked(LOOP, bodies=(buried(wire),))[:, 1])
    assert rows[np.abs(WALK) < 0.3].min() > 0.5 * rows.max()
    pulses = np.abs(walked(PULSE, bodies=(buried(wire),))[:, 0])
    assert pulses[np.abs(WALK) < 0.3].min() > 0.5 * pulses.max()


def test_ground_and_lane_raised_together_change_nothing() -> None:
    def hill(where: np.ndarray) -> np.ndarray:
        return 100.0 + 0.1 * where[:, 0]

    soil = Soil(susceptibility=1e-3)
    raised = PLACE + np.array([0.0, 0.0, 100.0])
    level = walked(LOOP, soil=soil)
    flat = detector_rows(
        raised, UP, bodies=(PIN,), soil=soil, detector=LOOP, time_s=1.0 + WALK, seed=3,
        ground_up_m=lambda where: np.full(len(where), 100.0),
    )  # fmt: skip
    np.testing.assert_allclose(flat, level, rtol=1e-5)
    climbing = raised + np.column_stack([0.0 * WALK, 0.0 * WALK, 0.1 * WALK])
    steep = detector_rows(
        climbing, UP, bodies=(), soil=soil, detector=LOOP, time_s=1.0 + WALK, seed=3,
        ground_up_m=hill,
    )  # fmt: skip
    assert np.ptp(steep[:, 0]) < 1e-4 * abs(steep[0, 0])


def test_a_filter_smears_along_the_track() -> None:
    """A time constant of 0.1 s at 1 m/s: later, lower, wider, and the same area."""
    sharp, smeared = walked(LOOP)[:, 0], walked(replace(LOOP, time_constant_s=0.1))[:, 0]
    step = 0.02
    kernel = np.exp(-np.arange(0.0, 2.0, 0.001) / 0.1)
    fine = np.interp(np.arange(0.0, 2.0, 0.001), 1.0 + WALK, sharp)
    exact = np.convolve(fine, kernel / kernel.sum())[: fine.size]
    there = np.interp(1.0 + WALK, np.arange(0.0, 2.0, 0.001), exact)
    assert np.abs(smeared - there).max() < 0.03 * np.abs(sharp).max()
    assert step * np.sum(smeared) == pytest.approx(step * np.sum(sharp), rel=0.02)


def test_disturbances_are_as_strong_as_told() -> None:
    time_s = np.arange(0.0, 400.0, 0.0135)
    place = np.column_stack([0.0 * time_s, 0.0 * time_s, 5.0 + 0.0 * time_s])
    channels = (Channel("a", 2e4, offset_nv=7.0), Channel("b", 2e4))

    def rows(**settings: float) -> np.ndarray:
        told = Detector(drift_nv=0.0, noise_nv=0.0, channels=channels)
        detector = replace(told, **settings)  # type: ignore[arg-type]
        found = detector_rows(
            place, UP, bodies=(), soil=AIR, detector=detector, time_s=time_s, seed=5
        )  # fmt: skip
        return found.astype(float)

    np.testing.assert_array_equal(rows(offset_nv=1.0), np.broadcast_to([8.0, 1.0], (len(place), 2)))
    flicker = rows(flicker_nv=4.0) - [7.0, 0.0]
    np.testing.assert_allclose(flicker.std(axis=0), 4.0, rtol=0.15)
    assert abs(np.corrcoef(flicker.T)[0, 1]) < 0.2, "each channel has its own"
    hum = rows(hum_nv=4.0, hum_hz=20.0) - [7.0, 0.0]
    np.testing.assert_allclose(hum.std(axis=0), 4.0, rtol=0.3)
    power = np.abs(np.fft.rfft(hum[:, 0])) ** 2
    peak = np.fft.rfftfreq(len(hum), 0.0135)[power.argmax()]
    assert peak == pytest.approx(20.0, rel=0.01)


@pytest.mark.parametrize("detector", [LOOP, PULSE], ids=["frequency", "time"])
@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 101), max_size=5))
def test_rows_are_the_same_bits_in_any_pieces(detector: Detector, cuts: list[int]) -> None:
    soil = Soil(susceptibility=1e-3)
    model = model_of(detector, soil, ball(0.004), seed=1)
    poses = over(0.2, WALK)
    whole = model.response(poses)
    pieces = []
    for rows in np.split(np.arange(101), sorted(cuts)):
        part = Poses(
            poses.place[rows], poses.forward[rows], poses.right[rows], poses.up[rows],
            poses.height_m[rows], poses.normal[rows],
        )  # fmt: skip
        pieces.append(model.response(part))
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_pulses_are_told_in_a_scenario(quiet: Scenario) -> None:
    gates = """
    [detector]
    mode = "time"
    [[detector.channel]]
    name = "early"
    start_s = 20e-6
    stop_s = 30e-6
    """
    detector = Scenario.from_toml(quiet.text + gates).detector
    assert detector.mode == "time"
    assert detector.channels == (Channel("early", start_s=20e-6, stop_s=30e-6),)


def test_settings_that_contradict_are_refused() -> None:
    with pytest.raises(UsageError, match="a gate that stops after it starts"):
        Channel("neither")
    with pytest.raises(UsageError, match="does not fit mode = 'time'"):
        Detector(mode="time")
    with pytest.raises(UsageError, match="does not fit mode = 'frequency'"):
        Detector(channels=GATES)
    with pytest.raises(UsageError, match="an offset goes with"):
        Detector(coil="separate")
    with pytest.raises(UsageError, match="which is one coil"):
        Detector(receiver_radius_m=0.1)
    with pytest.raises(UsageError, match="has no bound"):
        Detector(mode="time", channels=(Channel("g", stop_s=1e-5),), ramp_s=0.0)
    with pytest.raises(ShapeError, match="one time per place"):
        detector_rows(
            PLACE, UP, bodies=(), soil=AIR, detector=LOOP, time_s=WALK[:3], seed=1
        )  # fmt: skip
    assert len(coils_of(LOOP).receiver) == 1


Make = Callable[..., FlightSimulator]


@pytest.mark.parametrize("coil", ["dipole", "coincident"])
def test_a_flight_hears_a_body_of_the_library_where_it_was_put(simulator: Make, coil: str) -> None:
    """The lane's frame turned by the site's heading, over a slope; the same bits in pieces."""
    flown = simulator(detector={"coil": coil, "time_constant_s": 0.02}, terrain={"slope_deg": 5.0})
    trajectory, geography = flown._trajectory, flown._trajectory.geography
    pin = replace(PIN.body.metal[0], axis="horizontal")
    placed = replace(buried(pin), along_m=2.5, across_m=0.1, turn_deg=90.0)
    metal = metal_of((), trajectory.surface, geography, placed=(placed,))
    rightward = np.column_stack(geography.local(np.array([0.0]), np.array([1.0])))[0]
    np.testing.assert_allclose(metal.axis[0, :2], rightward, atol=1e-12)
    time_s = flown.truth.lanes[0].start_s + np.arange(1.0, 4.0, 0.01)
    sharp = replace(flown.scenario.detector, time_constant_s=0.0)
    middles = []
    for detector in (sharp, flown.scenario.detector):
        there = detector_of(detector, AIR, trajectory, metal, seed=1)
        rows = there.rows(time_s)
        weight = np.abs(rows[:, 0].astype(float))
        middles.append(weight @ time_s / weight.sum() - time_s[150])
    assert abs(middles[0]) < 0.04, "over the body, but for the slope"
    assert middles[1] - middles[0] == pytest.approx(0.02, abs=0.003), "late by the filter's time"
    pieces = [there.rows(one) for one in np.array_split(time_s, 7)]
    np.testing.assert_array_equal(np.concatenate(pieces), rows)


def test_over_a_slope_a_level_coil_hears_the_plane_below_it(simulator: Make) -> None:
    soil = {"susceptibility": 1e-3}
    level, sloping = (
        simulator(soil=soil, terrain={"slope_deg": slope, "slope_direction_deg": 120.0})
        for slope in (0.0, 20.0)
    )
    time_s = level.truth.lanes[0].start_s + np.array([2.0, 3.0])
    share = sloping.detector(time_s)[:, 0] / level.detector(time_s)[:, 0]
    cosine = math.cos(math.radians(20.0))
    np.testing.assert_allclose(share, 0.5 * (1.0 + cosine**2) / cosine**3, rtol=2e-3)
