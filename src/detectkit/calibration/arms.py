"""Lever arm and time lag of a sensor, from passes over a marked point.

A sensor whose arm is off by da (forward, right) and whose stamps are late by L shows the mark at
``p - m = v L - R(yaw) da``: v is the velocity, R turns the arm by the heading. A straight pass
tells where the mark was along the track only; across it nothing. So each pass gives one equation,
``u (p - m) = speed L - (forward cos b + right sin b)``, b the angle from the heading to the way u.
Opposite passes, the heading turned with them, hold the mark fixed, different speeds part the lag
from the arm, and passes that fly sideways part right from forward. What the passes do not tell
keeps its nominal value with its own error: least squares with that as prior (Tarantola 2005,
"Inverse problem theory", ch. 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from detectkit.calibration.record import MountCalibration
from detectkit.core import Block, UsageError
from detectkit.geo import LocalFrame

Values = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

NAMES = ("forward", "right", "lag", "mark east", "mark north")
TOLD = 0.5
"""A quantity is told where its error falls below this share of what was known before."""
ALIKE = 0.9
"""Quantities whose errors correlate more than this are not told apart."""
STEP_M = 0.01
LEAST_ROWS = 20
LEAST_CONTRAST = 6.0
POSITION_ERROR_M = 0.02
MOTION_ERROR_M = 0.015
"""What rising, sinking and leaning over the mark do to the place of its peak, simulated."""
SPEED_M = 0.3
"""The speed that counts is that within this distance of the mark."""
FOOT = 0.5
"""What lies below this share of the peak does not count: it bends with every change of height."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked point on the ground: a buried plate, a reflector, a coin.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Where it lies, WGS 84.
    error_m
        One standard deviation of that, each way; large where it is not surveyed.
    up_m
        Height of what the sensor sees, in the datum of the positions; None: not known.
    """

    longitude_deg: float
    latitude_deg: float
    error_m: float = 0.01
    up_m: float | None = None


@dataclass(frozen=True, slots=True)
class MarkPass:
    """Where one pass saw the mark.

    Parameters
    ----------
    offset_m, error_m
        How far ahead of the mark, along the way, the positions say that the sensor was when it
        saw the mark, and one standard deviation of that.
    course_rad, speed_m_per_s
        Of the way, clockwise from north.
    yaw_rad
        Heading, clockwise from north; the course where the recording has no attitude.
    up_m
        Height of the sensor then, by the positions; NaN where unknown.
    contrast
        Peak over the pass's own scatter.
    """

    offset_m: float
    error_m: float
    course_rad: float
    speed_m_per_s: float
    yaw_rad: float
    up_m: float
    contrast: float


@dataclass(frozen=True, slots=True, eq=False)
class MountFit:
    """What the passes told.

    Parameters
    ----------
    calibration
        For the record.
    residual_m
        (passes,) what the fit leaves of each pass's offset.
    not_told
        Which of forward, right, down, lag the passes did not tell: these keep what was known.
    not_parted
        Pairs whose errors go together, so that their values may both be wrong, and what to fly.
    scatter
        Root mean square of the residuals over the stated errors; errors are widened by it.
    """

    calibration: MountCalibration
    residual_m: Values
    not_told: tuple[str, ...]
    not_parted: tuple[str, ...]
    scatter: float


def mark_pass(blocks: Sequence[Block], mark: Mark, *, reach_m: float = 1.5) -> MarkPass:
    """Return where a straight pass saw the mark.

    Parameters
    ----------
    blocks
        Consecutive blocks of one line, e.g. ``list(stream.blocks(1024))`` of `open_recording`,
        with ``time_ns``, ``longitude_deg``, ``latitude_deg`` as joined with the nominal lever arm
        and no lag; ``yaw_rad`` and ``up_m`` where known. Of a detector as it is recorded; of a
        radar after a pipeline that levels the ground and takes out the background, so that the
        mark is the strongest of what is left.
    mark
        Where it lies.
    reach_m
        Rows nearer to the mark than this, along the way, are looked at.

    Raises
    ------
    UsageError
        No positions or times, the line does not pass the mark, or nothing stands out there.
    """
    east, north, up, time_s, yaw = _columns(blocks, mark)
    course = _course(east, north, time_s)
    along = east * math.sin(course) + north * math.cos(course)
    strength = _strength(blocks)
    known = np.isfinite(along) & np.isfinite(strength)
    near = known & (np.abs(along) <= reach_m)
    if near.sum() < LEAST_ROWS:
        msg = (
            f"line {blocks[0].line!r} has {int(near.sum())} rows within {reach_m:g} m of the mark; "
            f"at least {LEAST_ROWS} are needed"
        )
        raise UsageError(msg)
    order = np.argsort(along[near], kind="stable")
    places = np.arange(along[near].min(), along[near].max(), STEP_M)
    profile = np.interp(places, along[near][order], strength[near][order])
    offset, error, contrast = _middle(places, profile)
    if contrast < LEAST_CONTRAST:
        msg = (
            f"line {blocks[0].line!r}: nothing stands out within {reach_m:g} m of the mark "
            f"({contrast:.1f} times the scatter, {LEAST_CONTRAST:g} needed)"
        )
        raise UsageError(msg)
    at = int(np.argmin(np.where(known, np.abs(along - offset), np.inf)))
    beside = known & (np.abs(along - offset) <= SPEED_M)
    speed = abs(float(np.polyfit(time_s[beside], along[beside], 1)[0]))
    own = yaw[at] if np.isfinite(yaw[at]) else course
    error = math.sqrt(error**2 + MOTION_ERROR_M**2 + _position_error(blocks, at) ** 2)
    return MarkPass(offset, error, course, speed, float(own), float(up[at]), contrast)


def mount_fit(
    passes: Sequence[MarkPass],
    *,
    nominal_arm_m: Triple,
    arm_error_m: float = 0.1,
    lag_error_s: float = 0.3,
    mark: Mark,
    heights_m: Sequence[float] = (),
    height_error_m: float = 0.02,
) -> MountFit:
    """Return lever arm and lag from passes over one mark.

    Parameters
    ----------
    passes
        Of `mark_pass`; two at least, to and fro, better also at two speeds and sideways.
    nominal_arm_m
        Forward, right, down: the arm that the positions were joined with.
    arm_error_m, lag_error_s
        How well arm and lag (0) were known before, one standard deviation.
    mark
        The same as in `mark_pass`.
    heights_m
        Of the sensor over the mark at each pass, by the sensor itself or by a tape; with the
        mark's `up_m` they tell the arm downwards. Empty: it keeps its nominal value.
    height_error_m
        One standard deviation of one of them, with that of the positions.

    Examples
    --------
    >>> def seen(course, speed):
    ...     return MarkPass(0.2 * speed - 0.05, 0.01, course, speed, course, 0.5, 20.0)
    >>> flown = [seen(c, v) for c in (0.0, math.pi) for v in (0.5, 2.0)]
    >>> fit = mount_fit(flown, nominal_arm_m=(0.1, 0.0, 0.3), mark=Mark(47.0, 40.0))
    >>> round(fit.calibration.lag_s, 2), round(fit.calibration.lever_arm_m[0], 2), fit.not_told
    (0.2, 0.15, ('right', 'down'))
    """
    if len(passes) < 2:
        msg = f"{len(passes)} passes over the mark; at least 2 are needed, to and fro"
        raise UsageError(msg)
    rows = np.array([_equation(one) for one in passes])
    offset = np.array([one.offset_m for one in passes])
    error = np.array([one.error_m for one in passes])
    known = np.array([arm_error_m, arm_error_m, lag_error_s, mark.error_m, mark.error_m])
    if not (known > 0.0).all():
        msg = f"errors known before, {known.tolist()}, must be above 0"
        raise UsageError(msg)
    found, covariance, residual, scatter = _solved(rows, offset, error, known)
    spread = np.sqrt(np.diag(covariance))
    down, down_error = _down(passes, mark, heights_m, nominal_arm_m[2], arm_error_m, height_error_m)
    names = ("forward", "right", "lag")
    not_told = [n for n, s, k in zip(names, spread, known, strict=False) if s > TOLD * k]
    if down_error > TOLD * arm_error_m:
        not_told.append("down")
    arm = (nominal_arm_m[0] + float(found[0]), nominal_arm_m[1] + float(found[1]), down)
    calibration = MountCalibration(
        lever_arm_m=arm,
        lever_arm_error_m=(float(spread[0]), float(spread[1]), down_error),
        lag_s=float(found[2]),
        lag_error_s=float(spread[2]),
        passes=len(passes),
    )
    return MountFit(calibration, residual, tuple(not_told), _not_parted(covariance), scatter)


def _equation(one: MarkPass) -> list[float]:
    """Return what forward, right, lag and the mark's place do to a pass's offset."""
    beside = one.course_rad - one.yaw_rad
    return [
        -math.cos(beside),
        -math.sin(beside),
        one.speed_m_per_s,
        math.sin(one.course_rad),
        math.cos(one.course_rad),
    ]


def _solved(
    rows: Values, offset: Values, error: Values, known: Values
) -> tuple[Values, Values, Values, float]:
    """Return the solution, its covariance, the residuals, and their scatter in stated errors."""
    scatter = 1.0
    for _ in range(2):
        weight = 1.0 / (error * max(scatter, 1.0)) ** 2
        normal = (rows.T * weight) @ rows + np.diag(1.0 / known**2)
        covariance = np.asarray(np.linalg.inv(normal), np.float64)
        found = covariance @ (rows.T @ (weight * offset))
        residual = offset - rows @ found
        told = len(offset) - float(np.trace(covariance @ ((rows.T * weight) @ rows)))
        scatter = math.sqrt(float(((residual / error) ** 2).sum()) / max(told, 1.0))
    return found, covariance, residual, scatter


def _not_parted(covariance: Values) -> tuple[str, ...]:
    spread = np.sqrt(np.diag(covariance))
    advice = {
        ("forward", "lag"): "fly at another speed too",
        ("forward", "right"): "fly sideways too",
        ("right", "lag"): "fly at another speed too",
    }
    said = []
    for (one, first), (two, second) in combinations(enumerate(NAMES), 2):
        if abs(covariance[one, two]) > ALIKE * spread[one] * spread[two]:
            what = advice.get((first, second), "fly to and fro, and survey the mark")
            said.append(f"{first} and {second}: {what}")
    return tuple(said)


def _down(
    passes: Sequence[MarkPass],
    mark: Mark,
    heights_m: Sequence[float],
    nominal_m: float,
    known_m: float,
    error_m: float,
) -> tuple[float, float]:
    """Return the arm downwards and its error: the positions' height less what was measured."""
    if heights_m and len(heights_m) != len(passes):
        msg = f"{len(heights_m)} heights for {len(passes)} passes; give one each, or none"
        raise UsageError(msg)
    up = np.array([one.up_m for one in passes])
    if not heights_m or mark.up_m is None or not np.isfinite(up).any():
        return nominal_m, known_m
    off = (up - mark.up_m - np.asarray(heights_m))[np.isfinite(up)]
    # The mark's own height is wrong for all passes alike.
    variance = max(error_m, float(np.std(off))) ** 2 / off.size + mark.error_m**2
    gain = known_m**2 / (known_m**2 + variance)
    return nominal_m + gain * float(off.mean()), math.sqrt(gain * variance)


