"""Candidates: places where the anomaly score peaks, none two closer than a separation.

Streaming: score blocks in, candidates out, the same for any cutting. A score image is opened
with the resolution cell (a lone bright pixel is noise). A pixel that is the highest within a
cell is a peak; of peaks within an ellipse, metres along the track by metres of depth, the
highest is taken, those it covers are dropped, and so on down (greedy non-maximum suppression).
Peaks farther apart along the track than the ellipse cannot cover each other, so that each such
group is settled as soon as it is complete. The connected region around a peak tells how far
it extends. Where the strength of the echoes is told beside the scores, the delay of a candidate
is that of the first strong echo of its region, within half the ellipse of the peak: a body's top
rather than its underside or its ringing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from detectkit.core import Block, concat
from detectkit.core.block import follows

Scores = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
STRONG = 0.5
"""Least share of a region's strongest echo that counts as strong."""


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """What makes a candidate, in rows and samples of the score image.

    Parameters
    ----------
    threshold
        Lowest score, in standard deviations above the clutter.
    separation_rows, separation_samples
        Half-axes of the ellipse within which only the highest of several peaks is kept.
    opening_rows, opening_samples
        Size of the resolution cell; smaller bright spots are removed.
    """

    threshold: float
    separation_rows: int
    separation_samples: int
    opening_rows: int
    opening_samples: int

    @property
    def reach(self) -> int:
        """Rows to each side that decide about a peak and its extent."""
        return self.separation_rows + 2 * self.opening_rows


@dataclass(frozen=True, slots=True)
class Candidate:
    """A peak of the score.

    Parameters
    ----------
    row
        One-row block of scores at the peak, with its coordinates.
    delay
        Index on the delay axis: of the first strong echo, else of the peak.
    score
        Opened score at the peak.
    first_source, last_source
        0-based trace range in the recording of the connected region above half the peak.
    extent_rows, extent_samples
        Size of that region.
    """

    row: Block
    delay: int
    score: float
    first_source: int
    last_source: int
    extent_rows: int
    extent_samples: int


@dataclass(slots=True)
class CandidateFinder:
    """Finds candidates in a stream of score blocks; memory is bounded by its reach."""

    settings: CandidateSettings
    _held: Block | None = None
    _strength: Scores | None = None
    _decided: int = 0
    _group: list[tuple[int, Candidate]] = field(default_factory=list)

    def push(self, scores: Block, strength: Scores | None = None) -> Iterator[Candidate]:
        """Take the next scores; yield the candidates that are decided.

        Parameters
        ----------
        scores
            Following those before, or the beginning of another run.
        strength
            Of the echoes, (trace, delay), beside the scores; of a run, all or none are told.
        """
        if self._held is not None and not follows(self._held, scores):
            yield from self.finish()
        if self._held is None:
            self._held, self._strength = scores, strength
        else:
            self._held = concat([self._held, scores])
            told = [one for one in (self._strength, strength) if one is not None]
            self._strength = np.concatenate(told) if len(told) == 2 else None
        yield from self._decide(len(self._held) - self.settings.reach)

    def finish(self) -> Iterator[Candidate]:
        """End the run of traces; yield the last candidates."""
        if self._held is not None:
            yield from self._decide(len(self._held))
        yield from self._settled()
        self._held = self._strength = None
        self._decided = 0

    def _decide(self, stop: int) -> Iterator[Candidate]:
        """Decide rows up to `stop` of the held ones, then let go of what is no longer needed."""
        held = self._held
        if held is None or stop <= self._decided:
            return
        opened = _opened(held.data, self.settings)
        for row, delay in _peaks(opened, self.settings):
            if self._decided <= row < stop:
                at = held.first_trace + row
                if self._group and at - self._group[-1][0] > self.settings.separation_rows:
                    yield from self._settled()
                self._group.append((at, self._candidate(held, opened, (row, delay))))
        if self._group and held.first_trace + stop - self._group[-1][0] > (
            self.settings.separation_rows
        ):
            yield from self._settled()
        keep = max(0, stop - self.settings.reach)
        self._held = held.traces(keep, len(held))
        self._strength = None if self._strength is None else self._strength[keep:]
        self._decided = stop - keep

    def _settled(self) -> Iterator[Candidate]:
        """Yield the group's candidates that no higher one covers, and begin another group."""
        kept: list[tuple[int, Candidate]] = []
        for at, one in sorted(self._group, key=lambda pair: (-pair[1].score, pair[0])):
            if not any(self._covers(at - other, one.delay - k.delay) for other, k in kept):
                kept.append((at, one))
        self._group = []
        yield from (one for _, one in sorted(kept, key=lambda pair: (pair[0], pair[1].delay)))

    def _candidate(self, held: Block, opened: Scores, peak: tuple[int, int]) -> Candidate:
        region = _Region.around(opened, peak, self.settings)
        found = _candidate(held, opened, peak, region, self.settings)
        if self._strength is None:
            return found
        rows = self._strength[peak[0] : peak[0] + self.settings.opening_rows]
        return replace(found, delay=region.first_strong(rows, found.delay, self.settings))

    def _covers(self, rows: int, samples: int) -> bool:
        across = rows / self.settings.separation_rows
        return across**2 + (samples / self.settings.separation_samples) ** 2 <= 1.0


