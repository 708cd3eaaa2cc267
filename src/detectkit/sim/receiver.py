"""What the vehicle is, and what its receiver and autopilot say that it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.core.platform import PLATFORM_COLUMNS
from detectkit.sim.flight import Motion, Trajectory
from detectkit.sim.instruments import Receiver
from detectkit.sim.noise import Sinusoids, Stream, band, generator, white

Values = npt.NDArray[np.float64]

COLUMN = {name: number for number, name in enumerate(PLATFORM_COLUMNS)}

RTK_FIXED = 4
TIMES_WORSE = {RTK_FIXED: 1.0, 5: 20.0, 2: 80.0, 1: 150.0, 0: 400.0}
"""Error by fix quality, as a multiple of that with an RTK fix (1 cm: float 0.2 m, single 1.5 m)."""

WANDER_HZ = (0.005, 0.08)
WANDER_SHARE, WHITE_SHARE = math.sqrt(2.0 / 3.0), math.sqrt(1.0 / 3.0)


def true_rows(trajectory: Trajectory, time_s: Values) -> Values:
    """Return the true state, (rows, 15): `PLATFORM_COLUMNS`, no errors, quality 4."""
    motion = trajectory.motion(time_s)
    rows = _rows(trajectory, motion, motion.place, time_s)
    rows[:, COLUMN["fix_quality"]] = RTK_FIXED
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class Reporter:
    """Reports the state with errors; build it with `reporter_of`."""

    receiver: Receiver
    trajectory: Trajectory
    seed: int
    wander: tuple[Sinusoids, Sinusoids, Sinusoids]
    misalignment: Values
    tilt_wander: tuple[Sinusoids, Sinusoids, Sinusoids]

    def rows(self, time_s: Values) -> Values:
        """Return what is reported, (rows, 15).

        Without a fix (quality 0) positions are still given, plausible and wrong, as receivers do.
        """
        receiver = self.receiver
        noise = white(self.seed, Stream.RECEIVER_NOISE, time_s, columns=7)
        age = time_s - receiver.latency_s
        motion = self.trajectory.motion(age)
        quality = self._quality(time_s)
        worse = np.array([TIMES_WORSE[int(one)] for one in quality])
        error = (
            np.column_stack([one.at(time_s) for one in self.wander]) + WHITE_SHARE * noise[:, :3]
        )
        spread = self._spread()
        place = motion.place + error * spread * worse[:, np.newaxis]
        rows = _rows(self.trajectory, motion, place, age)
        rows[:, COLUMN["height_m"]] += receiver.height_error_m * noise[:, 6]
        velocity = slice(COLUMN["velocity_east_m_per_s"], COLUMN["velocity_up_m_per_s"] + 1)
        rows[:, velocity] += receiver.velocity_error_m_per_s * noise[:, 3:6]
        attitude = slice(COLUMN["roll_rad"], COLUMN["yaw_rad"] + 1)
        rows[:, attitude] += self.misalignment
        for number, one in enumerate(self.tilt_wander):
            rows[:, attitude.start + number] += one.at(time_s)
        rows[:, COLUMN["fix_quality"]] = quality
        rows[:, COLUMN["horizontal_error_m"]] = spread[0] * worse
        rows[:, COLUMN["vertical_error_m"]] = spread[2] * worse
        return rows

    def _spread(self) -> Values:
        horizontal, vertical = self.receiver.horizontal_error_m, self.receiver.vertical_error_m
        return np.array([horizontal, horizontal, vertical])

    def _quality(self, time_s: Values) -> Values:
        quality = np.full(time_s.shape[0], float(RTK_FIXED))
        for one in self.receiver.episodes:
            inside = (time_s >= one.start_s) & (time_s < one.start_s + one.duration_s)
            quality[inside] = one.quality
        return quality


def reporter_of(receiver: Receiver, trajectory: Trajectory, *, seed: int) -> Reporter:
    """Return the reporter of a scenario."""
    tilt, yaw = math.radians(receiver.tilt_error_deg), math.radians(receiver.yaw_error_deg)
    spread = np.array([tilt, tilt, yaw])
    streams = (Stream.REPORTED_ROLL, Stream.REPORTED_PITCH, Stream.REPORTED_YAW)
    return Reporter(
        receiver,
        trajectory,
        seed,
        (
            band(seed, Stream.RECEIVER_EAST, rms=WANDER_SHARE, hz=WANDER_HZ),
            band(seed, Stream.RECEIVER_NORTH, rms=WANDER_SHARE, hz=WANDER_HZ),
            band(seed, Stream.RECEIVER_UP, rms=WANDER_SHARE, hz=WANDER_HZ),
        ),
        generator(seed, Stream.RECEIVER_NOISE).normal(0.0, 1.0, 3) * spread,
        (
            band(seed, streams[0], rms=spread[0], hz=WANDER_HZ),
            band(seed, streams[1], rms=spread[1], hz=WANDER_HZ),
            band(seed, streams[2], rms=spread[2], hz=WANDER_HZ),
        ),
    )


def _rows(trajectory: Trajectory, motion: Motion, place: Values, time_s: Values) -> Values:
    rows = np.zeros((time_s.shape[0], len(PLATFORM_COLUMNS)))
    rows[:, :3] = trajectory.geography.geographic(*place.T)
    rows[:, 3] = motion.place[:, 2] - motion.ground_up
    rows[:, 4:7] = motion.velocity
    rows[:, 7:10] = motion.attitude
    rows[:, COLUMN["waypoint"]] = trajectory.route.waypoint(time_s)
    rows[:, COLUMN["armed"]] = trajectory.route.armed(time_s)
    return rows
