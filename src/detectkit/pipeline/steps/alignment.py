"""Move every trace so that its event stands at one place, and count time from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.steps.along_delay import interval_of
from detectkit.signal.shift import shift_rows

Values = npt.NDArray[np.float64]


def aligned_spec(spec: BlockSpec, *, lead_s: float, zero_s: float, step: str) -> BlockSpec:
    """Return what `aligned` makes of blocks like this."""
    lead = lead_samples(spec, lead_s=lead_s, step=step)
    return replace(spec, first_twt_s=zero_s - lead * interval_of(spec, step=step))


def aligned(block: Block, places: Values, *, lead_s: float, zero_s: float, step: str) -> Block:
    """Return each trace with its place moved to the time `zero_s`.

    The axis begins `lead_s` before it; samples from outside the trace are 0, and so is a
    trace whose place is NaN.
    """
    spec = block.spec
    lead = lead_samples(spec, lead_s=lead_s, step=step)
    data = shift_rows(block.data, lead - places)
    twt_s = zero_s + (np.arange(spec.samples) - lead) * interval_of(spec, step=step)
    return block.with_data(data, coords={"twt_s": ("delay", twt_s)})


def lead_samples(spec: BlockSpec, *, lead_s: float, step: str) -> int:
    """Return the samples kept before the event; refuse a lead outside the trace."""
    lead = round(lead_s / interval_of(spec, step=step))
    if not 0 <= lead < spec.samples:
        span_s = spec.samples * interval_of(spec, step=step)
        msg = f"step {step!r}: lead_s = {lead_s} must lie within the trace, 0 to {span_s:g} s"
        raise PipelineError(msg)
    return lead


def filled(values: Values, last: float) -> Values:
    """Return the values with each NaN replaced by what was known last."""
    known = np.where(np.isfinite(values), np.arange(values.size), -1)
    place = np.maximum.accumulate(known)
    return np.where(place >= 0, values[place], last)
