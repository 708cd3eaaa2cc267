"""Rows of a simulated flight as its instruments record them, each with its time and place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core import Block, Sensor
from detectkit.core.block import Coord
from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.core.sensor import SensorKind
from detectkit.geo import OVER_GROUND, PoseJoin, PoseTrack
from detectkit.sim import FlightSimulator
from detectkit.sim.antenna import dropped
from detectkit.sim.instruments import Measures

Values = npt.NDArray[np.float64]
Rows = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is told of a stream: usual name, kind of its sensor, quantity, unit, rows a second."""

    name: str
    sensor: SensorKind
    quantity: str
    unit: str
    rate_hz: float


MEASURED: Mapping[Measures, Kind] = {
    "radar": Kind("gpr", "gpr", "amplitude", "count", 100.0),
    "detector": Kind("detector", "metal_detector", "response", "nV", 50.0),
    "magnetometer": Kind("magnetometer", "magnetometer", "magnetic_field", "nT", 50.0),
    "altimeter": Kind("altimeter", "altimeter", "distance", "m", 40.0),
    "platform": Kind("autopilot", "autopilot", "state", "1", 20.0),
}
WORDS = {
    "ray": "simulated by a ray/Born model, a preview: travel times are right, amplitudes plausible",
    "full-wave": "simulated full-wave in the vertical plane of each lane (2-D, corrected to 3-D)",
}
LOCATED = frozenset({"radar", "detector", "magnetometer"})
FOREVER_NS = 1 << 62
LONGEST_GAP_NS = 500_000_000
SHORT, LONG = np.iinfo(np.int16), np.iinfo(np.int32)
WAYPOINT = PLATFORM_COLUMNS.index("waypoint")


