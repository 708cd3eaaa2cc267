"""Steps that tell events apart by their slope across traces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import Block, BlockSpec, PipelineError, UsageError
from detectkit.pipeline.steps.streamed import Stream, Streamed
from detectkit.signal.dip import Action, DipFilter, Direction, Fan


@dataclass(frozen=True, slots=True)
class DipFilterStep(Streamed):
    """Keep or reject the events whose apparent velocity along the track lies in a range.

    Needs equally spaced traces (see ``resample-distance``). Velocities are distance per two-way
    time: flanks of hyperbolas in soil of velocity v are faster than v/2, in air than 1.5e8 m/s;
    a flat layer is infinitely fast. The default drops what is steeper than any diffraction.
    Dewow before: a drift without frequency has no slope that could be told.

    Method: in the spectrum over frequency f and wavenumber k an event of slope p = dt/dx lies on
    ``k = -p f``; the gain is 1 for ``1/fastest <= |p| <= 1/slowest`` and falls beyond by a raised
    cosine to 0 (fan filter; Embree, Burg and Backus, Geophysics 28, 1963). `reject` takes 1 less
    that gain. Tiles overlap by half and are weighted by half a sine before and after (Crochiere,
    1980); the line is mirrored at its ends.

    - `direction`: `forward` takes events whose delay grows along the line, `backward` those whose
      delay falls; flat ones belong to each.
    - `edge`: the gain reaches 0 at the factor 1 + edge beyond either velocity.
    - `tile_traces`: even; longer tiles separate slopes better, and the latency is one tile.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "dip-filter"
        slowest_m_per_s = 3e7
        fastest_m_per_s = inf
        direction = "both"
        action = "keep"
    """

    name: ClassVar[str] = "dip-filter"
    slowest_m_per_s: float = 3e7
    fastest_m_per_s: float = math.inf
    direction: Direction = "both"
    action: Action = "keep"
    edge: float = 0.2
    tile_traces: int = 64

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse a line without spacing, or an impossible fan."""
        try:
            self._filter(spec)
        except UsageError as error:
            msg = f"step {self.name!r}: {error}"
            raise PipelineError(msg) from error
        return spec

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return a tile less one trace to each side."""
        return self.tile_traces - 1, self.tile_traces - 1

    def stream(self, first: Block) -> Stream:
        """Return the tiles of a run."""
        return self._filter(first.spec)

    def _filter(self, spec: BlockSpec) -> DipFilter:
        if spec.trace_spacing_m is None or spec.sample_interval_s is None:
            msg = (
                f"step {self.name!r} needs a delay axis and the distance between traces; put "
                "'resample-distance' before it, or give --set trace_spacing_m=..."
            )
            raise PipelineError(msg)
        return DipFilter(
            spec.samples,
            fan=Fan(
                slowest_m_per_s=self.slowest_m_per_s,
                fastest_m_per_s=self.fastest_m_per_s,
                direction=self.direction,
                action=self.action,
                edge=self.edge,
            ),
            tile_traces=self.tile_traces,
            trace_spacing_m=spec.trace_spacing_m,
            sample_interval_s=spec.sample_interval_s,
        )
