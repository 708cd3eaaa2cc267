"""A run and its truth in one flat frame: fields to score, and the ground that was surveyed.

Where the run has positions, the ground is a raster: a cell counts as surveyed where its middle lies
within half a swath of a track, and belongs to the lane that passed nearest. A step of more than
`BREAK_M` between two rows is a gap, and rows without position, too high, or at a place too badly
known survey nothing. Without positions each line is a rectangle, as long as it was walked and a
swath wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from detectkit.core import Indication, UsageError
from detectkit.detect.scoring.fields import Alarm, Field, Raster, Rectangle, Target
from detectkit.detect.scoring.run import Run, Track
from detectkit.detect.scoring.truth import NOTHING, Known, Truth
from detectkit.geo import LocalFrame

Values = npt.NDArray[np.float64]
SWATH_M = 0.5
CELL_M = 0.05
HIGHEST_M = 1.5
WORST_ERROR_M = 0.3
BREAK_M = 0.5
MOST_CELLS = 20_000_000
HEIGHT_BAND_M = 0.1


@dataclass(frozen=True, slots=True)
class GroundSettings:
    """What counts as surveyed.

    Parameters
    ----------
    swath_m
        Width to both sides of a track together.
    highest_m
        Rows higher over the ground survey nothing; rows without a height do.
    worst_error_m
        Rows whose position has a larger standard deviation survey nothing: nobody knows which
        ground they looked at. Rows that do not tell it do.
    cell_m
        Of the raster.
    """

    swath_m: float = SWATH_M
    highest_m: float = HIGHEST_M
    worst_error_m: float = WORST_ERROR_M
    cell_m: float = CELL_M

    def __post_init__(self) -> None:
        for name in ("swath_m", "highest_m", "worst_error_m", "cell_m"):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                msg = f"{name} = {value}: a length above 0 in metres is needed"
                raise UsageError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A run on its ground.

    Parameters
    ----------
    fields
        With targets and ground, without alarms.
    places
        Field, easting, northing of each indication; None where it has no place.
    nothing
        Where digging found nothing: field, easting, northing, radius.
    tracks
        Field, easting and northing of the rows that surveyed, to draw.
    """

    fields: tuple[Field, ...]
    places: tuple[tuple[int, float, float] | None, ...]
    nothing: tuple[tuple[int, float, float, float], ...]
    tracks: tuple[tuple[int, Values, Values], ...]


def placed(run: Run, truth: Truth, *, ground: GroundSettings) -> Placed:
    """Put a run and its truth into one frame.

    Raises
    ------
    UsageError
        A row of the truth cannot be placed on this run, or nothing was surveyed.
    """
    if any(track.placed for track in run.tracks):
        return _on_the_map(run, truth, ground)
    return _along_lines(run, truth, ground)


def with_alarms(
    on: Placed, indications: Sequence[Indication], confidences: Sequence[float | None]
) -> tuple[Field, ...]:
    """Return the fields with the indications as alarms; those without confidence or place are none.

    An alarm's name is the number of its indication.

    Parameters
    ----------
    on
        The ground.
    indications
        In the order of `on.places`.
    confidences
        How sure a system is of each; None: it does not point there.
    """
    alarms: list[list[Alarm]] = [[] for _ in on.fields]
    for at, (one, place, sure) in enumerate(zip(indications, on.places, confidences, strict=True)):
        if place is not None and sure is not None:
            number, x, y = place
            depth = one.depth_m if math.isfinite(one.depth_m) else None
            alarms[number].append(Alarm(x, y, sure, one.probability, depth, str(at)))
    return tuple(
        replace(one, alarms=tuple(some)) for one, some in zip(on.fields, alarms, strict=True)
    )


