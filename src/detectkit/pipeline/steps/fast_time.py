"""Steps that clean each trace along the delay axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.pipeline.step import PerTrace, Windowed, samples_of
from detectkit.pipeline.steps.along_delay import (
    AlongDelay,
    Traces,
    interval_of,
    no_traces,
    refusing,
    window_of,
)
from detectkit.signal.bandpass import bandpass, ormsby
from detectkit.signal.baseline import dewow, remove_dc
from detectkit.signal.clipping import count_clipped
from detectkit.signal.despike import Despiked, despike, replace_bad_traces
from detectkit.signal.resample import resample


@dataclass(frozen=True, slots=True)
class Dc(AlongDelay):
    """Subtract from each trace its mean or median over a window of two-way travel time.

    Without `window_s` the level is that of the whole trace.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "dc"
        window_s = [4e-9, 8e-9]
        statistic = "median"
    """

    name: ClassVar[str] = "dc"
    window_s: tuple[float, float] | None = None
    statistic: Literal["mean", "median"] = "mean"

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the traces without their level."""
        start, stop = window_of(self.window_s, spec, setting="window_s", step=self.name)
        return remove_dc(data, start=start, stop=stop, statistic=self.statistic)


@dataclass(frozen=True, slots=True)
class Dewow(AlongDelay):
    """Subtract from each trace its running mean, the slow swing of a saturated receiver.

    A window of one to two periods of the antenna's centre frequency is usual.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "dewow"
        window_s = 3e-9
    """

    name: ClassVar[str] = "dewow"
    window_s: float = 4e-9

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the traces without their running mean; the window is odd, so of zero phase."""
        samples = samples_of(self.window_s, spec, setting="window_s", step=self.name)
        return dewow(data, window_samples=_odd(samples))


@dataclass(frozen=True, slots=True)
class Bandpass(AlongDelay):
    """Keep a band of frequencies with a zero-phase Butterworth filter.

    The corners are at half amplitude; ``low_hz = 0`` makes a low-pass.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "bandpass"
        low_hz = 3e8
        high_hz = 2e9
        order = 4
    """

    name: ClassVar[str] = "bandpass"
    low_hz: float = 1e8
    high_hz: float = 2.5e9
    order: int = 4

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the band."""
        return bandpass(
            data,
            sample_interval_s=interval_of(spec, step=self.name),
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            order=self.order,
        )


@dataclass(frozen=True, slots=True)
class Ormsby(AlongDelay):
    """Keep a band of frequencies with the zero-phase Ormsby trapezoid.

    Nothing below the first and above the fourth corner, everything between the inner two.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "ormsby"
        corners_hz = [1e8, 2e8, 2e9, 3e9]
    """

    name: ClassVar[str] = "ormsby"
    corners_hz: tuple[float, float, float, float] = (5e7, 1.5e8, 2.0e9, 3.0e9)

    def filtered(self, data: Traces, spec: BlockSpec) -> Traces:
        """Return the band."""
        interval_s = interval_of(spec, step=self.name)
        return ormsby(data, sample_interval_s=interval_s, corners_hz=self.corners_hz)


