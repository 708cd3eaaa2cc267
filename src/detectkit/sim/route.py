"""The planned flight as a smooth function of time: take-off, lanes, turns, landing.

The plan is a polyline over time, (along, across, height, yaw), smoothed by a Gaussian. Smoothing
a polyline has a closed form: to the line itself comes, for each corner at t_i where the velocity
changes by Δv_i, Δv_i σ [φ(z) - |z| Φ(-|z|)] with z = (t - t_i) / σ.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core import UsageError
from detectkit.sim._jit import njit
from detectkit.sim.plan import Flight

Values = npt.NDArray[np.float64]
Pair = tuple[float, float]

SMOOTHING_S = 0.4
FARTHEST = 6.0  # standard deviations; beyond, a corner moves nothing by a nanometre
ALONG, ACROSS, HEIGHT, YAW = range(4)
SPEED = 3  # of a waypoint
STRAIGHT_RAD = math.radians(10.0)
SHORTEST_TURN_S = 0.4


@dataclass(frozen=True, slots=True)
class PlannedLane:
    """One lane as flown: from where to where (along, across in m), and when."""

    number: int
    pass_number: int
    from_m: Pair
    to_m: Pair
    start_s: float
    end_s: float
    waypoint: int


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The plan over time.

    Attributes
    ----------
    time_s, corners
        Corners of the polyline: times (corners,) and along, across, height, yaw (corners, 4).
    lanes
        In the order flown.
    waypoint_s
        When the mission's item rises: to 1 (take-off), 2 (to the first lane's start), 3 (to its
        end) and so on; the last is the landing.
    armed_s
        When the vehicle is armed and disarmed.
    """

    time_s: Values
    corners: Values
    lanes: tuple[PlannedLane, ...]
    waypoint_s: Values
    armed_s: tuple[float, float]

    @property
    def duration_s(self) -> float:
        """End of the flight."""
        return float(self.time_s[-1])

    def at(self, time_s: Values) -> Values:
        """Return along, across, height (m) and yaw (rad from the first lane), (rows, 4)."""
        out = np.empty((time_s.shape[0], self.corners.shape[1]))
        _smoothed(time_s, self.time_s, self.corners, SMOOTHING_S, out)
        return out

    def waypoint(self, time_s: Values) -> Values:
        """Return the number of the mission's item that is being flown to; 0 before take-off."""
        return np.searchsorted(self.waypoint_s, time_s, side="right").astype(np.float64)

    def armed(self, time_s: Values) -> Values:
        """Return 1 where the vehicle is armed, else 0."""
        first, last = self.armed_s
        return ((time_s >= first) & (time_s < last)).astype(np.float64)


def plan(flight: Flight) -> Route:
    """Return the route of a survey; it begins and ends behind the lanes it flies."""
    if flight.track_file and not flight.waypoints:
        msg = (
            f"scenario: track_file = {flight.track_file!r} was not read; its place is beside the "
            "scenario: read that from its file, Scenario.read(path)"
        )
        raise UsageError(msg)
    return (_Along(flight) if flight.waypoints else _Mower(flight)).route()