def _on_the_map(run: Run, truth: Truth, ground: GroundSettings) -> Placed:
    tracks = [one for one in (_flown(track, ground) for track in run.tracks) if one is not None]
    if not tracks:
        msg = (
            f"{run.name}: no row is placed well enough below {ground.highest_m:g} m; nothing "
            "was surveyed"
        )
        raise UsageError(msg)
    origin = tracks[0]
    known = np.flatnonzero(np.isfinite(origin.longitude_deg))[0]
    frame = LocalFrame(float(origin.longitude_deg[known]), float(origin.latitude_deg[known]))
    local = [_Local.of(track, frame) for track in tracks]
    raster = _raster(local, ground)
    spots = [_spot(row, frame, local) for row in truth.rows]
    heights = _heights_at(local, [(x, y) for x, y in spots])
    targets = [
        _target(row, x, y, height)
        for row, (x, y), height in zip(truth.rows, spots, heights, strict=True)
        if row.category != NOTHING
    ]
    nothing = [
        (0, x, y, row.radius_m)
        for row, (x, y) in zip(truth.rows, spots, strict=True)
        if row.category == NOTHING
    ]
    places = [_place_of(one, frame) for one in run.indications]
    field = Field(run.name, (), tuple(targets), raster)
    drawn = tuple((0, one.x_m, one.y_m) for one in local)
    return Placed((field,), tuple(places), tuple(nothing), drawn)


@dataclass(frozen=True, slots=True, eq=False)
class _Local:
    """A track in the flat frame: rows with a position only."""

    line: str
    x_m: Values
    y_m: Values
    along_m: Values
    height_m: Values

    @classmethod
    def of(cls, track: Track, frame: LocalFrame) -> _Local:
        known = np.isfinite(track.longitude_deg) & np.isfinite(track.latitude_deg)
        x, y, _ = frame.to_local(track.longitude_deg[known], track.latitude_deg[known])
        return cls(track.line, x, y, track.along_track_m[known], track.height_m[known])

    def beside(self, along_m: float, offset_m: float) -> tuple[float, float]:
        """Return the place so far along the line and so far to its right."""
        known = np.isfinite(self.along_m)
        along, x, y = self.along_m[known], self.x_m[known], self.y_m[known]
        if len(along) < 2 or not along[0] - BREAK_M <= along_m <= along[-1] + BREAK_M:
            ends = f"{along[0]:g} to {along[-1]:g} m" if len(along) else "no distances"
            msg = f"line {self.line!r} has {ends} along its track, not {along_m:g} m"
            raise UsageError(msg)
        reach = np.array([along_m - 0.25, along_m, along_m + 0.25])
        east, north = np.interp(reach, along, x), np.interp(reach, along, y)
        ahead = np.array([east[2] - east[0], north[2] - north[0]])
        ahead /= max(float(np.hypot(*ahead)), 1e-9)
        return float(east[1] + offset_m * ahead[1]), float(north[1] - offset_m * ahead[0])


def _flown(track: Track, ground: GroundSettings) -> Track | None:
    """Return a track with only the rows that survey."""
    out = (track.height_m > ground.highest_m) | (track.error_m > ground.worst_error_m)
    longitude = np.where(out, np.nan, track.longitude_deg)
    kept = replace(track, longitude_deg=longitude)
    return kept if kept.placed else None


def _raster(tracks: Sequence[_Local], ground: GroundSettings) -> Raster:
    names = list(dict.fromkeys(one.line for one in tracks))
    points = [_dense(one, 0.5 * ground.cell_m) for one in tracks]
    lane = np.concatenate(
        [
            np.full(len(some), names.index(one.line))
            for one, some in zip(tracks, points, strict=True)
        ]
    )
    dense = np.concatenate(points)
    half = 0.5 * ground.swath_m
    low = np.floor((dense.min(axis=0) - half) / ground.cell_m) - 1
    shape = np.ceil((dense.max(axis=0) + half) / ground.cell_m) + 1 - low
    if shape.prod() > MOST_CELLS:
        wide, long = shape * ground.cell_m
        msg = (
            f"the ground is {wide:.0f} by {long:.0f} m: too many cells of {ground.cell_m:g} m; "
            "give larger ones with --cell"
        )
        raise UsageError(msg)
    columns, rows = (int(one) for one in shape)
    x, y = ((low[k] + 0.5 + np.arange(n)) * ground.cell_m for k, n in ((0, columns), (1, rows)))
    middles = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    away, nearest = cKDTree(dense).query(middles, distance_upper_bound=half)
    cells = np.where(np.isfinite(away), np.append(lane, -1)[nearest], -1).reshape(rows, columns)
    west, south = (float(one) * ground.cell_m for one in low)
    return Raster(west, south, ground.cell_m, cells.astype(np.int64), tuple(names))


