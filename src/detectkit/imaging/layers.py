"""Ground in flat layers: their velocities, and how far waves run sideways in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from detectkit.core.errors import UsageError
from detectkit.signal._arrays import require_positive

Values = npt.NDArray[np.float64]
RAYS = 512
"""Directions that are tried for the one that runs farthest."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Flat layers from the antennas downwards; an air gap is simply the first of them.

    Parameters
    ----------
    velocity_m_per_s
        Of each layer.
    until_twt_s
        Vertical two-way time at the bottom of each layer but the last, ascending, above 0.

    Raises
    ------
    UsageError
        Not one velocity more than times, or values that make no layers.

    Examples
    --------
    >>> Layers.of_thickness([0.3, 0.5], velocity_m_per_s=[3e8, 1e8, 0.8e8]).until_twt_s
    (2e-09, 1.2e-08)
    """

    velocity_m_per_s: tuple[float, ...]
    until_twt_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.velocity_m_per_s) != len(self.until_twt_s) + 1:
            msg = (
                f"{len(self.velocity_m_per_s)} velocities and {len(self.until_twt_s)} bottoms; "
                "give one velocity more, the last layer has no bottom"
            )
            raise UsageError(msg)
        for velocity in self.velocity_m_per_s:
            require_positive("velocity_m_per_s", velocity)
        if any(not lower > upper for upper, lower in pairwise((0.0, *self.until_twt_s))):
            msg = f"bottoms at {self.until_twt_s} s; give ascending two-way times above 0"
            raise UsageError(msg)

    @classmethod
    def of_thickness(
        cls, thickness_m: Sequence[float], *, velocity_m_per_s: Sequence[float]
    ) -> Layers:
        """Return layers of a thickness, all but the last."""
        spent = [2.0 * d / v for d, v in zip(thickness_m, velocity_m_per_s, strict=False)]
        return cls(tuple(velocity_m_per_s), tuple(np.cumsum(spent).tolist()))

    def spent_s(self, twt_s: Values) -> Values:
        """Return how much of each vertical two-way time is spent in each layer, (layer, time).

        Times before 0 count as spent in the first layer.
        """
        tops = np.array([-np.inf, *self.until_twt_s])[:, np.newaxis]
        bottoms = np.array([*self.until_twt_s, np.inf])[:, np.newaxis]
        start = np.array([0.0, *self.until_twt_s])[:, np.newaxis]
        return np.asarray(np.clip(twt_s, tops, bottoms) - start)

    def reach_m(self, last_twt_s: float, *, steepest_sine: float) -> float:
        """Return the largest distance along the line that a wave runs to and fro in a time.

        `steepest_sine` limits the angle to the vertical in the first layer.
        """
        slowness = np.linspace(0.0, steepest_sine, RAYS + 1)[1:] / self.velocity_m_per_s[0]
        left = np.full(RAYS, max(last_twt_s, 0.0))
        along = np.zeros(RAYS)
        thickness = np.diff([0.0, *self.until_twt_s, np.inf])
        for velocity, vertical in zip(self.velocity_m_per_s, thickness, strict=True):
            sine = slowness * velocity
            cosine = np.sqrt(np.maximum(1.0 - sine**2, 0.0))
            with np.errstate(divide="ignore"):
                spent = np.minimum(np.where(sine < 1.0, vertical / cosine, np.inf), left)
            along += 0.5 * velocity * np.minimum(sine, 1.0) * spent
            left -= spent
        return float(along.max())
