"""The radar's track: what it recorded in every row, to cut the evidence at a place from.

Rows come twice: processed, and focused by the score's steps. Both are brought to the depths of the
grid as they come, so that a long flight is held in half a kilobyte per row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor, UsageError
from detectkit.detect.clutter_level import against_clutter
from detectkit.detect.evidence import GRID, PatchGrid
from detectkit.detect.metres import offsets_m
from detectkit.detect.settings import DetectSettings
from detectkit.detect.track_rows import Run, TrackRows
from detectkit.detect.triangles import Triangles
from detectkit.pipeline.steps.focusing import REMOVED, height_of, over_air
from detectkit.signal.attributes import envelope
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

MOST_ROWS = 400_000
"""Rows that are kept: 200 MB, some kilometres of a radar's track."""
WIDEST_GAP_M = 0.2
"""Rows further apart are not bridged."""
CLUTTER_M = 1.5
"""How far to each side of a place its clutter is looked at."""
REACH_M = 0.3
"""How near a row must be to a place that another sensor found."""
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class RadarCut:
    """The radar's evidence at a place.

    Parameters
    ----------
    radar
        (images, rows, columns), float32, in standard deviations of the clutter around; 0 where not
        known.
    known
        (columns,): where there were rows.
    longitude_deg, latitude_deg, along_m
        (columns,): places of the columns, the last along the line since its first trace; NaN where
        not known.
    scalars
        Those of `detectkit.detect.evidence.SCALARS` that the radar knows; NaN: not known.
    """

    radar: Float32s
    known: Booleans
    longitude_deg: Float64s
    latitude_deg: Float64s
    along_m: Float64s
    scalars: Mapping[str, float]


