"""The step that draws a section where the ground is: in true elevation, for display."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import PerTrace
from detectkit.pipeline.steps.along_delay import interval_of, twt_of
from detectkit.signal.shift import shift_rows

Values = npt.NDArray[np.float64]
ELEVATIONS = ("ground_up_m", "up_m", "topography")


@dataclass(frozen=True, slots=True)
class TopographicCorrection(PerTrace):
    """Lower each trace by as much as its ground lies below a datum, so that hills look like hills.

    Time zero must be the ground's surface: on the ground after time zero is set, in the air after
    `align-ground`. Time 0 is the datum afterwards, and the traces grow by the time that `relief_m`
    takes. The elevation is ``ground_up_m`` where the traces carry it, else ``up_m`` less
    ``height_m`` if there is one, else ``topography``, in metres. A trace without one becomes 0, and
    what lies above the datum is cut off. For display: focus and detect before, on the traces as
    they are.

    Method: ``y(t) = x(t - 2 (datum_m - up) / v)``, a static shift (Annan, Ground Penetrating Radar
    in: Near-Surface Geophysics, 2005; Jol, 2009, ch. 5), by a sinc under a Kaiser window. Right
    where the ground is flat over the antennas' footprint; slopes need migration from the surface.

    - `datum_m`: elevation of time 0, in the datum of the positions: the highest ground of the line.
    - `relief_m`: how far below it the ground may lie.
    - `velocity_m_per_s`: v, in the ground.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "topographic-correction"
        datum_m = 0.1
        relief_m = 0.3
        velocity_m_per_s = 1.0e8
    """

    name: ClassVar[str] = "topographic-correction"
    display_only: ClassVar[bool] = True
    datum_m: float
    relief_m: float
    velocity_m_per_s: float = 1.0e8

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the longer traces; refuse a line without elevations."""
        if not set(ELEVATIONS) & spec.coords:
            have = ", ".join(sorted(spec.coords)) or "none"
            msg = (
                f"step {self.name!r} needs the ground's elevation, one of {', '.join(ELEVATIONS)}; "
                f"the traces carry: {have}; merge positions with `detectkit merge`"
            )
            raise PipelineError(msg)
        if not (self.relief_m > 0.0 and self.velocity_m_per_s > 0.0 and np.isfinite(self.datum_m)):
            msg = (
                f"step {self.name!r}: relief_m = {self.relief_m} and velocity_m_per_s = "
                f"{self.velocity_m_per_s} must be above 0, datum_m = {self.datum_m} a height"
            )
            raise PipelineError(msg)
        return replace(spec, samples=spec.samples + self._more(spec))

    def apply(self, block: Block) -> Block:
        """Return the lowered traces."""
        spec = block.spec
        more = self._more(spec)
        longer = np.pad(block.data, ((0, 0), (0, more)))
        below_m = self.datum_m - _elevation(block)
        interval_s = interval_of(spec, step=self.name)
        shift = 2.0 * below_m / (self.velocity_m_per_s * interval_s)
        twt_s = twt_of(replace(spec, samples=spec.samples + more), step=self.name)
        kept = {name: one for name, one in block.coords.items() if one[0] == "trace"}
        return replace(
            block, data=shift_rows(longer, shift), coords={**kept, "twt_s": ("delay", twt_s)}
        )

    def _more(self, spec: BlockSpec) -> int:
        interval_s = interval_of(spec, step=self.name)
        return int(np.ceil(2.0 * self.relief_m / (self.velocity_m_per_s * interval_s)))


def _elevation(block: Block) -> Values:
    """Return the ground's height under each trace, in the datum of the positions."""
    name = next(one for one in ELEVATIONS if one in block.coords)
    up = np.asarray(block.coord(name), np.float64)
    if name == "up_m" and "height_m" in block.coords:
        return np.asarray(up - block.coord("height_m"), np.float64)
    return up
