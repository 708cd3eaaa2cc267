"""The autoencoder along a line: where the ground looks as no ground it was trained on.

Candidates are found by a score that knows nothing of ground. Here the autoencoder itself looks at
every place of a line. A hyperbola spreads over metres and so does the error in drawing it; in the
focused image a body's echo lies where the body is, so the error there counts. The error is
normalised by the clutter to both sides, as a prescreener's energy is.

The network was trained on pictures of a few wavelengths in depth, and waves know no metre: at five
times the frequency the same ground a fifth of the size gives the same picture. So the grid is
stretched until its last row lies where the search ends, for any antenna.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from detectkit.detect.clutter_level import against_clutter
from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.detect.prescreeners.clutter import LocalClutter
from detectkit.detect.radar_track import CLUTTER_M, WIDEST_GAP_M, RadarTrack
from detectkit.detect.triangles import Triangles
from detectkit.learn.autoencoder import PART, Anomaly

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

Kind = Literal["processed", "focused"]
IMAGES: tuple[Kind, Kind] = ("processed", "focused")
EVERY = 2
"""Columns from one place to the next."""
MIDDLE = 8
"""Columns in the middle of a patch over which the error is averaged."""
WEIGHT = (1.0 - np.abs(np.arange(MIDDLE) - 0.5 * (MIDDLE - 1)) * 2.0 / MIDDLE).astype(np.float32)
"""Of those columns: a triangle, so that the score peaks where the body lies."""
GUARD_M, REACH_M = 0.2, 3.5
"""Nearer and farther than this is not a place's own clutter, on the grid that was trained on."""
FEWEST = 16
"""Places of clutter, below which a place gets no score."""


@dataclass(frozen=True, slots=True, eq=False)
class LineAnomaly:
    """How strange a stretch of a line is to an autoencoder, place by place.

    Parameters
    ----------
    line
        Its name.
    along_m
        (places,), along the line.
    depth_m
        (rows,) of the pictures.
    score
        (places,), in standard deviations of the clutter to both sides; NaN where no radar passed
        or too little ground lies around.
    seen, misdrawn
        (rows, places), float32: the levelled radargram in clutter levels, and the squared error of
        the focused image.
    """

    line: str
    along_m: Float64s
    depth_m: Float64s
    score: Float64s
    seen: Float32s
    misdrawn: Float32s

    @property
    def length_m(self) -> float:
        """Length with a score, in m."""
        step = float(np.median(np.diff(self.along_m))) if len(self.along_m) > 1 else 0.0
        return step * int(np.isfinite(self.score).sum())

    def peaks(self, *, threshold: float, apart_m: float) -> npt.NDArray[np.int64]:
        """Return the places of the highest scores, strongest first, none two within `apart_m`.

        Examples
        --------
        >>> at, score = np.arange(5.0), np.array([0.0, 3.0, 2.5, 0.0, 2.0])
        >>> none = np.zeros((1, 5), np.float32)
        >>> LineAnomaly("a", at, np.zeros(1), score, none, none).peaks(threshold=1, apart_m=1.5)
        array([1, 4])
        """
        taken: list[int] = []
        for place in np.argsort(-np.nan_to_num(self.score, nan=-np.inf), kind="stable").tolist():
            if not self.score[place] >= threshold:
                break
            if all(abs(self.along_m[place] - self.along_m[one]) > apart_m for one in taken):
                taken.append(place)
        return np.array(taken, np.int64)


def stretched_grid(deepest_m: float, grid: PatchGrid = GRID) -> PatchGrid:
    """Return a model's grid stretched until its last row lies at a depth.

    Examples
    --------
    >>> stretched_grid(1.29).depth_m[-1].round(6), stretched_grid(1.29).spacing_m
    (np.float64(1.29), 0.05)
    """
    by = float(deepest_m / grid.depth_m[-1])
    return replace(
        grid, spacing_m=grid.spacing_m * by, row_m=grid.row_m * by, top_m=grid.top_m * by
    )


