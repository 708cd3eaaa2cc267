"""Locating: the rows of a sensor wait for the platform's pose at their time, and get it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block
from detectkit.core.block import Coord
from detectkit.drivers import Frame, Instrument
from detectkit.geo import Posed, PoseJoin, PoseTrack, UtcClock
from detectkit.mission.settings import Mission, Mount
from detectkit.mission.timing import Integers, Values

TOLD = {"time_ns": "told_time_ns", "host_ns": "told_host_ns"}
"""What an instrument says of times stays beside what the flow makes of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A frame whose rows are numbered and have host times."""

    frame: Frame
    numbers: Integers
    host_ns: Integers
    error_ns: Values

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, start: int, stop: int) -> Timed:
        """Return some of the rows."""
        cut = slice(start, stop)
        frame = replace(
            self.frame,
            values=self.frame.values[cut],
            counter=None if self.frame.counter is None else self.frame.counter[cut],
            device_ns=None if self.frame.device_ns is None else self.frame.device_ns[cut],
            coords={name: one[cut] for name, one in self.frame.coords.items()},
        )
        return Timed(frame, self.numbers[cut], self.host_ns[cut], self.error_ns[cut])

    def block(self, key: str, more: Mapping[str, npt.NDArray[Any]]) -> Block:
        """Return the rows as one block of the stream `key`, `more` among its coordinates."""
        frame, layout = self.frame, self.frame.layout
        along: dict[str, npt.NDArray[Any] | None] = {
            "host_ns": self.host_ns,
            "host_error_ns": self.error_ns,
            "device_ns": frame.device_ns,
            "trace_counter": frame.counter,
            **{TOLD.get(name, name): one for name, one in frame.coords.items()},
            **more,
        }
        coords: dict[str, Coord] = {
            name: ("trace", one) for name, one in along.items() if one is not None
        }
        if layout.samples:
            coords["twt_s"] = ("delay", twt_s(layout.samples, layout.sample_interval_s or 1.0,
                                              layout.first_twt_s))  # fmt: skip
        return Block(
            frame.values,
            dims=("trace", "delay" if layout.samples else "channel"),
            coords=coords,
            sensor=replace(layout.sensor, id=key),
            first_trace=int(self.numbers[0]) if len(self) else 0,
            quantity=layout.quantity,
        )


def twt_s(samples: int, interval_s: float, first_s: float) -> Values:
    """Return the two-way travel time of each sample in s."""
    return first_s + interval_s * np.arange(samples, dtype=np.float64)


def joined(parts: list[Timed]) -> Timed:
    """Return parts of one layout as one."""
    if len(parts) == 1:
        return parts[0]
    frames = [one.frame for one in parts]
    first = frames[0]
    frame = replace(
        first,
        values=np.concatenate([one.values for one in frames]),
        counter=_together([one.counter for one in frames]),
        device_ns=_together([one.device_ns for one in frames]),
        coords={
            name: np.concatenate([one.coords[name] for one in frames]) for name in first.coords
        },
    )
    numbers, host, error = (
        np.concatenate([getattr(one, name) for one in parts])
        for name in ("numbers", "host_ns", "error_ns")
    )
    return Timed(frame, numbers, host, error)


def _together(columns: list[Any]) -> Any:
    return None if columns[0] is None else np.concatenate(columns)


def _alike(one: Timed, other: Timed) -> bool:
    """Tell whether two parts may stand in one block."""
    a, b = one.frame, other.frame
    return (
        (a.layout is b.layout or a.layout == b.layout)
        and a.coords.keys() == b.coords.keys()
        and (a.counter is None) == (b.counter is None)
        and (a.device_ns is None) == (b.device_ns is None)
        and a.values.dtype == b.values.dtype
    )


@dataclass(slots=True)
class Locator:
    """Holds the rows of one sensor until their poses are there; `unknown` is told by nobody."""

    key: str
    mount: Mount
    track: PoseTrack
    mission: Mission
    unknown: frozenset[str] = frozenset()
    _join: PoseJoin = field(init=False)
    _waiting: deque[Timed] = field(default_factory=deque)
    _line: str = ""
    _rows: int = 0

    def __post_init__(self) -> None:
        position = self.mission.position
        self._join = PoseJoin(
            self.track,
            lever_arm_m=self.mount.lever_arm_m,
            altimeter_arm_m=position.altimeter_arm_m,
            longest_gap_ns=round(position.longest_gap_s * 1e9),
            longest_wait_ns=round(position.longest_wait_s * 1e9),
        )

    @property
    def unposed(self) -> int:
        """Rows that got no position."""
        return self._join.unposed

    def push(self, timed: Timed) -> None:
        """Take rows that wait from now on."""
        if len(timed):
            self._waiting.append(timed)
            self._join.push(timed.host_ns, timed.error_ns)

    def ready(self, now_ns: int, utc: UtcClock) -> Iterator[Block]:
        """Yield the rows whose poses are there, or will not come."""
        if self._waiting:
            yield from self._blocks(self._join.ready(now_ns), utc)

    def finish(self, utc: UtcClock) -> Iterator[Block]:
        """Yield the rest."""
        yield from self._blocks(self._join.finish(), utc)

    def _blocks(self, posed: Posed, utc: UtcClock) -> Iterator[Block]:
        at = 0
        while at < posed.rows:
            timed = joined(self._take(posed.rows - at))
            stop = at + len(timed)
            places: dict[str, npt.NDArray[Any]] = {
                name: one[at:stop] for name, one in posed.coords.items() if name not in self.unknown
            }
            places["time_ns"] = utc.to_utc(timed.host_ns)
            yield from self._lines(timed, places)
            at = stop

    def _take(self, rows: int) -> list[Timed]:
        """Take up to `rows` waiting rows of one layout."""
        taken: list[Timed] = []
        while rows and self._waiting and (not taken or _alike(taken[0], self._waiting[0])):
            part = self._waiting.popleft()
            if len(part) > rows:
                self._waiting.appendleft(part.rows(rows, len(part)))
                part = part.rows(0, rows)
            rows -= len(part)
            taken.append(part)
        return taken

    def _lines(self, timed: Timed, places: dict[str, npt.NDArray[Any]]) -> Iterator[Block]:
        """Yield blocks, cut where rows are lost and where another line begins."""
        waypoint = places.pop("waypoint")
        lines = np.where(np.isfinite(waypoint), waypoint, -1.0)
        cut = (np.diff(timed.numbers) != 1) | (np.diff(lines) != 0.0)
        bounds = [0, *(np.flatnonzero(cut) + 1).tolist(), len(timed)]
        for start, stop in pairwise(bounds):
            own = {name: one[start:stop] for name, one in places.items()}
            line = line_name(self.mission.name, float(lines[start]))
            own["source_trace"] = self._trace_numbers(line, stop - start)
            yield replace(timed.rows(start, stop).block(self.key, own), line=line)

    def _trace_numbers(self, line: str, rows: int) -> Integers:
        """Return the number of each row within its line, as the recording will count them."""
        if line != self._line:
            self._line, self._rows = line, 0
        first, self._rows = self._rows, self._rows + rows
        return np.arange(first, first + rows, dtype=np.int64)


def line_name(mission: str, waypoint: float) -> str:
    """Return the name of the line that leads to a waypoint; -1: no waypoint is known.

    Examples
    --------
    >>> line_name("field", 3.0), line_name("field", -1.0)
    ('field-003', 'field')
    """
    return mission if waypoint < 0.0 else f"{mission}-{int(waypoint):03d}"


POSITION = ("longitude_deg", "latitude_deg")
ATTITUDE = ("roll_rad", "pitch_rad", "yaw_rad")
ACCURACY = ("fix_quality", "horizontal_error_m", "vertical_error_m")
GIVERS: Mapping[str, tuple[str, ...]] = {
    "position": ("gnss", "autopilot"),
    "attitude": ("autopilot", "gnss"),
    "height": ("altimeter", "autopilot"),
    "waypoint": ("autopilot",),
}
"""Which kinds of instrument give what, the better first."""
PREFERRED = {"position": ("position", "gps"), "height": ("rangefinder", "range")}
"""Of several streams of one instrument, the better first."""


@dataclass(slots=True)
class PoseSources:
    """Chooses the streams that tell where the platform is, and feeds the track from them."""

    chosen: Mapping[str, str]
    _accuracy: dict[str, float] = field(default_factory=dict)
    _streams: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, mission: Mission, instruments: Mapping[str, Instrument]) -> PoseSources:
        """Choose by the mission's settings, else by kind."""
        told = {
            "position": mission.position.position,
            "attitude": mission.position.attitude,
            "height": mission.position.height,
            "waypoint": "",
        }
        return cls({what: told[what] or _first(instruments, what) for what in GIVERS})

    def push(self, key: str, timed: Timed, track: PoseTrack) -> bool:
        """Take rows of a helping stream; return whether the track has grown."""
        columns, values = timed.frame.layout.columns, timed.frame.values
        table = {name: values[:, number] for number, name in enumerate(columns)}
        grown = False
        self._note_accuracy(key, table)
        if set(table) >= set(POSITION) and self._is_from(key, "position"):
            self._positions(timed, table, track)
            grown = True
        if set(table) >= set(ATTITUDE) and self._is_from(key, "attitude"):
            track.push_attitudes(timed.host_ns, *(table[name] for name in ATTITUDE))
            grown = True
        if "distance_m" in table and self._is_from(key, "height"):
            track.push_heights(timed.host_ns, table["distance_m"])
            grown = True
        if "waypoint" in table and self._is_from(key, "waypoint"):
            track.push_waypoints(timed.host_ns, table["waypoint"])
            grown = True
        return grown

    def _is_from(self, key: str, what: str) -> bool:
        """Tell whether the stream is the one to take; the best one of an instrument wins."""
        chosen = self.chosen[what]
        if key == chosen:
            return True
        instrument, _, stream = key.partition(".")
        if instrument != chosen:
            return False
        order = PREFERRED.get(what, ())
        current = self._streams.setdefault(what, stream)
        if current != stream and _rank(stream, order) < _rank(current, order):
            self._streams[what] = stream
        return self._streams[what] == stream

    def _note_accuracy(self, key: str, table: Mapping[str, Values]) -> None:
        """Keep the receiver's accuracy, for an autopilot's positions, which carry none."""
        same = key.partition(".")[0] == self.chosen["position"].partition(".")[0]
        if same and "fix_quality" in table and not key.endswith("gps2"):
            self._accuracy = {name: float(table[name][-1]) for name in ACCURACY if name in table}

    def _positions(self, timed: Timed, table: Mapping[str, Values], track: PoseTrack) -> None:
        unknown = np.full(len(timed), np.nan)
        accuracy = {
            name: table[name]
            if name in table
            else np.full(len(timed), self._accuracy.get(name, np.nan))
            for name in ACCURACY
        }
        track.push_positions(
            timed.host_ns,
            table["longitude_deg"],
            table["latitude_deg"],
            table.get("up_m", unknown),
            accuracy["horizontal_error_m"],
            accuracy["vertical_error_m"],
            accuracy["fix_quality"],
        )


def _rank(stream: str, order: tuple[str, ...]) -> int:
    return order.index(stream) if stream in order else len(order)


def _first(instruments: Mapping[str, Instrument], what: str) -> str:
    """Return the first instrument of the best kind that gives something; "" for none."""
    for kind in GIVERS[what]:
        for name, one in instruments.items():
            if one.kind == kind:
                return name
    return ""
