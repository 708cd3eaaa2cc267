"""Back-projection by PyTorch: `BackProjector` with its sums made on a graphics processor.

The same planes, tables, weights and interpolation; each voxel's sums run over the traces in
order. Only roundings differ, so that the image agrees within `TOLERANCE` of its largest value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from detectkit.core import TileIndex, UsageError, VoxelGrid
from detectkit.imaging.backprojection import TileStore, TimeAxis
from detectkit.imaging.backprojection import geometry as geo
from detectkit.imaging.backprojection.prepared import Prepared
from detectkit.imaging.backprojection.projector import MOST_TILES, BackProjector
from detectkit.imaging.backprojection.settings import WEIGHTS, BackProjection
from detectkit.imaging.backprojection.tables import COSINE, LEAN, LOUDNESS
from detectkit.imaging.backprojection.tiles import Sums

TOLERANCE = 1e-3
"""Largest difference to `BackProjector`, as a share of the image's largest value."""


class DeviceProjector(BackProjector):
    """`BackProjector` whose sums are made by a PyTorch device, a tile at a time.

    Parameters
    ----------
    grid, settings, axis, tiles, most_tiles
        As `BackProjector` takes them.
    device
        A PyTorch device. Memory there: some thirty times that of a tile's plane of sums.

    Raises
    ------
    UsageError
        PyTorch knows no such device here.
    """

    def __init__(
        self,
        grid: VoxelGrid,
        settings: BackProjection,
        axis: TimeAxis,
        tiles: TileStore,
        *,
        device: str = "cuda",
        most_tiles: int = MOST_TILES,
    ) -> None:
        super().__init__(grid, settings, axis, tiles, most_tiles=most_tiles)
        self._device = _known(device)

    def _add(self, index: TileIndex, sums: Sums, prepared: Prepared) -> int:
        tile = _Tile(self.grid, index, self._device, sums)
        added = tile.add(prepared, self.settings)
        sums[:] = tile.sums.cpu().numpy()
        return added


