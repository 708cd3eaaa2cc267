"""The planned flight as a smooth function of time: take-off, lanes, turns, landing.

The plan is a polyline over time, (along, across, height, yaw), smoothed by a Gaussian. Smoothing
a polyline has a closed form: to the line itself comes, for each corner at t_i where the velocity
changes by Δv_i, Δv_i σ [φ(z) - |z| Φ(-|z|)] with z = (t - t_i) / σ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim._jit import njit
from detectkit.sim.plan import Flight

Values = npt.NDArray[np.float64]

SMOOTHING_S = 0.4
FARTHEST = 6.0  # standard deviations; beyond, a corner moves nothing by a nanometre
ALONG, ACROSS, HEIGHT, YAW = range(4)


@dataclass(frozen=True, slots=True)
class PlannedLane:
    """One lane as flown: from where to where in metres, and when."""

    number: int
    pass_number: int
    across_m: float
    from_along_m: float
    to_along_m: float
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
    return _Planner(flight).route()


class _Planner:
    """Puts corner after corner."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._home = -flight.run_in_m - 1.0
        start = (self._home, 0.0, flight.standing_height_m, 0.0)
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
        for number in range(flight.lanes * flight.passes):
            self._lane(number)
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
        self._go(along=start - outwards)
        begin = self._go(along=start)
        self._waypoints.append(begin)
        finish = self._go(along=end)
        self._waypoints.append(finish)
        self._go(along=end + outwards)
        waypoint = len(self._waypoints) - 1  # the item that is the lane's end
        lane = PlannedLane(number, pass_number, across, start, end, begin, finish, waypoint)
        self._lanes.append(lane)

    def _turn(self, across: float) -> None:
        along, _, height, yaw = self._corners[-1]
        turned = 0.0 if yaw > 1.0 else math.pi
        self._wait(0.1 * self._flight.turn_s)
        self._put((along, across, height, turned), 0.8 * self._flight.turn_s)
        self._wait(0.1 * self._flight.turn_s)

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
