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

    Method: ``y[i] = x[i] - mean(x[j])``, or the median, over the samples j of `window_s` (removal
    of the DC level; Jol, Ground Penetrating Radar, 2009, ch. 5).

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

    Method: ``y[i] = x[i] - mean(x[i-h .. i+h])``, h half of `window_s`, which is made an odd number
    of samples and is shorter at the ends (running mean; Annan, 1993; Jol, Ground Penetrating Radar,
    2009, ch. 5). A frequency of ``0.6 / window_s`` keeps half of its amplitude, slower ones less.

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

    Method: the spectrum times ``H(f) = 1 / (1 + (low / f)^2n) / (1 + (f / high)^2n)``, n = `order`:
    Butterworth filters (1930) run forwards and backwards, so that the phases cancel (Gustafsson,
    1996). Mirror images behind the trace keep its end from leaking into its beginning.

    - `order`: n; the slopes are 12 n dB per octave.

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

    Method: the spectrum times a trapezoid: 0 up to f1, rising straight to 1 at f2, 1 up to f3,
    falling straight to 0 at f4 (Ormsby, 1961). Mirror images behind the trace keep its end from
    leaking into its beginning.

    - `corners_hz`: f1, f2, f3 and f4, in rising order.

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

    Method: ``y[j] = sum_n w(j r - n) x[n]``, r the new interval over the old one, w a sinc under a
    Kaiser window that reaches 24 samples of the coarser interval to each side, 80 dB in the stop
    band (Kaiser, 1974; Crochiere and Rabiner, 1983); toward a coarser interval w is the low-pass
    too. Error measured with sines: below 2e-4 of the amplitude up to 0.85 of the Nyquist frequency
    toward a finer interval, up to 0.75 of the new one toward a coarser.

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

    Method: x becomes the median m of its window where ``|x - m| > max(k 1.4826 MAD, f rms)``, MAD
    the median of ``|x - m|`` in the window, rms that of the trace (Hampel's identifier; Davies and
    Gather, 1993). At the ends the first and the last full window are used.

    - `threshold`: k, in standard deviations of normal noise.
    - `floor`: f, without which any ripple on a flat stretch would count as a spike.

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

    Method: a trace of energy E (its sum of squares) is bad where ``|10 log10(E / M)| > ratio_db``,
    M the median energy of the traces up to `half_window_traces` to each side. It is interpolated
    linearly between the nearest good traces that near, copied where there is one on one side only,
    left where there is none (no published source; a plain rule).

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

    Method: counts the samples with ``x <= lowest`` or ``x >= highest`` that stand in a run of at
    least `minimum_run_samples` at the same limit (no published source; a plain count).

    - `minimum_run_samples`: one sample alone at the limit is a true peak as often as not.

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