class _Planner(ABC):
    """Puts corner after corner."""

    def __init__(self, flight: Flight, home: tuple[float, float, float]) -> None:
        self._flight = flight
        start = (home[0], home[1], flight.standing_height_m, home[2])
        self._corners: list[tuple[float, float, float, float]] = [start]
        self._times = [0.0]
        self._lanes: list[PlannedLane] = []
        self._waypoints: list[float] = []

    def route(self) -> Route:
        flight = self._flight
        armed = self._wait(flight.ground_s)
        self._waypoints.append(self._wait(0.5 * flight.ground_s))
        self._go(height=flight.height_m, speed=flight.climb_m_per_s)
        self._waypoints.append(self._wait(1.0))
        self._lanes_flown()
        self._wait(1.0)
        self._go(height=flight.standing_height_m, speed=flight.climb_m_per_s)
        disarmed = self._wait(1.0)
        self._wait(flight.ground_s)
        return Route(
            np.array(self._times),
            np.array(self._corners),
            tuple(self._lanes),
            np.array(self._waypoints),
            (armed, disarmed),
        )

    @abstractmethod
    def _lanes_flown(self) -> None:
        """Fly all lanes, one after the other."""

    def _go(
        self, *, along: float | None = None, height: float | None = None, speed: float | None = None
    ) -> float:
        last = self._corners[-1]
        there = (
            last[ALONG] if along is None else along,
            last[ACROSS],
            last[HEIGHT] if height is None else height,
            last[YAW],
        )
        distance = abs(there[ALONG] - last[ALONG]) + abs(there[HEIGHT] - last[HEIGHT])
        return self._put(there, distance / (speed or self._flight.speed_m_per_s))

    def _wait(self, seconds: float) -> float:
        return self._put(self._corners[-1], seconds)

    def _put(self, corner: tuple[float, float, float, float], seconds: float) -> float:
        if seconds > 0.0:
            self._corners.append(corner)
            self._times.append(self._times[-1] + seconds)
        return self._times[-1]


class _Mower(_Planner):
    """Lanes there and back."""

    def __init__(self, flight: Flight) -> None:
        super().__init__(flight, (-flight.run_in_m - 1.0, 0.0, 0.0))

    def _lanes_flown(self) -> None:
        for number in range(self._flight.lanes * self._flight.passes):
            self._lane(number)

    def _lane(self, number: int) -> None:
        flight = self._flight
        pass_number, inside = divmod(number, flight.lanes)
        row = inside if pass_number % 2 == 0 else flight.lanes - 1 - inside
        across = row * flight.lane_spacing_m
        is_forth = number % 2 == 0
        start, end = (0.0, flight.lane_length_m) if is_forth else (flight.lane_length_m, 0.0)
        outwards = flight.run_in_m if is_forth else -flight.run_in_m
        if number > 0:
            self._turn(across)
        speeds = flight.lane_speeds_m_per_s
        speed = speeds[number % len(speeds)] if speeds else flight.speed_m_per_s
        self._go(along=start - outwards)
        begin = self._go(along=start, speed=speed)
        self._waypoints.append(begin)
        finish = self._go(along=end, speed=speed)
        self._waypoints.append(finish)
        self._go(along=end + outwards, speed=speed)
        waypoint = len(self._waypoints) - 1  # the item that is the lane's end
        ends = ((start, across), (end, across))
        self._lanes.append(PlannedLane(number, pass_number, *ends, begin, finish, waypoint))

    def _turn(self, across: float) -> None:
        along, _, height, yaw = self._corners[-1]
        turned = 0.0 if yaw > 1.0 else math.pi
        self._wait(0.1 * self._flight.turn_s)
        self._put((along, across, height, turned), 0.8 * self._flight.turn_s)
        self._wait(0.1 * self._flight.turn_s)


