"""Diffractions: place, depth and velocity from the arrival times of one point's echo.

Over a point at x0, depth z, the antennas s apart see it at

    t(x) = (sqrt(z^2 + (x - x0 + s/2)^2) + sqrt(z^2 + (x - x0 - s/2)^2)) / v + d,

and by the refracted path where they are in the air (Fermat, see `travel`). d is an offset of
all times, of time zero and of a finite body: a cylinder of radius r answers as its axis would,
2 r / v earlier (Shihab and Al-Nuaimy, Subsurface Sensing 6, 2005). d can hardly be told from
depth and velocity (on bars in concrete, fitted with them, its error was many periods), so
it is not fitted: the sensitivity of the answer to it is, and its error goes into every interval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detectkit.imaging.velocity.robust import Fit, quantile, robust_fit
from detectkit.imaging.velocity.travel import point_times

Float64s = npt.NDArray[np.float64]
LEVEL = 0.95
"""Of all intervals."""
OFFSET_SHARE = 0.2
"""Of a period: one standard deviation of the time offset, for time zero and finite bodies."""
EXTENT_SHARE = 0.1
"""Of a wavelength in the ground: one standard deviation of a body's half width."""
TIME_SHARE = 0.05
"""Smallest deviation held for an outlier, as share of the wave's period."""


@dataclass(frozen=True, slots=True, eq=False)
class Picks:
    """Arrival times of one echo and the antennas they were recorded with.

    Parameters
    ----------
    transmitter, receiver
        (picks, 3): easting, northing, height over the ground, in m. On a line: along it, 0, height.
    time_s
        (picks,): from transmission.
    weight
        (picks,): 0 to 1.
    """

    transmitter: Float64s
    receiver: Float64s
    time_s: Float64s
    weight: Float64s

    @property
    def middle_m(self) -> Float64s:
        """Easting and northing between the antennas, (picks, 2)."""
        return 0.5 * (self.transmitter[:, :2] + self.receiver[:, :2])


@dataclass(frozen=True, slots=True, eq=False)
class Diffractor:
    """A point that was fitted; errors are one standard deviation.

    Parameters
    ----------
    place_m, place_error_m
        (1,) along the line, or (2,): easting, northing.
    depth_m, depth_error_m, velocity_m_per_s, velocity_error_m_per_s
        With the error that the time offset leaves, see `with_offset`.
    apex_time_s, apex_error_s
        From transmission, antennas above the point.
    velocity_per_offset
        By how much the velocity moves with an offset of all times, m/s per s.
    depth_per_offset
        The depth, m per s.
    velocity_per_extent, depth_per_extent
        By how much they move with the half width of the body, m/s and m per m.
    scatter_s
        Of the picks about the curve.
    freedom
        Degrees of freedom of the errors.
    """

    place_m: tuple[float, ...]
    place_error_m: tuple[float, ...]
    depth_m: float
    depth_error_m: float
    velocity_m_per_s: float
    velocity_error_m_per_s: float
    apex_time_s: float
    apex_error_s: float
    velocity_per_offset: float
    depth_per_offset: float
    velocity_per_extent: float
    depth_per_extent: float
    scatter_s: float
    freedom: int

    def shared_error_m_per_s(self, period_s: float) -> float:
        """Return the velocity's error by what all echoes of a survey share; see `OFFSET_SHARE`."""
        extent_m = EXTENT_SHARE * self.velocity_m_per_s * period_s
        moved = (OFFSET_SHARE * period_s * self.velocity_per_offset,
                 extent_m * self.velocity_per_extent)  # fmt: skip
        return float(np.hypot(*moved))

    def with_shared_error(self, period_s: float) -> Diffractor:
        """Return the same with an uncertain time offset and width of the body in its errors."""
        extent_m = EXTENT_SHARE * self.velocity_m_per_s * period_s
        velocity = np.hypot(self.velocity_error_m_per_s, self.shared_error_m_per_s(period_s))
        by_offset = np.hypot(self.depth_error_m, self.depth_per_offset * OFFSET_SHARE * period_s)
        depth = np.hypot(by_offset, self.depth_per_extent * extent_m)
        return replace(self, velocity_error_m_per_s=float(velocity), depth_error_m=float(depth))

    @property
    def reach(self) -> float:
        """Standard deviations to each side of an interval of `LEVEL`."""
        return quantile(LEVEL, self.freedom)


def fit_diffractor(
    picks: Picks, start: tuple[float, float, float], *, period_s: float, offset_s: float = 0.0
) -> Diffractor:
    """Fit place along the line, depth and velocity to picks of one line.

    Parameters
    ----------
    picks
        Of at least 6 traces.
    start
        Along the line (m), depth (m), velocity (m/s).
    period_s
        Of the wave.
    offset_s
        Of all times, taken as known; its error is added by `Diffractor.with_offset_error`.

    Examples
    --------
    >>> from detectkit.imaging.velocity.travel import along_line
    >>> antennas = along_line(np.linspace(-1.0, 1.0, 41), 0.0, 0.1)
    >>> time_s = point_times(*antennas, np.array([0.1, 0.0, 0.5]), 1.2e8)
    >>> found = fit_diffractor(
    ...     Picks(*antennas, time_s, np.ones(41)), (0.0, 0.4, 1e8), period_s=1e-9)
    >>> round(found.place_m[0], 4), round(found.depth_m, 4), round(found.velocity_m_per_s / 1e6, 2)
    (0.1, 0.5, 120.0)
    """
    return _fitted(picks, (start[0],), start[1:], period_s=period_s, offset_s=offset_s)


