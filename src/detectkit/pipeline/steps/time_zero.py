"""Steps that set time zero on the direct wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from detectkit.core import Block, BlockSpec, PipelineError, concat
from detectkit.pipeline.step import PerTrace, Recursive, Windowed, samples_of
from detectkit.pipeline.steps.alignment import Values, aligned, aligned_spec, filled
from detectkit.pipeline.steps.along_delay import no_traces, refusing, window_of
from detectkit.signal.steady import median_near
from detectkit.signal.time_zero import Lag, correlation_lag, first_break
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S


@dataclass(frozen=True, slots=True)
class TimeZeroThreshold(PerTrace):
    """Set time zero of each trace by the first break of its direct wave.

    The break is where the trace first reaches `fraction` of its largest magnitude within
    `window_s`; take the level out before (`dc`). It is set to the time the direct wave takes
    through air from antenna to antenna, so that ``twt_s`` counts from the transmission. With
    `pulse_s`, the time from a pulse's first break to its middle, it counts from the middle of
    the transmitted pulse instead: then the middle of a reflection has the time of its depth.
    `lead_s` of what came before the break are kept. A trace of zeros stays one.

    Method: the break is the first t in the window with ``|x(t)| >= fraction max|x|``, between
    samples by linear interpolation (a threshold; no published source). The trace is moved by a sinc
    under a Kaiser window (Kaiser, 1974) so that the break has the time ``s / c - pulse_s``, s the
    distance of the antennas that the recording tells, 0 where it does not, c the velocity of light.

    - `fraction`: 0.05 to 0.3 is usual; lower is earlier and nearer to the noise.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "time-zero-threshold"
        fraction = 0.2
        window_s = [0.0, 5e-9]
        lead_s = 1e-9
    """

    name: ClassVar[str] = "time-zero-threshold"
    fraction: float = 0.2
    window_s: tuple[float, float] | None = None
    lead_s: float = 1e-9
    pulse_s: float = 0.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new first time."""
        with refusing(self.name):
            self.breaks(Block(no_traces(spec)), spec)
        zero_s = _direct_s(spec) - self.pulse_s
        return aligned_spec(spec, lead_s=self.lead_s, zero_s=zero_s, step=self.name)

    def apply(self, block: Block) -> Block:
        """Return the aligned traces."""
        return self.moved(block, self.breaks(block, block.spec))

    def breaks(self, block: Block, spec: BlockSpec) -> Values:
        """Return the first break of each trace, in samples; NaN for a trace of zeros."""
        start, stop = window_of(self.window_s, spec, setting="window_s", step=self.name)
        return first_break(block.data, fraction=self.fraction, start=start, stop=stop)

    def moved(self, block: Block, breaks: Values) -> Block:
        """Return the traces with their breaks at time zero."""
        zero_s = _direct_s(block.spec) - self.pulse_s
        return aligned(block, breaks, lead_s=self.lead_s, zero_s=zero_s, step=self.name)


@dataclass(frozen=True, slots=True)
class TimeZeroSteady(Windowed):
    """Set time zero as `time-zero-threshold` does, by what most of the traces around agree on.

    From the air the ground's reflection may be stronger than the direct wave, and now and then the
    break of a trace is taken one lobe too late. Time zero itself only creeps, so the median of
    the breaks around counts; what a trace jitters is left in it.

    Method: the first break of each trace as in `time-zero-threshold`, then the running median of
    `window_traces` (Tukey, Exploratory Data Analysis, 1977, ch. 7). Latency: half of the window.

    - `fraction`, `window_s`, `lead_s`, `pulse_s`: as in `time-zero-threshold`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "time-zero-steady"
        fraction = 0.2
        lead_s = 1e-9
        window_traces = 101
    """

    name: ClassVar[str] = "time-zero-steady"
    fraction: float = 0.2
    window_s: tuple[float, float] | None = None
    lead_s: float = 1e-9
    pulse_s: float = 0.0
    window_traces: int = 101

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new first time."""
        if self.window_traces < 1:
            msg = f"step {self.name!r}: window_traces = {self.window_traces} must be 1 or more"
            raise PipelineError(msg)
        return self._single.describe(spec)

    def reach(self, spec: BlockSpec) -> tuple[int, int]:  # noqa: ARG002 - part of the contract
        """Return half of the window to each side."""
        return self.window_traces // 2, self.window_traces // 2

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the aligned traces."""
        half = self.window_traces // 2
        breaks = self._single.breaks(rows, rows.spec)
        return self._single.moved(
            rows.traces(start, stop), median_near(breaks, rows=(start, stop), reach=half)
        )

    @property
    def _single(self) -> TimeZeroThreshold:
        return TimeZeroThreshold(self.fraction, self.window_s, self.lead_s, self.pulse_s)


