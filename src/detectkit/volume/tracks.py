"""Tracks: where lines without geographic positions ran, in local metres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, FormatError, UsageError

Values = npt.NDArray[np.float64]
LARGEST_MISFIT = 0.1
"""A wheel that differs from the tape by more than this share measured something else."""


@dataclass(frozen=True, slots=True, eq=False)
class LineTrack:
    """Where one line ran.

    Parameters
    ----------
    points_m
        Easting and northing of start, corners and end, (points, 2); None: straight east from 0.
    length_m
        Length of the line by the recording's own distance, None where it has none.
    traces
        Number of recorded traces.
    """

    points_m: Values | None
    length_m: float | None
    traces: int

    def __post_init__(self) -> None:
        if self.points_m is None or self.length_m is None:
            return
        told = float(_reached(self.points_m)[-1])
        if abs(told - self.length_m) > LARGEST_MISFIT * told:
            msg = (
                f"the track is {told:.2f} m long, the recording {self.length_m:.2f} m: is it the "
                "track of another line, or the trace spacing wrong? (--set trace_spacing_m=...)"
            )
            raise UsageError(msg)

    def placed(self, block: Block) -> Block:
        """Return the block with ``easting_m`` and ``northing_m``; NaN beyond the track's ends.

        The distance that the recording tells is stretched to the track's: a tape is righter than
        a wheel. Without distance the traces stand evenly along it.

        Raises
        ------
        UsageError
            There is neither a track nor a distance.
        """
        along = self._along(block)
        points = np.array([[0.0, 0.0], [1.0, 0.0]]) if self.points_m is None else self.points_m
        reached = _reached(points)
        if self.points_m is None:
            places = [along, np.zeros(along.size)]
        else:
            inside = (along >= -1e-6) & (along <= reached[-1] * (1.0 + 1e-6))
            places = [
                np.where(inside, np.interp(along, reached, points[:, axis]), np.nan)
                for axis in (0, 1)
            ]
        names = ("easting_m", "northing_m")
        coords = {name: ("trace", one) for name, one in zip(names, places, strict=True)}
        return block.with_data(block.data, coords=coords)

    def _along(self, block: Block) -> Values:
        told = None if self.points_m is None else float(_reached(self.points_m)[-1])
        if "along_track_m" in block.coords:
            along = np.asarray(block.coord("along_track_m"), np.float64)
            return along if not (told and self.length_m) else along * (told / self.length_m)
        if told is None:
            msg = (
                f"line {block.line!r} has neither a position nor a distance; give --tracks, "
                "--mark-spacing or --set trace_spacing_m=..."
            )
            raise UsageError(msg)
        number = np.asarray(block.coord("source_trace"), np.float64)
        return number * (told / max(1, self.traces - 1))


def read_track(path: Path) -> Values:
    """Return the points of a track: a text with x, y and perhaps z in m in each row.

    Raises
    ------
    FormatError
        A row is something else, or there are fewer than two different points.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: the track cannot be read ({error})"
        raise FormatError(msg) from error
    points = []
    for number, line in enumerate(lines, start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            points.append((float(words[0]), float(words[1])))
        except (ValueError, IndexError) as error:
            msg = f"{path}, row {number}: {line[:40]!r}; expected x y [z] in metres"
            raise FormatError(msg) from error
    table = np.array(points, np.float64).reshape(-1, 2)
    if len(table) < 2 or not np.isfinite(table).all() or _reached(table)[-1] <= 0.0:
        msg = f"{path}: a track needs two different points or more, x y [z] in m in each row"
        raise FormatError(msg)
    return table


def _reached(points_m: Values) -> Values:
    """Return how far along the track each point lies."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points_m, axis=0).T))])
