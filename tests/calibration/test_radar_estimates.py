"""What is estimated of a virtual radar is its truth, within the errors that are stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectkit.calibration.air_shot import air_shot, clipped_at
from detectkit.calibration.capture import Capture
from detectkit.calibration.plate import PlateShot, plate_fit
from detectkit.calibration.pulses import fit_pulses
from detectkit.calibration.radar import RadarSetup, calibrate_radar
from detectkit.calibration.target import TargetPass, pattern_fit
from detectkit.core import Block, UsageError
from detectkit.signal.shift import shift_rows
from detectkit_sim_data.recipes.make_calibration_shots import NOTHING, VirtualRadar

from .conftest import Bench, measured


def capture(block: Block, name: str = "shot") -> Capture:
    return Capture.of([block], name=name)


def test_the_noise_is_that_of_the_receiver_and_the_rounding(bench: Bench) -> None:
    assert bench.air.noise == pytest.approx(np.hypot(4.0, 1.0 / np.sqrt(12.0)), rel=0.01)


def test_the_cross_talk_is_what_an_endless_shot_would_hear(bench: Bench) -> None:
    quiet = VirtualRadar(replace(bench.virtual.radar, noise_counts=0.0), bench.virtual.seed)
    time_s, nowhere = np.arange(1500) / 50.0, np.zeros((1500, 3))
    up = np.tile([0.0, 0.0, 1.0, 30.0], (1500, 1))
    heard = quiet.model(NOTHING).heard(nowhere, nowhere, up, time_s).mean(axis=0)
    error = bench.air.mean - heard
    assert np.std(error) == pytest.approx(bench.air.mean_error, rel=0.2)


def test_the_drift_of_time_zero_is_seen_to_a_tenth_of_a_picosecond(bench: Bench) -> None:
    moved = bench.wander_s - bench.wander_s.mean()
    assert np.abs(bench.air.lag_s - moved).max() < 1.5e-13
    slope = np.polyfit(bench.air.time_s, moved, 1)[0]
    assert bench.air.drift_s_per_s == pytest.approx(slope, abs=3e-15)
    assert abs(slope) < 3.0 * bench.air.drift_error_s_per_s


def test_lags_and_their_error_are_those_of_the_noise() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(120.0) - 60.0
    shape = 100.0 * np.exp(-((time / 9.0) ** 2)) * np.cos(time / 3.0)
    true = rng.uniform(-3.0, 3.0, 300)
    rows = shift_rows(np.tile(shape, (300, 1)).astype(np.float32), true)
    rows = 1.3 * rows + rng.normal(0.0, 2.0, rows.shape)
    fit = fit_pulses(rows, shape, window=(20, 100))
    assert np.std(fit.lag - true) == pytest.approx(2.0 * fit.lag_per_noise, rel=0.15)
    assert np.std(fit.amplitude) == pytest.approx(2.0 * fit.amplitude_per_noise, rel=0.15)
    assert np.mean(fit.amplitude) == pytest.approx(1.3, rel=0.005)


def test_with_exact_heights_time_zero_is_known_to_a_picosecond(bench: Bench) -> None:
    assert bench.plate.time_zero_s == pytest.approx(bench.time_zero_s, abs=1e-12)
    assert bench.plate.velocity_ratio == pytest.approx(1.0, abs=5e-4)


def test_time_zero_lies_within_its_error_as_often_as_it_should() -> None:
    rng = np.random.default_rng(5)
    scores = []
    for seed in range(24):
        shared = rng.normal(0.0, 0.002)
        off = tuple(float(one) for one in shared + rng.normal(0.0, 0.002, 3))
        one = measured(seed, off_m=off, plane_error_m=0.002, traces=300)
        scores.append((one.plate.time_zero_s - one.time_zero_s) / one.plate.time_zero_error_s)
    assert 0.5 < np.std(scores) < 1.3
    assert np.mean(np.abs(scores) < 2.0) >= 0.9


def test_one_wrong_height_of_four_hardly_moves_time_zero_and_is_told(bench: Bench) -> None:
    virtual, heights = bench.virtual, (0.45, 0.6, 0.8, 1.0)
    shots = [
        PlateShot(capture(virtual.shot(h, start_s=60.0, traces=50)), 0.9 if h == 1.0 else h)
        for h in heights
    ]
    fit = plate_fit(
        shots, bench.air, separation_m=virtual.radar.antenna_separation_m, period_s=bench.period_s
    )
    assert abs(fit.residual_s[3]) > 5e-10
    assert np.abs(fit.residual_s[:3]).max() < 3e-11
    assert abs(fit.velocity_ratio - 1.0) > 3.0 * fit.velocity_ratio_error


def test_the_mirror_has_the_amplitude_it_has(bench: Bench) -> None:
    truth, plate = bench.virtual.radar.mirror_counts, bench.plate
    assert abs(plate.mirror_amplitude - truth) < 3.0 * plate.mirror_amplitude_error
    assert plate.mirror_amplitude_error < 0.02 * truth


def test_the_wavelet_is_that_which_was_sent(bench: Bench) -> None:
    radar, plate = bench.virtual.radar, bench.plate
    time_s = (np.arange(plate.wavelet.size) - plate.origin) * radar.sample_interval_s
    s = (np.pi * radar.centre_hz * time_s) ** 2
    sent = -(1.0 - 2.0 * s) * np.exp(-s)  # metal turns the sign
    assert np.abs(plate.wavelet - sent).max() < 2e-3
    low, high = plate.band_hz
    assert low == pytest.approx(0.2 * radar.centre_hz, rel=0.1)
    assert high == pytest.approx(2.25 * radar.centre_hz, rel=0.1)


def test_the_pattern_is_that_of_two_short_dipoles(bench: Bench) -> None:
    virtual = bench.virtual
    passed = TargetPass(capture(virtual.target_pass(0.8, start_s=90.0)), 0.8)
    found = pattern_fit(
        [passed], bench.air, bench.plate, separation_m=virtual.radar.antenna_separation_m
    )
    truth = 40.0 * np.log10(np.cos(np.radians(found.angle_deg)))
    assert found.angle_deg[-1] == 55.0
    assert np.abs(found.amplitude_db - truth).max() < 0.15
    assert found.apex_m[0] == pytest.approx(1.5, abs=0.005)


def test_clipping_is_seen() -> None:
    rng = np.random.default_rng(2)
    free = rng.normal(0.0, 10.0, (5, 200)).astype(np.float32)
    assert clipped_at(free) is None
    assert clipped_at(np.clip(free, -8.0, 100.0))[0] == -8.0  # type: ignore[index]


def test_what_cannot_be_measured_is_refused_with_what_to_do(bench: Bench) -> None:
    virtual, setup = bench.virtual, RadarSetup()
    air = capture(virtual.air(traces=64), "air")
    near = PlateShot(capture(virtual.shot(0.15, start_s=9.0, traces=9), "near"), 0.15)
    far = PlateShot(capture(virtual.shot(0.5, start_s=9.0, traces=9), "far"), 0.5)
    cases = [
        ("hold it farther away", {"plates": [near, far]}),
        ("too near to the end", {"plates": [far, replace(far, height_m=2.6)]}),
        ("two or more", {"plates": [far]}),
        ("need time zero from a plate", {"passes": [TargetPass(air, 0.5)]}),
        ("has no distance", {"plates": [far, far], "passes": [TargetPass(air, 0.5)]}),
    ]
    for said, shots in cases:
        with pytest.raises(UsageError, match=said):
            calibrate_radar(air, setup=setup, **shots)
    with pytest.raises(UsageError, match="at least 32"):
        air_shot(capture(virtual.air(traces=9)), period_s=bench.period_s)
    other = replace(air, sensor=replace(air.sensor, serial="9"))
    with pytest.raises(UsageError, match="'9'"):
        calibrate_radar(air, plates=[replace(far, capture=other)], setup=setup)


def test_the_record_says_what_was_estimated(bench: Bench) -> None:
    virtual = bench.virtual
    plates = [PlateShot(capture(virtual.shot(h, start_s=9.0, traces=50)), h) for h in (0.5, 0.9)]
    result = calibrate_radar(
        capture(virtual.air(traces=100), "air"), plates=plates, setup=RadarSetup(simulated="demo")
    )
    radar = result.record.radar
    assert radar is not None
    assert radar.time_zero_s == pytest.approx(1.5e-9, abs=radar.time_zero_error_s)
    assert result.record.made_utc.isoformat() == "2025-06-11T07:00:00+00:00"
    assert [one.role for one in result.record.sources][1] == "plate at 0.5 m"
    assert any("little of the drift" in str(one) for one in result.notices)
