"""The step that tells how far along its rows a map in metres was scanned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import Recursive
from detectkit.signal.distance import Odometer

ALONG_TRACK = "along_track_m"
PLACES = ("easting_m", "northing_m")
LEAST_STEP_M = 1e-3


@dataclass(frozen=True, slots=True)
class DistanceFromMap(Recursive):
    """Give each row the length of the path to it, from ``easting_m`` and ``northing_m``.

    For maps and local frames. Follow with `resample-distance`, which does not bridge the way from
    the end of one scan line to the begin of the next.

    Method: ``d = d + r``, r the straight way from where d last grew, once that is a millimetre
    (length of the path; no published source).

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "distance-from-map"

        [[step]]
        use = "resample-distance"
        spacing_m = 0.05
    """

    name: ClassVar[str] = "distance-from-map"

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the distance; refuse blocks without places in metres."""
        if not set(PLACES) <= spec.coords:
            msg = (
                f"step {self.name!r} needs the coordinates easting_m and northing_m; the recording "
                f"gives: {', '.join(sorted(spec.coords)) or 'none'}"
            )
            raise PipelineError(msg)
        return replace(spec.with_coords(ALONG_TRACK), trace_spacing_m=None)

    def start(self, first: Block) -> Odometer:  # noqa: ARG002 - part of the contract
        """Return a path that has not begun."""
        return Odometer(minimum_step_m=LEAST_STEP_M)

    def push(self, state: Odometer, block: Block) -> tuple[Odometer, Block]:
        """Return the rows with their distance."""
        east, north = (np.asarray(block.coord(name), np.float64) for name in PLACES)
        along = state.push(east, north)
        rows = block.with_data(block.data, coords={ALONG_TRACK: ("trace", along)})
        return state, replace(rows, trace_spacing_m=None)
