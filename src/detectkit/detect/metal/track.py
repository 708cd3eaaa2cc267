"""DetectorTrack: where a detector passed and what it said there, to be cut at any place."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
from detectkit.detect.evidence import GRID, STRIPS, Booleans, Float32s, PatchGrid
from detectkit.detect.metal.dipole import PassRows
from detectkit.detect.metal.steps import SCORES
from detectkit.geo import LocalFrame

Values = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

NEAREST_M = 0.2
"""A column farther than this from every row is not known."""
PLACE_M = 0.25
"""Half the length around a place that its detector's numbers are taken from."""
CELL_M = 0.5
MOST_ROWS = 400_000
FARTHEST_M = 20.0
"""No patch is longer: a place farther off is a mistake."""
COLUMNS = (*STRIPS, "spread", "height_m", "along_m", "told_m", "east_m", "north_m")
"""``along_m``: as the rows' own steps tell it; ``told_m``: as the recording does, else NaN."""
AT = {name: number for number, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True, eq=False)
class DetectorStrip:
    """What the detector said under the columns of a patch.

    Parameters
    ----------
    strips
        (strips, columns), float32: `detectkit.detect.evidence.STRIPS`; 0 where not known.
    known
        (columns,): where the detector passed.
    scalars
        ``detector_snr``, the largest anomaly within `PLACE_M` of the middle; ``detector_width_m``,
        the length of the region above half of it, within the patch; ``detector_height_m``. NaN
        where not known.
    """

    strips: Float32s
    known: Booleans
    scalars: Mapping[str, float]


