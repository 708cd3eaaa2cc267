"""Velocity from diffractions: simulated echoes whose truth is known.

The echoes come from the simulator's own rays (`detectkit.sim.refraction`), not from the
travel times that are fitted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detectkit.imaging.velocity.combine import combine
from detectkit.imaging.velocity.diffractions import find_diffractions
from detectkit.imaging.velocity.focus import focus_search
from detectkit.imaging.velocity.hyperbola import (
    Picks,
    fit_diffractor,
    fit_diffractor_3d,
)
from detectkit.imaging.velocity.picking import Line
from detectkit.imaging.velocity.robust import quantile
from detectkit.imaging.velocity.travel import along_line, point_times
from detectkit.sim.refraction import leg
from detectkit.sim.wavelet import ricker

LIGHT_M_PER_S = 299_792_458.0
CENTRE_HZ = 1.0e9
SEPARATION_M = 0.1
Values = npt.NDArray[np.float64]


def legs_s(x: float, height_m: float, depth_m: float, index: float) -> float:
    total = 0.0
    for side in (-0.5, 0.5):
        away = abs(x + side * SEPARATION_M)
        if height_m == 0.0:
            total += index * float(np.hypot(away, depth_m))
        else:
            total += leg(away, height_m, depth_m, index)[0]
    return total / LIGHT_M_PER_S


def simulated(
    permittivity: float, height_m: float, points: list[tuple[float, float]], noise: float = 0.02
) -> Line:
    """Return a line of 6 m over points (along the line, depth), processed as by the pipeline."""
    rng = np.random.default_rng(5)
    along = np.arange(0.0, 6.0, 0.02)
    heights = height_m + (0.03 * np.sin(along) if height_m else 0.0 * along)
    half = 0.5 * SEPARATION_M
    removed = 2.0 * np.hypot(heights, half) / LIGHT_M_PER_S if height_m else 0.0 * along
    first_s, interval_s, samples = -1e-9, 5e-11, 400
    axis = first_s + np.arange(samples) * interval_s
    data = noise * rng.standard_normal((along.size, samples))
    index = float(np.sqrt(permittivity))
    for place, depth in points:
        for row, (x, h) in enumerate(zip(along, heights, strict=True)):
            at = legs_s(x - place, float(h), depth, index) - removed[row]
            loss = np.hypot(1.0, (x - place) / (depth + h)) ** 2
            data[row] += ricker(axis - at, CENTRE_HZ)[0] / loss
    return Line(
        data.astype(np.float32), along, heights, removed, first_s, interval_s, SEPARATION_M,
        1.0 / CENTRE_HZ,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("permittivity", "height_m"),
    [
        (3.0, 0.0),
        (6.0, 0.4),
        (15.0, 1.5),
        *(
            pytest.param(e, h, marks=pytest.mark.slow)
            for e, h in [(6.0, 0.0), (15.0, 0.0), (3.0, 0.4), (15.0, 0.4), (3.0, 1.5), (6.0, 1.5)]
        ),
    ],
)
def test_the_velocity_of_simulated_ground_lies_within_its_interval(
    permittivity: float, height_m: float
) -> None:
    points = [(1.2, 0.25), (3.0, 0.4), (4.7, 0.3)]
    line = simulated(permittivity, height_m, points)
    found = find_diffractions(line, band_s=(1e-9, 12e-9))
    truth = LIGHT_M_PER_S / permittivity**0.5
    print(permittivity, height_m, [
        (round(one.fit.place_m[0], 3), round(one.fit.depth_m, 3),
         round(one.fit.velocity_m_per_s / truth, 3),
         round(one.fit.velocity_error_m_per_s / truth, 4)) for one in found])  # fmt: skip
    assert found
    for one in found:
        fit = one.fit.with_shared_error(1.0 / CENTRE_HZ)
        assert abs(fit.velocity_m_per_s - truth) <= fit.reach * fit.velocity_error_m_per_s
        place, depth = points[int(np.argmin([abs(p[0] - fit.place_m[0]) for p in points]))]
        assert abs(fit.place_m[0] - place) < 0.01
        assert abs(fit.depth_m - depth) <= fit.reach * fit.depth_error_m


@pytest.mark.parametrize("height_m", [0.0, 0.5])
def test_intervals_of_90_percent_hold_about_as_often(height_m: float) -> None:
    """Noise alike in neighbours and a few wild picks, which ordinary errors would not bear."""
    rng = np.random.default_rng(1)
    held, trials = 0, 60
    for _ in range(trials):
        truth = LIGHT_M_PER_S / np.sqrt(rng.uniform(3.0, 15.0))
        depth = rng.uniform(0.08, 0.5)
        reach = 1.2 * (depth + 0.6 * height_m)
        antennas = along_line(np.arange(-reach, reach, 0.02), height_m, SEPARATION_M)
        time_s = point_times(*antennas, np.array([0.013, 0.0, depth]), truth)
        error = np.convolve(rng.normal(0.0, 0.03e-9, time_s.size), np.ones(3) / 3.0, "same")
        wild = rng.random(time_s.size) < 0.05
        error[wild] += rng.normal(0.0, 0.5e-9, int(wild.sum()))
        picks = Picks(*antennas, time_s + error, np.ones(time_s.size))
        fit = fit_diffractor(picks, (0.0, 1.2 * depth, 1e8), period_s=1e-9)
        off = abs(fit.velocity_m_per_s - truth)
        held += off <= quantile(0.9, fit.freedom) * fit.velocity_error_m_per_s
    print(f"height {height_m} m: 90 % intervals held in {held / trials:.0%} of {trials}")
    assert 0.8 <= held / trials <= 0.99


def test_several_lanes_tell_the_place_across_them() -> None:
    lanes = np.concatenate([
        np.column_stack([np.arange(-1.0, 1.0, 0.05), np.full(40, north), np.full(40, 0.3)])
        for north in (-0.5, 0.0, 0.5)
    ])  # fmt: skip
    half = np.array([0.05, 0.0, 0.0])
    point, truth = np.array([0.1, 0.17, 0.4]), 1.1e8
    time_s = point_times(lanes - half, lanes + half, point, truth)
    time_s += np.random.default_rng(2).normal(0.0, 1e-11, time_s.size)
    picks = Picks(lanes - half, lanes + half, time_s, np.ones(time_s.size))
    fit = fit_diffractor_3d(picks, (0.0, 0.0, 0.3, 0.9e8), period_s=1e-9)
    assert fit.place_m == pytest.approx((0.1, 0.17), abs=0.005)
    assert fit.depth_m == pytest.approx(0.4, abs=0.02)
    assert (
        abs(fit.velocity_m_per_s - truth) <= fit.reach * fit.velocity_error_m_per_s < 0.05 * truth
    )


def test_an_unknown_time_offset_widens_velocity_and_depth() -> None:
    antennas = along_line(np.arange(-1.0, 1.0, 0.02), 0.0, SEPARATION_M)
    point, truth = np.array([0.0, 0.0, 0.3]), 1e8
    late = point_times(*antennas, point, truth) + 0.1e-9
    fit = fit_diffractor(Picks(*antennas, late, np.ones(100)), (0.0, 0.3, 1e8), period_s=1e-9)
    told = fit.with_shared_error(1e-9)
    assert abs(fit.velocity_m_per_s - truth) > 3.0 * fit.velocity_error_m_per_s
    assert abs(told.velocity_m_per_s - truth) < told.reach * told.velocity_error_m_per_s
    assert told.depth_error_m > fit.depth_error_m


def test_ground_without_diffractions_gives_no_velocity() -> None:
    layered = simulated(6.0, 0.0, [])
    flat = ricker(np.arange(400.0) * 5e-11 - 8e-9, CENTRE_HZ)[0].astype(np.float32)
    line = Line(
        layered.data + flat, layered.along_m, layered.height_m, layered.removed_s,
        layered.first_twt_s, layered.interval_s, SEPARATION_M, 1.0 / CENTRE_HZ,
    )  # fmt: skip
    assert find_diffractions(line, band_s=(1e-9, 12e-9)) == []


@pytest.mark.parametrize("height_m", [0.0, 0.4])
def test_the_image_is_sharpest_near_the_true_velocity(height_m: float) -> None:
    line = simulated(6.0, height_m, [(x, 0.3 + 0.02 * x) for x in np.arange(0.5, 5.6, 0.7)])
    focus = focus_search(line, np.geomspace(0.6e8, 2.2e8, 25), band_s=(1e-9, 10e-9))
    truth = LIGHT_M_PER_S / 6.0**0.5
    assert focus.velocity_m_per_s is not None
    print(f"height {height_m} m: sharpest at {focus.velocity_m_per_s / truth:.3f} of the truth")
    assert focus.velocity_m_per_s == pytest.approx(truth, rel=0.2)


def test_one_wrong_velocity_does_not_move_the_mean() -> None:
    rng = np.random.default_rng(3)
    values = 1e8 + rng.normal(0.0, 3e6, 15)
    errors = np.full(15, 1e6)
    alone = combine(values, errors)
    with_wrong = combine(np.append(values, 2.4e8), np.append(errors, 1e6))
    assert abs(with_wrong.value - alone.value) < 1e6
    assert alone.error == pytest.approx(3e6 / np.sqrt(15), rel=0.5)
    assert alone.interval(0.95)[0] < 1e8 < alone.interval(0.95)[1]


def test_a_single_hyperbola_is_not_as_good_as_its_own_error() -> None:
    one = combine(np.array([1e8]), np.array([1e5]))
    assert one.error >= 0.05e8