class _Along(_Planner):
    """Legs from waypoint to waypoint; those that go on straight are one lane."""

    def __init__(self, flight: Flight) -> None:
        self._legs = _straight(flight.waypoints)
        start = flight.waypoints[0]
        behind = flight.run_in_m + 1.0
        yaw = _heading(self._legs[0][0], self._legs[0][-1])
        home = (start[0] - behind * math.cos(yaw), start[1] - behind * math.sin(yaw), yaw)
        super().__init__(flight, home)

    def _lanes_flown(self) -> None:
        for number, leg in enumerate(self._legs):
            self._leg(number, leg)

    def _leg(self, number: int, leg: tuple[tuple[float, ...], ...]) -> None:
        flight = self._flight
        yaw = self._turned(_heading(leg[0], leg[-1]))
        cosine, sine = math.cos(yaw), math.sin(yaw)
        ahead = (flight.run_in_m * cosine, flight.run_in_m * sine)
        height = _said(leg[0], HEIGHT) or flight.height_m
        speed = _said(leg[1], SPEED) or flight.speed_m_per_s
        self._fly((leg[0][0] - ahead[0], leg[0][1] - ahead[1]), height, yaw, flight.speed_m_per_s)
        begin = self._fly(leg[0][:2], height, yaw, speed)
        self._waypoints.append(begin)
        for one in leg[1:]:
            height = _said(one, HEIGHT) or flight.height_m
            speed = _said(one, SPEED) or flight.speed_m_per_s
            finish = self._fly(one[:2], height, yaw, speed)
        self._waypoints.append(finish)
        last = leg[-1]
        self._fly((last[0] + ahead[0], last[1] + ahead[1]), height, yaw, speed)
        ends = ((leg[0][0], leg[0][1]), (last[0], last[1]))
        waypoint = len(self._waypoints) - 1
        self._lanes.append(PlannedLane(number, 0, *ends, begin, finish, waypoint))

    def _turned(self, heading: float) -> float:
        """Turn on the spot the shorter way; return the yaw, which counts full turns."""
        along, across, height, yaw = self._corners[-1]
        change = math.remainder(heading - yaw, 2.0 * math.pi)
        if change != 0.0:
            seconds = max(self._flight.turn_s * abs(change) / math.pi, SHORTEST_TURN_S)
            self._put((along, across, height, yaw + change), seconds)
        return yaw + change

    def _fly(self, place: Sequence[float], height: float, yaw: float, speed: float) -> float:
        last = self._corners[-1]
        distance = math.dist((place[0], place[1], height), last[:YAW])
        return self._put((place[0], place[1], height, yaw), distance / speed)


def _straight(
    waypoints: tuple[tuple[float, ...], ...],
) -> list[tuple[tuple[float, ...], ...]]:
    """Return waypoints in runs whose legs all head where the first one does, within limits."""
    legs = [[waypoints[0], waypoints[1]]]
    for one in waypoints[2:]:
        leg = legs[-1]
        bend = math.remainder(_heading(leg[-1], one) - _heading(leg[0], leg[1]), 2.0 * math.pi)
        if abs(bend) <= STRAIGHT_RAD:
            leg.append(one)
        else:
            legs.append([leg[-1], one])
    return [tuple(leg) for leg in legs]


def _heading(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the direction from one place to another, from along towards the right, in rad."""
    return math.atan2(other[1] - one[1], other[0] - one[0])


def _said(waypoint: tuple[float, ...], column: int) -> float:
    return waypoint[column] if len(waypoint) > column else 0.0


def lane_at(lanes: Sequence[PlannedLane], time_s: Values) -> npt.NDArray[np.int64]:
    """Return the number of the lane flown at each time, -1 outside of all, (rows,)."""
    number = np.full(time_s.shape, -1, np.int64)
    for one in lanes:
        number[(time_s >= one.start_s) & (time_s < one.end_s)] = one.number
    return number


@njit
def _smoothed(time_s: Values, knot_s: Values, corners: Values, sigma: float, out: Values) -> None:
    last = knot_s.shape[0] - 1
    for row in range(time_s.shape[0]):
        now = time_s[row]
        left = min(max(np.searchsorted(knot_s, now, side="right") - 1, 0), last - 1)
        share = min(max((now - knot_s[left]) / (knot_s[left + 1] - knot_s[left]), 0.0), 1.0)
        for axis in range(corners.shape[1]):
            step = corners[left + 1, axis] - corners[left, axis]
            out[row, axis] = corners[left, axis] + share * step
        first = left
        while first > 0 and now - knot_s[first] < FARTHEST * sigma:
            first -= 1
        knot = max(first, 1)
        while knot < last and knot_s[knot] - now < FARTHEST * sigma:
            away = abs(now - knot_s[knot]) / sigma
            density = math.exp(-0.5 * away * away) / math.sqrt(2.0 * math.pi)
            lift = sigma * (density - away * 0.5 * math.erfc(away / math.sqrt(2.0)))
            after = knot_s[knot + 1] - knot_s[knot]
            before = knot_s[knot] - knot_s[knot - 1]
            for axis in range(corners.shape[1]):
                change = (corners[knot + 1, axis] - corners[knot, axis]) / after
                change -= (corners[knot, axis] - corners[knot - 1, axis]) / before
                out[row, axis] += change * lift
            knot += 1