def line_anomalies(
    track: RadarTrack, anomaly: Anomaly, grid: PatchGrid = GRID
) -> list[LineAnomaly]:
    """Return the autoencoder's score along every stretch of a radar's track.

    Parameters
    ----------
    track
        On a grid from `stretched_grid`: of a `Detector` that was given it.
    anomaly
        The autoencoder.
    grid
        That it was trained on.

    Returns
    -------
    list[LineAnomaly]
        One per stretch without a gap. Patches are drawn `PART` at a time; for a stretch, half a
        kilobyte per row and column is held.
    """
    by = track.grid.row_m / grid.row_m
    found = []
    for line, rows in track.stretches():
        along = rows["along_m"]
        columns = along[0] + track.grid.spacing_m * np.arange(
            int((along[-1] - along[0]) / track.grid.spacing_m) + 1
        )
        at = Triangles.between(
            along, columns, half_width=track.grid.spacing_m, widest_gap=max(by, 1.0) * WIDEST_GAP_M
        )
        images = [at.over_rows(rows[name]) for name in IMAGES]
        found.append(_scored(line, columns, images, at.known, track.grid, anomaly, grid))
    return found


def _scored(
    line: str,
    columns: Float64s,
    images: list[Float32s],
    known: Booleans,
    grid: PatchGrid,
    anomaly: Anomaly,
    trained: PatchGrid,
) -> LineAnomaly:
    middle = slice((trained.columns - MIDDLE) // 2, (trained.columns + MIDDLE) // 2)
    seen, error = [], []
    for radar, here in _patches(images, known, trained):
        off = anomaly.misdrawn(radar, here)[:, IMAGES.index("focused"), :, middle]
        weight = np.where(here[:, None, middle], WEIGHT, np.float32(0.0))
        with np.errstate(invalid="ignore", divide="ignore"):
            error.append((off * weight).sum(axis=-1) / weight.sum(axis=-1))
        seen.append(radar[:, IMAGES.index("processed"), :, trained.columns // 2])
    misdrawn = np.concatenate(error)
    below = grid.depth_m >= 0.0
    return LineAnomaly(
        line=line,
        along_m=columns[::EVERY] - 0.5 * grid.spacing_m,
        depth_m=grid.depth_m,
        score=_against_surroundings(misdrawn[:, below].mean(axis=1), trained),
        seen=np.concatenate(seen).T,
        misdrawn=misdrawn.T,
    )


def _patches(
    images: list[Float32s], known: Booleans, grid: PatchGrid
) -> Iterator[tuple[Float32s, Booleans]]:
    """Yield patches around every second column as the evidence at a place is cut, by parts."""
    half = round(CLUTTER_M / grid.spacing_m)
    wide = (np.arange(2 * half) - half + 0.5) * grid.spacing_m
    patch = slice(half - grid.columns // 2, half + grid.columns // 2)
    padded = {
        name: np.pad(one, ((half, half), (0, 0))) for name, one in zip(IMAGES, images, strict=True)
    }
    there = np.pad(known, half)
    places = range(0, len(known), EVERY)
    for first in range(0, len(places), PART):
        windows = [slice(place, place + 2 * half) for place in places[first : first + PART]]
        radar = [
            [
                against_clutter(padded[name][at], there[at], wide, kind=name)[patch].T
                for name in IMAGES
            ]
            for at in windows
        ]
        yield np.array(radar), np.array([there[at][patch] for at in windows])


def _against_surroundings(error: Float32s, grid: PatchGrid) -> Float64s:
    """Return the error of each place in deviations of the places beside it."""
    root = np.cbrt(error).astype(np.float32)
    step_m = EVERY * grid.spacing_m
    guard, reach = round(GUARD_M / step_m), round(REACH_M / step_m)
    score = np.full(len(root), np.nan)
    for place in range(len(root)):
        beside = np.concatenate(
            [
                root[max(0, place - reach) : max(0, place - guard)],
                root[place + guard + 1 :][: reach - guard],
            ]
        )
        beside = beside[np.isfinite(beside)]
        if len(beside) >= FEWEST and np.isfinite(root[place]):
            clutter = LocalClutter.of_energy(beside[:, None])
            score[place] = clutter.deviates(root[place : place + 1])[0]
    return score
