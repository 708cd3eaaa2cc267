"""Stolt migration in PyTorch: the tables and windows of `imaging.stolt`, moved on a device.

It agrees with the numba version within `TOLERANCE` of the image's largest value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from detectkit.imaging._delay_spectrum import PHASES, TAPS
from detectkit.imaging.aperture import EVERY_ANGLE, Aperture
from detectkit.imaging.regular_line import RegularLine, along
from detectkit.imaging.stolt import Stolt

Traces = npt.NDArray[np.float32]
TOLERANCE = 1e-5


def stolt(
    data: npt.ArrayLike,
    line: RegularLine,
    *,
    device: str,
    velocity_m_per_s: float,
    aperture: Aperture = EVERY_ANGLE,
    window_traces: int | None = None,
) -> Traces:
    """Return what `imaging.stolt.stolt` returns, computed on `device` ("cuda", "cpu").

    Examples
    --------
    >>> line = RegularLine(64, 1e-10, 0.0, 0.02)
    >>> stolt(np.zeros((5, 64)), line, device="cpu", velocity_m_per_s=1e8).shape
    (5, 64)
    """
    method = Stolt(
        line,
        velocity_m_per_s=velocity_m_per_s,
        aperture=aperture,
        window_traces=window_traces,
    )
    return along(data, method.windows, _OnDevice(method, device).migrate)


class _OnDevice:
    """The tables of a migration on a device."""

    def __init__(self, method: Stolt, device: str) -> None:
        self._method, self._device = method, torch.device(device)
        length, table = method.windows.length, method.table
        wavenumber = np.minimum(np.arange(length), length - np.arange(length))
        bins = np.arange(method.layout.bins)
        inside = bins < table.count[:, np.newaxis]
        first = table.position // PHASES + TAPS - TAPS // 2 + 1
        shares = method.between_bins[table.position % PHASES]
        self._first = self._put(np.where(inside, first, 0).astype(np.int64)[wavenumber])
        self._weight = self._put((table.weight * inside)[wavenumber])
        self._shares = self._put(np.moveaxis(shares[wavenumber], 2, 0))
        self._opposite = self._put(-np.arange(length) % length)

    def migrate(self, window: Traces) -> Traces:
        """Return the middle of a window, migrated."""
        layout, windows = self._method.layout, self._method.windows
        laid = self._put(layout.lay(window, weights=self._method.gridding))
        wide = self._widened(torch.fft.fft(torch.fft.rfft(laid, dim=1), dim=0))
        moved = torch.zeros_like(self._weight)
        for tap in range(TAPS):
            moved += self._shares[tap] * wide.gather(1, self._first + tap)
        image = torch.fft.ifft(moved * self._weight, dim=0)
        middle = image[windows.reach : windows.reach + windows.hop]
        traces = torch.fft.irfft(middle, layout.length, dim=1)
        return layout.take(traces.cpu().numpy())

    def _widened(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Return the spectra with `TAPS` bins more at either end."""
        opposite = spectrum[self._opposite].conj()
        length, bins = self._method.layout.length, spectrum.shape[1]
        beyond = length - bins - torch.arange(TAPS, device=self._device)
        before = torch.arange(TAPS, 0, -1, device=self._device).clamp(max=bins - 1)
        return torch.cat([opposite[:, before], spectrum, opposite[:, beyond.clamp(min=0)]], dim=1)

    def _put(self, array: npt.NDArray[np.generic]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
