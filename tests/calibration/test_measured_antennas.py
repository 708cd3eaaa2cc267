"""The measured answers of two commercial antennas become short zero-phase pulses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import decimate, hilbert

from detectkit.calibration.plate import band_of
from detectkit.signal.response import deconvolve_response


@pytest.mark.parametrize(
    ("name", "every", "band_ghz", "narrower"),
    [("GSSI_1500", 10, (0.16, 3.41), 0.85), ("MALA_1200", 3, (0.34, 1.91), 0.9)],
)
def test_a_measured_answer_becomes_a_shorter_pulse_at_its_middle(
    shared_data: Path, name: str, every: int, band_ghz: tuple[float, float], narrower: float
) -> None:
    path = shared_data / "gprmax" / "antennas" / f"antenna_{name}_fs_real.txt"
    time_ns, value = np.loadtxt(path).T
    interval_s = float(time_ns[1]) * 1e-9 * every
    wavelet = decimate(value - value[:20].mean(), every, ftype="fir")
    wavelet /= np.abs(wavelet).max()
    band_hz = band_of(wavelet, interval_s)
    assert np.array(band_hz) / 1e9 == pytest.approx(band_ghz, abs=0.02)
    trace = np.zeros((1, 2048), np.float32)
    trace[0, 300 : 300 + wavelet.size] = wavelet
    middle = float(np.abs(hilbert(wavelet)).argmax())
    sharp = deconvolve_response(
        trace, wavelet=wavelet, origin_sample=middle, sample_interval_s=interval_s, band_hz=band_hz
    )[0]
    assert sharp.argmax() == 300 + middle
    assert sharp.max() == pytest.approx(1.0, abs=0.02)
    around = sharp[300 + int(middle) - 60 : 300 + int(middle) + 61]
    assert np.abs(around - around[::-1]).max() < 0.02
    before, after = (_half_width(one) for one in (trace[0], sharp))
    assert after < narrower * before


def _half_width(trace: np.ndarray) -> int:
    strength = np.abs(hilbert(trace))
    return int((strength > 0.5 * strength.max()).sum())