def _known(device: str) -> str:
    """Return a device's name, once something was put there."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).strip().partition("\n")[0]
        msg = f"device {device!r}: PyTorch cannot use it here ({why}); leave it out for the CPU"
        raise UsageError(msg) from error
    return device


class _Tile:
    """One tile's sums on the device."""

    def __init__(self, grid: VoxelGrid, index: TileIndex, device: str, sums: Sums) -> None:
        self.device = device
        self.east = torch.from_numpy(grid.easting_m(index[0])).to(device)[:, None]
        self.north = torch.from_numpy(grid.northing_m(index[1])).to(device)[None, :]
        self.depth = torch.from_numpy(grid.depth_m.astype(np.float32)).to(device)
        self.middle = grid.depths // 2
        self.sums = torch.tensor(sums, device=device)

    def add(self, block: Prepared, settings: BackProjection) -> int:
        """Add traces; return how many columns times traces were added."""
        added = 0
        paths = block.paths.view(np.float32)
        steps = block.beams.shape[2]
        for trace, one in enumerate(block.rows):
            share = torch.hypot(self.east - one[geo.EAST], self.north - one[geo.NORTH])
            share = share / one[geo.RADIUS]
            reached = int((share < 1.0).sum())
            if not reached:
                continue
            added += reached
            table = torch.from_numpy(paths[trace].reshape(2, steps, -1, 2)[..., 0]).to(self.device)
            beams = torch.from_numpy(block.beams[trace]).to(self.device)
            signal = torch.from_numpy(block.signals[trace].view(np.complex64)).to(self.device)
            loud = self._loudness(one, beams, settings.weights)
            self._sum(share, self._position(one, table), signal, loud, settings.taper)
        return added

    def _legs(self, one: npt.NDArray[np.float64]) -> list[Any]:
        """Return for each antenna where the columns are from its foot, and ρ² at depth 0."""
        legs = []
        for first in (geo.SENDER_EAST, geo.HEARER_EAST):
            east = self.east - one[geo.EAST] - one[first]
            north = self.north - one[geo.NORTH] - one[first + 1]
            rise = one[geo.SLOPE_EAST] * east + one[geo.SLOPE_NORTH] * north
            legs.append((east, north, rise, east**2 + north**2 + rise**2))
        return legs

    def _rows(self, one: npt.NDArray[np.float64], leg: Any, depth: Any) -> Any:
        """Return the row of the table, with its fraction, at some depths of each column."""
        steep = one[geo.SLOPE_EAST] ** 2 + one[geo.SLOPE_NORTH] ** 2
        square = leg[3][..., None] - 2.0 * leg[2][..., None] * depth
        square = square + steep / (1.0 + steep) * depth**2
        return (square.clamp(min=0.0).sqrt() / one[geo.STEP]).float()

    def _position(self, one: npt.NDArray[np.float64], table: Any) -> Any:
        """Return the sample that each voxel is heard in."""
        found = torch.zeros(self.sums.shape[1:], device=self.device)
        depths = torch.arange(self.depth.numel(), device=self.device)
        for number, leg in enumerate(self._legs(one)):
            row = self._rows(one, leg, self.depth)
            whole = row.long().clamp(max=table.shape[1] - 2)
            here, ahead = table[number][whole, depths], table[number][whole + 1, depths]
            found = found + torch.lerp(here, ahead, row - whole)
        return found

    def _loudness(self, one: npt.NDArray[np.float64], beams: Any, weights: str) -> Any:
        """Return the expected amplitude in each column."""
        if weights == WEIGHTS[0]:
            return torch.ones(self.sums.shape[1:3], device=self.device)
        depth = self.depth[self.middle]
        loud = torch.ones((), device=self.device)
        for number, leg in enumerate(self._legs(one)):
            row = self._rows(one, leg, depth[None])[..., 0]
            whole = row.long().clamp(max=beams.shape[1] - 2)
            part = (row - whole)[..., None]
            beam = torch.lerp(beams[number][whole], beams[number][whole + 1], part)
            loud = loud * beam[..., LOUDNESS]
            if weights == WEIGHTS[2]:
                loud = loud * self._towards(one, leg, depth, beam).clamp(min=0.0)
        return loud.float()

    def _towards(self, one: npt.NDArray[np.float64], leg: Any, depth: Any, beam: Any) -> Any:
        """Return the cosine between a column's ray and the boresight."""
        slope = one[geo.SLOPE_EAST], one[geo.SLOPE_NORTH]
        bore = one[geo.BORE_EAST], one[geo.BORE_NORTH], one[geo.BORE_UP]
        square = 1.0 + slope[0] ** 2 + slope[1] ** 2
        east, north = (leg[k] - slope[k] * depth / square for k in (0, 1))
        ahead = east * bore[0] + north * bore[1] + (slope[0] * east + slope[1] * north) * bore[2]
        below = (slope[0] * bore[0] + slope[1] * bore[1] - bore[2]) / square**0.5
        return beam[..., COSINE] * below + beam[..., LEAN] * ahead

    def _sum(self, share: Any, position: Any, signal: Any, loud: Any, taper: float) -> None:
        """Add what is heard to the four sums."""
        rest = ((1.0 - share) / max(taper, 1e-9)).clamp(max=1.0)
        inner = torch.where(share < 1.0, rest * rest * (3.0 - 2.0 * rest), 0.0).float()[..., None]
        heard = (position >= 0.0) & (position <= signal.numel() - 2)
        place = torch.where(heard, position, 0.0)
        whole = place.long()
        found = torch.lerp(signal[whole], signal[whole + 1], (place - whole).to(signal.dtype))
        weight = inner * heard
        self.sums[0] += weight * loud[..., None] * found.real
        self.sums[1] += weight * loud[..., None] * found.imag
        self.sums[2] += weight * (found.real**2 + found.imag**2)
        self.sums[3] += weight * loud[..., None] ** 2
