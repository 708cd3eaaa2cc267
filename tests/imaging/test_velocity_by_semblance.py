"""Velocities from a simulated common-midpoint gather."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.imaging.velocity.semblance import (
    Gather,
    Reflection,
    direct_wave,
    interval_velocities,
    reflections,
    semblance_panel,
    without_direct,
)
from detectkit.sim.wavelet import ricker

LIGHT_M_PER_S = 299_792_458.0
LAYERS = ((40e-9, 1.0e8), (80e-9, 0.9e8))
"""Two-way time and root-mean-square velocity of each reflection."""
GROUND_M_PER_S = 1.0e8
ZERO_S = 7e-9


@pytest.fixture(scope="module")
def gather() -> Gather:
    rng = np.random.default_rng(4)
    offset = 0.6 + 0.2 * np.arange(40.0)
    axis = np.arange(600) * 4e-10
    data = 0.03 * rng.standard_normal((40, 600))
    for row, x in enumerate(offset):
        arrivals = [(x / LIGHT_M_PER_S, 1.0), (x / GROUND_M_PER_S, 1.0)]
        arrivals += [(float(np.hypot(t, x / v)), 0.4) for t, v in LAYERS]
        for at, strength in arrivals:
            data[row] += strength * ricker(axis - ZERO_S - at, 1e8)[0]
    return Gather(data.astype(np.float32), offset, 0.0, 4e-10, 1e-8)


def test_direct_waves_tell_time_zero_and_the_velocity_at_the_surface(gather: Gather) -> None:
    air = direct_wave(gather, slowest=2.6e8, fastest=3.4e8)
    assert air is not None
    assert air.intercept_s == pytest.approx(ZERO_S, abs=1e-9)
    ground = direct_wave(gather.moved(air.intercept_s), slowest=0.4e8, fastest=1.9e8)
    assert ground is not None
    assert ground.velocity_m_per_s == pytest.approx(GROUND_M_PER_S, rel=0.03)


def nearest(found: list[Reflection], twt0_s: float) -> Reflection:
    return found[int(np.argmin([abs(each.twt0_s - twt0_s) for each in found]))]


def test_reflections_come_out_with_their_velocities_and_layers(gather: Gather) -> None:
    air = direct_wave(gather, slowest=2.6e8, fastest=3.4e8)
    assert air is not None
    moved = gather.moved(air.intercept_s)
    air = direct_wave(moved, slowest=2.6e8, fastest=3.4e8)
    ground = direct_wave(moved, slowest=0.4e8, fastest=1.9e8)
    keep = without_direct(moved, air, ground)
    velocities = np.geomspace(0.5e8, 2e8, 60)
    panel = semblance_panel(moved, np.arange(10e-9, 120e-9, 1e-9), velocities, keep=keep)
    found = reflections(moved, panel, keep=keep)
    for twt0, velocity in LAYERS:
        one = nearest(found, twt0)
        assert one.twt0_s == pytest.approx(twt0, abs=2e-9)
        assert abs(one.velocity_m_per_s - velocity) <= one.reach * one.velocity_error_m_per_s + 2e6
    two = [nearest(found, t) for t, _ in LAYERS]
    lower = interval_velocities(two)[-1]
    truth = np.sqrt((0.9e8**2 * 80e-9 - 1e8**2 * 40e-9) / 40e-9)
    assert abs(lower.velocity_m_per_s - truth) <= 3.0 * lower.velocity_error_m_per_s + 5e6
