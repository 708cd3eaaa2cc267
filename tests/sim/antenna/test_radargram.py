"""Counts of fields that have a formula: levels, times, wavelets, stepped frequencies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.sim.antenna import Radar, compact_weight, lines_of, radargram, record_s
from detectkit.sim.fdtd import Pulse, Responses

LIGHT_M_PER_S = 299_792_458.0
MU_0 = 4e-7 * math.pi
PULSE = Pulse(1.2e9)
INTERVAL_S = 2.2e-11
RADAR = Radar(samples=400, sample_interval_s=2.5e-11)


def far_field(
    path_m: np.ndarray | float,
    reflection: float,
    *,
    pulse: Pulse = PULSE,
    window_s: float = 25e-9,
    interval_s: float = INTERVAL_S,
) -> Responses:
    """Return ``-μ₀ / 4πR · dI/dt(t - R / c)`` of a short dipole of 1 A m, per shot."""
    time_s = interval_s * np.arange(round(window_s / interval_s))
    paths = np.atleast_1d(path_m)[:, np.newaxis]
    late = time_s - paths / LIGHT_M_PER_S
    step = 1e-14
    slope = (pulse.at(late + step) - pulse.at(late - step)) / (2.0 * step)
    field = -reflection * MU_0 / (4.0 * math.pi * paths) * slope
    return Responses(field[:, np.newaxis].astype(np.float32), interval_s, pulse)


def ricker(radar: Radar, path_m: float) -> np.ndarray:
    late = radar.time_zero_s + path_m / LIGHT_M_PER_S
    s = np.pi * radar.centre_hz * (np.arange(radar.samples) * radar.sample_interval_s - late)
    return (1.0 - 2.0 * s**2) * np.exp(-(s**2))


@pytest.mark.parametrize("path_m", [0.4, 0.9, 1.7])
@pytest.mark.parametrize("centre_hz", [0.7e9, 1.2e9, 1.5e9])
def test_a_mirror_answers_at_its_time_with_its_counts(path_m: float, centre_hz: float) -> None:
    radar = Radar(samples=400, sample_interval_s=2.5e-11, centre_hz=centre_hz)
    (row,) = radargram(far_field(path_m, -1.0), radar)
    expected = -radar.mirror_counts / path_m * ricker(radar, path_m)
    assert np.abs(row - expected).max() < 3e-3 * radar.mirror_counts / path_m


def test_flat_ground_answers_as_in_the_ray_model() -> None:
    """The level of both models is one convention."""
    from detectkit.sim.refraction import fresnel

    reflection = fresnel(1.0, math.sqrt(6.0))
    (row,) = radargram(far_field(0.9, reflection), RADAR)
    assert row.min() == pytest.approx(RADAR.mirror_counts * reflection / 0.9, rel=3e-3)


def test_one_run_serves_pulses_of_any_centre() -> None:
    rows = [
        radargram(far_field(0.8, -1.0, pulse=Pulse(centre)), RADAR)[0] for centre in (0.9e9, 1.6e9)
    ]
    np.testing.assert_allclose(*rows, atol=0.003 * RADAR.mirror_counts)


def test_cutting_the_shots_changes_no_bit() -> None:
    paths = np.linspace(0.3, 1.5, 37)
    heard = far_field(paths, -0.4)
    whole = radargram(heard, RADAR)
    pieces = [
        radargram(Responses(part, INTERVAL_S, PULSE), RADAR)
        for part in np.split(heard.field, [1, 22])
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_the_antennas_in_air_are_taken_off() -> None:
    direct, echo = far_field(0.12, 1.0), far_field(0.9, -0.4)
    both = Responses(direct.field + echo.field, INTERVAL_S, PULSE)
    counts = radargram(both, RADAR, air=direct)
    np.testing.assert_allclose(counts, radargram(echo, RADAR), atol=1.0)
    assert radargram(both, RADAR).max() == pytest.approx(RADAR.mirror_counts / 0.12, rel=0.01)


class TestOtherWaves:
    @pytest.mark.parametrize(
        "radar",
        [
            Radar(wavelet="gaussian", wavelet_order=1),
            Radar(wavelet="gaussian", wavelet_order=3),
            Radar(wavelet="minimum-phase", antenna_seed=3),
            Radar(mode="sfcw"),
            Radar(mode="sfcw", window="kaiser"),
        ],
        ids=["first", "third", "drawn", "stepped", "kaiser"],
    )
    def test_the_echo_is_the_wave_that_was_sent(self, radar: Radar) -> None:
        (row,) = radargram(far_field(0.9, -1.0, window_s=33e-9), radar)
        late = radar.time_zero_s + 0.9 / LIGHT_M_PER_S
        time_s = np.arange(radar.samples) * radar.sample_interval_s - late
        sent = -radar.mirror_counts / 0.9 * lines_of(radar, 60e-9).at(time_s)
        assert np.abs(row - sent).max() < 0.03 * radar.mirror_counts / 0.9
        assert np.abs(sent).max() == pytest.approx(radar.mirror_counts / 0.9, rel=0.02)

    def test_drawn_antennas_differ_and_their_energy_comes_early(self) -> None:
        time_s = np.arange(-200, 400) * 2.5e-11
        waves = [
            lines_of(Radar(wavelet="minimum-phase", antenna_seed=one), 40e-9).at(time_s)
            for one in range(4)
        ]
        for wave in waves:
            assert np.sum(wave[:160] ** 2) < 0.02 * np.sum(wave**2)  # till 1 ns before the peak
            assert abs(wave.sum()) < 0.05 * np.abs(wave).sum()
        assert np.corrcoef(waves)[np.triu_indices(4, 1)].max() < 0.995

    def test_less_damping_rings_longer(self) -> None:
        time_s = np.arange(60, 400) * 2.5e-11
        rippled = Radar(wavelet="minimum-phase", antenna_ripple_db=6.0)
        short, long = (
            lines_of(replace(rippled, antenna_decay_s=decay), 40e-9).at(time_s)
            for decay in (0.5e-9, 4e-9)
        )
        assert np.square(long).sum() > 3.0 * np.square(short).sum()

    def test_stepped_frequencies_repeat_after_their_unambiguous_time(self) -> None:
        radar = Radar(mode="sfcw", tones=41, samples=1000, sample_interval_s=5e-11, time_zero_s=0.0)
        assert radar.unambiguous_s == pytest.approx(20e-9)
        (row,) = radargram(far_field(0.9, -1.0, window_s=55e-9), radar)
        np.testing.assert_allclose(row[:400], row[400:800], atol=1.0)

    def test_the_gate_lets_late_echoes_through(self) -> None:
        radar = Radar(mode="sfcw", gate_s=(3e-9, 20e-9))
        direct = radargram(far_field(0.12, 1.0, window_s=33e-9), radar)
        echo = radargram(far_field(1.5, -1.0, window_s=33e-9), radar)
        assert np.abs(direct).max() < 1e-3 * radar.mirror_counts
        assert echo.min() == pytest.approx(-radar.mirror_counts / 1.5, rel=0.01)


class TestMeasuredWaves:
    def test_a_file_is_read_in_nanoseconds(self, tmp_path: Path) -> None:
        time_ns = np.arange(0.0, 8.0, 0.01)
        s = np.pi * 1.2 * (time_ns - 3.0)
        np.savetxt(tmp_path / "wave.txt", np.c_[time_ns, -0.7 * (1 - 2 * s**2) * np.exp(-(s**2))])
        radar = Radar(wavelet="file", wavelet_file=str(tmp_path / "wave.txt"), samples=400,
                      sample_interval_s=2.5e-11)  # fmt: skip
        (row,) = radargram(far_field(0.9, -1.0), radar)
        expected = radar.mirror_counts / 0.9 * ricker(RADAR, 0.9)
        assert np.abs(np.abs(row) - np.abs(expected)).max() < 0.06 * radar.mirror_counts

    @pytest.mark.parametrize("name", ["GSSI_1500", "MALA_1200"])
    def test_measured_antennas_ring_as_measured(
        self, name: str, real_antenna: Callable[[str], Path]
    ) -> None:
        path = real_antenna(name)
        radar = Radar(wavelet="file", wavelet_file=str(path), centre_hz=1.3e9)
        time_ns, wave = np.loadtxt(path).T
        peak_ns = time_ns[np.abs(wave).argmax()]
        sent = lines_of(radar, 40e-9).at((time_ns - peak_ns) * 1e-9)
        likeness = np.corrcoef(sent, wave)[0, 1]
        assert abs(likeness) > 0.98
        (row,) = radargram(far_field(0.9, -1.0, window_s=33e-9), radar)
        assert np.abs(row).max() == pytest.approx(radar.mirror_counts / 0.9, rel=0.03)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("1 2\n" * 4, "16 or more"),
            ("a b\n", "two columns"),
            ("".join(f"{k * k} 1\n" for k in range(20)), "even ones"),
            ("".join(f"{k} 1\n" for k in range(20)), "constant"),
        ],
    )
    def test_what_is_no_wave_is_refused(self, tmp_path: Path, text: str, said: str) -> None:
        (tmp_path / "bad.txt").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=said):
            lines_of(Radar(wavelet="file", wavelet_file=str(tmp_path / "bad.txt")), 4e-8)

    def test_a_missing_file_too(self) -> None:
        with pytest.raises(UsageError, match=r"nowhere\.txt"):
            lines_of(Radar(wavelet="file", wavelet_file="nowhere.txt"), 4e-8)


class TestRefusals:
    def test_a_wavelet_that_the_pulse_has_no_energy_for(self) -> None:
        radar = Radar(centre_hz=3.2e9, sample_interval_s=2.5e-11, samples=400)
        with pytest.raises(UsageError, match=r"solve with Pulse\(centre_hz=") as told:
            radargram(far_field(0.9, -1.0), radar)
        wanted = float(str(told.value).rsplit("centre_hz=", 1)[1].rstrip(")"))
        assert 2e9 < wanted < 5e9
        radargram(
            far_field(0.9, -1.0, pulse=Pulse(wanted), interval_s=8e-12, window_s=11e-9), radar
        )

    def test_a_record_that_ends_too_early_says_how_long_it_should_be(self) -> None:
        needed = record_s(RADAR, PULSE)
        with pytest.raises(UsageError, match=f"window_s={needed:.4g}"):
            radargram(far_field(0.9, -1.0, window_s=0.8 * needed), RADAR)

    def test_a_receiver_that_is_not_there(self) -> None:
        with pytest.raises(ShapeError, match="receiver = 1"):
            radargram(far_field(0.9, -1.0), RADAR, receiver=1)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("wavelet_order", 9), ("wavelet", "file"), ("tones", 1), ("adc_bits", 40),
            ("compression", 1.5), ("rfi_share", 2.0), ("dropped_share", 1.0),
            ("gate_s", (2e-9, 1e-9)), ("band_hz", (2e9, 1e9)), ("rfi_hz", (0.0,)),
            ("sample_jitter_s", -1e-12),
        ],
    )  # fmt: skip
    def test_settings_that_make_no_radar(self, name: str, value: Any) -> None:
        with pytest.raises(UsageError, match="give"):
            Radar(**{name: value})

    def test_too_few_samples_for_the_tones(self) -> None:
        with pytest.raises(UsageError, match="band_hz"):
            Radar(mode="sfcw", band_hz=(1e9, 9e9))


def test_the_pattern_weighs_by_the_cosine_both_ways() -> None:
    angle = np.deg2rad([0.0, 30.0, 95.0])
    weight = compact_weight(Radar(pattern_exponent=2.0), angle, angle)
    np.testing.assert_allclose(weight, [1.0, 0.5625, 0.0], atol=1e-12)
    heard = far_field(np.array([0.8, 0.9, 1.0]), -1.0)
    np.testing.assert_allclose(
        radargram(heard, RADAR, weight=weight),
        radargram(heard, RADAR) * weight[:, np.newaxis],
        rtol=1e-5,
    )
