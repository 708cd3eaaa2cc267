from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from detectkit.core.errors import UsageError
from detectkit.signal.bandpass import (
    bandpass,
    butterworth_response,
    filter_rows,
    ormsby,
    ormsby_response,
)

DT = 1e-10
BAND = {"sample_interval_s": DT, "low_hz": 3e8, "high_hz": 1.5e9}


def sine(freq_hz: float, samples: int = 1000, phase: float = 0.3) -> np.ndarray:
    turn = 2 * np.pi * freq_hz * DT * np.arange(samples) + phase
    return np.sin(turn)[np.newaxis].astype(np.float32)


@given(st.floats(5.5e8, 8.5e8), st.floats(0, 6.28))
@settings(max_examples=25, deadline=None)
def test_a_sine_in_the_band_keeps_gain_and_phase(freq_hz: float, phase: float) -> None:
    data = sine(freq_hz, phase=phase)
    inside = slice(150, -150)
    expected = butterworth_response(np.array([freq_hz]), low_hz=3e8, high_hz=1.5e9)[0]
    assert expected > 0.98
    result = bandpass(data, **BAND)
    np.testing.assert_allclose(result[0, inside], expected * data[0, inside], atol=2e-3)


@pytest.mark.parametrize("freq_hz", [2e7, 5e7, 4e9])
def test_a_sine_outside_the_band_is_removed(freq_hz: float) -> None:
    assert np.abs(bandpass(sine(freq_hz), **BAND)[0, 150:-150]).max() < 0.01


@given(st.floats(-1e4, 1e4, width=32))
@settings(max_examples=20, deadline=None)
def test_a_constant_is_removed_up_to_the_ends(value: float) -> None:
    result = bandpass(np.full((1, 200), value, np.float32), **BAND)
    assert np.abs(result).max() <= 1e-6 * abs(value)


def test_corners_are_at_half_amplitude() -> None:
    at = np.array([0.0, 3e8, 1.5e9])
    response = butterworth_response(at, low_hz=3e8, high_hz=1.5e9, order=6)
    assert response[0] == 0.0
    np.testing.assert_allclose(response[1:], 0.5, atol=1e-6)


def test_response_is_that_of_forward_and_backward_butterworth_filters() -> None:
    freq_hz = np.linspace(1e6, 5e9, 300)
    omega = 2 * np.pi * freq_hz
    expected = np.ones_like(freq_hz)
    for corner_hz, kind in ((3e8, "highpass"), (1.5e9, "lowpass")):
        design = signal.butter(4, 2 * np.pi * corner_hz, kind, analog=True)
        expected *= np.abs(signal.freqs(*design, worN=omega)[1]) ** 2
    response = butterworth_response(freq_hz, low_hz=3e8, high_hz=1.5e9, order=4)
    np.testing.assert_allclose(response, expected, atol=1e-9)


def test_a_symmetric_pulse_stays_symmetric_in_its_place() -> None:
    data = np.zeros((1, 401), np.float32)
    data[0, 200] = 1.0
    result = bandpass(data, **BAND)[0]
    assert int(np.argmax(result)) == 200
    np.testing.assert_allclose(result[:200], result[:200:-1], atol=1e-6)


def test_the_end_of_a_trace_does_not_wrap_to_its_beginning() -> None:
    data = np.zeros((1, 512), np.float32)
    data[0, -30] = 1000.0
    assert np.abs(bandpass(data, **BAND)[0, :200]).max() < 0.1


def test_without_a_lower_corner_it_is_a_low_pass() -> None:
    data = 5 + sine(4e9)
    result = bandpass(data, sample_interval_s=DT, low_hz=0, high_hz=1e9)
    np.testing.assert_allclose(result[0, 100:-100], 5.0, atol=0.01)


@given(st.floats(-8, 8), st.floats(-8, 8))
@settings(max_examples=20, deadline=None)
def test_it_is_linear(a: float, b: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 2, 300)).astype(np.float32)
    both = bandpass(a * x + b * y, **BAND)
    np.testing.assert_allclose(both, a * bandpass(x, **BAND) + b * bandpass(y, **BAND), atol=2e-4)


def test_ormsby_is_a_trapezoid() -> None:
    corners = (1.0, 3.0, 5.0, 9.0)
    freq = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 10.0])
    expected = [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]
    np.testing.assert_allclose(ormsby_response(freq, corners_hz=corners), expected)


def test_ormsby_passes_its_plateau_and_nothing_else() -> None:
    corners = (1e8, 3e8, 1.2e9, 1.6e9)
    passed = ormsby(sine(6e8), sample_interval_s=DT, corners_hz=corners)
    np.testing.assert_allclose(passed[0, 300:-300], sine(6e8)[0, 300:-300], atol=5e-3)
    assert np.abs(ormsby(sine(3e9), sample_interval_s=DT, corners_hz=corners)).max() < 0.2
    assert (
        not np.abs(ormsby(sine(3e9), sample_interval_s=DT, corners_hz=corners)[0, 300:700]).max()
        > 5e-3
    )


def test_a_response_of_ones_gives_the_trace_back() -> None:
    data = sine(6e8, samples=300)
    result = filter_rows(data, np.ones(513), length=1024)
    np.testing.assert_allclose(result, data, atol=1e-6)


@pytest.mark.parametrize(
    ("low_hz", "high_hz"), [(-1.0, 1e9), (1e9, 1e9), (2e9, 1e9), (1e8, 5.1e9), (float("nan"), 1e9)]
)
def test_a_band_that_does_not_fit_is_refused_with_the_nyquist_frequency(
    low_hz: float, high_hz: float
) -> None:
    with pytest.raises(UsageError, match=r"5e\+09 Hz \(Nyquist\)"):
        bandpass(sine(1e9), sample_interval_s=DT, low_hz=low_hz, high_hz=high_hz)


def test_other_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="order is 0"):
        bandpass(sine(1e9), **BAND, order=0)
    with pytest.raises(UsageError, match="rising order"):
        ormsby(sine(1e9), sample_interval_s=DT, corners_hz=(1e8, 5e8, 4e8, 1e9))
    with pytest.raises(UsageError, match="sample_interval_s is 0"):
        bandpass(sine(1e9), sample_interval_s=0.0, low_hz=1e8, high_hz=1e9)
