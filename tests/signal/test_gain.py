from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core.errors import ShapeError, UsageError
from detectkit.signal.gain import agc, apply_gain, power_gain, sec_gain

DELAY_S = np.arange(200) * 1e-10
SEC = {"attenuation_db_per_m": 10.0, "velocity_m_per_s": 1e8, "start_s": 2e-9}


def test_sec_undoes_spreading_and_absorption() -> None:
    late_s = DELAY_S[25:]
    amplitude = 2e-9 / late_s * 10 ** (-10.0 * 1e8 * (late_s - 2e-9) / 20)
    gain = sec_gain(DELAY_S, **SEC)
    np.testing.assert_allclose(amplitude * gain[25:], 1.0, rtol=1e-5)
    np.testing.assert_allclose(gain[:20], 1.0)


def test_sec_never_exceeds_its_bound() -> None:
    gain = sec_gain(DELAY_S, **{**SEC, "attenuation_db_per_m": 5000.0}, maximum_gain=50.0)
    assert gain.max() == pytest.approx(50.0)
    assert np.all(np.diff(gain) >= 0)


def test_power_gain_is_the_power_of_time() -> None:
    gain = power_gain(DELAY_S, exponent=2, start_s=1e-9)
    assert gain[30] == pytest.approx(9.0)
    assert gain[0] == gain[10] == 1.0


def test_a_gain_multiplies_every_trace_alike() -> None:
    data = np.ones((3, 200), np.float32)
    gain = power_gain(DELAY_S, exponent=1, start_s=1e-9)
    np.testing.assert_array_equal(apply_gain(data, gain), np.tile(gain, (3, 1)))
    with pytest.raises(ShapeError, match="one value per sample"):
        apply_gain(data, gain[:5])


@given(st.floats(-6, 6))
@settings(max_examples=25, deadline=None)
def test_agc_does_not_change_when_the_trace_is_scaled(power: float) -> None:
    data = np.random.default_rng(0).standard_normal((4, 150)).astype(np.float32)
    scaled = np.float32(10**power) * data
    np.testing.assert_allclose(
        agc(scaled, window_samples=25), agc(data, window_samples=25), rtol=1e-5
    )


def test_agc_divides_by_the_root_mean_square_of_the_window() -> None:
    data = np.random.default_rng(1).standard_normal((2, 60)).astype(np.float32)
    expected = [
        data[:, i] / np.sqrt((data[:, max(i - 5, 0) : i + 6].astype(float) ** 2).mean(axis=1))
        for i in range(60)
    ]
    np.testing.assert_allclose(agc(data, window_samples=11), np.stack(expected, axis=1), rtol=1e-5)


def test_agc_lifts_a_late_echo_to_the_level_of_an_early_one() -> None:
    i = np.arange(400.0)
    data = (np.sin(0.6 * i) * np.exp(-i / 60))[np.newaxis].astype(np.float32)
    result = np.abs(agc(data, window_samples=41)[0])
    assert result[300:340].max() == pytest.approx(result[60:100].max(), rel=0.05)


def test_agc_of_silence_is_silence() -> None:
    assert not agc(np.zeros((2, 50), np.float32), window_samples=7).any()


def test_agc_does_not_blow_up_what_follows_a_huge_wave() -> None:
    data = np.zeros((1, 200), np.float32)
    data[0, :20] = 3e4
    data[0, 100:] = 1e-3 * np.sin(np.arange(100))
    assert np.abs(agc(data, window_samples=11)[0, 60:]).max() < 0.01


def test_cutting_along_the_track_changes_no_bit_of_agc() -> None:
    data = np.random.default_rng(1).standard_normal((9, 60)).astype(np.float32)
    parts = [agc(data[:4], window_samples=11), agc(data[4:], window_samples=11)]
    np.testing.assert_array_equal(np.concatenate(parts), agc(data, window_samples=11))


@pytest.mark.parametrize(
    "change", [{"start_s": 0.0}, {"velocity_m_per_s": -1.0}, {"maximum_gain": 0}]
)
def test_bad_options_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        sec_gain(DELAY_S, **{**SEC, **change})


def test_a_bad_exponent_is_refused() -> None:
    with pytest.raises(UsageError, match="exponent is -1"):
        power_gain(DELAY_S, exponent=-1, start_s=1e-9)
