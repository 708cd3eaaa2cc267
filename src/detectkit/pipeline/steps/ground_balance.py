"""The step that takes out of a metal detector's channels what the soil moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import PerTrace


@dataclass(frozen=True, slots=True)
class GroundBalance(PerTrace):
    """Take out of a metal detector's channels the offset, and what lies along the soil's vector.

    The channels keep their number and their unit; they are then combinations of the measured ones,
    of which one is the sum of others: what is left is the distance from the soil's line. Metal
    that answers along the same vector is taken out with the soil; what is kept of a test piece is
    in its calibration.

    Method: ``y = x - o``, ``z = y - d (d . y)``, o the offsets, d the soil's unit vector
    (projection on the complement of the soil's direction; Druyts et al., 2009). Drift is not
    carried on from the calibration.

    - `direction`: the soil's part of each channel, `ground_balance` of a calibration; any length.
    - `offset`: level of each channel far from ground and metal; none: 0.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "ground-balance"
        direction = [0.94, -0.02, 0.33]
        offset = [120.0, -4.0, 15.0]
    """

    name: ClassVar[str] = "ground-balance"
    direction: tuple[float, ...]
    offset: tuple[float, ...] = ()

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse other numbers of channels, and a vector without length."""
        if spec.dims[1] != "channel" or len(self.direction) != spec.samples:
            msg = (
                f"step {self.name!r}: direction has {len(self.direction)} parts; the blocks are "
                f"{spec.dims} with {spec.samples}; give one part per channel of a detector"
            )
            raise PipelineError(msg)
        if self.offset and len(self.offset) != spec.samples:
            msg = f"step {self.name!r}: offset has {len(self.offset)} values, not {spec.samples}"
            raise PipelineError(msg)
        if not 0.0 < float(np.linalg.norm(self.direction)) < np.inf:
            msg = f"step {self.name!r}: direction = {list(self.direction)} points nowhere"
            raise PipelineError(msg)
        return replace(spec, sensor=replace(spec.sensor, full_scale=None))

    def apply(self, block: Block) -> Block:
        """Return the balanced channels."""
        direction = np.array(self.direction, np.float64)
        direction /= np.linalg.norm(direction)
        rest = block.data.astype(np.float64) - np.array(self.offset or 0.0, np.float64)
        along = np.zeros(len(block))
        for channel, part in enumerate(direction):  # one by one: a fixed order of the sum
            along += part * rest[:, channel]
        balanced = (rest - along[:, np.newaxis] * direction).astype(np.float32)
        sensor = replace(block.sensor, full_scale=None)
        return replace(block.with_data(balanced), sensor=sensor)
