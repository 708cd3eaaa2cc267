"""Steps that remove the background by means and medians across traces.

A window is given in traces by ``window_traces``, or in metres by ``window_m``, which where
given takes its place and needs a recording with a trace spacing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from detectkit.core import Block, BlockSpec
from detectkit.pipeline.step import Recursive, WholeLine
from detectkit.pipeline.steps.streamed import Stream, Streamed, window_traces_of
from detectkit.signal.background import ForgettingMean, SlidingMean, subtract_mean_trace
from detectkit.signal.sliding_median import SlidingMedian


@dataclass(frozen=True, slots=True)
class MeanBackground(WholeLine):
    """Subtract the mean trace of the whole line.

    Method: ``y_i = x_i - (1/N) sum_j x_j`` at each delay, over all N traces (Daniels, Ground
    Penetrating Radar, 2004, ch. 7). A reflector as long as the line goes with the background.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "mean-background"
    """

    name: ClassVar[str] = "mean-background"
    live_substitute: ClassVar[str] = "sliding-mean-background"

    def apply(self, line: Block) -> Block:
        """Return the line without its mean trace."""
        return line.with_data(subtract_mean_trace(line.data))


@dataclass(frozen=True, slots=True)
class _SlidingBackground(Streamed):
    """The window of the sliding backgrounds, centred on the trace."""

    window_traces: int = 101
    window_m: float | None = None

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse a window that cannot be."""
        self.reach(spec)
        return spec

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return half of the window to each side; an even window has one trace more behind."""
        window = window_traces_of(
            self.name, spec, window_traces=self.window_traces, window_m=self.window_m
        )
        return window // 2, (window - 1) // 2


@dataclass(frozen=True, slots=True)
class SlidingMeanBackground(_SlidingBackground):
    """Subtract the mean of a window of neighbouring traces, which shrinks at the line's ends.

    The window should be several times as long as the hyperbolas to keep.

    Method: ``y_i = x_i - mean(x_j)`` at each delay, ``i - w/2 <= j < i + w/2``, w the window in
    traces (moving average; Daniels, Ground Penetrating Radar, 2004, ch. 7). Latency: half of the
    window.

    - `window_m`: the window in metres; takes the place of `window_traces`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "sliding-mean-background"
        window_traces = 101
    """

    name: ClassVar[str] = "sliding-mean-background"

    def stream(self, first: Block) -> Stream:
        """Return a sliding mean."""
        before, after = self.reach(first.spec)
        return SlidingMean(first.data.shape[1], before=before, after=after)


@dataclass(frozen=True, slots=True)
class SlidingMedianBackground(_SlidingBackground):
    """Subtract the median of a window of neighbouring traces: no shadows beside strong targets.

    Takes twenty times as long as the mean.

    Method: ``y_i = x_i - median(x_j)`` at each delay, ``i - w/2 <= j < i + w/2``, w the window in
    traces, shorter at the line's ends (running median; Tukey, Exploratory Data Analysis, 1977, ch.
    7). What fills less than half of the window does not move the median. Latency: half of the
    window.

    - `window_m`: the window in metres; takes the place of `window_traces`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "sliding-median-background"
        window_m = 2.0
    """

    name: ClassVar[str] = "sliding-median-background"

    def stream(self, first: Block) -> Stream:
        """Return a sliding median."""
        before, after = self.reach(first.spec)
        return SlidingMedian(first.data.shape[1], before=before, after=after)


@dataclass(frozen=True, slots=True)
class ForgettingBackground(Recursive):
    """Subtract an exponentially forgetting mean of the traces before: no latency.

    A change of the background fades to 1/e after `window_traces` (or `window_m`). The first
    trace of a line becomes zero.

    Method: ``y_i = x_i - b_i``, ``b_(i+1) = b_i + g_i (x_i - b_i)``, ``b_0 = x_0``, with the gain
    ``g_i = max(1 / (i + 1), 1 - exp(-1 / w))``, w the window in traces: first an even mean of what
    was seen, then one that forgets (Ljung, System Identification, 1999, section 11.2).

    - `window_m`: the window in metres; takes the place of `window_traces`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "forgetting-background"
        window_traces = 100
    """

    name: ClassVar[str] = "forgetting-background"
    window_traces: int = 100
    window_m: float | None = None

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec unchanged; refuse a time constant that cannot be."""
        self._time_constant(spec)
        return spec

    def start(self, first: Block) -> ForgettingMean:
        """Return a background that has seen nothing."""
        constant = float(self._time_constant(first.spec))
        return ForgettingMean(first.data.shape[1], time_constant_traces=constant)

    def push(self, state: ForgettingMean, block: Block) -> tuple[ForgettingMean, Block | None]:
        """Return the block without the background of the traces before."""
        return state, block.with_data(state.push(block.data))

    def _time_constant(self, spec: BlockSpec) -> int:
        return window_traces_of(
            self.name, spec, window_traces=self.window_traces, window_m=self.window_m
        )