def _columns(blocks: Sequence[Block], mark: Mark) -> tuple[Values, Values, Values, Values, Values]:
    """Return east, north from the mark, up, seconds and yaw of all rows."""
    needed = {"time_ns", "longitude_deg", "latitude_deg"}
    if not blocks or not needed <= blocks[0].coords.keys():
        have = ", ".join(sorted(blocks[0].coords)) if blocks else "no rows"
        msg = f"a pass over a mark needs {', '.join(sorted(needed))}; the rows have: {have}"
        raise UsageError(msg)

    def column(name: str) -> Values:
        if name not in blocks[0].coords:
            return np.full(sum(len(one) for one in blocks), np.nan)
        return np.concatenate([one.coord(name) for one in blocks]).astype(np.float64)

    frame = LocalFrame(mark.longitude_deg, mark.latitude_deg)
    east, north, _ = frame.to_local(column("longitude_deg"), column("latitude_deg"))
    stamps = np.concatenate([one.coord("time_ns") for one in blocks])
    time_s = 1e-9 * (stamps - stamps[0]).astype(np.float64)
    return east, north, column("up_m"), time_s, column("yaw_rad")


def _course(east: Values, north: Values, time_s: Values) -> float:
    """Return the course near the mark, of the line through the rows around it."""
    away = np.hypot(east, north)
    known = np.flatnonzero(np.isfinite(away))
    if known.size < LEAST_ROWS:
        msg = f"{known.size} rows with a position; at least {LEAST_ROWS} are needed"
        raise UsageError(msg)
    nearest = float(away[known].min())
    near = known[away[known] <= nearest + 1.0]
    east_speed = float(np.polyfit(time_s[near], east[near], 1)[0])
    north_speed = float(np.polyfit(time_s[near], north[near], 1)[0])
    return math.atan2(east_speed, north_speed)


