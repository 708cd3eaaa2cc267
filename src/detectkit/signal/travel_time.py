"""Two-way travel time and depth for an antenna pair with an offset, in ground and in air.

A transmitter and a receiver `separation_m` apart see a flat reflector at depth d below
their midpoint along two straight legs: ``v t = 2 sqrt(d^2 + (s / 2)^2)`` (Jol, 2009, ch. 1).
The time counts from the true moment of transmission. Where time zero was set on the direct
wave in air, that moment is `separation_m` / c earlier.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import require_positive

SPEED_OF_LIGHT_M_S = 299_792_458.0

Values = npt.NDArray[np.float64]


def depth_m(
    twt_s: npt.ArrayLike, *, velocity_m_per_s: float, separation_m: float = 0.0
) -> npt.NDArray[np.float64]:
    """Return the depth (metres) of a flat reflector: ``sqrt((v t / 2)^2 - (s / 2)^2)``.

    It is NaN before the direct wave has crossed the separation, ``t < s / v``.

    Parameters
    ----------
    twt_s
        Two-way time from the moment of transmission (seconds), any shape.
    velocity_m_per_s
        Velocity of the wave (metres per second).
    separation_m
        Distance between transmitter and receiver (metres).

    Examples
    --------
    >>> round(float(depth_m(10e-9, velocity_m_per_s=1e8, separation_m=0.6)), 6)
    0.4
    """
    _check(velocity_m_per_s, separation_m)
    half_path = 0.5 * velocity_m_per_s * np.asarray(twt_s, np.float64)
    square = half_path**2 - (0.5 * separation_m) ** 2
    valid = (square >= 0) & (half_path >= 0)
    return np.sqrt(np.where(valid, square, np.nan))


def two_way_time_s(
    depth: npt.ArrayLike, *, velocity_m_per_s: float, separation_m: float = 0.0
) -> npt.NDArray[np.float64]:
    """Return the two-way time (seconds) of a flat reflector: ``2 sqrt(d^2 + (s / 2)^2) / v``.

    Parameters
    ----------
    depth
        Depth below the antennas (metres), any shape.
    velocity_m_per_s, separation_m
        As for `depth_m`.
    """
    _check(velocity_m_per_s, separation_m)
    legs = np.hypot(np.asarray(depth, np.float64), 0.5 * separation_m)
    return np.asarray(2.0 * legs / velocity_m_per_s, np.float64)


def air_delay_samples(
    height_m: npt.NDArray[Any], *, sample_interval_s: float, separation_m: float = 0.0
) -> Values:
    """Return the two-way time in air from antennas to ground, in samples.

    ``2 sqrt(h^2 + (s / 2)^2) / (c dt)``, for monostatic antennas ``2 h / (c dt)``. Shifting
    each trace by minus this puts the ground's surface at time zero.

    Parameters
    ----------
    height_m
        (trace,), height of the antennas above ground (metres); NaN where not known.
    sample_interval_s
        Time between samples (seconds).
    separation_m
        Distance between transmitter and receiver (metres).

    Examples
    --------
    >>> import numpy as np
    >>> air_delay_samples(np.array([1.49896229]), sample_interval_s=1e-10)
    array([100.])
    """
    require_positive("sample_interval_s", sample_interval_s)
    twt_s = two_way_time_s(height_m, velocity_m_per_s=SPEED_OF_LIGHT_M_S, separation_m=separation_m)
    return twt_s / sample_interval_s


def _check(velocity_m_per_s: float, separation_m: float) -> None:
    require_positive("velocity_m_per_s", velocity_m_per_s)
    if not (math.isfinite(separation_m) and separation_m >= 0):
        msg = f"separation_m is {separation_m}; give 0 (one antenna) or a distance in metres"
        raise UsageError(msg)