@dataclass(slots=True)
class FlownRows:
    """What the instruments of a simulated flight record.

    Parameters
    ----------
    simulator
        Asked for every row.
    rates_hz
        Rows a second, by what is measured; row k is taken at k over that, from the start.
    """

    simulator: FlightSimulator
    rates_hz: Mapping[Measures, float]
    _track: PoseTrack = field(default_factory=lambda: PoseTrack(history_ns=FOREVER_NS))
    _start_ns: int = field(init=False)

    def __post_init__(self) -> None:
        start = self.simulator.scenario.site.start_time
        self._start_ns = round(start.timestamp() * 1e6) * 1000
        self._report()

    def id_of(self, measures: Measures) -> str:
        """Return the name of the scenario's instrument for this, else the usual one."""
        for one in self.simulator.scenario.instruments:
            if one.measures == measures:
                return one.id
        return MEASURED[measures].name

    def header(self, measures: Measures) -> dict[str, Any]:
        """Return what a stream is to say of itself."""
        scenario = self.simulator.scenario
        said: dict[str, Any] = {
            "simulated": "simulated",
            "scenario": scenario.name,
            "seed": self.simulator.seed,
            "rate_hz": self.rates_hz[measures],
        }
        if measures != "radar":
            return {**said, "columns": list(self._columns(measures))}
        told = {"simulated": WORDS[scenario.radar.model], "model": scenario.radar.model}
        return {**said, **told, "permittivity": round(scenario.soil.permittivity, 2)}

    def blocks(self, measures: Measures) -> Iterator[Block]:
        """Yield what is recorded, line by line."""
        if measures == "radar":
            for lane in self.simulator.lanes:
                yield from self._lane(lane.start_s, lane.end_s, self._line(lane.waypoint))
        elif measures in LOCATED:
            yield from self._lines(measures)
        else:
            time_s = self._times(measures)
            yield self._block(measures, time_s, self._asked(measures, time_s), {})

    def true_rows(self) -> Iterator[Block]:
        """Yield where the vehicle truly was, in the columns and at the times of the platform."""
        time_s = self._times("platform")
        block = self._block("platform", time_s, self.simulator.platform(time_s), {})
        sensor = replace(block.sensor, id="truth", instrument="truth of the simulation")
        yield replace(block, sensor=sensor)

    def _lane(self, start_s: float, end_s: float, line: str) -> Iterator[Block]:
        """Yield the radar's traces of a lane, cut where some are lost."""
        radar, rate = self.simulator.scenario.radar, self.rates_hz["radar"]
        number = np.arange(np.ceil(start_s * rate), np.ceil(end_s * rate))
        number = number[~dropped(radar, number / rate, seed=self.simulator.seed)].astype(np.int64)
        time_s = number / rate
        along: dict[str, Rows] = {
            **self._posed("radar", time_s),
            "trace_counter": number,
            "source_trace": np.arange(number.size),
        }
        counts = recorded(self.simulator.radar(time_s), radar.full_scale_counts)
        whole = self._block("radar", time_s, counts, along, line=line)
        bounds = [0, *(np.flatnonzero(np.diff(number) != 1) + 1).tolist(), number.size]
        for first, stop in pairwise(bounds):
            yield replace(whole.traces(first, stop), first_trace=int(number[first]))

    def _lines(self, measures: Measures) -> Iterator[Block]:
        """Yield the rows of the whole flight; a line is what is flown to one waypoint."""
        time_s = self._times(measures)
        waypoint = self.simulator.platform(time_s)[:, WAYPOINT]
        posed = self._posed(measures, time_s)
        bounds = [0, *(np.flatnonzero(np.diff(waypoint)) + 1).tolist(), time_s.size]
        for first, stop in pairwise(bounds):
            now = time_s[first:stop]
            along: dict[str, Rows] = {name: one[first:stop] for name, one in posed.items()}
            along["source_trace"] = np.arange(stop - first)
            line = self._line(int(waypoint[first]))
            rows = self._asked(measures, now)
            yield self._block(measures, now, rows, along, line=line, first=first)

    def _block(
        self,
        measures: Measures,
        time_s: Values,
        rows: Rows,
        along: Mapping[str, Rows],
        *,
        line: str = "",
        first: int = 0,
    ) -> Block:
        radar, kind = self.simulator.scenario.radar, MEASURED[measures]
        coords: dict[str, Coord] = {"time_ns": ("trace", self._ns(time_s))}
        coords |= {name: ("trace", one) for name, one in along.items()}
        if measures == "radar":
            twt_s = np.arange(radar.samples) * radar.sample_interval_s - radar.time_zero_s
            coords["twt_s"] = ("delay", twt_s)
        return Block(
            rows,
            dims=("trace", "delay" if measures == "radar" else "channel"),
            coords=coords,
            sensor=self._sensor(measures),
            line=line or self.simulator.scenario.name,
            first_trace=first,
            quantity=kind.quantity,
        )

    def _sensor(self, measures: Measures) -> Sensor:
        radar, kind = self.simulator.scenario.radar, MEASURED[measures]
        sensor = Sensor(self.id_of(measures), kind.sensor, "simulated", unit=kind.unit)
        if measures != "radar":
            return sensor
        limits = _limits(radar.full_scale_counts)
        return replace(
            sensor,
            instrument=f"simulated ({radar.model})",
            antenna_hz=radar.centre_hz if radar.mode == "impulse" else 0.5 * sum(radar.band_hz),
            antenna_separation_m=radar.antenna_separation_m,
            full_scale=(float(limits.min), float(limits.max)),
        )

    def _columns(self, measures: Measures) -> tuple[str, ...]:
        if measures == "detector":
            return tuple(one.name for one in self.simulator.scenario.detector.channels)
        if measures == "platform":
            return PLATFORM_COLUMNS
        return ("total_field_nt",) if measures == "magnetometer" else ("distance_m",)

    def _asked(self, measures: Measures, time_s: Values) -> Rows:
        if measures == "platform":
            return self.simulator.reported(time_s)
        rows: Rows = getattr(self.simulator, measures)(time_s)
        return rows

    def _times(self, measures: Measures) -> Values:
        rate = self.rates_hz[measures]
        return np.arange(np.ceil(self.simulator.duration_s * rate)) / rate

    def _ns(self, time_s: Values) -> npt.NDArray[np.int64]:
        return self._start_ns + np.rint(time_s * 1e9).astype(np.int64)

    def _line(self, waypoint: int) -> str:
        """Return the name that a mission gives what is flown to a waypoint."""
        return f"{self.simulator.scenario.name}-{waypoint:03d}"

    def _report(self) -> None:
        """Tell the track what receiver, autopilot and altimeter report."""
        time_s = self._times("platform")
        rows = dict(zip(PLATFORM_COLUMNS, self.simulator.reported(time_s).T, strict=True))
        time_ns = self._ns(time_s)
        names = ("longitude_deg", "latitude_deg", "up_m", "horizontal_error_m",
                 "vertical_error_m", "fix_quality")  # fmt: skip
        self._track.push_positions(time_ns, *(rows[name] for name in names))
        angles = ("roll_rad", "pitch_rad", "yaw_rad")
        self._track.push_attitudes(time_ns, *(rows[name] for name in angles))
        time_s = self._times("altimeter")
        self._track.push_heights(self._ns(time_s), self.simulator.altimeter(time_s)[:, 0])

    def _posed(self, measures: Measures, time_s: Values) -> dict[str, Values]:
        """Return places of rows by the reports around them, as a finalized flight has them."""
        scenario = self.simulator.scenario
        join = PoseJoin(
            self._track,
            lever_arm_m=getattr(scenario, measures).lever_arm_m,
            altimeter_arm_m=scenario.altimeter.lever_arm_m,
            longest_gap_ns=LONGEST_GAP_NS,
        )
        join.push(self._ns(time_s))
        posed = join.finish().coords
        unknown = {"waypoint"} | (set() if len(self._track.heights) else OVER_GROUND)
        return {name: one for name, one in posed.items() if name not in unknown}


def recorded(counts: npt.NDArray[np.float32], full_scale_counts: float) -> Rows:
    """Return counts as the recorder keeps them: whole numbers within its limits.

    Parameters
    ----------
    counts
        As `FlightSimulator.radar` tells them, (rows, samples).
    full_scale_counts
        Decides between int16 and int32.
    """
    limits = _limits(full_scale_counts)
    return np.clip(np.rint(counts), limits.min, limits.max).astype(limits.dtype)


def _limits(full_scale_counts: float) -> np.iinfo[Any]:
    return SHORT if full_scale_counts <= SHORT.max + 1 else LONG
