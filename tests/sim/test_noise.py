"""Randomness: normal, without memory, and a function of the moment."""

from __future__ import annotations

import numpy as np
import pytest

from detectkit.sim.noise import Stream, band, field, uniform, white

TIMES = np.arange(20_000) / 800.0


def test_white_noise_is_normal() -> None:
    noise = white(3, Stream.RADAR_NOISE, TIMES, columns=8).ravel()
    assert noise.mean() == pytest.approx(0.0, abs=0.01)
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert np.mean(noise**3) == pytest.approx(0.0, abs=0.03)
    assert np.mean(noise**4) == pytest.approx(3.0, abs=0.08)
    assert np.mean(np.abs(noise) > 3.0) == pytest.approx(0.0027, abs=0.0005)


def test_neighbours_in_time_and_in_a_row_have_nothing_in_common() -> None:
    noise = white(3, Stream.RADAR_NOISE, TIMES, columns=8)
    assert np.mean(noise[1:] * noise[:-1]) == pytest.approx(0.0, abs=0.01)
    for column in range(1, 8):
        shared = np.mean(noise[:, column] * noise[:, column - 1])
        assert shared == pytest.approx(0.0, abs=0.025)


@pytest.mark.parametrize("other", [(3, Stream.DETECTOR_NOISE), (4, Stream.RADAR_NOISE)])
def test_streams_and_seeds_have_nothing_in_common(other: tuple[int, Stream]) -> None:
    first = white(3, Stream.RADAR_NOISE, TIMES, columns=2)
    second = white(*other, TIMES, columns=2)
    assert np.mean(first * second) == pytest.approx(0.0, abs=0.02)


def test_each_row_is_a_function_of_its_moment() -> None:
    whole = white(3, Stream.RADAR_NOISE, TIMES, columns=5)
    shuffled = np.random.default_rng(0).permutation(len(TIMES))
    again = white(3, Stream.RADAR_NOISE, TIMES[shuffled], columns=5)
    np.testing.assert_array_equal(again, whole[shuffled])


def test_odd_columns_are_filled_too() -> None:
    assert np.all(white(3, Stream.RADAR_NOISE, TIMES, columns=3) != 0.0)


def test_uniform_noise_is_even_between_0_and_1() -> None:
    noise = uniform(3, Stream.ALTIMETER_MISSES, TIMES)
    counts, _ = np.histogram(noise, bins=10, range=(0.0, 1.0))
    assert counts.sum() == len(TIMES)
    assert np.abs(counts - 2000).max() < 200


def test_slow_noise_stays_in_its_band_and_has_its_size() -> None:
    noise = band(5, Stream.GUST_UP, rms=0.03, hz=(0.5, 2.0)).at(np.arange(40_000) / 20.0)
    spectrum = np.abs(np.fft.rfft(noise * np.hanning(len(noise)))) ** 2
    hz = np.fft.rfftfreq(len(noise), 1.0 / 20.0)
    inside = (hz > 0.45) & (hz < 2.05)
    assert spectrum[inside].sum() / spectrum.sum() > 0.999
    assert noise.std() == pytest.approx(0.03, rel=0.05)


def test_a_field_has_its_size_and_its_waves() -> None:
    ground = field(5, Stream.ROUGHNESS, rms=0.01, wave_m=(0.2, 1.0))
    along = np.arange(60_000) * 0.02
    height = ground.at(along, 0.3 * along)
    spectrum = np.abs(np.fft.rfft(height * np.hanning(len(height)))) ** 2
    per_m = np.fft.rfftfreq(len(height), 0.02 * np.hypot(1.0, 0.3))
    assert height.std() == pytest.approx(0.01, rel=0.1)
    assert spectrum[per_m > 1.0 / 0.19].sum() / spectrum.sum() < 1e-3
