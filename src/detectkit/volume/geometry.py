"""From Blocks to antennas over the ground: place, heading, height and tilt of each trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, UsageError
from detectkit.core.block import follows
from detectkit.geo import SiteFrame
from detectkit.imaging.backprojection import Antennas
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S
from detectkit.volume.course import Course

Values = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
GEOGRAPHIC = ("longitude_deg", "latitude_deg")
LOCAL = ("easting_m", "northing_m")


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Traces whose antennas' places are known.

    Parameters
    ----------
    traces
        float32 (n, samples).
    antennas
        Of each.
    """

    traces: Float32s
    antennas: Antennas


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of one line with a place: (n,) each, in m and rad; `heading` may be NaN."""

    traces: Float32s
    easting: Values
    northing: Values
    height: Values
    zero_s: Values
    slope_east: Values
    slope_north: Values
    roll: Values
    pitch: Values
    heading: Values

    def part(self, mask: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(*(getattr(self, one.name)[mask] for one in fields(self)))


@dataclass(slots=True)
class Placing:
    """Places the traces of blocks, in their order; a row without a place is counted, not used.

    A block that carries ``easting_m`` and ``northing_m`` is taken at its word, in a frame that
    nobody placed on the globe; else ``longitude_deg`` and ``latitude_deg`` are those of the
    antennas' midpoint. Transmitter and receiver stand half their separation before and behind it
    along the heading: ``yaw_rad``, else the course over ground. The first rows of a line wait
    until the course is known, so how the stream is cut changes nothing.

    The height over the ground is that which the pipeline took off as time (``removed_twt_s``;
    what the radar saw), else ``height_m``, else 0: antennas on the ground.

    Parameters
    ----------
    frame
        The site's; None: that of the first position.
    """

    frame: SiteFrame | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    used: int = 0
    _names: tuple[str, str] | None = None
    _last: Block | None = None
    _course: Course = field(default_factory=Course)
    _held: list[_Rows] = field(default_factory=list)

    def push(self, block: Block) -> Iterator[Placed]:
        """Take the next block of any line; yield what can be placed now."""
        if len(block) == 0:
            return
        if self._last is not None and not follows(self._last, block):
            yield from self.finish()
        self._last = block.traces(len(block) - 1, len(block))
        rows = self._rows(block)
        if rows.easting.size == 0:
            return
        separation_m = block.sensor.antenna_separation_m or 0.0
        if separation_m == 0.0 and "roll_rad" not in block.coords:
            yield self._placed(rows, separation_m)
            return
        course = self._course.push(rows.easting, rows.northing)
        known = np.isfinite(course)
        if not known.any():
            self._held.append(rows)
            return
        first = float(course[known][0])
        for held in self._held:
            yield self._placed(_headed(held, np.full(held.easting.size, first)), separation_m)
        self._held.clear()
        yield self._placed(_headed(rows, np.where(known, course, first)), separation_m)

    def finish(self) -> Iterator[Placed]:
        """End a line: rows that wait for its course go by their own heading, or not at all."""
        separation_m = 0.0
        if self._last is not None:
            separation_m = self._last.sensor.antenna_separation_m or 0.0
        for held in self._held:
            headed = np.isfinite(held.heading)
            self.left_out["no heading and no course"] += int((~headed).sum())
            if headed.any():
                yield self._placed(held.part(headed), separation_m)
        self._held.clear()
        self._course = Course()
        self._last = None

    def _rows(self, block: Block) -> _Rows:
        """Return the rows with a place; count the others."""
        easting, northing = self._positions(block)
        placed = np.isfinite(easting) & np.isfinite(northing)
        height, zero_s = _over_ground(block)
        over = np.isfinite(height)
        self.left_out["no position"] += int((~placed).sum())
        self.left_out["height over the ground not known"] += int((placed & ~over).sum())
        rows = _Rows(
            np.ascontiguousarray(block.data, np.float32),
            easting,
            northing,
            height,
            zero_s,
            slope_east=_or_zero(block, "ground_slope_east"),
            slope_north=_or_zero(block, "ground_slope_north"),
            roll=_or_zero(block, "roll_rad"),
            pitch=_or_zero(block, "pitch_rad"),
            heading=_coord(block, "yaw_rad"),
        )
        return rows.part(placed & over)

    def _positions(self, block: Block) -> tuple[Values, Values]:
        names = LOCAL if set(LOCAL) <= set(block.coords) else GEOGRAPHIC
        self._names = self._names or names
        if names != self._names:
            msg = (
                f"line {block.line!r} has {' and '.join(names)}, lines before it "
                f"{' and '.join(self._names)}: one volume has one frame; make two"
            )
            raise UsageError(msg)
        first, second = (_coord(block, name) for name in names)
        if names == LOCAL:
            return first, second
        known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
        if self.frame is None and known.size:
            self.frame = SiteFrame.near(float(first[known[0]]), float(second[known[0]]))
        return (first, second) if self.frame is None else self.frame.to_local(first, second)

    def _placed(self, rows: _Rows, separation_m: float) -> Placed:
        self.used += rows.easting.size
        return Placed(rows.traces, _antennas(rows, separation_m))


def _over_ground(block: Block) -> tuple[Values, Values]:
    """Return height over the ground in m, and what was taken off the time axis in s."""
    if "removed_twt_s" not in block.coords:
        height = _coord(block, "height_m") if "height_m" in block.coords else np.zeros(len(block))
        return height, np.zeros(len(block))
    removed_s = _coord(block, "removed_twt_s")
    half_m = 0.5 * (block.sensor.antenna_separation_m or 0.0)
    leg_m = 0.5 * SPEED_OF_LIGHT_M_S * removed_s
    return np.sqrt(np.maximum(leg_m**2 - half_m**2, 0.0)), removed_s


def _headed(rows: _Rows, course: Values) -> _Rows:
    return replace(rows, heading=np.where(np.isfinite(rows.heading), rows.heading, course))


def _antennas(rows: _Rows, separation_m: float) -> Antennas:
    """Return the antennas of rows; R_yaw R_pitch R_roll as in `detectkit.geo.attitude`."""
    heading = np.where(np.isfinite(rows.heading), rows.heading, 0.0)
    sin_yaw, cos_yaw = np.sin(heading), np.cos(heading)
    sin_pitch, cos_pitch = np.sin(rows.pitch), np.cos(rows.pitch)
    sin_roll, cos_roll = np.sin(rows.roll), np.cos(rows.roll)
    forward = np.column_stack([sin_yaw * cos_pitch, cos_yaw * cos_pitch, sin_pitch])
    boresight = np.column_stack(
        [
            sin_yaw * sin_pitch * cos_roll - cos_yaw * sin_roll,
            cos_yaw * sin_pitch * cos_roll + sin_yaw * sin_roll,
            -cos_pitch * cos_roll,
        ]
    )
    middle = np.column_stack([rows.easting, rows.northing, rows.height])
    half = 0.5 * separation_m * forward
    slope = np.column_stack([rows.slope_east, rows.slope_north])
    return Antennas(middle + half, middle - half, slope, boresight, rows.zero_s)


def _coord(block: Block, name: str) -> Values:
    if name not in block.coords:
        return np.full(len(block), np.nan)
    return np.asarray(block.coord(name), np.float64)


def _or_zero(block: Block, name: str) -> Values:
    return np.nan_to_num(_coord(block, name), nan=0.0)
