"""Tensors of metal parts against what is known exactly, and against bodies cut into rings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ellipe, ellipk, iv, ivp

from detectkit.core import UsageError
from detectkit.sim.bodies.body import Body, MetalPart, Part, PlacedBody
from detectkit.sim.induction import (
    MU_0,
    polarisability,
    response_tensors,
    ring_circuit,
    sphere_response,
    tensors,
)
from detectkit.sim.induction.spheroids import axial_demagnetising_factor

HZ = np.geomspace(1.0, 1e7, 15)


def metal(shape: str, radius_m: float, permeability: float = 1.0, **sizes: float) -> MetalPart:
    return MetalPart(shape, radius_m, 1e7, permeability, 0.0, **sizes)  # type: ignore[arg-type]


def test_a_spheres_tensor_is_its_closed_form_times_one() -> None:
    part = metal("sphere", 0.01, 80.0)
    along, across = polarisability(part, HZ)
    exact = [sphere_response(0.01, 1e7, 80.0, float(one)) for one in HZ]
    np.testing.assert_allclose(along, 4e-6 * math.pi * np.array(exact), rtol=1e-12)
    np.testing.assert_array_equal(along, across)
    leaning = tensors(part, np.array([1.0, 2.0, 2.0]), HZ)
    np.testing.assert_allclose(leaning, along[:, np.newaxis, np.newaxis] * np.eye(3), atol=1e-20)


@pytest.mark.parametrize("permeability", [1.0, 80.0])
def test_a_long_rod_is_the_cylinder_of_bessel_functions(permeability: float) -> None:
    """Along: V (q - 1); across: 2 V (q - 1) / (q + 1); a rod of 1,000 radii."""
    part = metal("rod", 0.003, permeability, length_m=300.0)
    volume = math.pi * 0.003**2 * 300.0
    x = 0.003 * np.sqrt(2j * np.pi * HZ[:10] * MU_0 * permeability * 1e7)
    along, across = polarisability(part, HZ[:10])
    q = permeability * 2.0 * iv(1, x) / (x * iv(0, x))
    np.testing.assert_allclose(along, volume * (q - 1.0), rtol=1e-3)
    q = permeability * iv(1, x) / (x * ivp(1, x))
    np.testing.assert_allclose(across, 2.0 * volume * (q - 1.0) / (q + 1.0), rtol=1e-3)


def test_a_thin_hollow_sphere_is_one_time_constant() -> None:
    """M = -2π a³ jωτ / (1 + jωτ), τ = μ₀ σ a w / 3, while the wall is thinner than the skin."""
    part = metal("shell", 0.1, wall_m=2e-5)
    turns = 2j * np.pi * HZ[:11] * MU_0 * 1e7 * 0.1 * 2e-5 / 3.0
    for found in polarisability(part, HZ[:11]):
        np.testing.assert_allclose(found, -2e-3 * math.pi * turns / (1.0 + turns), rtol=1e-3)


def test_a_hollow_iron_sphere_shields_as_maxwell_found() -> None:
    mu, outer, inner = 100.0, 0.1, 0.09
    share = (inner / outer) ** 3
    over = (2.0 * mu + 1.0) * (mu - 1.0) * (1.0 - share)
    under = (2.0 * mu + 1.0) * (mu + 2.0) - 2.0 * share * (mu - 1.0) ** 2
    (found,), _ = polarisability(metal("shell", outer, mu, wall_m=outer - inner), 0.0)
    assert found.real == pytest.approx(4.0 * math.pi * outer**3 * over / under, rel=1e-5)


def test_a_ring_is_a_loop_of_wire() -> None:
    part = metal("ring", 0.0505, length_m=0.001, wall_m=0.001)
    resistance, inductance = ring_circuit(part)
    assert resistance == pytest.approx(2.0 * math.pi * 0.05 / (1e7 * 1e-6))
    assert inductance == pytest.approx(MU_0 * 0.05 * (math.log(400 / 2.0) - 0.5))
    omega = 2.0 * np.pi * HZ
    loop = -1j * omega * MU_0 * (math.pi * 0.05**2) ** 2 / (resistance + 1j * omega * inductance)
    np.testing.assert_allclose(polarisability(part, HZ)[0], loop, rtol=1e-12)


def test_static_limits_are_those_of_spheroids() -> None:
    factor = axial_demagnetising_factor(0.05, 0.004)
    volume = math.pi * 0.004**2 * 0.1
    part = metal("rod", 0.004, 200.0, length_m=0.1)
    (along,), (across,) = polarisability(part, 0.0)
    assert along.real == pytest.approx(volume * 199.0 / (1.0 + 199.0 * factor), rel=0.1)
    assert across.real == pytest.approx(2.0 * volume * 199.0 / 201.0, rel=0.02)
    assert along.real > 10.0 * across.real


def test_a_thin_disc_drives_out_what_a_perfect_conductor_does() -> None:
    (along,), _ = polarisability(metal("disc", 0.05, length_m=1e-6), 1e12)
    assert along.real == pytest.approx(-8.0 / 3.0 * 0.05**3, rel=0.01)


def rings(radius_m: float, length_m: float, frequency_hz: np.ndarray) -> np.ndarray:
    """Return the axial moment of a cylinder of coaxial rings that induce in each other."""
    rims = radius_m * np.sin(np.linspace(0.0, 0.5 * np.pi, 13))
    ends = 0.5 * length_m * np.sin(np.linspace(-0.5 * np.pi, 0.5 * np.pi, 9))
    r, z = (one.ravel() for one in np.meshgrid(
        0.5 * (rims[1:] + rims[:-1]), 0.5 * (ends[1:] + ends[:-1]), indexing="ij"))  # fmt: skip
    wide, high = (one.ravel() for one in np.meshgrid(np.diff(rims), np.diff(ends), indexing="ij"))
    square = 4.0 * r[:, np.newaxis] * r
    square /= (r[:, np.newaxis] + r) ** 2 + (z[:, np.newaxis] - z) ** 2
    np.fill_diagonal(square, 0.5)
    k = np.sqrt(square)
    mutual = MU_0 * np.sqrt(r[:, np.newaxis] * r)
    mutual *= (2.0 / k - k) * ellipk(square) - 2.0 / k * ellipe(square)
    np.fill_diagonal(mutual, MU_0 * r * (np.log(8.0 * r / (wide + high)) - 0.5))
    resistance = np.diag(2.0 * np.pi * r / (1e7 * wide * high))
    area = np.pi * r**2
    omegas = 2.0 * np.pi * frequency_hz
    return np.array(
        [
            area @ np.linalg.solve(resistance + 1j * w * mutual, -1j * w * MU_0 * area)
            for w in omegas
        ]
    )


@pytest.mark.parametrize(
    ("shape", "length_m", "worst"),
    [("disc", 0.001, 0.20), ("disc", 0.003, 0.10), ("rod", 0.01, 0.15), ("rod", 0.03, 0.12)],
)
def test_short_cylinders_are_right_within_a_fraction(
    shape: str, length_m: float, worst: float
) -> None:
    """Non-magnetic, along the axis, radius 1 cm: the stated error of the interpolation."""
    frequency = np.geomspace(10.0, 1e6, 6)
    exact = rings(0.01, length_m, frequency)
    found = polarisability(metal(shape, 0.01, length_m=length_m), frequency)[0]
    error = np.abs(found - exact) / np.abs(exact)
    assert error.max() < worst
    assert error[0] < 0.01, "the first order in frequency is exact"


@settings(max_examples=60)
@given(
    shape=st.sampled_from(["sphere", "rod", "disc", "ring", "shell"]),
    radius_m=st.floats(1e-3, 0.2),
    slender=st.floats(0.02, 20.0),
    permeability=st.floats(1.0, 300.0),
    frequency_hz=st.floats(1.0, 1e6),
)
def test_every_part_is_passive_and_between_its_limits(
    shape: str, radius_m: float, slender: float, permeability: float, frequency_hz: float
) -> None:
    part = MetalPart(
        shape, radius_m, 5e6, permeability, 0.0,  # type: ignore[arg-type]
        length_m=slender * radius_m, wall_m=0.1 * radius_m,
    )  # fmt: skip
    for curve in polarisability(part, [0.0, frequency_hz, 1e15]):
        static, value, high = curve
        assert value.imag <= 1e-6 * abs(value), "eddy currents only take energy"
        slack = 1e-3 * abs(value)
        assert high.real - slack <= value.real <= static.real + slack


def test_a_part_without_its_sizes_is_refused() -> None:
    with pytest.raises(UsageError, match="a rod has length_m = 0"):
        polarisability(metal("rod", 0.01), 1e3)
    with pytest.raises(UsageError, match="a ring has wall_m = 0"):
        polarisability(metal("ring", 0.01, length_m=0.01), 1e3)
    with pytest.raises(UsageError, match="above its radius_m"):
        polarisability(metal("shell", 0.01, wall_m=0.02), 1e3)


CASE = Part("cylinder", "plastic", (0.1, 0.1, 0.04))
PIN = MetalPart("rod", 0.003, 5e6, 80.0, below_top_m=0.01, length_m=0.03, axis="horizontal")
CAP = MetalPart("disc", 0.01, 3e7, 1.0, below_top_m=0.02, length_m=0.001)
BODY = Body("surrogate", "anti-personnel", "a case", (CASE,), (PIN, CAP), 0.0)


def test_the_metal_of_a_body_turns_and_leans_with_it() -> None:
    level = PlacedBody(BODY, 1.0, 2.0, 0.05, turn_deg=30.0)
    place, tensor = response_tensors(level, [1e4], ground_up_m=10.0)
    np.testing.assert_allclose(place, [[1.0, 2.0, 9.94], [1.0, 2.0, 9.93]])
    pin = np.array([math.cos(math.pi / 6.0), 0.5, 0.0])
    along, across = polarisability(PIN, 1e4)
    np.testing.assert_allclose(tensor[0, 0] @ pin, along * pin, rtol=1e-12, atol=1e-20)
    np.testing.assert_allclose(tensor[1, 0][2, 2], polarisability(CAP, 1e4)[0][0])
    np.testing.assert_allclose(tensor[0, 0][2, 2], across[0])
    lying = PlacedBody(BODY, 1.0, 2.0, 0.05, tilt_deg=90.0, tilt_direction_deg=90.0)
    place, tensor = response_tensors(lying, [1e4])
    np.testing.assert_allclose(place, [[1.0, 2.01, -0.05], [1.0, 2.0, -0.05]], atol=1e-12)
    np.testing.assert_allclose(tensor[1, 0][1, 1], polarisability(CAP, 1e4)[0][0])


def test_rust_weakens_steel() -> None:
    placed = PlacedBody(BODY, 0.0, 0.0, 0.05)
    fresh, rusty = (response_tensors(placed, 1e3, corrosion=one)[1] for one in (0.0, 0.6))
    assert abs(rusty[0, 0, 0, 0]) < abs(fresh[0, 0, 0, 0])
    assert -rusty[0, 0, 0, 0].imag < -0.7 * fresh[0, 0, 0, 0].imag
