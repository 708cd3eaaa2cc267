"""One sum of poles for both domains, and gates over pulses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from detectkit.core import UsageError
from detectkit.sim.bodies.body import MetalPart
from detectkit.sim.induction import (
    Gate,
    PoleSum,
    PowerDecay,
    fitted_to_spectrum,
    polarisability,
    poles_of,
    sphere_poles,
)

BALL = MetalPart("sphere", 0.01, 5e6, 100.0, 0.0)
PARTS = [
    MetalPart("rod", 0.003, 5e6, 80.0, 0.0, length_m=0.03),
    MetalPart("disc", 0.03, 3e7, 1.0, 0.0, length_m=0.001),
    MetalPart("ring", 0.05, 5e6, 80.0, 0.0, length_m=0.006, wall_m=0.0005),
    MetalPart("shell", 0.16, 5e6, 150.0, 0.0, length_m=0.128, wall_m=0.0015),
]


@pytest.mark.parametrize("permeability", [1.0, 100.0])
def test_a_spheres_poles_give_its_spectrum(permeability: float) -> None:
    part = MetalPart("sphere", 0.01, 5e6, permeability, 0.0)
    frequency = np.geomspace(1.0, 1e5, 12)
    exact = polarisability(part, frequency)[0]
    found = sphere_poles(part).at(frequency)
    assert np.abs(found - exact).max() < 1e-3 * np.abs(exact).max()


@pytest.mark.parametrize("permeability", [1.0, 100.0])
def test_poles_fitted_to_a_spectrum_give_the_decay(permeability: float) -> None:
    part = MetalPart("sphere", 0.01, 5e6, permeability, 0.0)
    frequency = np.geomspace(0.1, 1e8, 109)
    fitted = fitted_to_spectrum(frequency, polarisability(part, frequency)[0])
    time_s = np.geomspace(1e-6, 3e-4, 8)
    np.testing.assert_allclose(fitted.decay(time_s), sphere_poles(part).decay(time_s), rtol=0.02)
    assert np.all(fitted.strength_m3 >= 0.0)


@pytest.mark.parametrize("part", PARTS, ids=lambda one: one.shape)
def test_the_poles_of_every_part_meet_its_spectrum(part: MetalPart) -> None:
    frequency = np.geomspace(10.0, 1e6, 15)
    for poles, exact in zip(poles_of(part), polarisability(part, frequency), strict=True):
        np.testing.assert_allclose(
            np.abs(poles.at(frequency) - exact) / np.abs(exact), 0.0, atol=0.01
        )


def test_the_empirical_decay_and_its_poles_agree() -> None:
    law = PowerDecay(1e-8, 0.7, 2e-3)
    time_s = np.geomspace(2e-5, 2e-3, 20)
    np.testing.assert_allclose(
        law.poles(span_s=(1e-5, 4e-3)).decay(time_s), law.decay(time_s), rtol=0.01
    )


def test_a_gate_is_the_pulse_convolved_with_the_decay() -> None:
    """Current: up from -pulse - ramp to -pulse, level, down from -ramp to 0, then the gate."""
    gate, rate = Gate(20e-6, 60e-6, ramp_s=8e-6, pulse_s=500e-6), 3e4

    def left(time_s: float) -> float:
        edges = [(-8e-6, 0.0, 1.0), (-508e-6, -500e-6, -1.0)]
        return sum(
            sign * quad(lambda when: rate * np.exp(-rate * (time_s - when)), *span)[0] / 8e-6
            for *span, sign in edges
        )

    mean = quad(left, 20e-6, 60e-6)[0] / 40e-6
    assert gate.of_poles(np.array([rate]))[0] == pytest.approx(mean, rel=1e-9)
    sharp = Gate(20e-6, 60e-6, ramp_s=0.0, pulse_s=500e-6)
    near = Gate(20e-6, 60e-6, ramp_s=1e-10, pulse_s=500e-6)
    np.testing.assert_allclose(
        near.of_poles(np.array([rate])), sharp.of_poles(np.array([rate])), 1e-4
    )


def test_viscous_soil_falls_as_one_over_time() -> None:
    early, late = (Gate(t, 1.01 * t, ramp_s=0.0, pulse_s=10.0) for t in (20e-6, 200e-6))
    assert early.of_viscosity() / late.of_viscosity() == pytest.approx(10.0, rel=1e-3)
    assert early.of_viscosity() == pytest.approx(1.0 / 20.1e-6, rel=1e-3)
    short = Gate(200e-6, 202e-6, ramp_s=0.0, pulse_s=200e-6)
    assert short.of_viscosity() == pytest.approx(0.5 * late.of_viscosity(), rel=0.01)
    ramp = Gate(20e-6, 60e-6, ramp_s=8e-6, pulse_s=1.0).of_viscosity()
    poles = np.geomspace(1e-2, 1e9, 4000)  # relaxation times evenly in log: the same number
    summed = Gate(20e-6, 60e-6, 8e-6, 1.0).of_poles(poles).sum() * np.log(poles[1] / poles[0])
    assert ramp == pytest.approx(summed, rel=1e-3)


def test_too_little_to_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 4"):
        fitted_to_spectrum(np.array([1.0, 2.0]), np.array([1.0, 1.0j]))
    with pytest.raises(UsageError, match="above 0 Hz"):
        fitted_to_spectrum(np.array([0.0, 1.0, 2.0, 3.0]), np.ones(4, complex))


def test_both_forms_of_a_pole_sum_are_one() -> None:
    poles = PoleSum(-1.0, np.array([0.5, 2.0]), np.array([1e3, 1e5]))
    frequency = np.array([10.0, 1e4])
    s = 2j * np.pi * frequency[:, np.newaxis]
    other = 1.5 - np.sum(poles.strength_m3 * s / (s + poles.rate_per_s), axis=1)
    np.testing.assert_allclose(poles.at(frequency), other)
