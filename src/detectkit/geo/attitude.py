"""Lever arms turned by the attitude: from forward, right, down to north, east, down.

Angles are those of aviation: yaw clockwise from north, then pitch nose up, then roll right side
down (the order yaw, pitch, roll; Titterton and Weston 2004, "Strapdown inertial navigation
technology", section 3.6).
"""

from __future__ import annotations

import math

from detectkit.geo._jit import jit

Triple = tuple[float, float, float]


def arm_to_ned(
    arm_m: Triple, *, roll_rad: float = 0.0, pitch_rad: float = 0.0, yaw_rad: float = 0.0
) -> Triple:
    """Return a lever arm (forward, right, down in m) as metres north, east and down.

    Examples
    --------
    >>> north, east, down = arm_to_ned((1.0, 0.0, 0.2), yaw_rad=math.pi / 2)
    >>> round(north, 9), round(east, 9), round(down, 9)
    (0.0, 1.0, 0.2)
    """
    north, east, down = turn(arm_m, roll_rad, pitch_rad, yaw_rad)
    return float(north), float(east), float(down)


@jit
def turn(arm: Triple, roll: float, pitch: float, yaw: float) -> Triple:
    """Return R_yaw R_pitch R_roll applied to the arm."""
    forward, right, down = arm
    across = math.cos(roll) * right - math.sin(roll) * down
    below = math.sin(roll) * right + math.cos(roll) * down
    ahead = math.cos(pitch) * forward + math.sin(pitch) * below
    below = -math.sin(pitch) * forward + math.cos(pitch) * below
    north = math.cos(yaw) * ahead - math.sin(yaw) * across
    east = math.sin(yaw) * ahead + math.cos(yaw) * across
    return north, east, below


@jit
def between(start: float, end: float, share: float) -> float:
    """Return an angle between two, the short way round, in -pi to pi."""
    way = (end - start + math.pi) % (2.0 * math.pi) - math.pi
    angle = start + share * way
    if -math.pi <= angle <= math.pi:
        return angle
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
