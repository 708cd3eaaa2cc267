"""Steps for the rows of a metal detector or magnetometer.

A window is given in rows by ``window_traces`` and the like, or in metres, which where given takes
its place and needs a recording with a trace spacing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError, UsageError
from detectkit.pipeline.step import PerTrace, Windowed, traces_of
from detectkit.pipeline.steps.streamed import Stream, Streamed, Underway, window_traces_of
from detectkit.signal.sliding_median import SlidingMedian
from detectkit.signal.soil_scatter import SHARED, SOIL_ERROR, OverSoil, over_soil

Values = npt.NDArray[np.float64]
SCORES = ("anomaly", "soil", "phase", "spread")
"""First channels of `MetalAnomaly`; the balanced channels follow."""


@dataclass(frozen=True, slots=True)
class DetectorBaseline(Streamed):
    """Take level and drift off every channel: the median of a window that shrinks at the ends.

    Method: ``y_i = x_i - median(x_j)``, ``i - w/2 <= j < i + w/2``, w the window (running median;
    Tukey, Exploratory Data Analysis, 1977, ch. 7). What fills less than half of the window does not
    move it: the window should be at least three times as long as a body is heard. Latency: half of
    the window.

    - `window_m`: the window in metres; takes the place of `window_traces`.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "detector-baseline"
        window_m = 6.0
    """

    name: ClassVar[str] = "detector-baseline"
    window_traces: int = 301
    window_m: float | None = None

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse blocks of a radar, and a window that cannot be."""
        _check_channels(self.name, spec)
        self.reach(spec)
        return _without_limits(spec)

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return half of the window to each side."""
        window = window_traces_of(
            self.name, spec, window_traces=self.window_traces, window_m=self.window_m
        )
        return window // 2, (window - 1) // 2

    def stream(self, first: Block) -> Stream:
        """Return a sliding median."""
        before, after = self.reach(first.spec)
        return SlidingMedian(first.data.shape[1], before=before, after=after)

    def push(self, state: Underway, block: Block) -> tuple[Underway, Block | None]:
        """Feed the stream; the limits of the digitiser do not hold behind it."""
        sensor = replace(block.sensor, full_scale=None)
        return Streamed.push(self, state, replace(block, sensor=sensor))


@dataclass(frozen=True, slots=True)
class DetectorHeight(PerTrace):
    """Scale every channel to what it would be at one height over the ground.

    Of use for a look at a line whose height changes. Noise is scaled as well, so that nothing is to
    be detected on what comes out.

    Method: ``y = x ((h + d) / (r + d))^n``, h the row's ``height_m``, r the reference, d the depth
    that the answer is taken to come from. A small body answers a small coil as the sixth power of
    its distance, a half-space of soil as the third (Das, IEEE TGRS 44, 2006). Rows without a height
    become 0. Take the level off before.

    - `height_m`: the reference.
    - `depth_m`: of the body.
    - `exponent`: 6 for a body, 3 for soil.
    - `most`: largest factor.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "detector-height"
        height_m = 0.3
        depth_m = 0.1
    """

    name: ClassVar[str] = "detector-height"
    height_m: float = 0.3
    depth_m: float = 0.1
    exponent: float = 6.0
    most: float = 100.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse rows without a height."""
        _check_channels(self.name, spec)
        if "height_m" not in spec.coords or self.height_m + self.depth_m <= 0.0:
            msg = (
                f"step {self.name!r} needs the coordinate height_m, and height_m + depth_m above 0 "
                f"(it is {self.height_m + self.depth_m:g})"
            )
            raise PipelineError(msg)
        return _without_limits(spec)

    def apply(self, block: Block) -> Block:
        """Return the scaled rows."""
        height = np.maximum(np.asarray(block.coord("height_m"), np.float64), 0.0)
        distance = (height + self.depth_m) / (self.height_m + self.depth_m)
        factor = np.nan_to_num(np.minimum(distance**self.exponent, self.most))
        scaled = (block.data * factor[:, np.newaxis]).astype(np.float32)
        return replace(block.with_data(scaled), sensor=replace(block.sensor, full_scale=None))


