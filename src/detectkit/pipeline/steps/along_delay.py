"""What the steps along the delay axis share: seconds into samples, kernels' refusals passed on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, ShapeError, UsageError
from detectkit.pipeline.step import PerTrace

Traces = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AlongDelay(PerTrace):
    """A step that is one kernel along the delay axis: fill in `filtered`."""

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the processed samples, same shape."""
        raise NotImplementedError

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged, once the kernel has accepted its settings.

        The kernel runs on no traces: its own checks refuse what cannot work, and it is
        compiled before take-off.
        """
        with refusing(self.name):
            self.filtered(no_traces(spec), spec)
        return spec

    def apply(self, block: Block) -> Block:
        """Return the block with processed samples."""
        return block.with_data(self.filtered(block.data, block.spec))


def no_traces(spec: BlockSpec) -> Traces:
    """Return an empty array of the spec's trace length, to try a kernel on."""
    return np.empty((0, spec.samples), np.float32)


@contextmanager
def refusing(step: str) -> Iterator[None]:
    """Turn a kernel's refusal into the pipeline's, with the name of the step."""
    try:
        yield
    except (UsageError, ShapeError) as error:
        msg = f"step {step!r}: {error}"
        raise PipelineError(msg) from error


def interval_of(spec: BlockSpec, *, step: str) -> float:
    """Return the sample interval in s.

    Raises
    ------
    PipelineError
        The blocks have no delay axis.
    """
    if spec.sample_interval_s is None:
        msg = f"step {step!r} needs a delay axis; this sensor ({spec.sensor.kind}) has none"
        raise PipelineError(msg)
    return spec.sample_interval_s


def twt_of(spec: BlockSpec, *, step: str) -> npt.NDArray[np.float64]:
    """Return the two-way travel time of each sample in s."""
    steps = np.arange(spec.samples, dtype=np.float64)
    return np.asarray(spec.first_twt_s + steps * interval_of(spec, step=step), np.float64)


def window_of(
    window_s: tuple[float, float] | None, spec: BlockSpec, *, setting: str, step: str
) -> tuple[int, int]:
    """Return a window of two-way travel time as samples [start, stop); None is the whole trace.

    A window that reaches beyond the trace ends with it.

    Raises
    ------
    PipelineError
        The window holds no sample; the message tells what the trace spans.
    """
    if window_s is None:
        return 0, spec.samples
    interval_s = interval_of(spec, step=step)
    # A bound meant to fall on a sample must not miss it by a rounding.
    places = [(edge - spec.first_twt_s) / interval_s - 1e-6 for edge in window_s]
    start, stop = (min(max(math.ceil(place), 0), spec.samples) for place in places)
    if not start < stop:
        last_s = spec.first_twt_s + (spec.samples - 1) * interval_s
        msg = (
            f"step {step!r}: {setting} = {list(window_s)} holds no sample; give [start, stop] in "
            f"seconds, the traces span {spec.first_twt_s:g} to {last_s:g} s"
        )
        raise PipelineError(msg)
    return start, stop
