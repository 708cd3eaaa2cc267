from __future__ import annotations

import numpy as np
import pytest

from detectkit.signal import _fft
from detectkit.signal.attributes import envelope
from detectkit.signal.bandpass import bandpass


def spectra(data: np.ndarray, length: int) -> np.ndarray:
    out = np.empty((len(data), length // 2 + 1), np.complex64)

    def work(batch: np.ndarray, spectrum: np.ndarray, target: np.ndarray) -> None:
        target[:] = spectrum[: len(batch)]

    _fft.through_spectrum(data, out, length=length, work=work)
    return out


def noise(traces: int, samples: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((traces, samples)).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 2, 31, 511, 512])
def test_a_row_has_the_same_bits_in_every_batch(samples: int) -> None:
    data = noise(200, samples)
    length = _fft.padded_length(samples, samples // 3)
    whole = spectra(data, length)
    for rows in range(1, 201):
        np.testing.assert_array_equal(spectra(data[:rows], length), whole[:rows])
        np.testing.assert_array_equal(spectra(data[-rows:], length), whole[-rows:])


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_row_does_not_notice_its_neighbours(place: int) -> None:
    data = noise(40, 200)
    alone = envelope(data[place : place + 1])
    others = 1e6 * noise(40, 200)[::-1]
    others[place] = data[place]
    np.testing.assert_array_equal(envelope(others)[place : place + 1], alone)


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 127, 128, 129, 255, 299])
def test_cutting_along_the_track_changes_no_bit_of_a_filter(cut: int) -> None:
    data = noise(300, 250)
    band = {"sample_interval_s": 1e-10, "low_hz": 2e8, "high_hz": 2e9}
    parts = [bandpass(data[:cut], **band), bandpass(data[cut:], **band)]
    np.testing.assert_array_equal(np.concatenate(parts), bandpass(data, **band))


def test_transform_agrees_with_numpy_on_the_mirrored_trace() -> None:
    data = noise(3, 60)
    length = 90
    gap = length - 60
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, gap + 1) / (gap + 1))
    tail = data[:, -2 : -2 - gap : -1]
    head = data[:, gap:0:-1]
    periodic = np.concatenate([data, tail + ramp * (head - tail)], axis=1)
    np.testing.assert_allclose(spectra(data, length), np.fft.rfft(periodic), atol=1e-4)


def test_the_extension_of_a_constant_is_that_constant() -> None:
    spectrum = spectra(np.full((1, 50), 3.0, np.float32), 128)
    assert spectrum[0, 0] == pytest.approx(3.0 * 128)
    assert np.abs(spectrum[0, 1:]).max() < 1e-4


def test_a_gap_longer_than_the_trace_goes_on_mirroring() -> None:
    assert np.isfinite(spectra(noise(2, 5), 64)).all()


def test_no_traces_give_no_traces() -> None:
    assert envelope(np.empty((0, 64), np.float32)).shape == (0, 64)


def test_padded_length_is_fast_and_long_enough() -> None:
    assert _fft.padded_length(509, 100) == 625
    assert _fft.padded_length(512, 0) == 512
