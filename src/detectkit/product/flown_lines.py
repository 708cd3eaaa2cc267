"""How a recording was flown: height, distance of the lines and of the traces, antennas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, UsageError
from detectkit.geo import LocalFrame, SiteFrame
from detectkit.io import Recording, Stream

Values = npt.NDArray[np.float64]
BIN_M = 0.5
"""Lines are compared where they cross strips of this width."""
SAME_LINE_M = 0.05
"""Passes nearer than this are passes of one line."""
STEEP = 0.5
"""Cosine to the usual direction below which a trace belongs to a turn."""
LONGEST_STEP_M = 1.0
STILL_M = 1e-4
CORNER_M = 0.1
"""Corners of a section along a line are no nearer to each other."""


@dataclass(frozen=True, slots=True)
class FlownLines:
    """What a recording tells of its geometry; None where it does not.

    Parameters
    ----------
    height_m
        Median over the ground.
    line_spacing_m
        Median distance of neighbouring passes.
    trace_spacing_m
        Median distance of traces.
    antenna_separation_m, antenna_hz
        As the recording tells.
    """

    height_m: float | None
    line_spacing_m: float | None
    trace_spacing_m: float | None
    antenna_separation_m: float | None
    antenna_hz: float | None


@dataclass(slots=True)
class _Gathered:
    """Positions and heights of the traces, 24 bytes each."""

    longitude: list[Values] = field(default_factory=list)
    latitude: list[Values] = field(default_factory=list)
    height: list[Values] = field(default_factory=list)

    def push(self, block: Block) -> None:
        if "height_m" in block.coords:
            self.height.append(block.coord("height_m").astype(np.float64))
        if "longitude_deg" in block.coords:
            self.longitude.append(block.coord("longitude_deg").astype(np.float64))
            self.latitude.append(block.coord("latitude_deg").astype(np.float64))

    def degrees(self) -> tuple[Values, Values]:
        """Return longitude and latitude of the located traces."""
        if not self.longitude:
            return np.zeros(0), np.zeros(0)
        lon, lat = np.concatenate(self.longitude), np.concatenate(self.latitude)
        known = np.isfinite(lon) & np.isfinite(lat)
        return lon[known], lat[known]

    def tracks_m(self) -> Values:
        """Return easting and northing of the located traces, (n, 2)."""
        lon, lat = self.degrees()
        if not lon.size:
            return np.zeros((0, 2))
        frame = LocalFrame(float(lon[0]), float(lat[0]))
        return np.column_stack(frame.to_local(lon, lat)[:2])


def flown_lines(recording: Recording) -> FlownLines:
    """Return how the radar of a recording was flown, from its positions and heights.

    Raises
    ------
    UsageError
        The recording holds no radar.
    """
    radars = _radars(recording)
    gathered = _Gathered()
    for stream in radars:
        for block in stream.blocks():
            gathered.push(block)
    head = radars[0].header
    tracks = gathered.tracks_m()
    heights = np.concatenate(gathered.height) if gathered.height else np.zeros(0)
    heights = heights[np.isfinite(heights)]
    return FlownLines(
        float(np.median(heights)) if heights.size else None,
        line_spacing_of(tracks),
        _trace_spacing(tracks) or head.trace_spacing_m,
        head.sensor.antenna_separation_m,
        head.sensor.antenna_hz,
    )


def corners_of(recording: Recording, frame: SiteFrame) -> Values:
    """Return where the radar's first line ran, as corners of a section, (corners, 2) in m.

    Raises
    ------
    UsageError
        The recording holds no radar, or no positions.
    """
    gathered = _Gathered()
    for block in _radars(recording)[0].blocks():
        gathered.push(block)
    places = np.column_stack(frame.to_local(*gathered.degrees()))
    if not len(places):
        msg = f"{recording.path.name}: tells no positions; give a text file with x y in each row"
        raise UsageError(msg)
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    _, kept = np.unique(np.floor(walked / CORNER_M), return_index=True)
    return np.asarray(places[np.union1d(kept, [len(places) - 1])], np.float64)


def _radars(recording: Recording) -> list[Stream]:
    radars = [one for one in recording.streams if one.header.sensor.kind == "gpr"]
    if not radars:
        msg = f"{recording.path.name}: holds no radar; its streams are " + (
            ", ".join(one.header.sensor.id for one in recording.streams) or "none"
        )
        raise UsageError(msg)
    return radars


def line_spacing_of(track_m: Values) -> float | None:
    """Return the median distance of neighbouring passes, None where there is one line only.

    Parameters
    ----------
    track_m
        Easting and northing in flight order, (n, 2).

    Examples
    --------
    >>> along = np.linspace(0.0, 5.0, 251)
    >>> there = np.column_stack([along, np.zeros(251)])
    >>> back = np.column_stack([along[::-1], np.full(251, 0.4)])
    >>> line_spacing_of(np.concatenate([there, back]))
    0.4
    """
    step = np.diff(track_m, axis=0)
    length = np.hypot(step[:, 0], step[:, 1]) if len(step) else np.zeros(0)
    moved = (length > STILL_M) & (length < LONGEST_STEP_M)
    if not moved.any():
        return None
    # lines are flown to and fro: the direction is that of the doubled angles
    turns = 2.0 * np.arctan2(step[moved, 1], step[moved, 0])
    angle = 0.5 * np.angle((length[moved] * np.exp(1j * turns)).sum())
    ahead = np.array([np.cos(angle), np.sin(angle)])
    straight = np.zeros(len(track_m), bool)
    straight[1:][moved] = np.abs(step[moved] @ ahead) > STEEP * length[moved]
    along = track_m[straight] @ ahead
    across = track_m[straight] @ np.array([-ahead[1], ahead[0]])
    gaps = _gaps(along, across)
    return round(float(np.median(gaps)), 3) if gaps.size else None


def _gaps(along: Values, across: Values) -> Values:
    """Return the distances of neighbouring passes in every strip that they cross."""
    strip = np.floor(along / BIN_M).astype(np.int64)
    begins = np.flatnonzero(np.diff(strip, prepend=strip[0] - 1))
    count = np.diff(np.append(begins, strip.size))
    middle = np.add.reduceat(across, begins) / count
    strip = strip[begins]
    found = []
    for one in np.unique(strip):
        steps = np.diff(np.sort(middle[strip == one]))
        found.append(steps[steps > SAME_LINE_M])
    return np.concatenate(found) if found else np.zeros(0)


def _trace_spacing(track_m: Values) -> float | None:
    step = np.hypot(*np.diff(track_m, axis=0).T) if len(track_m) > 1 else np.zeros(0)
    moved = step[(step > STILL_M) & (step < LONGEST_STEP_M)]
    return round(float(np.median(moved)), 4) if moved.size else None
