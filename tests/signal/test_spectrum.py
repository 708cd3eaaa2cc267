from __future__ import annotations

import numpy as np
import pytest

from detectkit.core.errors import UsageError
from detectkit.signal.spectrum import deconvolve, inverse_filter, whiten

DT = 1e-10
WHITEN = {"sample_interval_s": DT, "low_hz": 3e8, "high_hz": 2e9, "smoothing_hz": 2e8}


def ricker(freq: float, half: int) -> np.ndarray:
    square = (np.pi * freq * np.arange(-half, half + 1)) ** 2
    return (1 - 2 * square) * np.exp(-square)


def coloured(traces: int = 200, samples: int = 512) -> np.ndarray:
    rng = np.random.default_rng(0)
    white = rng.standard_normal((traces, samples))
    wavelet = ricker(0.06, 40)
    return np.stack([np.convolve(row, wavelet, "same") for row in white]).astype(np.float32)


def spread(data: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Return greatest over least mean power in the band."""
    tapered = data * np.hanning(data.shape[1])
    power = (np.abs(np.fft.rfft(tapered, axis=1)) ** 2).mean(axis=0)
    freq_hz = np.fft.rfftfreq(data.shape[1], DT)
    inside = np.convolve(power, np.ones(9) / 9, "same")[(freq_hz > low_hz) & (freq_hz < high_hz)]
    return float(inside.max() / inside.min())


def test_whitening_flattens_the_band() -> None:
    data = coloured()
    assert spread(data, 4e8, 1.2e9) > 10
    assert spread(whiten(data, **WHITEN), 4e8, 1.2e9) < 1.6


def test_whitening_keeps_the_energy_of_the_band_and_so_the_ratio_of_traces() -> None:
    data = coloured(traces=2)
    data[1] = 8 * data[0]
    result = whiten(data, **WHITEN)
    np.testing.assert_array_equal(result[1], 8 * result[0])
    assert 0.5 < np.linalg.norm(result[0]) / np.linalg.norm(data[0]) < 1.2


def test_whitening_leaves_nothing_outside_its_band() -> None:
    tapered = whiten(coloured(), **WHITEN) * np.hanning(512)
    power = np.abs(np.fft.rfft(tapered, axis=1)).mean(axis=0)
    freq_hz = np.fft.rfftfreq(512, DT)
    assert power[freq_hz > 3.5e9].max() < 0.01 * power.max()
    assert power[freq_hz < 5e7].max() < 0.03 * power.max()


def test_whitening_sharpens_a_pulse_in_its_place() -> None:
    data = np.zeros((1, 512), np.float32)
    data[0, 220:301] = ricker(0.05, 40)
    result = whiten(data, **WHITEN)[0]
    assert int(np.argmax(result)) == 260
    width = (np.abs(result) > 0.5 * result.max()).sum()
    assert width < (np.abs(data[0]) > 0.5).sum()


def test_a_silent_trace_stays_silent() -> None:
    assert not whiten(np.zeros((2, 100), np.float32), **WHITEN).any()


def test_deconvolution_recovers_spikes_at_their_places_and_ratios() -> None:
    wavelet = ricker(0.05, 40)
    spikes = np.zeros(400)
    spikes[[100, 130, 250]] = 1.0, -0.5, 0.25
    trace = np.convolve(spikes, wavelet, "same")[np.newaxis].astype(np.float32)
    result = deconvolve(trace, wavelet=wavelet, origin_sample=40, water_level=1e-6)[0]
    assert int(np.argmax(result)) == 100
    assert int(np.argmin(result)) == 130
    np.testing.assert_allclose(result[[130, 250]] / result[100], [-0.5, 0.25], atol=0.04)
    # As sharp as the band allows: far narrower than the wavelet it came from.
    assert (result > 0.5 * result.max()).sum() < (trace[0] > 0.5).sum()


def test_a_full_band_wavelet_is_undone_exactly() -> None:
    wavelet = np.array([1.0, -0.4, 0.1])
    rng = np.random.default_rng(1)
    truth = rng.standard_normal(300) * np.hanning(300)
    trace = np.convolve(truth, wavelet)[:300][np.newaxis].astype(np.float32)
    result = deconvolve(trace, wavelet=wavelet, origin_sample=0, water_level=1e-6)
    np.testing.assert_allclose(result[0, 5:-5], truth[5:-5], atol=2e-3)


def test_the_water_level_bounds_the_gain() -> None:
    wavelet = ricker(0.1, 20)
    power = np.abs(np.fft.rfft(wavelet, 256)) ** 2
    factor = inverse_filter(wavelet, 20, length=256, water_level=0.01)
    bound = 1 / (2 * np.sqrt(0.01 * power.max()))
    assert np.abs(factor).max() <= 2 * bound * 1.0001


def test_the_residual_of_a_wavelet_has_zero_phase() -> None:
    wavelet = ricker(0.1, 20) + 0.3 * np.roll(ricker(0.1, 20), 6)
    factor = inverse_filter(wavelet, 20, length=256, water_level=0.01)
    periodic = np.zeros(256)
    periodic[:41] = wavelet
    residual = np.fft.rfft(np.roll(periodic, -20)) * factor
    assert np.abs(residual.imag).max() < 1e-6
    assert residual.real.min() >= 0
    assert residual.real.max() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("cut", [1, 16, 130])
def test_cutting_along_the_track_changes_no_bit(cut: int) -> None:
    data = coloured(140, 111)

    def deconvolved(rows: np.ndarray) -> np.ndarray:
        return deconvolve(rows, wavelet=ricker(0.1, 8), origin_sample=8)

    for kernel in (lambda rows: whiten(rows, **WHITEN), deconvolved):
        parts = np.concatenate([kernel(data[:cut]), kernel(data[cut:])])
        np.testing.assert_array_equal(parts, kernel(data))


@pytest.mark.parametrize(
    ("wavelet", "origin", "message"),
    [
        (np.zeros(5), 0, "not all zero"),
        (np.ones((2, 2)), 0, "one dimension"),
        (np.ones(999), 0, "1 to 50 samples"),
        (np.ones(5), 5, "origin_sample is 5"),
    ],
)
def test_an_unusable_wavelet_is_refused(wavelet: np.ndarray, origin: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        deconvolve(np.ones((1, 50), np.float32), wavelet=wavelet, origin_sample=origin)