class ReferenceState(NamedTuple):
    """What time zero by correlation carries along the line."""

    held: Block | None
    """The first traces, until there are enough for the reference."""
    reference: Values | None
    """Their mean over the window."""
    origin: float
    """First break of the reference, in samples of the trace."""
    lag: float
    """The last lag that was found."""


@dataclass(frozen=True, slots=True)
class TimeZeroCorrelation(Recursive):
    """Set time zero of each trace by correlating its direct wave with that of the line's start.

    The reference is the mean of the first `reference_traces` traces over `window_s`, which
    holds the direct wave; they are held until it is complete. Its first break (at `fraction`
    of its largest magnitude) is time zero, set as in `time-zero-threshold`; each trace is
    moved by its own lag, at most `maximum_lag_s`. A trace without a lag takes that of the one
    before.

    Method: the lag of a trace is the m with the largest ``sum_j r[j] x[j + m]``, r the reference
    (matched filter; Turin, 1960), refined by the parabola through the maximum and its neighbours; a
    maximum on the bound is none. Traces are moved as in `time-zero-threshold`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "time-zero-correlation"
        window_s = [0.0, 4e-9]
        maximum_lag_s = 1e-9
        reference_traces = 20
    """

    name: ClassVar[str] = "time-zero-correlation"
    window_s: tuple[float, float] = (-2e-8, 2e-8)
    maximum_lag_s: float = 1e-9
    reference_traces: int = 20
    fraction: float = 0.2
    lead_s: float = 1e-9

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with the new first time."""
        if self.reference_traces < 1:
            msg = f"step {self.name!r}: reference_traces = {self.reference_traces}; give 1 or more"
            raise PipelineError(msg)
        window_of(self.window_s, spec, setting="window_s", step=self.name)
        samples_of(self.maximum_lag_s, spec, setting="maximum_lag_s", step=self.name)
        with refusing(self.name):
            first_break(no_traces(spec), fraction=self.fraction)
        return aligned_spec(spec, lead_s=self.lead_s, zero_s=_direct_s(spec), step=self.name)

    def start(self, first: Block) -> ReferenceState:  # noqa: ARG002 - part of the contract
        """Return a state without a reference."""
        return ReferenceState(None, None, np.nan, 0.0)

    def push(self, state: ReferenceState, block: Block) -> tuple[ReferenceState, Block | None]:
        """Hold the first traces; from then on align at once."""
        if state.reference is None:
            block = block if state.held is None else concat([state.held, block])
            if len(block) < self.reference_traces:
                return state._replace(held=block), None
            state = self._referenced(block)
        return self._moved(state, block)

    def finish(self, state: ReferenceState) -> Block | None:
        """Align a line shorter than its reference."""
        if state.reference is not None or state.held is None:
            return None
        return self._moved(self._referenced(state.held), state.held)[1]

    def _referenced(self, block: Block) -> ReferenceState:
        start, stop = window_of(self.window_s, block.spec, setting="window_s", step=self.name)
        rows = block.data[: self.reference_traces, start:stop]
        reference = rows.mean(axis=0, dtype=np.float64)
        origin = float(first_break(reference[np.newaxis], fraction=self.fraction)[0])
        return ReferenceState(None, reference, start + origin, 0.0)

    def _moved(self, state: ReferenceState, block: Block) -> tuple[ReferenceState, Block]:
        lags = filled(self._lags(state, block).samples, state.lag)
        places = state.origin + lags
        zero_s = _direct_s(block.spec)
        moved = aligned(block, places, lead_s=self.lead_s, zero_s=zero_s, step=self.name)
        return state._replace(lag=float(lags[-1])), moved

    def _lags(self, state: ReferenceState, block: Block) -> Lag:
        spec = block.spec
        start, _ = window_of(self.window_s, spec, setting="window_s", step=self.name)
        bound = samples_of(self.maximum_lag_s, spec, setting="maximum_lag_s", step=self.name)
        if state.reference is None or not np.any(state.reference):
            return Lag(np.full(len(block), np.nan), np.zeros(len(block)))
        return correlation_lag(block.data, state.reference, start=start, maximum_lag=bound)


def _direct_s(spec: BlockSpec) -> float:
    """Return how long the direct wave takes through air; 0 where the antennas are not known."""
    return (spec.sensor.antenna_separation_m or 0.0) / SPEED_OF_LIGHT_M_S
