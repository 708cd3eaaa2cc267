from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from detectkit.signal.attributes import (
    analytic_signal,
    bandpass_envelope,
    envelope,
    instantaneous_frequency,
    instantaneous_phase,
)
from detectkit.signal.bandpass import bandpass

DT = 1e-10
DELAY = np.arange(512.0) - 256


def pulse(
    freq: float = 0.1, width: float = 40.0, phase: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    modulation = np.exp(-((DELAY / width) ** 2))
    wave = modulation * np.cos(2 * np.pi * freq * DELAY + phase)
    return modulation, wave[np.newaxis].astype(np.float32)


@pytest.mark.parametrize("phase", [0.0, 0.7, np.pi / 2, 2.5])
def test_envelope_of_a_modulated_wave_is_the_modulation(phase: float) -> None:
    modulation, wave = pulse(phase=phase)
    np.testing.assert_allclose(envelope(wave)[0], modulation, atol=1e-5)


def test_envelope_is_never_below_the_magnitude() -> None:
    data = np.random.default_rng(1).standard_normal((20, 300)).astype(np.float32)
    assert (envelope(data) >= np.abs(data) * (1 - 1e-6)).all()


@pytest.mark.parametrize("factor", [-1.0, 4.0, 0.125])
def test_envelope_scales_with_the_trace(factor: float) -> None:
    data = np.random.default_rng(1).standard_normal((3, 100)).astype(np.float32)
    np.testing.assert_array_equal(
        envelope(np.float32(factor) * data), abs(np.float32(factor)) * envelope(data)
    )


def test_envelope_agrees_with_scipy_on_a_periodic_trace() -> None:
    rng = np.random.default_rng(2)
    data = (rng.standard_normal((1, 600)) * np.hanning(600) ** 4).astype(np.float32)
    expected = np.abs(signal.hilbert(data.astype(np.float64), axis=1))
    np.testing.assert_allclose(envelope(data), expected, atol=0.02)


def test_phase_runs_with_the_wave() -> None:
    _, wave = pulse(freq=0.05, phase=0.4)
    expected = np.angle(np.exp(1j * (2 * np.pi * 0.05 * DELAY + 0.4)))
    inside = slice(200, 312)
    turn = np.exp(1j * (instantaneous_phase(wave)[0] - expected))
    np.testing.assert_allclose(turn[inside], 1.0, atol=1e-3)


def test_the_analytic_signal_is_the_trace_and_its_quarter_turn() -> None:
    modulation, wave = pulse(freq=0.1, phase=0.0)
    z = analytic_signal(wave)
    np.testing.assert_array_equal(z.real, wave)
    np.testing.assert_allclose(z.imag[0], modulation * np.sin(2 * np.pi * 0.1 * DELAY), atol=1e-5)


@pytest.mark.parametrize("freq", [0.05, 0.2, 0.35, 0.45])
def test_frequency_of_a_wave_is_found_up_to_nyquist(freq: float) -> None:
    _, wave = pulse(freq=freq)
    found = instantaneous_frequency(wave, sample_interval_s=DT)[0, 200:312]
    np.testing.assert_allclose(found, freq / DT, rtol=1e-3)


def test_frequency_of_a_chirp_rises_with_it() -> None:
    i = np.arange(512.0)
    chirp = np.sin(np.pi * (0.05 * i + 0.2 * i**2 / 1024)) * np.hanning(512)
    found = instantaneous_frequency(chirp[np.newaxis], sample_interval_s=1.0)[0, 150:-150]
    np.testing.assert_allclose(found, 0.5 * (0.05 + 0.4 * i[150:-150] / 1024), atol=4e-3)


def test_a_silent_trace_has_frequency_zero() -> None:
    silent = np.zeros((2, 50), np.float32)
    assert not instantaneous_frequency(silent, sample_interval_s=DT).any()


def test_a_trace_of_one_sample_is_no_special_case() -> None:
    one = np.full((2, 1), 3.0, np.float32)
    np.testing.assert_allclose(envelope(one), 3.0)
    assert instantaneous_frequency(one, sample_interval_s=DT).shape == (2, 1)


def test_the_fused_envelope_is_that_of_the_filtered_trace() -> None:
    data = np.random.default_rng(4).standard_normal((10, 512)).astype(np.float32)
    band = {"sample_interval_s": DT, "low_hz": 5e8, "high_hz": 2e9}
    apart = envelope(bandpass(data, **band))
    together = bandpass_envelope(data, **band)
    np.testing.assert_allclose(together[:, 100:-100], apart[:, 100:-100], atol=0.02)


@pytest.mark.parametrize("cut", [1, 16, 130])
def test_cutting_along_the_track_changes_no_bit(cut: int) -> None:
    data = np.random.default_rng(4).standard_normal((140, 111)).astype(np.float32)

    def fused(rows: np.ndarray) -> np.ndarray:
        return bandpass_envelope(rows, sample_interval_s=DT, low_hz=5e8, high_hz=2e9)

    def frequency(rows: np.ndarray) -> np.ndarray:
        return instantaneous_frequency(rows, sample_interval_s=DT)

    for kernel in (envelope, instantaneous_phase, frequency, fused):
        parts = np.concatenate([kernel(data[:cut]), kernel(data[cut:])])
        np.testing.assert_array_equal(parts, kernel(data))
