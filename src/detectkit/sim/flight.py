"""The flight as it really is: the plan, moved by wind and height error, leaning as it must."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectkit.sim.geography import Geography
from detectkit.sim.noise import Sinusoids, Stream, band
from detectkit.sim.plan import Flight, Wind
from detectkit.sim.route import ACROSS, ALONG, HEIGHT, YAW, Route
from detectkit.sim.terrain import Surface

Values = npt.NDArray[np.float64]

GRAVITY_M_PER_S2 = 9.80665
STEP_S = 0.01  # of the differences that give velocity and acceleration


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """State of the vehicle's reference point, one row per moment.

    `place` and `velocity` are easting, northing, up of the site in m and m/s, (rows, 3);
    `attitude` is roll, pitch, yaw in rad, (rows, 3), the aerospace sequence; `ground_up` is the
    mean ground under the reference point.
    """

    place: Values
    velocity: Values
    attitude: Values
    ground_up: Values

    def at(self, lever_arm_m: tuple[float, float, float]) -> Values:
        """Return where a sensor is, (rows, 3); the arm is forward, right, down."""
        forward, right, up = self.axes()
        arm = lever_arm_m
        return self.place + arm[0] * forward + arm[1] * right - arm[2] * up

    def axes(self) -> tuple[Values, Values, Values]:
        """Return the vehicle's forward, right and up axes as east, north, up, each (rows, 3)."""
        roll, pitch, yaw = self.attitude.T
        cr, sr, cp, sp = np.cos(roll), np.sin(roll), np.cos(pitch), np.sin(pitch)
        cy, sy = np.cos(yaw), np.sin(yaw)
        forward = np.column_stack([cp * sy, cp * cy, sp])
        right = np.column_stack([sr * sp * sy + cr * cy, sr * sp * cy - cr * sy, -sr * cp])
        up = np.column_stack([sr * cy - cr * sp * sy, -sr * sy - cr * sp * cy, cr * cp])
        return forward, right, up


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """The flight of one scenario and seed as a function of time; build it with `trajectory_of`."""

    route: Route
    geography: Geography
    surface: Surface
    plan: Flight
    gusts: tuple[Sinusoids, Sinusoids, Sinusoids]
    height_error: Sinusoids
    attitude_jitter: tuple[Sinusoids, Sinusoids, Sinusoids]

    def motion(self, time_s: Values) -> Motion:
        """Return the state at each time; velocity and lean are differences of the position."""
        before, now, after = (self._place(time_s + step) for step in (-STEP_S, 0.0, STEP_S))
        velocity = (after - before) / (2.0 * STEP_S)
        acceleration = (after - 2.0 * now + before) / STEP_S**2
        ground = self.surface.mean_up_m(now[:, 0], now[:, 1])
        attitude = self._attitude(time_s, acceleration)
        return Motion(now, velocity, attitude, ground)

    def _place(self, time_s: Values) -> Values:
        planned = self.route.at(time_s)
        share = self._airborne(planned)
        gust = [one.at(time_s) * share for one in self.gusts]
        east, north = self.geography.local(planned[:, ALONG], planned[:, ACROSS])
        east, north = east + gust[0], north + gust[1]
        height = planned[:, HEIGHT] + gust[2] + share * self.height_error.at(time_s)
        return np.column_stack([east, north, self.surface.mean_up_m(east, north) + height])

    def _airborne(self, planned: Values) -> Values:
        """Return 0 on the ground to 1 from half the height on, smoothly: the hold of the wind."""
        standing, height = self.plan.standing_height_m, self.plan.height_m
        half = 0.5 * (height - standing)
        share = np.clip((planned[:, HEIGHT] - standing) / half, 0.0, 1.0)
        return np.asarray(share * share * (3.0 - 2.0 * share))

    def _attitude(self, time_s: Values, acceleration: Values) -> Values:
        """Return the lean that turns the thrust into the acceleration, and some jitter."""
        planned = self.route.at(time_s)
        share = self._airborne(planned)
        roll, pitch, turn = (one.at(time_s) * share for one in self.attitude_jitter)
        yaw = math.radians(self.geography.site.heading_deg) + planned[:, YAW] + turn
        forward = acceleration[:, 0] * np.sin(yaw) + acceleration[:, 1] * np.cos(yaw)
        right = acceleration[:, 0] * np.cos(yaw) - acceleration[:, 1] * np.sin(yaw)
        down = GRAVITY_M_PER_S2 + acceleration[:, 2]
        pitch = pitch - np.arctan2(forward, down) * share
        roll = roll + np.arctan2(right, np.hypot(forward, down)) * share
        return np.column_stack([roll, pitch, _wrapped(yaw)])


def trajectory_of(
    route: Route,
    flight: Flight,
    wind: Wind,
    surface: Surface,
    geography: Geography,
    *,
    seed: int,
) -> Trajectory:
    """Return the flight along a route with that wind."""

    def gust(stream: Stream, rms: float) -> Sinusoids:
        return band(seed, stream, rms=rms, hz=wind.gust_band_hz)

    tilt, yaw = math.radians(wind.tilt_deg), math.radians(wind.yaw_deg)
    return Trajectory(
        route,
        geography,
        surface,
        flight,
        (
            gust(Stream.GUST_EAST, wind.horizontal_m),
            gust(Stream.GUST_NORTH, wind.horizontal_m),
            gust(Stream.GUST_UP, wind.vertical_m),
        ),
        band(seed, Stream.HEIGHT_ERROR, rms=wind.height_error_m, hz=wind.height_error_band_hz),
        (gust(Stream.ROLL, tilt), gust(Stream.PITCH, tilt), gust(Stream.YAW, yaw)),
    )


def _wrapped(angle: Values) -> Values:
    """Return angles from -pi to pi."""
    return np.asarray(np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi)
