from __future__ import annotations

import numpy as np
import pytest

from detectkit_drivers.librevna.transform import DelayTransform, Grid, window_of

GRID = Grid(start_hz=0.5e9, step_hz=12.5e6, points=201)
FREQUENCIES_HZ = GRID.start_hz + GRID.step_hz * np.arange(GRID.points)


def transform(kind="kaiser", samples=512, grid=GRID) -> DelayTransform:
    return DelayTransform(grid, window_of(kind, grid.points, kaiser_beta=6.0), samples=samples)


def path(delay_s: float, gain: float = 1.0) -> np.ndarray:
    return gain * np.exp(-2j * np.pi * FREQUENCIES_HZ * delay_s)


@pytest.mark.parametrize("kind", ["kaiser", "hann", "none"])
@pytest.mark.parametrize("sample", [0, 1, 100, 255, 511])
def test_a_path_is_a_pulse_of_its_gain_at_its_delay(kind, sample) -> None:
    used = transform(kind)
    trace = used.trace(path(sample * used.sample_interval_s, gain=0.7))
    assert np.argmax(trace) == sample
    assert trace[sample] == pytest.approx(0.7, rel=1e-6)
    assert trace.dtype == np.float32


def test_the_trace_is_the_windowed_sum_of_the_formula() -> None:
    rng = np.random.default_rng(1)
    grid = Grid(start_hz=0.777e9, step_hz=11e6, points=37)  # the start is no multiple of the step
    weights = window_of("kaiser", 37, kaiser_beta=6.0)
    used = DelayTransform(grid, weights, samples=256)
    sweep = rng.normal(size=37) + 1j * rng.normal(size=37)
    time_s = np.arange(256) * used.sample_interval_s
    frequencies_hz = 0.777e9 + 11e6 * np.arange(37)
    phases = np.exp(2j * np.pi * frequencies_hz[:, None] * time_s)
    expected = (weights[:, None] * sweep[:, None] * phases).sum(axis=0).real / weights.sum()
    np.testing.assert_allclose(used.trace(sweep), expected, atol=1e-6)


def test_the_samples_span_the_unambiguous_delay() -> None:
    used = transform()
    assert 512 * used.sample_interval_s == pytest.approx(80e-9)
    np.testing.assert_allclose(used.trace(path(85e-9)), used.trace(path(5e-9)), atol=1e-6)


@pytest.mark.parametrize(("kind", "width"), [("none", 1.21), ("hann", 1.99), ("kaiser", 1.96)])
def test_the_window_decides_the_width(kind, width) -> None:
    weights = window_of(kind, 201, kaiser_beta=6.0)
    time_s = np.linspace(-2e-9, 2e-9, 8001)
    phases = np.exp(2j * np.pi * 12.5e6 * np.arange(201)[:, None] * time_s)
    envelope = np.abs((weights[:, None] * phases).sum(axis=0)) / weights.sum()
    inside = time_s[envelope > 0.5]
    assert (inside.max() - inside.min()) * 201 * 12.5e6 == pytest.approx(width, rel=0.01)


@pytest.mark.parametrize("kind", ["kaiser", "hann", "none"])
def test_a_trace_within_the_band_comes_back_from_its_sweep(kind) -> None:
    rng = np.random.default_rng(2)
    used = transform(kind)
    trace = used.trace(rng.normal(size=201) + 1j * rng.normal(size=201))
    np.testing.assert_allclose(used.trace(used.transmission(trace)), trace, atol=1e-6)


def test_a_trace_of_finer_samples_makes_the_same_sweep() -> None:
    fine, coarse = transform(samples=2048), transform(samples=512)
    sweep = path(7.3e-9) + path(21e-9, 0.3)
    np.testing.assert_allclose(
        coarse.transmission(fine.trace(sweep)),
        coarse.transmission(coarse.trace(sweep)),
        atol=1e-4,
    )


def test_real_samples_need_twice_the_highest_frequency() -> None:
    assert GRID.stop_hz == 3.0e9
    assert GRID.fewest_samples == 481
