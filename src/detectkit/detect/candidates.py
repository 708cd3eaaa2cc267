"""Candidates: places where the anomaly score peaks, one per `separation` along the track.

Streaming: score blocks in, candidates out, the same for any cutting. A score image is opened
with the resolution cell (a lone bright pixel is noise), its best value over depth is taken
per trace, and a trace that is the highest within the separation is a candidate. The connected
region around it tells how far it extends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from detectkit.core import Block, concat
from detectkit.core.block import follows

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """What makes a candidate, in rows and samples of the score image.

    Parameters
    ----------
    threshold
        Lowest score, in standard deviations above the clutter.
    separation_rows
        Of several peaks within this many rows only the highest is kept.
    opening_rows, opening_samples
        Size of the resolution cell; smaller bright spots are removed.
    """

    threshold: float
    separation_rows: int
    opening_rows: int
    opening_samples: int

    @property
    def reach(self) -> int:
        """Rows to each side that decide about a row."""
        return self.separation_rows + 2 * self.opening_rows


@dataclass(frozen=True, slots=True)
class Candidate:
    """A peak of the score.

    Parameters
    ----------
    row
        One-row block of scores at the peak, with its coordinates.
    delay
        Index of the peak on the delay axis.
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
    _decided: int = 0

    def push(self, scores: Block) -> Iterator[Candidate]:
        """Take the next scores; yield the candidates that are decided."""
        if self._held is not None and not follows(self._held, scores):
            yield from self.finish()
        self._held = scores if self._held is None else concat([self._held, scores])
        yield from self._decide(len(self._held) - self.settings.reach)

    def finish(self) -> Iterator[Candidate]:
        """End the run of traces; yield the last candidates."""
        if self._held is not None:
            yield from self._decide(len(self._held))
        self._held = None
        self._decided = 0

    def _decide(self, stop: int) -> Iterator[Candidate]:
        """Decide rows up to `stop` of the held ones, then let go of what is no longer needed."""
        held = self._held
        if held is None or stop <= self._decided:
            return
        opened = _opened(held.data, self.settings)
        for row in _peak_rows(opened.max(axis=1), self.settings):
            if self._decided <= row < stop:
                yield _candidate(held, opened, row, self.settings)
        keep = max(0, stop - self.settings.reach)
        self._held = held.traces(keep, len(held))
        self._decided = stop - keep


def _opened(scores: Scores, settings: CandidateSettings) -> Scores:
    cell = np.ones((settings.opening_rows, settings.opening_samples), np.uint8)
    image = cv2.morphologyEx(np.ascontiguousarray(scores), cv2.MORPH_OPEN, cell)
    return np.asarray(image, np.float32).reshape(scores.shape)


def _peak_rows(best: Scores, settings: CandidateSettings) -> Iterator[int]:
    """Yield the rows that are the highest within the separation; of equals the first."""
    near = settings.separation_rows
    around = cv2.dilate(best.reshape(-1, 1), np.ones((2 * near + 1, 1), np.uint8)).ravel()
    for row in np.flatnonzero((best >= around) & (best >= settings.threshold)):
        if row == 0 or best[row] > best[max(0, row - near) : row].max():
            yield int(row)


def _candidate(held: Block, opened: Scores, row: int, settings: CandidateSettings) -> Candidate:
    peak, delay = _refined(held.data, opened, row, settings)
    near = settings.separation_rows
    first, last = max(0, row - near), min(len(held), row + near + 1)
    score = float(opened[row].max())
    bright = (opened[first:last] >= 0.5 * score).astype(np.uint8)
    _, labels = cv2.connectedComponents(bright, connectivity=8)
    region = labels == labels[row - first, int(opened[row].argmax())]
    rows, samples = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    source = held.coord("source_trace")
    return Candidate(
        row=held.traces(peak, peak + 1),
        delay=delay,
        score=score,
        first_source=int(source[first + rows[0]]),
        last_source=int(source[first + rows[-1]]),
        extent_rows=int(rows.size),
        extent_samples=int(samples.size),
    )


def _refined(
    scores: Scores, opened: Scores, row: int, settings: CandidateSettings
) -> tuple[int, int]:
    """Return row and delay of the middle of the score's bright cell.

    The opening flattens a peak to a plateau that begins at `row`; the score-weighted mean over
    it finds the middle.
    """
    delay = int(opened[row].argmax())
    rows = slice(row, min(scores.shape[0], row + settings.opening_rows))
    delays = slice(delay, min(scores.shape[1], delay + settings.opening_samples))
    weight = scores[rows, delays].astype(np.float64) ** 2
    total = max(float(weight.sum()), 1e-30)
    at_row = float((weight.sum(axis=1) * np.arange(weight.shape[0])).sum()) / total
    at_delay = float((weight.sum(axis=0) * np.arange(weight.shape[1])).sum()) / total
    return row + round(at_row), delay + round(at_delay)