@dataclass(slots=True)
class DetectorTrack:
    """Rows of `MetalAnomaly`, kept by place.

    Parameters
    ----------
    grid
        Of the patches.
    most_rows
        The oldest rows beyond are let go, and counted in `forgotten`.
    """

    grid: PatchGrid = GRID
    most_rows: int = MOST_ROWS
    _rows: Values = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    _channels: Values = field(default_factory=lambda: np.zeros((0, 0)))
    _count: int = 0
    _line_of: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    _pass_of: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    _pass: int = 0
    _last: tuple[str, int] = ("", -1)
    _line_at: dict[str, int] = field(default_factory=dict)
    _frame: LocalFrame | None = None
    _cells: defaultdict[tuple[int, int, int], deque[int]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def __len__(self) -> int:
        return min(self._count, self.most_rows)

    @property
    def taken(self) -> int:
        """Rows taken so far."""
        return self._count

    @property
    def forgotten(self) -> int:
        """Rows that were let go."""
        return max(0, self._count - self.most_rows)

    def push(self, block: Block, *, told: bool) -> None:
        """Take scored rows; those whose window was too short to tell are nowhere near any place.

        Parameters
        ----------
        block
            Of `MetalAnomaly`.
        told
            Whether ``along_track_m`` is the recording's own, and so that of its radar.
        """
        rows = self._table(block, told=told)
        line = self._line_at.setdefault(block.line, len(self._line_at))
        self._pass += (block.line, block.first_trace) != self._last
        self._last = (block.line, block.stop_trace)
        for row, channels in zip(rows, block.data[:, len(SCORES) :], strict=True):
            place = self._count % self.most_rows
            if place >= len(self._rows):
                self._grow(len(channels))
            elif self._count >= self.most_rows:
                self._forget(place)
            self._rows[place], self._channels[place] = row, channels
            self._line_of[place], self._pass_of[place] = line, self._pass
            for cell in _cells_of(row, line):
                self._cells[cell].append(self._count)
            self._count += 1

    def around(self, east_m: float, north_m: float, *, within_m: float = 1.0) -> PassRows:
        """Return the rows around a place, from there, for `invert_dipole`.

        Parameters
        ----------
        east_m, north_m
            In the track's metres, see `metres`.
        within_m
            Farthest row.
        """
        low, high = np.array([east_m, north_m]) - within_m, np.array([east_m, north_m]) + within_m
        rows = self._in_cells(low, high, KINDS["east_m"], -1)
        east = self._rows[rows, AT["east_m"]] - east_m
        north = self._rows[rows, AT["north_m"]] - north_m
        near = np.hypot(east, north) <= within_m
        rows = rows[near]
        return PassRows(
            east[near], north[near], self._rows[rows, AT["height_m"]], self._channels[rows],
            self._pass_of[rows],
        )  # fmt: skip

    def metres(self, longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
        """Return a place in the track's metres east and north; NaN before the first position.

        Of a recording that tells places in metres alone they are those.
        """
        if self._frame is None:
            return math.nan, math.nan
        east, north, _ = self._frame.to_local(np.array([longitude_deg]), np.array([latitude_deg]))
        return float(east[0]), float(north[0])

    def degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return longitude and latitude of a place in the track's metres, to a tenth of a mm."""
        if self._frame is None:
            return math.nan, math.nan
        longitude, latitude, _ = self._frame.to_geographic(np.array([east_m]), np.array([north_m]))
        return round(float(longitude[0]), 9), round(float(latitude[0]), 9)

    def pass_of(self, row: int) -> int:
        """Return the number of the pass of a row, counted as in `Found`; -1: not kept."""
        if not self.forgotten <= row < self._count:
            return -1
        return int(self._pass_of[row % self.most_rows])

    @property
    def lines(self) -> tuple[str, ...]:
        """Survey lines, in the order in which they came."""
        return tuple(self._line_at)

    def lane(self, line: str) -> tuple[Values, Values]:
        """Return heights in m and one deviation in the channels' unit of a line's rows, (rows,)."""
        number = self._line_at.get(line, -1)
        here = self._line_of[: len(self)] == number
        here &= np.isfinite(self._rows[: len(self), AT["anomaly"]])
        rows = self._rows[: len(self)][here]
        return rows[:, AT["height_m"]], rows[:, AT["spread"]]

    def strip(
        self,
        longitude_deg: Values,
        latitude_deg: Values,
        *,
        line: str = "",
        along_m: Values | None = None,
    ) -> DetectorStrip:
        """Return what the detector said at the places of some columns.

        By position where both the columns and the detector have one; else by the distance that the
        recording tells, along the line of that name.

        Parameters
        ----------
        longitude_deg, latitude_deg
            Of the columns, (columns,); NaN where not known.
        line, along_m
            Survey line, and ``along_track_m`` of the columns, (columns,).
        """
        nearest = np.full(self.grid.columns, -1, np.int64)
        placed = np.isfinite(longitude_deg) & np.isfinite(latitude_deg)
        if self._frame is not None and placed.any():
            east, north, _ = self._frame.to_local(
                np.asarray(longitude_deg, np.float64), np.asarray(latitude_deg, np.float64)
            )
            nearest = self._nearest(np.column_stack([east, north]), ("east_m", "north_m"), -1)
        elif along_m is not None and line in self._line_at:
            nearest = self._nearest(
                np.asarray(along_m, np.float64)[:, np.newaxis], ("told_m",), self._line_at[line]
            )
        return self._strip(nearest)

    def cut(self, line: str, row: int) -> DetectorStrip:
        """Return what the detector said around one of its own rows, along its own way.

        Parameters
        ----------
        line, row
            As in `Found`: the row counts through all that were taken.
        """
        number = self._line_at.get(line, -1)
        if number < 0 or not self.forgotten <= row < self._count:
            return self._strip(np.full(self.grid.columns, -1, np.int64))
        along = self._rows[row % self.most_rows, AT["along_m"]] + self.grid.along_m
        return self._strip(self._nearest(along[:, np.newaxis], ("along_m",), number))

    def _table(self, block: Block, *, told: bool) -> Values:
        rows = np.full((len(block), len(COLUMNS)), np.nan)
        rows[:, : len(SCORES)] = block.data[:, : len(SCORES)]
        rows[rows[:, AT["spread"]] <= 0.0, AT["anomaly"]] = np.nan  # not told
        for name, coord in (("height_m", "height_m"), ("along_m", "along_track_m")):
            if coord in block.coords:
                rows[:, AT[name]] = block.coord(coord)
        if told:
            rows[:, AT["told_m"]] = rows[:, AT["along_m"]]
        if {"longitude_deg", "latitude_deg"} <= block.coords.keys():
            east, north = self._local(block)
            rows[:, AT["east_m"]], rows[:, AT["north_m"]] = east, north
        elif {"easting_m", "northing_m"} <= block.coords.keys():
            rows[:, AT["east_m"]] = block.coord("easting_m")
            rows[:, AT["north_m"]] = block.coord("northing_m")
        return rows

    def _local(self, block: Block) -> tuple[Values, Values]:
        longitude, latitude = (
            np.asarray(block.coord(name), np.float64) for name in ("longitude_deg", "latitude_deg")
        )
        known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
        if self._frame is None and known.size:
            self._frame = LocalFrame(float(longitude[known[0]]), float(latitude[known[0]]))
        if self._frame is None:
            return longitude, latitude
        east, north, _ = self._frame.to_local(longitude, latitude)
        return east, north

    def _grow(self, channels: int) -> None:
        room = min(self.most_rows, max(1024, 2 * len(self._rows)))
        more = room - len(self._rows)
        self._rows = np.concatenate([self._rows, np.zeros((more, len(COLUMNS)))])
        kept = self._channels.reshape(room - more, channels)
        self._channels = np.concatenate([kept, np.zeros((more, channels))])
        self._line_of = np.concatenate([self._line_of, np.zeros(more, np.int64)])
        self._pass_of = np.concatenate([self._pass_of, np.zeros(more, np.int64)])

    def _forget(self, place: int) -> None:
        for cell in _cells_of(self._rows[place], int(self._line_of[place])):
            self._cells[cell].popleft()
            if not self._cells[cell]:
                del self._cells[cell]

    def _nearest(self, places: Values, names: tuple[str, ...], line: int) -> Numbers:
        """Return the place in the table of the row nearest to each place; -1 beyond reach."""
        kind = KINDS[names[0]]
        low = np.nanmin(places, axis=0, initial=math.inf) - NEAREST_M
        high = np.nanmax(places, axis=0, initial=-math.inf) + NEAREST_M
        nearest = np.full(len(places), -1, np.int64)
        if not np.isfinite(low).all() or (high - low).max() > FARTHEST_M:
            return nearest
        rows = self._in_cells(low, high, kind, line)
        if not rows.size:
            return nearest
        here = self._rows[rows][:, [AT[name] for name in names]]
        away = ((places[:, np.newaxis, :] - here[np.newaxis, :, :]) ** 2).sum(axis=2)
        best = np.where(np.isnan(away), np.inf, away)
        chosen = best.argmin(axis=1)
        within = best[np.arange(len(places)), chosen] <= NEAREST_M**2
        return np.where(within, rows[chosen], -1)

    def _in_cells(self, low: Values, high: Values, kind: int, line: int) -> Numbers:
        """Return the places in the table of the rows in the cells of a range, oldest first."""
        spans = [
            range(math.floor(a / CELL_M), math.floor(b / CELL_M) + 1)
            for a, b in zip(low, high, strict=True)
        ]
        second = spans[1] if len(spans) > 1 else range(line, line + 1)
        keys = [(kind, one, other) for one in spans[0] for other in second]
        found = sorted(one for key in keys for one in self._cells.get(key, ()))
        return np.array(found, np.int64) % self.most_rows

    def _strip(self, nearest: Numbers) -> DetectorStrip:
        known = nearest >= 0
        strips = np.zeros((len(STRIPS), self.grid.columns), np.float32)
        strips[:, known] = self._rows[nearest[known], : len(STRIPS)].T
        return DetectorStrip(strips, known, self._scalars(strips[0], known, nearest))

    def _scalars(self, anomaly: Float32s, known: Booleans, nearest: Numbers) -> dict[str, float]:
        middle = known & (np.abs(self.grid.along_m) <= PLACE_M)
        told = dict.fromkeys(("detector_snr", "detector_width_m", "detector_height_m"), math.nan)
        if not middle.any():
            return told
        peak = int(np.where(middle, anomaly, -1.0).argmax())
        bright = known & (anomaly >= 0.5 * anomaly[peak])
        first = last = peak
        while first > 0 and bright[first - 1]:
            first -= 1
        while last < len(bright) - 1 and bright[last + 1]:
            last += 1
        heights = self._rows[nearest[middle], AT["height_m"]]
        heights = np.sort(heights[np.isfinite(heights)])
        told["detector_snr"] = float(anomaly[peak])
        told["detector_width_m"] = (last - first + 1) * self.grid.spacing_m
        told["detector_height_m"] = float(heights[len(heights) // 2]) if len(heights) else math.nan
        return told


KINDS = {"east_m": 0, "along_m": 1, "told_m": 2}
"""Cells by position, by the steps' own distance, by the recording's."""


def _cells_of(row: Values, line: int) -> list[tuple[int, int, int]]:
    """Return the cells that a row lies in: by place, and by line and distance."""
    cells: list[tuple[int, int, int]] = []
    if math.isnan(row[AT["anomaly"]]):
        return cells
    east, north = row[AT["east_m"]], row[AT["north_m"]]
    if math.isfinite(east) and math.isfinite(north):
        cells.append((KINDS["east_m"], math.floor(east / CELL_M), math.floor(north / CELL_M)))
    told = [name for name in ("along_m", "told_m") if math.isfinite(row[AT[name]])]
    return cells + [(KINDS[name], math.floor(row[AT[name]] / CELL_M), line) for name in told]
