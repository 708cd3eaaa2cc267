"""Imager: processed traces in, in their order, a volume on disk out; memory stays bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import (
    Block,
    BlockSpec,
    MissingDependencyError,
    PipelineError,
    UsageError,
    VoxelGrid,
)
from detectkit.geo import SiteFrame
from detectkit.imaging.backprojection import TimeAxis
from detectkit.imaging.backprojection.image import image_of
from detectkit.imaging.backprojection.projector import BackProjector
from detectkit.imaging.backprojection.settings import BackProjection
from detectkit.imaging.backprojection.tiles import Sums
from detectkit.io.volume import (
    Extent,
    ScratchTiles,
    Tile,
    Variable,
    VolumeWriter,
    check_replaceable,
)
from detectkit.volume.coverage import Coverage, widths_m
from detectkit.volume.geometry import Placed, Placing
from detectkit.volume.settings import Fitted

CPU = "cpu"
"""The processor, by numba: the only device that gives the same bits again."""
CLOSE_S = 1e-15
"""Times of samples that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Imaged:
    """What became of the traces.

    Parameters
    ----------
    path
        The volume; None where no trace reached a voxel, and there is none.
    traces
        Traces used.
    left_out
        Traces that were not, by reason.
    tiles
        Number of tiles written.
    """

    path: Path | None
    traces: int
    left_out: dict[str, int]
    tiles: int