def fit_diffractor_3d(
    picks: Picks,
    start: tuple[float, float, float, float],
    *,
    period_s: float,
    offset_s: float = 0.0,
) -> Diffractor:
    """Fit easting, northing, depth and velocity to picks of several lanes.

    One straight lane cannot tell to which side of it the point lies: give picks of two or more,
    or of a bent one.

    Parameters
    ----------
    picks
        With the antennas' positions.
    start
        Easting, northing, depth (m), velocity (m/s).
    period_s, offset_s
        As for `fit_diffractor`.
    """
    return _fitted(picks, start[:2], start[2:], period_s=period_s, offset_s=offset_s)


def _fitted(
    picks: Picks,
    place: tuple[float, ...],
    rest: tuple[float, ...],
    *,
    period_s: float,
    offset_s: float,
) -> Diffractor:
    sides = len(place)

    def model(p: Float64s) -> Float64s:
        north = p[1] if sides == 2 else 0.0
        point = np.array([p[0], north, abs(p[sides])])
        times = point_times(picks.transmitter, picks.receiver, point, abs(p[sides + 1]))
        return np.asarray(times)

    fixed = robust_fit(
        model,
        picks.time_s - offset_s,
        np.array([*place, *rest]),
        scale=np.array([*[rest[0]] * (sides + 1), rest[1]]),
        tolerance=TIME_SHARE * period_s,
        weights=picks.weight,
    )
    per_offset = -fixed.pull.sum(axis=1)
    per_extent = fixed.pull @ _earlier_by_extent(picks, fixed, sides)
    apex = _apex(picks, fixed, sides)
    values, errors = np.abs(fixed.values[sides:]), fixed.errors
    return Diffractor(
        place_m=tuple(map(float, fixed.values[:sides])),
        place_error_m=tuple(map(float, errors[:sides])),
        depth_m=float(values[0]),
        depth_error_m=float(errors[sides]),
        velocity_m_per_s=float(values[1]),
        velocity_error_m_per_s=float(errors[sides + 1]),
        apex_time_s=apex[0] + offset_s,
        apex_error_s=apex[1],
        velocity_per_offset=float(per_offset[sides + 1]),
        depth_per_offset=float(per_offset[sides]),
        velocity_per_extent=float(per_extent[sides + 1]),
        depth_per_extent=float(per_extent[sides]),
        scatter_s=fixed.scatter,
        freedom=fixed.freedom,
    )


def _earlier_by_extent(picks: Picks, fit: Fit, sides: int) -> Float64s:
    """Return by how much each pick changes per metre of the body's half width, s per m.

    A body of half width a answers from its nearer side: as a point that is nearer by a.
    """
    place = np.zeros(2)
    place[:sides] = fit.values[:sides]
    away = picks.middle_m - place
    far = np.hypot(away[:, 0], away[:, 1])
    step_m = 1e-4 * abs(float(fit.values[sides]))
    side = np.where(far > step_m, 1.0 / np.maximum(far, step_m), 0.0)
    nearer = np.zeros((far.size, 3))
    nearer[:, :2] = -away * side[:, None] * step_m
    point = np.array([*place, abs(float(fit.values[sides]))])
    velocity = abs(float(fit.values[sides + 1]))
    moved = point_times(picks.transmitter + nearer, picks.receiver + nearer, point, velocity)
    return np.asarray(
        (moved - point_times(picks.transmitter, picks.receiver, point, velocity)) / step_m
    )


def _apex(picks: Picks, fit: Fit, sides: int) -> tuple[float, float]:
    """Return the time right above the point and its error."""
    place = np.zeros(2)
    place[:sides] = fit.values[:sides]
    nearest = np.argmin(((picks.middle_m - place) ** 2).sum(axis=1))
    shift = np.append(place - picks.middle_m[nearest], 0.0)
    antennas = [one[nearest : nearest + 1] + shift for one in (picks.transmitter, picks.receiver)]

    def time_s(depth_m: float, velocity: float) -> float:
        point = np.array([*place, abs(depth_m)])
        return float(point_times(antennas[0], antennas[1], point, abs(velocity))[0])

    depth_m, velocity = map(float, fit.values[sides:])
    middle = time_s(depth_m, velocity)
    slope = np.array([
        (time_s(depth_m * 1.001, velocity) - middle) / (0.001 * depth_m),
        (time_s(depth_m, velocity * 1.001) - middle) / (0.001 * velocity),
    ])  # fmt: skip
    variance = slope @ fit.covariance[sides:, sides:] @ slope
    return middle, float(np.sqrt(max(variance, 0.0)))