def _opened(scores: Scores, settings: CandidateSettings) -> Scores:
    cell = np.ones((settings.opening_rows, settings.opening_samples), np.uint8)
    image = cv2.morphologyEx(np.ascontiguousarray(scores), cv2.MORPH_OPEN, cell)
    return np.asarray(image, np.float32).reshape(scores.shape)


def _peaks(opened: Scores, settings: CandidateSettings) -> Iterator[tuple[int, int]]:
    """Yield (row, delay) of the pixels that are highest within a cell; of equals the first."""
    bright = opened >= settings.threshold
    if not bright.any():
        return
    earlier, later = _cell_halves(settings)
    first = opened > cv2.dilate(opened, earlier)
    highest = bright & first & (opened >= cv2.dilate(opened, later))
    for row, delay in np.argwhere(highest):
        yield int(row), int(delay)


def _cell_halves(
    settings: CandidateSettings,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the pixels before and after the centre, in reading order, of the neighbourhood."""
    rows, samples = settings.opening_rows, settings.opening_samples
    row, sample = np.mgrid[-rows : rows + 1, -samples : samples + 1]
    before = (row < 0) | ((row == 0) & (sample < 0))
    after = (row > 0) | ((row == 0) & (sample > 0))
    return before.astype(np.uint8), after.astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Region:
    """The connected region above half a peak: its rows, from the first looked at, and delays."""

    first_row: int
    rows: Indices
    delays: Indices

    @classmethod
    def around(cls, opened: Scores, peak: tuple[int, int], settings: CandidateSettings) -> _Region:
        row, column = peak
        near = settings.separation_rows
        first, last = max(0, row - near), min(len(opened), row + near + 1)
        bright = (opened[first:last] >= 0.5 * float(opened[row, column])).astype(np.uint8)
        _, labels = cv2.connectedComponents(bright, connectivity=8)
        region = labels == labels[row - first, column]
        return cls(first, np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0)))

    def first_strong(self, rows: Scores, delay: int, settings: CandidateSettings) -> int:
        """Return the delay of the region's first strong echo in some rows, near `delay`."""
        within = max(1, settings.separation_samples // 2)
        near = self.delays[np.abs(self.delays - delay) <= within]
        if near.size == 0:
            return delay
        strength = rows.max(axis=0)
        beside = np.pad(strength, 1, constant_values=np.inf)
        peaks = near[(strength[near] >= beside[near]) & (strength[near] > beside[near + 2])]
        strong = peaks[strength[peaks] >= STRONG * strength[near].max()]
        return int(strong[0] if strong.size else near[strength[near].argmax()])


def _candidate(
    held: Block,
    opened: Scores,
    peak: tuple[int, int],
    region: _Region,
    settings: CandidateSettings,
) -> Candidate:
    middle, delay = _refined(held.data, peak, settings)
    source = held.coord("source_trace")
    return Candidate(
        row=held.traces(middle, middle + 1),
        delay=delay,
        score=float(opened[peak]),
        first_source=int(source[region.first_row + region.rows[0]]),
        last_source=int(source[region.first_row + region.rows[-1]]),
        extent_rows=int(region.rows.size),
        extent_samples=int(region.delays.size),
    )


def _refined(scores: Scores, peak: tuple[int, int], settings: CandidateSettings) -> tuple[int, int]:
    """Return row and delay of the middle of the score's bright cell.

    The opening flattens a peak to a plateau that begins at `peak`; the score-weighted mean over
    a cell from there finds the middle.
    """
    row, delay = peak
    rows = slice(row, min(scores.shape[0], row + settings.opening_rows))
    delays = slice(delay, min(scores.shape[1], delay + settings.opening_samples))
    weight = scores[rows, delays].astype(np.float64) ** 2
    total = max(float(weight.sum()), 1e-30)
    at_row = float((weight.sum(axis=1) * np.arange(weight.shape[0])).sum()) / total
    at_delay = float((weight.sum(axis=0) * np.arange(weight.shape[1])).sum()) / total
    return row + round(at_row), delay + round(at_delay)