def _strength(blocks: Sequence[Block]) -> Values:
    """Return how strong each row is: about the mean trace; of a detector, in its own scatter."""
    rows = np.concatenate([one.data for one in blocks]).astype(np.float64)
    rows -= np.median(rows, axis=0)
    if blocks[0].dims[1] == "delay":
        return np.asarray(np.sqrt(np.mean(rows**2, axis=1)))
    spread = np.median(np.abs(rows), axis=0)
    used = rows[:, spread > 0.0] / spread[spread > 0.0]
    return np.asarray(np.sqrt((used**2).sum(axis=1)))


def _middle(places: Values, profile: Values) -> tuple[float, float, float]:
    """Return the place about which a profile is most symmetric, its error, and its contrast.

    The self-convolution is highest at twice the middle; the error is the Cramer-Rao bound of a
    delay, noise over the root of the summed squares of the profile's slope.
    """
    level = float(np.median(profile))
    noise = 1.4826 * float(np.median(np.abs(profile - level)))
    rest = np.maximum(profile - level, 0.0)
    peak = float(rest.max())
    rest = np.maximum(rest - max(FOOT * peak, 3.0 * noise), 0.0)
    folded = np.convolve(rest, rest)
    top = int(np.clip(folded.argmax(), 1, folded.size - 2))
    left, middle, right = folded[top - 1 : top + 2]
    bend = left - 2.0 * middle + right
    step = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    slope = math.sqrt(float((np.diff(rest) ** 2).sum())) / STEP_M
    error = max(noise / max(slope, 1e-12) / math.sqrt(STEP_M), 0.1 * STEP_M)
    return float(places[0] + 0.5 * STEP_M * (top + step)), error, peak / max(noise, 1e-12)


def _position_error(blocks: Sequence[Block], at: int) -> float:
    if "horizontal_error_m" not in blocks[0].coords:
        return POSITION_ERROR_M
    told = float(np.concatenate([one.coord("horizontal_error_m") for one in blocks])[at])
    return told if math.isfinite(told) and told > 0.0 else POSITION_ERROR_M
