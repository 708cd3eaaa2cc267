"""Deconvolve the measured answers of two commercial antennas, and draw it.

    python benchmarks/antenna_responses.py ANTENNA_real.txt… -o docs/pictures/antenna-responses.png

The files are those of gprMax (``user_models/antenna_*_fs_real.txt``, GPL-3, not part of this
project): time in ns, amplitude; a GSSI 1.5 GHz and a MALA 1.2 GHz antenna in free space, which is
what a plate would give. Prints centre frequency, band, and per antenna before and after: width
at half of the envelope's height, largest side lobe beyond 1.5 widths, energy beyond one width.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import decimate, hilbert

from detectkit.calibration.plate import band_of
from detectkit.signal.response import compactness, deconvolve_response

BLUE, GREEN = "#0072B2", "#009E73"
INTERVAL_S = 2e-11
SAMPLES, BEFORE = 2048, 300
Floats = npt.NDArray[np.float64]


def read(path: Path) -> tuple[Floats, float]:
    """Return the answer, over its largest magnitude, at about 20 ps, and its interval."""
    time_ns, value = np.loadtxt(path).T
    raw_s = float(time_ns[1] - time_ns[0]) * 1e-9
    every = max(1, round(INTERVAL_S / raw_s))
    wavelet = decimate(value - value[:20].mean(), every, ftype="fir")
    return wavelet / np.abs(wavelet).max(), raw_s * every


def deconvolved(wavelet: Floats, interval_s: float) -> tuple[Floats, Floats]:
    """Return a trace with the answer in it, and that trace deconvolved."""
    trace = np.zeros((1, SAMPLES), np.float32)
    trace[0, BEFORE : BEFORE + wavelet.size] = wavelet
    sharp = deconvolve_response(
        trace,
        wavelet=wavelet,
        origin_sample=float(np.abs(hilbert(wavelet)).argmax()),
        sample_interval_s=interval_s,
        band_hz=band_of(wavelet, interval_s),
    )
    return trace[0].astype(np.float64), sharp[0].astype(np.float64)


def beyond(trace: Floats, interval_s: float) -> float:
    """Return the share of the energy farther than one width from the peak."""
    width = round(compactness(trace, sample_interval_s=interval_s).width_s / interval_s)
    power = np.abs(hilbert(trace)) ** 2
    top = int(power.argmax())
    return 1.0 - float(power[max(0, top - width) : top + width + 1].sum() / power.sum())


def centre_hz(wavelet: Floats, interval_s: float) -> float:
    """Return the energy-weighted mean frequency."""
    power = np.abs(np.fft.rfft(wavelet, 16 * wavelet.size)) ** 2
    freq_hz = np.fft.rfftfreq(16 * wavelet.size, interval_s)
    return float((power * freq_hz).sum() / power.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    figure = Figure(figsize=(11.0, 3.2 * len(given.files)), dpi=110, layout="constrained")
    rows = figure.subplots(len(given.files), 2, squeeze=False)
    for path, (left, right) in zip(given.files, rows, strict=True):
        wavelet, interval_s = read(path)
        traces = deconvolved(wavelet, interval_s)
        name = path.stem.removeprefix("antenna_").removesuffix("_fs_real").replace("_", " ")
        low, high = band_of(wavelet, interval_s)
        centre = centre_hz(wavelet, interval_s)
        print(f"{name}: centre {centre / 1e6:.0f} MHz, band {low / 1e6:.0f}-{high / 1e6:.0f} MHz")
        for label, trace in zip(("before", "after"), traces, strict=True):
            found = compactness(trace, sample_interval_s=interval_s)
            print(f"  {label}: width {1e9 * found.width_s:.3f} ns, side lobe "
                  f"{found.side_lobe_db:.1f} dB, {100 * beyond(trace, interval_s):.1f} % beyond "
                  "one width")  # fmt: skip
        _pulses(left, traces, wavelet, interval_s, f"{name}: measured in free space")
        _spectra(right, traces, interval_s, (low, high))
    figure.savefig(given.output, metadata={"Software": None})


def _pulses(
    axes: Axes, traces: tuple[Floats, Floats], wavelet: Floats, interval_s: float, title: str
) -> None:
    middle = BEFORE + int(np.abs(hilbert(wavelet)).argmax())
    time_ns = 1e9 * interval_s * (np.arange(SAMPLES) - middle)
    axes.plot(time_ns, traces[0], color=BLUE, lw=1.1, label="measured")
    axes.plot(time_ns, traces[1], color=GREEN, lw=1.1, label="deconvolve-response")
    axes.set_xlim(-2.0, 4.0)
    _labels(axes, title, "time from the pulse's middle (ns)", "amplitude")
    axes.legend(fontsize=8, frameon=False)


def _spectra(
    axes: Axes, traces: tuple[Floats, Floats], interval_s: float, band_hz: tuple[float, float]
) -> None:
    freq_ghz = 1e-9 * np.fft.rfftfreq(SAMPLES, interval_s)
    for trace, colour in zip(traces, (BLUE, GREEN), strict=True):
        size = np.abs(np.fft.rfft(trace))
        axes.plot(freq_ghz, 20.0 * np.log10(np.maximum(size / size.max(), 1e-4)), color=colour)
    axes.axvspan(1e-9 * band_hz[0], 1e-9 * band_hz[1], color="#999999", alpha=0.15)
    axes.set_xlim(0.0, 5.0)
    axes.set_ylim(-50.0, 3.0)
    _labels(axes, "spectrum; grey: usable band (-20 dB)", "frequency (GHz)", "amplitude (dB)")


def _labels(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.grid(alpha=0.25)


if __name__ == "__main__":
    main()