def _dense(track: _Local, step_m: float) -> Values:
    """Return the track's places, filled up where rows are further apart, but not over gaps."""
    places = np.column_stack([track.x_m, track.y_m])
    length = np.hypot(*np.diff(places, axis=0).T) if len(places) > 1 else np.zeros(0)
    filled = [places]
    for at in np.flatnonzero((length > step_m) & (length <= BREAK_M)):
        share = np.arange(1, math.ceil(length[at] / step_m)) / math.ceil(length[at] / step_m)
        filled.append(places[at] + share[:, None] * (places[at + 1] - places[at]))
    return np.concatenate(filled)


def _spot(row: Known, frame: LocalFrame, tracks: Sequence[_Local]) -> tuple[float, float]:
    if row.longitude_deg is not None and row.latitude_deg is not None:
        x, y, _ = frame.to_local(np.array([row.longitude_deg]), np.array([row.latitude_deg]))
        return float(x[0]), float(y[0])
    track = tracks[_line_number(row, [one.line for one in tracks])]
    return track.beside(row.along_track_m or 0.0, row.offset_m)


def _line_number(row: Known, lines: Sequence[str]) -> int:
    if row.line in lines:
        return lines.index(row.line)
    if len(set(lines)) == 1:
        return 0
    msg = f"{row.name!r} lies on line {row.line!r}; the run has {', '.join(sorted(set(lines)))}"
    raise UsageError(msg)


def _heights_at(
    tracks: Sequence[_Local], spots: Sequence[tuple[float, float]]
) -> list[float | None]:
    """Return the height of the nearest row over each place, None where it is not known."""
    places = np.concatenate([np.column_stack([one.x_m, one.y_m]) for one in tracks])
    height = np.concatenate([one.height_m for one in tracks])
    if not spots:
        return []
    nearest = np.atleast_1d(cKDTree(places).query(np.array(spots))[1])
    return [float(one) if np.isfinite(one) else None for one in height[nearest]]


def _target(row: Known, x_m: float, y_m: float, height_m: float | None) -> Target:
    words = dict(row.words)
    if height_m is not None:
        low = math.floor(height_m / HEIGHT_BAND_M + 1e-9) * HEIGHT_BAND_M
        words["height"] = f"{low:.1f} to {low + HEIGHT_BAND_M:.1f} m"
    return Target(x_m, y_m, row.radius_m, row.category, row.depth_m, row.name, words)


def _place_of(one: Indication, frame: LocalFrame) -> tuple[int, float, float] | None:
    if one.longitude_deg is None or one.latitude_deg is None:
        return None
    x, y, _ = frame.to_local(np.array([one.longitude_deg]), np.array([one.latitude_deg]))
    return 0, float(x[0]), float(y[0])


def _along_lines(run: Run, truth: Truth, ground: GroundSettings) -> Placed:
    """Take each line for itself: metres along it, metres to its right."""
    first = {one.line: one for one in reversed(run.tracks)}  # the radar's before the detector's
    lines = sorted(first)
    along = [first[one].along_track_m for one in lines]
    along = [one[np.isfinite(one)] for one in along]
    targets: list[list[Target]] = [[] for _ in lines]
    nothing = []
    for row in truth.rows:
        number = _line_number(row, lines)
        if row.along_track_m is None:
            msg = f"{run.name}: has no positions; {row.name!r} needs line and along_track_m"
            raise UsageError(msg)
        if row.category == NOTHING:
            nothing.append((number, row.along_track_m, -row.offset_m, row.radius_m))
        else:
            targets[number].append(_target(row, row.along_track_m, -row.offset_m, None))
    half = 0.5 * ground.swath_m
    fields = []
    for line, metres, some in zip(lines, along, targets, strict=True):
        if len(metres) < 2:
            msg = f"{run.name}: line {line!r} tells no distances; give --set trace_spacing_m=..."
            raise UsageError(msg)
        lane = Rectangle(float(metres.min()), -half, float(metres.max()), half)
        fields.append(Field(line, (), tuple(some), lane))
    places = [
        None if one.along_track_m is None else (lines.index(one.line), one.along_track_m, 0.0)
        for one in run.indications
    ]
    drawn = tuple((at, one, np.zeros_like(one)) for at, one in enumerate(along))
    return Placed(tuple(fields), tuple(places), tuple(nothing), drawn)
