"""Phase-shift migration in PyTorch: the tables and windows of `imaging.phase_shift` on a device.

It agrees with the numba version within `TOLERANCE` of the image's largest value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from detectkit.imaging._wave_tables import FIVE, LANES, STRIDE, Segment
from detectkit.imaging.aperture import EVERY_ANGLE, Aperture
from detectkit.imaging.layers import Layers
from detectkit.imaging.phase_shift import PhaseShift
from detectkit.imaging.regular_line import RegularLine, along

Traces = npt.NDArray[np.float32]
TOLERANCE = 1e-4


def phase_shift(
    data: npt.ArrayLike,
    line: RegularLine,
    *,
    device: str,
    layers: Layers,
    aperture: Aperture = EVERY_ANGLE,
    window_traces: int | None = None,
) -> Traces:
    """Return what `imaging.phase_shift.phase_shift` returns, computed on `device`.

    Examples
    --------
    >>> line = RegularLine(64, 1e-10, 0.0, 0.02)
    >>> phase_shift(np.zeros((5, 64)), line, device="cpu", layers=Layers((1e8,))).shape
    (5, 64)
    """
    method = PhaseShift(line, layers=layers, aperture=aperture, window_traces=window_traces)
    return along(data, method.windows, _OnDevice(method, device).migrate)


class _OnDevice:
    """The tables of a migration on a device; fields have the axes chunk, bin, lane."""

    def __init__(self, method: PhaseShift, device: str) -> None:
        self._method, self._device = method, torch.device(device)
        self._order = self._put(method.order)
        self._lane = torch.arange(LANES, device=self._device)
        self._tables = [
            (one, self._put(one.turns), self._put(one.active), self._put(one.steady))
            for one in method.segments
        ]

    def migrate(self, window: Traces) -> Traces:
        """Return the middle of a window, migrated."""
        layout, windows = self._method.layout, self._method.windows
        laid = self._put(layout.lay(window, weights=self._method.plain))
        field = self._in_chunks(torch.fft.fft(torch.fft.rfft(laid, dim=1), dim=0))
        lanes = field.shape[0] * LANES
        image = torch.zeros((layout.samples, lanes), dtype=field.dtype, device=self._device)
        for one, turns, active, steady in self._tables:
            self._carry_down(field, one, (turns, active, steady), image)
        by_wavenumber = torch.empty((len(window), layout.samples), dtype=field.dtype)
        by_wavenumber = by_wavenumber.to(self._device)
        by_wavenumber[self._order] = image[:, : len(window)].T
        moved = torch.fft.ifft(by_wavenumber, dim=0)
        middle = moved[windows.reach : windows.reach + windows.hop].real
        return np.ascontiguousarray(middle.cpu().numpy())

    def _in_chunks(self, spectrum: torch.Tensor) -> torch.Tensor:
        rows = spectrum[self._order]
        missing = -len(rows) % LANES
        padded = torch.nn.functional.pad(rows, (0, 0, 0, missing))
        return padded.reshape(-1, LANES, rows.shape[1]).transpose(1, 2).contiguous()

    def _carry_down(
        self,
        field: torch.Tensor,
        segment: Segment,
        tables: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        image: torch.Tensor,
    ) -> None:
        """Fill a segment's samples, (sample, wavenumber)."""
        turns, active, steady = tables
        waves = field * torch.complex(turns[:, :, 0], turns[:, :, 1])
        by_one, by_two, by_five = (
            torch.complex(turns[:, :, part], turns[:, :, part + 1]) for part in (2, 4, 6)
        )
        turned = (by_two.conj(), by_one.conj(), None, by_one, by_two)
        keep, ratio = turns[:, :, 8].clone(), turns[:, :, 9]
        for stride, first in enumerate(range(segment.start, segment.stop, STRIDE)):
            waves = waves * (self._lane < active[:, stride, :, None])
            for middle in (first + 2, first + 2 + FIVE):
                samples = range(middle - 2, segment.stop)
                for sample, by in zip(samples, turned, strict=False):
                    image[sample] = (waves if by is None else waves * by).sum(dim=1).flatten()
                waves = waves * by_five
            fading = self._lane >= steady[:, stride, :, None]
            waves = torch.where(fading, waves * keep, waves)
            keep = torch.where(fading, keep * ratio, keep)

    def _put(self, array: npt.NDArray[np.generic]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
