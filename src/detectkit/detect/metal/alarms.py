"""Alarms: peaks of a detector's anomaly along the track.

Streaming: blocks of `MetalAnomaly` in, alarms out, the same for any cutting. A row is a peak where
no other within the separation is higher. The side of a large body's answer has ripples wherever the
height changes; so a peak beside a higher one counts only where the anomaly falls well between
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, concat
from detectkit.core.block import follows

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """What makes an alarm, in rows; see `MetalSettings`."""

    threshold: float
    separation_rows: int
    shoulder_rows: int
    dip: float

    @property
    def reach(self) -> int:
        """Rows to each side that decide about a peak and its extent."""
        return max(self.separation_rows, self.shoulder_rows)


@dataclass(frozen=True, slots=True, eq=False)
class Alarm:
    """A peak of the anomaly.

    Parameters
    ----------
    row
        One-row block at the peak.
    number
        Of that row, counted through all that the finder took.
    snr
        Its anomaly, in standard deviations of the lane.
    width_rows
        Connected rows above half of the peak, those within reach.
    first_source, last_source
        0-based range of them in the recording.
    whole
        False where that region ends with the track or with the reach.
    """

    row: Block
    number: int
    snr: float
    width_rows: int
    first_source: int
    last_source: int
    whole: bool


@dataclass(slots=True)
class AlarmFinder:
    """Finds alarms in a stream of blocks; memory is bounded by its reach.

    Parameters
    ----------
    settings
        In rows.
    taken
        Rows taken so far; to begin with, the number of the first that will come.
    """

    settings: AlarmSettings
    taken: int = 0
    _held: Block | None = None
    _decided: int = 0

    def push(self, block: Block) -> Iterator[Alarm]:
        """Take the next rows; yield the alarms that are decided."""
        if self._held is not None and not follows(self._held, block):
            yield from self.finish()
        self._held = block if self._held is None else concat([self._held, block])
        self.taken += len(block)
        yield from self._decide(len(self._held) - self.settings.reach)

    def finish(self) -> Iterator[Alarm]:
        """End the run of rows; yield the last alarms."""
        if self._held is not None:
            yield from self._decide(len(self._held))
        self._held, self._decided = None, 0

    def _decide(self, stop: int) -> Iterator[Alarm]:
        held = self._held
        if held is None or stop <= self._decided:
            return
        anomaly = np.nan_to_num(np.asarray(held.data[:, 0], np.float64))
        for row in range(self._decided, stop):
            if anomaly[row] >= self.settings.threshold and self._is_peak(anomaly, row):
                yield self._alarm(held, anomaly, row)
        keep = max(0, stop - self.settings.reach)
        self._held = held.traces(keep, len(held))
        self._decided = stop - keep

    def _is_peak(self, anomaly: Values, row: int) -> bool:
        near, far = self.settings.separation_rows, self.settings.shoulder_rows
        peak = anomaly[row]
        before, after = anomaly[max(0, row - near) : row], anomaly[row + 1 : row + near + 1]
        if (before >= peak).any() or (after > peak).any():
            return False
        aside = (anomaly[max(0, row - far) : row][::-1], anomaly[row + 1 : row + far + 1])
        return not any(_is_shoulder(side, peak, self.settings.dip) for side in aside)

    def _alarm(self, held: Block, anomaly: Values, row: int) -> Alarm:
        reach = self.settings.reach
        first = last = row
        while first > max(0, row - reach) and anomaly[first - 1] >= 0.5 * anomaly[row]:
            first -= 1
        while last < min(len(held) - 1, row + reach) and anomaly[last + 1] >= 0.5 * anomaly[row]:
            last += 1
        source = source_of(held)
        return Alarm(
            row=held.traces(row, row + 1),
            number=self.taken - len(held) + row,
            snr=float(anomaly[row]),
            width_rows=last - first + 1,
            first_source=int(source[first]),
            last_source=int(source[last]),
            whole=max(0, row - reach) < first and last < min(len(held) - 1, row + reach),
        )


def _is_shoulder(side: Values, peak: float, dip: float) -> bool:
    """Tell whether a higher row to one side, nearest first, is reached without a deep dip."""
    higher = np.flatnonzero(side > peak)
    return bool(higher.size) and bool(side[: higher[0]].min(initial=peak) * dip > peak)


def source_of(block: Block) -> npt.NDArray[np.int64]:
    """Return the 0-based numbers of the rows in the recording, as far as known."""
    if "source_trace" in block.coords:
        return np.asarray(block.coord("source_trace"), np.int64)
    return np.arange(block.first_trace, block.stop_trace)