@dataclass(frozen=True, slots=True)
class _OverSoil(Windowed):
    """The window that level, spread and soil direction are learned in."""

    before_traces: int = 240
    after_traces: int = 60
    before_m: float | None = None
    after_m: float | None = None
    direction: tuple[float, ...] = ()
    soil_error: float = SOIL_ERROR

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse blocks of a radar, a wrong window or direction."""
        _check_channels(self.name, spec)
        self.reach(spec)
        if self.direction and len(self.direction) != spec.samples:
            msg = (
                f"step {self.name!r}: direction has {len(self.direction)} parts; the detector has "
                f"{spec.samples} channels; give one part per channel"
            )
            raise PipelineError(msg)
        if self.direction and not 0.0 < float(np.linalg.norm(self.direction)) < np.inf:
            msg = f"step {self.name!r}: direction = {list(self.direction)} points nowhere"
            raise PipelineError(msg)
        return _without_limits(spec)

    def reach(self, spec: BlockSpec) -> tuple[int, int]:
        """Return the window in rows, and those that share it."""
        before, after = self._window(spec)
        return before + SHARED - 1, after + SHARED - 1

    def _window(self, spec: BlockSpec) -> tuple[int, int]:
        lengths = []
        for name in ("before", "after"):
            metres, rows = getattr(self, f"{name}_m"), getattr(self, f"{name}_traces")
            if metres is not None:
                rows = traces_of(metres, spec, setting=f"{name}_m", step=self.name)
            if rows < 1:
                msg = f"step {self.name!r}: {name}_traces = {rows} must be 1 or more"
                raise PipelineError(msg)
            lengths.append(rows)
        return lengths[0], lengths[1]

    def told(self, rows: Block, start: int, stop: int) -> OverSoil:
        """Return the rows from `start` to `stop` told apart."""
        try:
            return over_soil(
                rows.data,
                first=rows.first_trace,
                span=(start, stop),
                window=self._window(rows.spec),
                direction=self.direction,
                soil_error=self.soil_error,
            )
        except UsageError as error:
            msg = f"step {self.name!r}: {error}"
            raise PipelineError(msg) from error


@dataclass(frozen=True, slots=True)
class AdaptiveGroundBalance(_OverSoil):
    """Take out of a detector's channels their level and what the soil moves, as the line tells it.

    Level and soil direction of a row are those of a window around it, from that half of its rows
    that lie closest together: what metal does in the other half moves neither. Where no direction
    leads, as over even ground at an even height, nothing but the level is taken off. Metal that
    answers along the soil's direction goes with the soil.

    Method: least-determinant scatter of half of the rows by concentration steps (Rousseeuw and Van
    Driessen, 1999); the soil's direction is its first axis where that has 10 times the variance of
    the next; what lies along it, weighed by the inverse scatter, is taken off (Kraut, Scharf and
    McWhorter, 2001).

    - `before_m`, `after_m`: the window in metres; take the place of `before_traces` and
      `after_traces`. The latter is the latency.
    - `direction`: the soil's, where it was measured (`ground_balance` of a calibration); none:
      learned.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "adaptive-ground-balance"
        before_m = 10.0
        after_m = 3.0
    """

    name: ClassVar[str] = "adaptive-ground-balance"

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the balanced channels."""
        told = self.told(rows, start, stop)
        block = rows.traces(start, stop).with_data(told.balanced.astype(np.float32))
        return replace(block, sensor=replace(block.sensor, full_scale=None))


@dataclass(frozen=True, slots=True)
class MetalAnomaly(_OverSoil):
    """Score rows of a detector by what the soil does not explain, in deviations of the lane.

    Channels that come out: ``anomaly``, 0 or more; ``soil``, the soil's own part; ``phase``, the
    angle between two channels as a share of half a turn, -1 to 1, pulled to 0 where nothing stands
    out; ``spread``, one deviation in the channels' unit; then the balanced channels. Of three
    channels or more the angle is that of the last two, balanced; of two it is that of both, without
    their level; of one it is 0. Where the window holds too few rows to tell, all are 0: a
    spread of 0 is no spread.

    The false-alarm rate is constant: level and spread are the lane's own, from the half of the
    window that lies closest together, so that metal in it does not raise them.

    Method: as `adaptive-ground-balance`; ``anomaly = sqrt(max(q - d + 1, 0))``, q the squared
    distance (Mahalanobis, 1936) of what the soil's direction does not explain, with d degrees of
    freedom.

    - `before_m`, `after_m`: the window in metres; take the place of `before_traces` and
      `after_traces`. The latter is the latency.
    - `direction`: the soil's, where it was measured; none: learned.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "metal-anomaly"
        before_m = 10.0
        after_m = 3.0
    """

    name: ClassVar[str] = "metal-anomaly"

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec with scores before the balanced channels."""
        spec = _OverSoil.describe(self, spec)
        return replace(spec, samples=len(SCORES) + spec.samples, quantity="score")

    def window(self, rows: Block, start: int, stop: int) -> Block:
        """Return the scores and the balanced channels."""
        told = self.told(rows, start, stop)
        level_free = rows.data[start:stop].astype(np.float64) if rows.data.shape[1] == 2 else None
        scores = [told.anomaly, told.soil, phase_of(told, level_free), told.spread]
        columns = np.column_stack([*scores, told.balanced])
        columns[np.isnan(told.spread)] = 0.0
        block = rows.traces(start, stop).with_data(columns.astype(np.float32))
        sensor = replace(block.sensor, full_scale=None)
        return replace(block, sensor=sensor, quantity="score")


def phase_of(told: OverSoil, pair: Values | None = None) -> Values:
    """Return the angle of the last two balanced channels over pi, (rows,), or that of a pair.

    Times ``a² / (1 + a²)``, a the anomaly: noise has no angle.
    """
    channels = told.balanced if pair is None else pair
    if channels.shape[1] < 2:
        return np.zeros(len(channels))
    angle = np.arctan2(channels[:, -1], channels[:, -2]) / np.pi
    squared = told.anomaly**2
    return np.asarray(angle * squared / (1.0 + squared))


def _check_channels(name: str, spec: BlockSpec) -> None:
    if spec.dims[1] != "channel" or spec.samples < 1:
        msg = f"step {name!r} is for the channels of a detector; the blocks are {spec.dims}"
        raise PipelineError(msg)


def _without_limits(spec: BlockSpec) -> BlockSpec:
    return replace(spec, sensor=replace(spec.sensor, full_scale=None))