@dataclass(slots=True)
class RadarTrack:
    """Keeps the rows of one radar and cuts evidence from them, the same for any cutting.

    Parameters
    ----------
    settings
        Velocity, for the depths.
    grid
        Of the evidence.
    most_rows
        Kept; the oldest beyond are let go and counted.
    """

    settings: DetectSettings
    grid: PatchGrid = GRID
    most_rows: int = MOST_ROWS
    _rows: TrackRows = field(init=False)
    _focused: int = 0
    _axes: dict[str, tuple[Float64s, Triangles]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        image = (np.float32, (self.grid.rows,))
        record = np.dtype(
            [
                ("processed", *image),
                ("focused", *image),
                ("complete", np.bool_),
                ("source_trace", np.int64),
                ("time_ns", np.int64),
                ("along_m", np.float64),
                ("longitude_deg", np.float64),
                ("latitude_deg", np.float64),
                ("height_m", np.float64),
            ]
        )
        self._rows = TrackRows(record, self.most_rows)

    @property
    def let_go(self) -> int:
        """Number of rows that were let go."""
        return self._rows.first

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of the rows that are kept, in the order they came."""
        return tuple(dict.fromkeys(run.line for run in self._rows.runs))

    def push_processed(self, block: Block) -> None:
        """Take the next rows of the processed radargram."""
        records = np.zeros(len(block), self._rows.dtype)
        air = over_air(block.spec)
        records["processed"] = self._at_depths("processed", block, block.data, from_air=air)
        records["source_trace"] = _value(block, "source_trace", -1)
        records["time_ns"] = _time_ns(block)
        records["along_m"] = _along_m(block)
        records["longitude_deg"] = _value(block, "longitude_deg", math.nan)
        records["latitude_deg"] = _value(block, "latitude_deg", math.nan)
        records["height_m"] = _height_m(block)
        self._rows.append(block, records)

    def push_focused(self, block: Block) -> None:
        """Take the next focused rows, each after its processed one."""
        start = self._row_of(block)
        if start < 0:
            return
        strength = self._at_depths("focused", block, envelope(block.data), from_air=False)
        self._rows.fill(start, "focused", strength)
        self._rows.fill(start, "complete", np.ones(len(block), np.bool_))
        self._focused = start + len(block)

    def number_of(self, row: Block) -> int:
        """Return the number of a row through all lines, -1 where the track does not have it."""
        source = int(_value(row, "source_trace", -1)[0])
        for run in reversed(self._rows.runs):
            number = run.number_of(row.line, row.first_trace)
            if number >= 0 and source in self._rows.column("source_trace", number, number + 1):
                return number
        return -1

    def stretches(self) -> list[tuple[str, npt.NDArray[np.void]]]:
        """Return line and rows of each stretch without a gap, as far as kept and focused.

        Rows are structured: ``processed`` and ``focused`` on the depths of the grid, ``along_m``
        and what else is known of each. Rows whose place is not known are left out.
        """
        found = []
        for run in self._rows.runs:
            rows = self._rows.read(run.first, run.stop)
            rows = rows[rows["complete"] & np.isfinite(rows["along_m"])]
            if len(rows):
                found.append((run.line, rows[np.argsort(rows["along_m"], kind="stable")]))
        return found

    def cut(self, line: str, row: int) -> RadarCut | None:
        """Return the evidence at a row.

        Parameters
        ----------
        line
            That the row belongs to.
        row
            Its number, see `number_of`.

        Returns
        -------
        RadarCut | None
            None where the row was let go, or never came.

        Raises
        ------
        UsageError
            The row belongs to another line.
        """
        run = self._rows.run_of(row)
        if run is None:
            return None
        if run.line != line:
            msg = f"row {row} of the track is of line {run.line!r}, not of {line!r}"
            raise UsageError(msg)
        around, middle = self._around(run, row)
        return self._cut(run, around, middle)

    def cut_at(
        self,
        *,
        longitude_deg: float | None,
        latitude_deg: float | None,
        line: str = "",
        along_m: float | None = None,
        within_m: float = REACH_M,
    ) -> RadarCut | None:
        """Return the evidence at the row nearest to a place, of any line.

        A place without longitude and latitude is looked for by its distance along its line.

        Parameters
        ----------
        within_m
            How near the row must be.

        Returns
        -------
        RadarCut | None
            None where the radar did not pass.
        """
        best, nearest_m = -1, within_m
        for run in self._rows.runs:
            if longitude_deg is not None and latitude_deg is not None:
                away = self._away_m(run, (longitude_deg, latitude_deg))
            elif along_m is not None and run.line == line:
                away = np.abs(self._column(run, "along_m") - along_m)
            else:
                continue
            away = np.where(np.isfinite(away), away, np.inf)
            at = int(away.argmin())
            if away[at] < nearest_m or (best < 0 and away[at] <= within_m):
                best, nearest_m = max(run.first, self._rows.first) + at, float(away[at])
        run_there = self._rows.run_of(best)
        return None if run_there is None else self.cut(run_there.line, best)

    def _away_m(self, run: Run, place: tuple[float, float]) -> Float64s:
        longitude, latitude = self._column(run, "longitude_deg"), self._column(run, "latitude_deg")
        return np.asarray(np.hypot(*offsets_m(longitude, latitude, place)))

    def _column(self, run: Run, name: str) -> Float64s:
        return np.asarray(self._rows.column(name, run.first, run.stop), np.float64)

    def _at_depths(self, image: str, block: Block, data: Float32s, *, from_air: bool) -> Float32s:
        """Return (row, grid row): the data at the grid's depths; 0 where nothing was recorded."""
        twt_s = np.asarray(block.coord("twt_s"), np.float64)
        known = self._axes.get(image)
        if known is None or not np.array_equal(known[0], twt_s):
            separation_m = 0.0 if from_air else block.sensor.antenna_separation_m or 0.0
            velocity = self.settings.velocity_m_per_s
            wanted = times_at(self.grid.depth_m, velocity, separation_m)
            half_width = 2.0 * self.grid.row_m / velocity
            known = twt_s, Triangles.between(twt_s, wanted, half_width=half_width)
            self._axes[image] = known
        return known[1].over_columns(data)

    def _row_of(self, block: Block) -> int:
        """Return the row that a focused block begins at: rows are focused in order."""
        for run in self._rows.runs:
            number = run.number_of(block.line, block.first_trace)
            if number >= self._focused:
                return number
        return -1

    def _around(self, run: Run, row: int) -> tuple[npt.NDArray[np.void], int]:
        """Return the run's rows within the clutter's reach, and which of them is `row`."""
        first, last = max(run.first, self._rows.first), run.stop
        reach_m = CLUTTER_M + WIDEST_GAP_M
        count = 64
        while True:
            start, stop = max(first, row - count), min(last, row + count + 1)
            along = self._rows.column("along_m", start, stop)
            away = np.abs(along - along[row - start])
            whole = (start == first or away[0] > reach_m) and (stop == last or away[-1] > reach_m)
            if whole or not np.isfinite(away).any():
                return self._rows.read(start, stop), row - start
            count *= 2

    def _cut(self, run: Run, rows: npt.NDArray[np.void], middle: int) -> RadarCut:
        along = rows["along_m"][middle] + self.grid.along_m
        used = rows[np.isfinite(rows["along_m"]) & rows["complete"]]
        used = used[np.argsort(used["along_m"], kind="stable")]
        wide = self._wide_columns()
        at = Triangles.between(
            used["along_m"],
            rows["along_m"][middle] + wide,
            half_width=self.grid.spacing_m,
            widest_gap=WIDEST_GAP_M,
        )
        patch = np.abs(wide) <= np.abs(self.grid.along_m).max() + 0.1 * self.grid.spacing_m
        images = [
            against_clutter(at.over_rows(used[name]), at.known, wide, kind=name)[patch].T
            for name in ("processed", "focused")
        ]
        known = at.known[patch]
        return RadarCut(
            radar=np.stack(images),
            known=known,
            longitude_deg=_at_columns(used, "longitude_deg", along, known),
            latitude_deg=_at_columns(used, "latitude_deg", along, known),
            along_m=np.where(known, along, math.nan),
            scalars=self._scalars(run.sensor, rows, middle),
        )

    def _wide_columns(self) -> Float64s:
        """Return the places of the patch's columns and of those beside it, for the clutter."""
        more = max(0, math.ceil((CLUTTER_M - self.grid.along_m[-1]) / self.grid.spacing_m))
        count = self.grid.columns + 2 * more
        return np.asarray((np.arange(count) - 0.5 * (count - 1)) * self.grid.spacing_m)

    def _scalars(
        self, sensor: Sensor, rows: npt.NDArray[np.void], middle: int
    ) -> Mapping[str, float]:
        velocity = self.settings.velocity_m_per_s
        away = rows["along_m"] - rows["along_m"][middle]
        half_m = 0.5 * self.grid.columns * self.grid.spacing_m
        near = rows[np.abs(away) <= half_m] if np.isfinite(away[middle]) else rows[[middle]]
        height = near["height_m"][np.isfinite(near["height_m"])]
        return {
            "wavelength_m": velocity / sensor.antenna_hz if sensor.antenna_hz else math.nan,
            "permittivity": (SPEED_OF_LIGHT_M_S / velocity) ** 2,
            "antenna_separation_m": _or_nan(sensor.antenna_separation_m),
            "height_m": float(height.mean()) if height.size else math.nan,
            "height_spread_m": float(height.std()) if height.size > 1 else math.nan,
            "speed_m_per_s": _speed_m_per_s(near),
        }


def times_at(depth_m: Float64s, velocity_m_per_s: float, separation_m: float) -> Float64s:
    """Return the two-way times (s) of depths in m, the inverse of `signal.travel_time.depth_m`.

    Above the ground, where depths are negative, they run on as in the ground, so that what the
    surface itself answers is seen undistorted.
    """
    half_m = 0.5 * separation_m
    legs = np.where(depth_m >= 0.0, np.hypot(depth_m, half_m), half_m + depth_m)
    return np.asarray(2.0 * legs / velocity_m_per_s)


def _value(block: Block, name: str, otherwise: float) -> npt.NDArray[np.generic]:
    if name in block.coords:
        return block.coord(name)
    return np.full(len(block), otherwise)


def _along_m(block: Block) -> Float64s:
    """Return the distance along the line; NaN where it, or the place of the ground, is unknown."""
    levelled = REMOVED in block.coords or not over_air(block.spec)
    if not levelled:
        return np.full(len(block), math.nan)
    if block.trace_spacing_m is not None and "along_track_m" not in block.coords:
        return np.asarray(block.trace_spacing_m * (block.first_trace + np.arange(len(block))))
    return np.asarray(_value(block, "along_track_m", math.nan), np.float64)


def _height_m(block: Block) -> Float64s:
    """Return the antennas' height, the radar's own where it levelled itself."""
    if REMOVED in block.coords:
        removed_s = np.asarray(block.coord(REMOVED), np.float64)
        return height_of(removed_s, block.sensor.antenna_separation_m or 0.0)
    return np.asarray(_value(block, "height_m", math.nan), np.float64)


def _time_ns(block: Block) -> npt.NDArray[np.int64]:
    if "time_ns" in block.coords:
        return np.asarray(block.coord("time_ns"), np.int64)
    if "elapsed_s" in block.coords:
        return np.asarray(np.rint(1e9 * block.coord("elapsed_s")), np.int64)
    return np.full(len(block), NO_TIME)


def _at_columns(
    rows: npt.NDArray[np.void], name: str, along: Float64s, known: Booleans
) -> Float64s:
    if len(rows) == 0:
        return np.full(along.size, math.nan)
    return np.where(known, np.interp(along, rows["along_m"], rows[name]), math.nan)


def _speed_m_per_s(rows: npt.NDArray[np.void]) -> float:
    told = rows[rows["time_ns"] != NO_TIME]
    if len(told) < 2:
        return math.nan
    passed_s = 1e-9 * float(told["time_ns"][-1] - told["time_ns"][0])
    moved_m = abs(float(told["along_m"][-1] - told["along_m"][0]))
    return moved_m / passed_s if passed_s > 0.0 else math.nan


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
