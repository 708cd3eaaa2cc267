"""Figures of radargrams that were made to have them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import signal as sp

from detectkit.core import ShapeError
from detectkit.signal.statistics import statistics_of

INTERVAL_S = 1e-10


def noise(traces: int = 600, samples: int = 256, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((traces, samples)).astype(np.float32)


def banded(low_hz: float, high_hz: float, **size: int) -> np.ndarray:
    sos = sp.butter(4, (low_hz, high_hz), "bandpass", fs=1.0 / INTERVAL_S, output="sos")
    return sp.sosfiltfilt(sos, noise(**size), axis=1).astype(np.float32)


def test_the_band_is_found() -> None:
    found = statistics_of([banded(0.5e9, 1.5e9)], INTERVAL_S).clutter_spectrum
    assert 0.5e9 < found.peak_hz < 1.5e9
    assert found.band_10_db_hz == pytest.approx((0.43e9, 1.7e9), rel=0.08)
    assert found.band_3_db_hz[0] > found.band_10_db_hz[0]


def test_the_decay_is_found_until_the_noise() -> None:
    fall_db_per_ns, time_ns = -2.5, 1e9 * INTERVAL_S * np.arange(256)
    traces = banded(0.5e9, 1.5e9) * 10.0 ** (fall_db_per_ns * time_ns / 20.0)
    found = statistics_of([traces + 1e-3 * noise(seed=1)], INTERVAL_S).decay
    assert found.db_per_ns == pytest.approx(fall_db_per_ns, rel=0.07)
    assert found.fitted_s[1] < 22e-9


def test_what_does_not_fall_has_no_decay() -> None:
    rising = noise() * np.linspace(0.1, 1.0, 256, dtype=np.float32)
    assert math.isnan(statistics_of([rising], INTERVAL_S).decay.db_per_ns)


def test_likeness_of_traces_falls_with_their_distance() -> None:
    width = 10
    smooth = sp.fftconvolve(noise(4000), np.ones((width, 1)) / width, "valid", axes=0)
    found = statistics_of([smooth.astype(np.float32)], INTERVAL_S)
    triangle = 1.0 - found.lag[:width] / width
    np.testing.assert_allclose(found.correlation[:width], triangle, atol=0.02)
    assert found.half_lag == pytest.approx(width / 2.0, rel=0.03)


def test_lags_are_only_within_a_piece() -> None:
    found = statistics_of([noise(20), noise(30, seed=1)], INTERVAL_S)
    assert np.isfinite(found.correlation[:30]).all()
    assert np.isnan(found.correlation[30:]).all()


class TestAmplitudes:
    def test_many_like_echoes_are_a_rayleigh_distribution(self) -> None:
        found = statistics_of([noise(3000)], INTERVAL_S).clutter
        assert found.weibull_shape == pytest.approx(2.0, rel=0.02)
        assert found.kurtosis == pytest.approx(0.0, abs=0.03)
        assert found.k_shape > 30.0
        expected = np.exp(-(found.level**2))
        np.testing.assert_allclose(found.exceedance, expected, atol=0.01)

    def test_a_texture_of_strength_is_a_k_distribution(self) -> None:
        shape = 1.5
        strength = np.random.default_rng(2).gamma(shape, 1.0 / shape, (3000, 1))
        found = statistics_of(
            [(noise(3000) * np.sqrt(strength)).astype(np.float32)], INTERVAL_S
        ).clutter
        assert found.k_shape == pytest.approx(shape, rel=0.1)
        assert found.kurtosis == pytest.approx(3.0 / shape, rel=0.15)
        assert found.closest == "K"
        assert found.weibull_shape < 1.8

    def test_decay_alone_makes_no_strong_echoes(self) -> None:
        falling = noise(2000) * np.geomspace(1.0, 1e-3, 256, dtype=np.float32)
        assert statistics_of([falling], INTERVAL_S).clutter.kurtosis == pytest.approx(0.0, abs=0.05)


def test_what_is_alike_in_all_traces_is_one_singular_vector() -> None:
    pulse = 10.0 * np.sin(np.linspace(0.0, 40.0, 256))
    found = statistics_of([noise() + pulse.astype(np.float32)], INTERVAL_S)
    assert found.first_share == pytest.approx(50.0 / 51.0, abs=0.01)
    assert statistics_of([noise()], INTERVAL_S).first_share < 0.02


def test_blanks_and_dead_traces_do_not_count() -> None:
    whole = noise(300)
    holed = np.concatenate([whole, np.full((3, 256), np.nan, np.float32), np.zeros((4, 256))])
    holed = np.hstack([np.full((307, 9), np.nan), holed]).astype(np.float32)
    found, plain = statistics_of([holed], INTERVAL_S), statistics_of([whole], INTERVAL_S)
    assert (found.traces, found.samples) == (300, 256)
    np.testing.assert_array_equal(found.clutter.exceedance, plain.clutter.exceedance)
    assert found.first_share == plain.first_share


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [noise(8)],
        [noise(40), noise(40, samples=128)],
        [np.full((40, 40), np.nan, np.float32)],
        [np.zeros(40, np.float32)],
    ],
    ids=["none", "few", "unlike", "blank", "flat"],
)
def test_too_little_is_refused(pieces: list[np.ndarray]) -> None:
    with pytest.raises(ShapeError, match="give"):
        statistics_of(pieces, INTERVAL_S)


def test_a_real_line_decays_and_its_clutter_has_strong_echoes(shared_data: Path) -> None:
    from detectkit.io import open_recording

    stream = open_recording(shared_data / "mala" / "DAT_0097.rd3").streams[0]
    traces = np.asarray(stream.rows(0, 645).data, np.float32)
    found = statistics_of([traces], stream.header.sample_interval_s)
    assert 100e6 < found.clutter_spectrum.peak_hz < 300e6
    assert -1.0 < found.decay.db_per_ns < -0.3
    assert found.clutter.weibull_shape < 2.0
    assert found.first_share > 0.8
