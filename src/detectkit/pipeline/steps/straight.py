"""The step that leaves out rows of turns and of flight too high to look into the ground."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, BlockSpec, PipelineError
from detectkit.geo import LocalFrame
from detectkit.pipeline.steps.around import Around, Window
from detectkit.pipeline.steps.steady import frame_of

Values = npt.NDArray[np.float64]
NEEDED = ("along_track_m", "longitude_deg", "latitude_deg")


@dataclass(frozen=True, slots=True)
class StraightRows(Around):
    """Leave out the rows of turns, and those higher than `highest_m` over the ground.

    In a turn the antenna leans and swings round, the ground under it changes faster than any
    background follows, and neighbouring traces are of no one line: what stands out there is the
    turn. Rows left out show as a gap, behind which all steps start afresh; their ground counts as
    not surveyed. Put it behind `distance-along-course`. Rows without a height are kept.

    Method: the way as the crow flies from the first to the last row within half of `window_m`,
    over the distance between them along the track (the inverse of a river's sinuosity; Leopold,
    Wolman and Miller, Fluvial Processes in Geomorphology, 1964, ch. 7); a row below `straightness`
    is left out.

    - `window_m`: about the width of a turn; so much of a lane's end is lost at most.
    - `straightness`: 1 is straight, 0.9 a quarter circle, 0.64 a half circle within the window.
    - `highest_m`: by ``height_m``; from higher up no ground of a hand's breadth is told apart.
    - `most_traces`: a window holds no more to a side.

    Examples
    --------
    .. code-block:: toml

        [[step]]
        use = "distance-along-course"

        [[step]]
        use = "straight-rows"
        window_m = 0.6
    """

    name: ClassVar[str] = "straight-rows"
    most_traces: int = 120
    window_m: float = 0.6
    straightness: float = 0.95
    highest_m: float = 2.0

    def describe(self, spec: BlockSpec) -> BlockSpec:
        """Return the spec; refuse traces without a way, and settings that cannot be."""
        least = min(self.window_m, self.highest_m)
        if least <= 0.0 or not 0.0 <= self.straightness <= 1.0 or self.most_traces < 2:
            msg = (
                f"step {self.name!r}: window_m = {self.window_m} and highest_m = {self.highest_m} "
                f"must be above 0, straightness = {self.straightness} from 0 to 1, most_traces = "
                f"{self.most_traces} 2 or more"
            )
            raise PipelineError(msg)
        missing = set(NEEDED) - spec.coords
        if missing:
            msg = (
                f"step {self.name!r} needs {', '.join(NEEDED)}; missing: "
                f"{', '.join(sorted(missing))}; put `distance-along-course` before it"
            )
            raise PipelineError(msg)
        return spec

    def keys(self, block: Block, carried: Any) -> Values:  # noqa: ARG002 - part of the contract
        """Return the distance along the line."""
        return np.asarray(block.coord("along_track_m"), np.float64)

    def half(self) -> float:
        """Return half of the window in m."""
        return 0.5 * self.window_m

    def carry(self) -> list[LocalFrame]:
        """Return that no position is known yet."""
        return []

    def answer(self, window: Window, carried: list[LocalFrame]) -> list[Block]:
        """Return the rows that are flown straight and low."""
        kept = self._straight(window, carried)
        ready = window.rows.traces(window.start, window.stop)
        if "height_m" in ready.coords:
            kept &= ~(np.asarray(ready.coord("height_m")) > self.highest_m)
        edges = np.flatnonzero(np.diff(kept)) + 1
        bounds = [0, *edges.tolist(), len(ready)]
        return [ready.traces(a, b) for a, b in pairwise(bounds) if b > a and kept[a]]

    def _straight(self, window: Window, frames: list[LocalFrame]) -> npt.NDArray[np.bool_]:
        frame = frame_of(window.rows, frames)
        if frame is None:
            return np.ones(window.stop - window.start, np.bool_)
        bounds = window.bounds(half=self.half(), most=self.most_traces)
        first, last = bounds[:, 0], bounds[:, 1] - 1
        places = [np.asarray(window.rows.coord(name), np.float64) for name in NEEDED[1:]]
        east, north, _ = frame.to_local(*places)
        direct_m = np.hypot(east[last] - east[first], north[last] - north[first])
        # What is not known to be a turn is none.
        return ~(direct_m < self.straightness * (window.key[last] - window.key[first]))
