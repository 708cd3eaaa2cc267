"""Pose: where an antenna was and how it was turned, per moment or per trace."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import ShapeError

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Positions (WGS 84) and attitudes of one body; all arrays have the same length.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Degrees; NaN where there is no valid fix: nothing is invented.
    up_m
        Height in m, NaN where unknown.
    horizontal_error_m
        One standard deviation of the horizontal position in m, NaN where unknown.
    roll_rad, pitch_rad, yaw_rad
        Attitude in rad (aerospace sequence: yaw from north clockwise, pitch nose up,
        roll right wing down), NaN where unknown.

    Examples
    --------
    >>> Pose.at(np.array([14.3]), np.array([50.1])).valid
    array([ True])
    """

    longitude_deg: Values
    latitude_deg: Values
    up_m: Values
    horizontal_error_m: Values
    roll_rad: Values
    pitch_rad: Values
    yaw_rad: Values

    def __post_init__(self) -> None:
        sizes = {f.name: getattr(self, f.name).shape for f in fields(self)}
        if len(set(sizes.values())) != 1 or self.longitude_deg.ndim != 1:
            msg = f"the arrays of a pose must be 1-D and of one length; got {sizes}"
            raise ShapeError(msg)

    @classmethod
    def at(cls, longitude_deg: Values, latitude_deg: Values, *, up_m: Values | None = None) -> Pose:
        """Build a pose of positions only; height where given, all else unknown."""
        unknown = np.full(longitude_deg.shape, np.nan)
        height = unknown if up_m is None else up_m
        return cls(longitude_deg, latitude_deg, height, unknown, unknown, unknown, unknown)

    def __len__(self) -> int:
        return int(self.longitude_deg.shape[0])

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """True where there is a position."""
        return np.isfinite(self.longitude_deg) & np.isfinite(self.latitude_deg)
