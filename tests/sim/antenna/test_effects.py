"""What the receiver adds: functions of time and seed, each of the strength that is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError
from detectkit.sim.antenna import Radar, dropped, with_effects

TIME_S = 3.0 + np.arange(24) / 50.0
QUIET = Radar(
    crosstalk_counts=0.0,
    ringing_counts=0.0,
    noise_counts=0.0,
    gain_drift=0.0,
    time_zero_drift_s=0.0,
)
ALL = Radar(
    wow_counts=50.0,
    offset_counts=9.0,
    adc_bits=14,
    compression=0.8,
    trace_jitter_s=5e-12,
    sample_jitter_s=3e-12,
    rfi_counts=40.0,
    dropped_share=0.1,
)
NOTHING = np.zeros((len(TIME_S), QUIET.samples))


def tone(freq_hz: float = 1e9, counts: float = 1000.0) -> np.ndarray:
    time_s = np.arange(QUIET.samples) * QUIET.sample_interval_s
    fade = np.sin(np.linspace(0.0, np.pi, QUIET.samples)) ** 2
    return np.tile(counts * fade * np.sin(2.0 * np.pi * freq_hz * time_s), (len(TIME_S), 1))


def test_a_quiet_radar_adds_nothing() -> None:
    np.testing.assert_allclose(with_effects(tone(), QUIET, TIME_S, seed=1), tone(), atol=1e-3)


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(0, len(TIME_S)), max_size=4))
def test_in_any_pieces_the_bits_are_the_same(cuts: list[int]) -> None:
    cuts = sorted(cuts)
    pieces = [
        with_effects(counts, ALL, time_s, seed=4)
        for counts, time_s in zip(np.split(tone(), cuts), np.split(TIME_S, cuts), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), with_effects(tone(), ALL, TIME_S, seed=4))


def test_another_seed_is_another_noise() -> None:
    first, second = (with_effects(NOTHING, ALL, TIME_S, seed=one) for one in (1, 2))
    assert (first != second).mean() > 0.9


def test_noise_has_its_strength() -> None:
    heard = with_effects(NOTHING, replace(QUIET, noise_counts=7.0), TIME_S, seed=1)
    assert heard.std() == pytest.approx(7.0, rel=0.02)


def test_noise_of_stepped_frequencies_lies_in_their_band() -> None:
    radar = replace(QUIET, noise_counts=7.0, mode="sfcw", band_hz=(1e9, 2e9), tones=101)
    time_s = np.arange(400) / 50.0
    heard = with_effects(np.zeros((400, 512)), radar, time_s, seed=1)
    assert heard.std() == pytest.approx(7.0, rel=0.03)
    power = np.square(np.abs(np.fft.rfft(heard, axis=1))).mean(axis=0)
    freq = np.fft.rfftfreq(QUIET.samples, QUIET.sample_interval_s)
    inside = (freq > 0.95e9) & (freq < 2.05e9)
    assert power[inside].sum() > 0.97 * power.sum()
    np.testing.assert_array_equal(
        heard[7:], with_effects(np.zeros((393, 512)), radar, time_s[7:], seed=1)
    )


def test_time_zero_drift_and_jitter_move_the_trace() -> None:
    radar = replace(QUIET, trace_jitter_s=20e-12)
    late_s = _late_s(with_effects(tone(), radar, TIME_S, seed=1))
    assert late_s.std() == pytest.approx(20e-12, rel=0.4)
    slow = replace(QUIET, time_zero_drift_s=50e-12)
    minutes = np.linspace(0.0, 1200.0, len(TIME_S))
    assert _late_s(with_effects(tone(), slow, minutes, seed=1)).std() == pytest.approx(
        50e-12, rel=0.4
    )


def _late_s(heard: np.ndarray, freq_hz: float = 1e9) -> np.ndarray:
    """Return by how much a tone is late."""
    time_s = np.arange(QUIET.samples) * QUIET.sample_interval_s
    turn = np.exp(-2j * np.pi * freq_hz * time_s)
    phase = np.angle((heard @ turn) * np.conj(tone()[0] @ turn))
    return -phase / (2.0 * np.pi * freq_hz)


def test_sample_jitter_is_noise_where_the_trace_is_steep() -> None:
    radar = replace(QUIET, sample_jitter_s=5e-12)
    error = with_effects(tone(), radar, TIME_S, seed=1) - tone()
    slope = np.gradient(tone()[0], QUIET.sample_interval_s)
    assert error.std() == pytest.approx(5e-12 * slope.std(), rel=0.06)


def test_gain_drifts_slowly() -> None:
    radar = replace(QUIET, gain_drift=0.05)
    minutes = np.linspace(0.0, 3000.0, len(TIME_S))
    size = with_effects(tone(), radar, minutes, seed=2).std(axis=1) / tone()[0].std()
    assert size.std() == pytest.approx(0.05, rel=0.4)
    near = with_effects(tone(), radar, TIME_S, seed=2).std(axis=1) / tone()[0].std()
    assert np.ptp(near) < 0.02


def test_the_direct_wave_comes_from_antenna_to_antenna() -> None:
    heard = with_effects(NOTHING, replace(QUIET, crosstalk_counts=500.0), TIME_S, seed=1)
    late_s = QUIET.time_zero_s + QUIET.antenna_separation_m / 299_792_458.0
    assert heard[0].argmax() * QUIET.sample_interval_s == pytest.approx(late_s, abs=5e-11)
    assert heard.max() == pytest.approx(500.0, rel=0.02)


class TestForeignTransmitters:
    RADAR = replace(QUIET, rfi_counts=30.0, rfi_hz=(868e6,), rfi_width_hz=1e6)

    def test_each_is_a_line_in_the_spectrum(self) -> None:
        heard = with_effects(NOTHING, replace(self.RADAR, rfi_share=1.0), TIME_S, seed=1)
        freq = np.fft.rfftfreq(QUIET.samples, QUIET.sample_interval_s)
        spectrum = np.abs(np.fft.rfft(heard, axis=1)).mean(axis=0)
        assert freq[spectrum.argmax()] == pytest.approx(868e6, abs=freq[1])
        assert heard.std() == pytest.approx(30.0 / np.sqrt(2.0), rel=0.05)

    def test_they_send_in_bursts(self) -> None:
        time_s = np.arange(3000) / 100.0
        radar = replace(self.RADAR, rfi_share=0.2, rfi_burst_s=0.05)
        sends = with_effects(np.zeros((3000, 512)), radar, time_s, seed=1).any(axis=1)
        assert sends.mean() == pytest.approx(0.2, abs=0.05)
        changes = np.abs(np.diff(sends.astype(int))).mean()
        assert changes < 0.2 * 0.8 * 2.0 / 4.0  # five traces to a burst

    def test_stepped_frequencies_hear_only_those_near_a_tone(self) -> None:
        stepped = replace(self.RADAR, mode="sfcw", rfi_share=1.0)
        inside = with_effects(NOTHING, stepped, TIME_S, seed=1)
        outside = with_effects(NOTHING, replace(stepped, rfi_hz=(3e9,)), TIME_S, seed=1)
        assert 0.0 < inside.max() < 1.0
        assert not outside.any()


class TestTheDigitiser:
    def test_it_has_steps_and_a_limit(self) -> None:
        radar = replace(QUIET, adc_bits=8, full_scale_counts=1280.0)
        heard = with_effects(tone(counts=3000.0), radar, TIME_S, seed=1)
        np.testing.assert_array_equal(heard % 10.0, 0.0)
        assert (heard.min(), heard.max()) == (-1280.0, 1270.0)

    def test_the_amplifier_bends_before_it(self) -> None:
        radar = replace(QUIET, compression=0.5, full_scale_counts=1000.0)
        heard = with_effects(tone(counts=5000.0), radar, TIME_S, seed=1)
        wanted = tone(counts=5000.0)
        straight = np.abs(wanted) < 500.0
        np.testing.assert_allclose(heard[straight], wanted[straight], atol=1e-3)
        assert np.abs(heard).max() <= 1000.0
        assert np.all(np.abs(heard[~straight]) <= np.abs(wanted[~straight]) + 1e-3)


def test_traces_are_lost_at_the_rate_told() -> None:
    time_s = np.arange(5000) / 100.0
    lost = dropped(replace(QUIET, dropped_share=0.03), time_s, seed=2)
    assert lost.mean() == pytest.approx(0.03, abs=0.01)
    np.testing.assert_array_equal(
        lost[1000:], dropped(replace(QUIET, dropped_share=0.03), time_s[1000:], seed=2)
    )


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ShapeError, match="give"):
        with_effects(NOTHING, QUIET, TIME_S[:3], seed=1)
