"""Spectra along delay that can be read between their bins.

A trace is laid around the middle of its time, so that its spectrum turns slowly from bin to bin,
and is divided by the transform of a Kaiser-Bessel window. The value at any frequency is then the
sum of `TAPS` bins weighted by that window (gridding: Jackson et al., IEEE Trans. Med. Imaging 10,
1991; beta after Beatty et al., IEEE Trans. Med. Imaging 24, 2005). With the padding used here it
is right to about 1e-4, and what lies outside of the trace's time does not fold into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from detectkit.imaging.regular_line import RegularLine
from detectkit.signal._arrays import Traces
from detectkit.signal._jit import njit

TAPS = 6
PHASES = 4096
"""Places between two bins at which the weights are tabulated."""
OVERSAMPLING = 1.5
SKIRT = 16
"""Samples of mirror image, fading to nothing, beyond either end of a trace."""

Spectrum = npt.NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class DelaySpectrum:
    """How traces are laid out for the transform; time is counted in samples.

    Parameters
    ----------
    samples
        Per trace.
    length
        Of the transform.
    centre
        Index of the sample that lies at time 0 of the transform.
    centre_time
        Its true two-way time, in samples.
    first_time, last_time
        Of what can be there: time zero or the first sample, and the skirts; in samples.
    """

    samples: int
    length: int
    centre: int
    centre_time: float
    first_time: float
    last_time: float

    @classmethod
    def of(cls, line: RegularLine) -> DelaySpectrum:
        """Return the layout for a line: it spans from time zero, or before, to the end."""
        first = line.first_twt_s / line.sample_interval_s
        begin = min(0, -math.ceil(first)) - SKIRT
        end = line.samples + SKIRT
        length = int(scipy.fft.next_fast_len(math.ceil(OVERSAMPLING * (end - begin)), real=True))
        centre = (begin + end) // 2
        return cls(line.samples, length, centre, first + centre, first + begin, first + end)

    @property
    def bins(self) -> int:
        """Number of frequencies."""
        return self.length // 2 + 1

    def forward(self, rows: Traces, *, weights: npt.NDArray[np.float32]) -> Spectrum:
        """Return the spectra of traces, weighted by `gridding` or `plain`."""
        laid = self.lay(rows, weights=weights)
        spectrum: Spectrum = scipy.fft.rfft(laid, axis=1, overwrite_x=True)
        return spectrum

    def backward(self, spectrum: Spectrum) -> Traces:
        """Return the traces of spectra, which may be overwritten."""
        return self.take(scipy.fft.irfft(spectrum, self.length, axis=1, overwrite_x=True))

    def lay(self, rows: Traces, *, weights: npt.NDArray[np.float32]) -> Traces:
        """Return traces around time 0 of the transform, (trace, length), with their skirts."""
        laid = np.zeros((len(rows), self.length), np.float32)
        _lay(rows, weights, self.centre, laid)
        return laid

    def take(self, laid: Traces) -> Traces:
        """Return the traces out of what was laid around time 0."""
        rows = np.empty((len(laid), self.samples), np.float32)
        rows[:, self.centre :] = laid[:, : self.samples - self.centre]
        rows[:, : self.centre] = laid[:, self.length - self.centre :]
        return rows

    def gridding(self) -> npt.NDArray[np.float32]:
        """Return the weights of the samples, skirts included, that make bins readable between."""
        time = np.arange(-SKIRT, self.samples + SKIRT) - self.centre
        beta = _beta(self.length / (2.0 * np.abs(time).max() + 1.0))
        argument = beta**2 - (np.pi * TAPS * time / self.length) ** 2
        root = np.sqrt(np.abs(argument))
        transform = np.where(argument > 0.0, np.sinh(root), np.sin(root)) / root
        return (1.0 / transform).astype(np.float32)

    def plain(self) -> npt.NDArray[np.float32]:
        """Return weights of one, for spectra that are read at their bins only."""
        return np.ones(self.samples + 2 * SKIRT, np.float32)

    def between_bins(self) -> npt.NDArray[np.float32]:
        """Return the weights of `TAPS` bins at each of `PHASES` places between two bins."""
        span = np.arange(-SKIRT, self.samples + SKIRT) - self.centre
        beta = _beta(self.length / (2.0 * np.abs(span).max() + 1.0))
        place = (np.arange(PHASES) + 0.5) / PHASES
        away = TAPS // 2 - 1 + place[:, np.newaxis] - np.arange(TAPS)
        inside = np.maximum(1.0 - (2.0 * away / TAPS) ** 2, 0.0)
        return (np.i0(beta * np.sqrt(inside)) / TAPS).astype(np.float32)


def _beta(oversampling: float) -> float:
    square = (TAPS / oversampling) ** 2 * (oversampling - 0.5) ** 2 - 0.8
    return math.pi * math.sqrt(square)


@njit
def _lay(
    rows: Traces, weights: npt.NDArray[np.float32], centre: int, buffer: npt.NDArray[Any]
) -> None:  # pragma: no cover - compiled
    samples, length = rows.shape[1], buffer.shape[1]
    for trace in range(rows.shape[0]):
        row = rows[trace]
        target = buffer[trace]
        for i in range(centre):
            target[length - centre + i] = row[i] * weights[i + SKIRT]
        for i in range(centre, samples):
            target[i - centre] = row[i] * weights[i + SKIRT]
        for i in range(SKIRT):
            fade = np.float32(0.5 + 0.5 * math.cos(math.pi * (i + 1) / (SKIRT + 1)))
            inner = min(i, samples - 1)
            before = (-1 - i - centre) % length
            target[before] = row[inner] * fade * weights[SKIRT - 1 - i]
            behind = (samples + i - centre) % length
            target[behind] = row[samples - 1 - inner] * fade * weights[samples + SKIRT + i]
