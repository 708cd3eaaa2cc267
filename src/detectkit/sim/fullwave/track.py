"""The plane of a lane, and where the antennas are in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.sim.bodies import PlacedBody
from detectkit.sim.fdtd import Shots
from detectkit.sim.flight import Trajectory
from detectkit.sim.fullwave.pattern import LOWEST_M
from detectkit.sim.instruments import Radar
from detectkit.sim.route import PlannedLane

Values = npt.NDArray[np.float64]

FEWEST = 4
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Frame:
    """Coordinates along and across a lane: those of the scenario, turned about its origin.

    Parameters
    ----------
    turn_rad
        From the first lane's direction towards the right, -90 to 90 degrees: a lane that is flown
        back has the same frame as one that is flown there.
    """

    turn_rad: float

    def own(self, along_m: Values, across_m: Values) -> tuple[Values, Values]:
        """Return places of the scenario in this frame."""
        cosine, sine = math.cos(self.turn_rad), math.sin(self.turn_rad)
        return along_m * cosine + across_m * sine, across_m * cosine - along_m * sine

    def site(self, along_m: Values, across_m: Values) -> tuple[Values, Values]:
        """Return places of this frame in the scenario's."""
        return Frame(-self.turn_rad).own(along_m, across_m)

    def turned(self, one: PlacedBody) -> PlacedBody:
        """Return a body in this frame."""
        if self.turn_rad == 0.0:
            return one
        along, across = self.own(np.array(one.along_m), np.array(one.across_m))
        turn = math.degrees(self.turn_rad)
        return replace(
            one,
            along_m=float(along),
            across_m=float(across),
            tilt_direction_deg=one.tilt_direction_deg - turn,
            turn_deg=one.turn_deg - turn,
        )


@dataclass(frozen=True, slots=True, eq=False)
class LaneTrack:
    """Where the antennas are in a lane.

    Parameters
    ----------
    frame, across_m
        The lane's vertical plane: its frame, and its place there.
    time_s
        When the antennas are at each place, evenly spaced; the first and the last are outside of
        the lane, (places,).
    shots
        The places, in the frame's along and in up.
    """

    frame: Frame
    across_m: float
    time_s: Values
    shots: Shots


def frame_of(lane: PlannedLane) -> Frame:
    """Return the frame of a lane."""
    turn = math.atan2(lane.to_m[1] - lane.from_m[1], lane.to_m[0] - lane.from_m[0])
    right = 0.5 * math.pi + SLACK
    if not -right + 2.0 * SLACK < turn <= right:
        turn -= math.copysign(math.pi, turn)
    return Frame(turn)


def track_of(
    trajectory: Trajectory, lane: PlannedLane, radar: Radar, *, spacing_m: float
) -> LaneTrack:
    """Return where the antennas are in a lane, at places `spacing_m` apart or less."""
    length = math.dist(lane.from_m, lane.to_m)
    steps = max(math.ceil(length / spacing_m - 1e-9), FEWEST)
    step_s = (lane.end_s - lane.start_s) / steps
    time_s = lane.start_s + step_s * np.arange(-1, steps + 2, dtype=np.float64)
    motion = trajectory.motion(time_s)
    forward, _, _ = motion.axes()
    middle = motion.at(radar.lever_arm_m)
    half = 0.5 * radar.antenna_separation_m * forward
    frame = frame_of(lane)
    ends = [_in_plane(middle + side * half, trajectory, frame) for side in (-1.0, 1.0)]
    across = np.mean([one[:, 1] for one in ends])
    places = [_raised(one[:, [0, 2]], one[:, 1], trajectory, frame) for one in ends]
    return LaneTrack(frame, float(across), time_s, Shots(places[0], places[1][:, np.newaxis]))


def _in_plane(place: Values, trajectory: Trajectory, frame: Frame) -> Values:
    """Return places (east, north, up) as along, across, up of a frame, (rows, 3)."""
    along, across = frame.own(*trajectory.geography.lanes(place[:, 0], place[:, 1]))
    return np.column_stack([along, across, place[:, 2]])


def _raised(place: Values, across_m: Values, trajectory: Trajectory, frame: Frame) -> Values:
    """Return places along and up that are nowhere too near to the ground under the true way."""
    east, north = trajectory.geography.local(*frame.site(place[:, 0], across_m))
    lowest = trajectory.surface.mean_up_m(east, north) + LOWEST_M
    return np.column_stack([place[:, 0], np.maximum(place[:, 1], lowest)])