@dataclass(frozen=True, slots=True)
class ResampleTime(PerTrace):
    """Interpolate each trace at another sample interval, without aliasing.

    Coordinates along the delay axis other than ``twt_s`` do not survive.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "resample-time"
        interval_s = 5e-11
    """

    name: ClassVar[str] = "resample-time"
    interval_s: float = 1e-10

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new sampling."""
        with refusing(self.name):
            samples = self._resampled(no_traces(spec), spec).shape[1]
        return replace(spec, samples=samples, sample_interval_s=self.interval_s)

    def apply(self, block: Block) -> Block:
        """Return the block on the new delay axis."""
        spec = block.spec
        data = self._resampled(block.data, spec)
        kept = {name: one for name, one in block.coords.items() if one[0] == "trace"}
        twt_s = spec.first_twt_s + np.arange(data.shape[1]) * self.interval_s
        return replace(block, data=data, coords={**kept, "twt_s": ("delay", twt_s)})

    def _resampled(self, data: Traces, spec: BlockSpec) -> Traces:
        interval_s = interval_of(spec, step=self.name)
        return resample(data, sample_interval_s=interval_s, new_interval_s=self.interval_s)


@dataclass(frozen=True, slots=True)
class Despike(PerTrace):
    """Replace single samples far from the median of their window, and count them.

    The coordinate ``replaced_samples`` holds the count of each trace. The window must stay
    shorter than half a period of the wavelet; a spike also exceeds `floor` times the trace's
    root mean square.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "despike"
        window_s = 5e-10
        threshold = 8.0
        floor = 1.0
    """

    name: ClassVar[str] = "despike"
    window_s: float = 5e-10
    threshold: float = 8.0
    floor: float = 1.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the count."""
        with refusing(self.name):
            self._despiked(no_traces(spec), spec)
        return spec.with_coords("replaced_samples")

    def apply(self, block: Block) -> Block:
        """Return the block without spikes."""
        found = self._despiked(block.data, block.spec)
        return block.with_data(found.data, coords={"replaced_samples": ("trace", found.replaced)})

    def _despiked(self, data: Traces, spec: BlockSpec) -> Despiked:
        samples = samples_of(self.window_s, spec, setting="window_s", step=self.name)
        window_samples = max(3, _odd(samples))
        return despike(
            data, window_samples=window_samples, threshold=self.threshold, floor=self.floor
        )


@dataclass(frozen=True, slots=True)
class RepairTraces(Windowed):
    """Replace traces of far more or less energy than their neighbours by interpolation.

    The coordinate ``repaired`` is 1 where that was done, else 0.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "repair-traces"
        half_window_traces = 5
        ratio_db = 20.0
    """

    name: ClassVar[str] = "repair-traces"
    half_window_traces: int = 5
    ratio_db: float = 20.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the mark."""
        with refusing(self.name):
            replace_bad_traces(
                no_traces(spec), half_window=self.half_window_traces, ratio_db=self.ratio_db
            )
        return spec.with_coords("repaired")

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return two half windows: a neighbour is judged by neighbours of its own."""
        return 2 * self.half_window_traces, 2 * self.half_window_traces

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the repaired rows."""
        first = max(0, start - 2 * self.half_window_traces)
        near = rows.data[first : stop + 2 * self.half_window_traces]
        found = replace_bad_traces(
            near, half_window=self.half_window_traces, ratio_db=self.ratio_db
        )
        asked = slice(start - first, stop - first)
        repaired = found.bad[asked].astype(np.uint8)
        return rows.traces(start, stop).with_data(
            found.data[asked], coords={"repaired": ("trace", repaired)}
        )


@dataclass(frozen=True, slots=True)
class ClipReport(PerTrace):
    """Count the samples of each trace at full scale; the samples themselves stay as they are.

    The count goes to the coordinate ``clipped_samples``. Put it first: after a filter nothing
    stands at full scale. Without `limits` the sensor's own full scale is taken.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "clip-report"
        limits = [-32768.0, 32767.0]
    """

    name: ClassVar[str] = "clip-report"
    limits: tuple[float, float] | None = None
    minimum_run_samples: int = 2

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the count; refuse where full scale is not known."""
        with refusing(self.name):
            self._counted(no_traces(spec), spec)
        return spec.with_coords("clipped_samples")

    def apply(self, block: Block) -> Block:
        """Return the block with the count."""
        counts = self._counted(block.data, block.spec)
        return block.with_data(block.data, coords={"clipped_samples": ("trace", counts)})

    def _counted(self, data: Traces, spec: BlockSpec) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        limits = self.limits or spec.sensor.full_scale
        if limits is None:
            msg = (
                f"step {self.name!r}: the recording does not tell its full scale; "
                "give limits = [lowest, highest] in counts, or leave the step out"
            )
            raise PipelineError(msg)
        low, high = limits
        return count_clipped(
            data, low=low, high=high, minimum_run=self.minimum_run_samples
        ).clipped_samples


def _odd(samples: int) -> int:
    return samples + 1 - samples % 2
