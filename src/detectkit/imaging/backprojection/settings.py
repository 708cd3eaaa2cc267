"""BackProjection: what decides how traces are summed into voxels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from detectkit.core.errors import UsageError
from detectkit.signal.travel_time import SPEED_OF_LIGHT_M_S

WEIGHTS = ("equal", "spreading", "beam")


@dataclass(frozen=True, slots=True)
class BackProjection:
    """Settings of a back-projection.

    Parameters
    ----------
    velocity_m_per_s
        Of radar waves in the soil.
    radius_m
        Traces count for columns so near to the antennas' midpoint, horizontally.
    half_angle_deg
        Narrower where the antennas are low: no further than a ray that leaves the antenna at this
        angle to the ground's normal gets, down to the deepest voxel.
    taper
        Share of that radius over which a trace's weight falls to 0 at its edge, 0 to 1.
    weights
        How loud a point is expected to be in each trace. "equal": equally loud. "spreading": as
        the spreading of both legs and the passage through the surface make it. "beam": that, times
        the cosine to the boresight for each antenna.
    oversampling
        Samples of the analytic signal for each of the trace's. Between them it is taken as
        straight, which loses ``1 - cos(pi f dt / oversampling)`` at most.
    """

    velocity_m_per_s: float
    radius_m: float = 1.5
    half_angle_deg: float = 80.0
    taper: float = 0.25
    weights: str = "beam"
    oversampling: int = 4

    def __post_init__(self) -> None:
        if not 0.0 < self.velocity_m_per_s <= SPEED_OF_LIGHT_M_S:
            msg = f"velocity_m_per_s = {self.velocity_m_per_s} must be above 0, at most light's"
            raise UsageError(msg)
        if not 0.0 < self.radius_m < math.inf:
            msg = f"radius_m = {self.radius_m} must be above 0"
            raise UsageError(msg)
        if not 0.0 < self.half_angle_deg < 90.0 or not 0.0 <= self.taper <= 1.0:
            msg = f"half_angle_deg = {self.half_angle_deg} must be between 0 and 90, "
            msg += f"taper = {self.taper} from 0 to 1"
            raise UsageError(msg)
        if self.weights not in WEIGHTS:
            msg = f"weights = {self.weights!r} is unknown; known are {', '.join(WEIGHTS)}"
            raise UsageError(msg)
        if not 1 <= self.oversampling <= 16:
            msg = f"oversampling = {self.oversampling} must be from 1 to 16"
            raise UsageError(msg)

    @property
    def index(self) -> float:
        """Refractive index of the soil."""
        return SPEED_OF_LIGHT_M_S / self.velocity_m_per_s
