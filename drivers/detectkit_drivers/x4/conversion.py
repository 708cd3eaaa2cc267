"""Baseband to radio-frequency samples and back, for modules that send I and Q.

The chip multiplies its samples by ``exp(-j 2 pi fc n / fs)``, filters and keeps every eighth
(Novelda XTAN-13 revision A, chapter 5: 1536 samples become 188 complex ones). Undone here by
band-limited interpolation (zero-padded Fourier transform of the whole frame)::

    x[n] = 2 Re( z(n / 8) exp(j 2 pi fc n / fs) )

What lies further than fs / 16 = 1.458 GHz from the carrier is lost in the chip. The delay of its
filter is not published: time-zero is found on the direct wave, as for every radar.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

SAMPLING_HZ = 23.328e9
CARRIER_HZ = 7.29e9
DECIMATION = 8

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float32]


def to_radio_frequency(baseband: npt.NDArray[np.complexfloating]) -> Real:
    """Return 8 n real samples at 23.328 GHz for n complex ones; shape (n,) to (8 n,)."""
    size = baseband.size
    spectrum = np.fft.fft(baseband)
    padded = np.zeros(DECIMATION * size, np.complex128)
    half = size // 2
    padded[: size - half] = spectrum[: size - half]
    padded[padded.size - half :] = spectrum[size - half :]
    fine = np.fft.ifft(padded) * DECIMATION
    return np.asarray(2.0 * (fine * np.conj(_carrier(fine.size))).real, np.float32)


def to_baseband(samples: npt.NDArray[np.floating]) -> Complex:
    """Return n complex samples for real ones; their number is filled up to 8 n with zeros."""
    padded = np.pad(samples.astype(np.float64), (0, -samples.size % DECIMATION))
    spectrum = np.fft.fft(padded * _carrier(padded.size))
    size = padded.size // DECIMATION
    half = size // 2
    kept = np.concatenate([spectrum[: size - half], spectrum[padded.size - half :]])
    return np.asarray(np.fft.ifft(kept) / DECIMATION, np.complex128)


@lru_cache(maxsize=4)
def _carrier(size: int) -> Complex:
    cycles = CARRIER_HZ / SAMPLING_HZ * np.arange(size)
    return np.asarray(np.exp(-2j * np.pi * cycles), np.complex128)