@dataclass(slots=True)
class Imager:
    """Focuses processed blocks of any lines into one volume.

    The blocks must come in one order; how they are cut changes no bit of the volume. Nothing
    stands under the final name before `finish`; call `close` where it never comes to that.

    Parameters
    ----------
    path
        Where the volume goes.
    fitted
        Voxels and reach, from `ImageSettings.fitted`.
    frame
        The site's; None: that of the first position, or metres without a place on the globe for
        blocks with ``easting_m`` and ``northing_m``.
    threads
        Processor threads; changes no bit.
    device
        ``"cpu"``, or a PyTorch device: the same to a tolerance, and not to the bit.

    Raises
    ------
    UsageError
        Something else than a volume has the name.
    """

    path: Path
    fitted: Fitted
    frame: SiteFrame | None = None
    threads: int = 1
    device: str = CPU
    _placing: Placing = field(init=False)
    _axis: TimeAxis | None = None
    _tiles: ScratchTiles | None = None
    _projector: BackProjector | None = None
    _coverage: Coverage | None = None

    def __post_init__(self) -> None:
        check_replaceable(self.path)
        self._placing = Placing(self.frame)

    def push(self, block: Block) -> None:
        """Add the traces of the next block.

        Raises
        ------
        UsageError
            Its samples were taken at other times than those before, or in another frame.
        """
        if len(block) == 0:
            return
        self._check_axis(block)
        for placed in self._placing.push(block):
            self._add(placed)

    def finish(self, attributes: Mapping[str, Any] | None = None) -> Imaged:
        """Write the volume.

        Parameters
        ----------
        attributes
            What else is to be known of it: recordings, pipeline.
        """
        for placed in self._placing.finish():
            self._add(placed)
        try:
            tiles = self._write({**self._words(), **(attributes or {})})
        finally:
            self.close()
        return Imaged(self.path if tiles else None, self._placing.used, self._left_out, tiles)

    def close(self) -> None:
        """Give back what is kept on the disk while the volume is made."""
        if self._tiles is not None:
            self._tiles.close()
        self._tiles = self._projector = None

    def _check_axis(self, block: Block) -> None:
        axis = _axis_of(block.spec)
        self._axis = self._axis or axis
        known = self._axis
        same = axis.samples == known.samples
        same &= abs(axis.first_twt_s - known.first_twt_s) < CLOSE_S
        same &= abs(axis.sample_interval_s - known.sample_interval_s) * axis.samples < CLOSE_S
        if not same:
            msg = (
                f"line {block.line!r} has {axis}, lines before it {known}: traces of one volume "
                "are sampled alike; give all lines one pipeline, or make two volumes"
            )
            raise UsageError(msg)

    def _add(self, placed: Placed) -> None:
        if self._projector is None and self._axis is not None:
            frame = self._placing.frame
            grid = self.fitted.grid("" if frame is None else frame.crs_wkt)
            self._tiles = ScratchTiles(self.path, grid)
            self._coverage = Coverage(grid, self.fitted.radius_m)
            self._projector = self._projector_for(grid, self._axis, self._tiles)
        antennas = placed.antennas
        if self._projector is not None and self._coverage is not None:
            self._coverage.push(0.5 * (antennas.transmitter + antennas.receiver))
            self._projector.push(placed.traces, antennas)

    def _projector_for(self, grid: VoxelGrid, axis: TimeAxis, tiles: ScratchTiles) -> BackProjector:
        settings = BackProjection(self.fitted.soil.velocity_m_per_s, self.fitted.radius_m)
        if self.device == CPU:
            return BackProjector(grid, settings, axis, tiles, threads=self.threads)
        try:
            from detectkit.imaging.cuda.backprojection import DeviceProjector
        except ModuleNotFoundError as error:
            msg = f"device {self.device!r} needs PyTorch: pip install 'detectkit[learn]'"
            raise MissingDependencyError(msg) from error
        return DeviceProjector(grid, settings, axis, tiles, device=self.device)

    def _write(self, words: dict[str, Any]) -> int:
        tiles, coverage = self._tiles, self._coverage
        if self._projector is None or tiles is None or coverage is None:
            return 0
        self._projector.finish()
        widths = self._widths_m(coverage)
        indices = [one for one in tiles.indices() if coverage.imaged(one, widths).any()]
        if not indices:
            return 0
        with VolumeWriter(
            self.path, coverage.grid, Extent.around(indices), attributes=words
        ) as volume:
            for index in indices:
                sums = tiles.get(index)
                if sums is not None:
                    volume.put(index, _tile_of(sums, coverage.imaged(index, widths)))
        return len(indices)

    @property
    def _left_out(self) -> dict[str, int]:
        return {why: count for why, count in self._placing.left_out.items() if count}

    def _widths_m(self, coverage: Coverage) -> npt.NDArray[np.float64]:
        soil = self.fitted.soil
        return widths_m(
            coverage.grid,
            velocity_m_per_s=soil.velocity_m_per_s,
            wavelength_m=soil.wavelength_m,
            height_m=coverage.usual_height_m,
        )

    def _words(self) -> dict[str, Any]:
        soil, frame = self.fitted.soil, self._placing.frame
        return {
            "velocity_m_per_s": soil.velocity_m_per_s,
            "velocity_error": soil.velocity_error,
            "velocity_source": soil.velocity_source,
            "wavelength_m": soil.wavelength_m,
            "radius_m": self.fitted.radius_m,
            "usual_height_m": 0.0 if self._coverage is None else self._coverage.usual_height_m,
            "origin_deg": None if frame is None else [frame.longitude_deg, frame.latitude_deg],
            "traces": self._placing.used,
            "traces_left_out": self._left_out,
            "device": self.device,
        }


def _axis_of(spec: BlockSpec) -> TimeAxis:
    if spec.sample_interval_s is None:
        msg = f"sensor {spec.sensor.id!r} has no delay axis; only radar traces can be focused"
        raise PipelineError(msg)
    return TimeAxis(spec.first_twt_s, spec.sample_interval_s, spec.samples)


def _tile_of(sums: Sums, imaged: npt.NDArray[np.bool_]) -> dict[Variable, Tile]:
    """Return what is written of a tile: NaN where it was not imaged, in all variables alike."""
    image = image_of(sums)
    imaged = imaged & (image.weight > 0.0)
    values: dict[Variable, Tile] = {
        "amplitude": image.amplitude,
        "coherence": image.coherence,
        "weight": image.weight,
    }
    return {name: np.where(imaged, one, np.float32(np.nan)) for name, one in values.items()}
