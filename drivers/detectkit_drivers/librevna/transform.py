"""Stepped frequencies to delay and back.

A path of delay ``tau`` and gain ``a`` adds ``a exp(-j 2 pi f tau)`` to the transmission S(f) that
is measured at N frequencies ``f_k = f_0 + k df``. The trace is their windowed sum::

    x(t) = Re( sum_k w_k S(f_k) exp(j 2 pi f_k t) ) / sum_k w_k

so that the path shows as a pulse of height ``a`` at ``t = tau``. Its envelope is at half height
``1.2 / (N df)`` wide without window, ``2.0 / (N df)`` with Hann's or with Kaiser's at beta 6.
It repeats after ``1 / df``: what is further away folds in. At ``t_m = m / (M df)`` the sum is an
inverse Fourier transform of M points, zero-padded, times the carrier ``exp(j 2 pi f_0 t_m)``; real
samples need ``M df > 2 f_max``.

Sources: K. Iizuka et al., "Step-frequency radar", J. Appl. Phys. 56 (1984) 2572; D. A. Noon,
"Stepped-frequency radar design and signal processing enhances ground penetrating radar
performance", thesis, University of Queensland, 1996; F. J. Harris, "On the use of windows for
harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978) 51.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Window = Literal["kaiser", "hann", "none"]
Reals = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Grid:
    """The measured frequencies.

    Parameters
    ----------
    start_hz, step_hz
        First frequency and distance of the others in Hz.
    points
        Number of frequencies.
    """

    start_hz: float
    step_hz: float
    points: int

    @property
    def stop_hz(self) -> float:
        """Return the last frequency in Hz."""
        return self.start_hz + (self.points - 1) * self.step_hz

    @property
    def fewest_samples(self) -> int:
        """Return how many samples a real trace needs at least."""
        return int(2.0 * self.stop_hz / self.step_hz) + 1


def window_of(kind: Window, points: int, *, kaiser_beta: float) -> Reals:
    """Return weights above zero, shape (points,)."""
    if kind == "kaiser":
        return np.kaiser(points, kaiser_beta)
    if kind == "hann":
        return np.hanning(points + 2)[1:-1]
    return np.ones(points)


class DelayTransform:
    """Transform of sweeps over one grid of frequencies.

    Parameters
    ----------
    grid
        The frequencies.
    weights
        Window over them, shape (points,), all above zero.
    samples
        Number of samples of a trace.
    """

    def __init__(self, grid: Grid, weights: Reals, *, samples: int) -> None:
        self._grid = grid
        self._weights = weights / weights.sum()
        self._samples = samples
        self._carrier = _carrier(grid, samples)

    @property
    def sample_interval_s(self) -> float:
        """Time from sample to sample in s."""
        return 1.0 / (self._samples * self._grid.step_hz)

    def trace(self, transmission: Complexes) -> npt.NDArray[np.float32]:
        """Return the trace of one sweep; shape (points,) to (samples,)."""
        spread = np.fft.ifft(self._weights * transmission, self._samples) * self._samples
        return (spread * self._carrier).real.astype(np.float32)

    def transmission(self, trace: npt.NDArray[np.floating]) -> Complexes:
        """Return the sweep whose trace is `trace` as far as its frequencies reach.

        The trace may have any number of samples over the same span of delay, ``1 / step_hz``.
        """
        mixed = np.fft.fft(trace * np.conj(_carrier(self._grid, trace.size)))
        folded = np.resize(mixed, max(self._grid.points, trace.size))[: self._grid.points]
        return np.asarray(2.0 / trace.size * folded / self._weights, np.complex128)


def _carrier(grid: Grid, samples: int) -> Complexes:
    cycles = grid.start_hz / grid.step_hz / samples * np.arange(samples)
    return np.asarray(np.exp(2j * np.pi * cycles), np.complex128)
